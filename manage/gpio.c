#include "manage/gpio.h"

#include <errno.h>
#include <gpiod.h>
#include <poll.h>
#include <stdlib.h>

#include "core/cleanup.h"

#define CONSUMER "lightsout"
#define EDGES 16 /* what the kernel keeps for a line */

struct gpio_line {
    struct gpiod_chip *chip;
    struct gpiod_line *line;
    bool output, edges;
};

/* Each line has its own handle on its chip: they come and go one by one. */
static int open_line(const char *chip, unsigned offset, struct gpio_line **ret)
{
    _cleanup_free_ struct gpio_line *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    errno = ENOENT; /* a label that no chip has fails without a reason */
    self->chip = gpiod_chip_open_lookup(chip);
    if (!self->chip)
        return errno == ENOTTY || errno == ENODEV ? -ENOENT : -errno;
    self->line = offset < gpiod_chip_num_lines(self->chip) ? gpiod_chip_get_line(self->chip, offset) : NULL;
    if (!self->line) {
        gpiod_chip_close(self->chip);
        return -ENOENT;
    }
    *ret = take(self);
    return 0;
}

static void real_close(struct gpio_line *self)
{
    if (self->output)
        gpiod_line_set_value(self->line, 0);
    gpiod_chip_close(self->chip); /* releases the line as well */
    free(self);
}

static int opened(struct gpio_line *self, int r, struct gpio_line **ret)
{
    if (r < 0) {
        r = -errno;
        real_close(self);
        return r;
    }
    *ret = self;
    return 0;
}

static int real_open_output(const struct gpio *gpio, const char *chip, unsigned offset, bool active_low,
                            struct gpio_line **ret)
{
    struct gpio_line *self = NULL;
    (void)gpio;
    int r = open_line(chip, offset, &self);
    if (!self)
        return r;
    r = gpiod_line_request_output_flags(self->line, CONSUMER, active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0, 0);
    self->output = r == 0;
    return opened(self, r, ret);
}

static int real_open_input(const struct gpio *gpio, const char *chip, unsigned offset, bool active_low,
                           struct gpio_line **ret)
{
    int flags = active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
    struct gpio_line *self = NULL;
    (void)gpio;
    int r = open_line(chip, offset, &self);
    if (!self)
        return r;
    r = gpiod_line_request_both_edges_events_flags(self->line, CONSUMER, flags);
    self->edges = r == 0;
    /* an expander without an interrupt line: plain input */
    if (r < 0 && errno != EBUSY && errno != EACCES && errno != EPERM)
        r = gpiod_line_request_input_flags(self->line, CONSUMER, flags);
    return opened(self, r, ret);
}

static int real_set(struct gpio_line *self, bool active)
{
    return gpiod_line_set_value(self->line, active) < 0 ? -errno : 0;
}

static int real_get(struct gpio_line *self)
{
    int value = gpiod_line_get_value(self->line);
    return value < 0 ? -errno : value;
}

static int real_fd(struct gpio_line *self)
{
    return self->edges ? gpiod_line_event_get_fd(self->line) : -1;
}

/* The library's read waits for the first edge: asked only when there is one. */
static int real_drain(struct gpio_line *self)
{
    struct gpiod_line_event edges[EDGES];
    struct pollfd poll_fd = {.fd = real_fd(self), .events = POLLIN};
    int n = 0;
    while (n < 4 * EDGES && poll_fd.fd >= 0 && poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLIN)) {
        int r = gpiod_line_event_read_fd_multiple(poll_fd.fd, edges, EDGES);
        if (r <= 0)
            return n ? n : -errno;
        n += r;
    }
    return poll_fd.fd >= 0 && (poll_fd.revents & (POLLERR | POLLHUP)) ? -ENODEV : n;
}

static const struct gpio_ops real_ops = {
    .open_output = real_open_output,
    .open_input = real_open_input,
    .set = real_set,
    .get = real_get,
    .fd = real_fd,
    .drain = real_drain,
    .close = real_close,
};

const struct gpio gpio_real = {.ops = &real_ops};
