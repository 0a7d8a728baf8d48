#include "gpio_fake.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/attrs.h"

static int open_line(const struct gpio *gpio, const char *chip, unsigned offset, bool active_low,
                     struct gpio_line **ret)
{
    struct gpio_fake *self = container_of((struct gpio *)gpio, struct gpio_fake, gpio);
    if (strcmp(chip, "fake") != 0 || offset >= GPIO_FAKE_LINES)
        return -ENOENT;
    if (self->busy[offset] || self->lines[offset].opened)
        return -EBUSY;
    self->lines[offset].opened = true;
    self->lines[offset].active_low = active_low;
    *ret = &self->lines[offset];
    return 0;
}

static int open_output(const struct gpio *gpio, const char *chip, unsigned offset, bool active_low,
                       struct gpio_line **ret)
{
    int r = open_line(gpio, chip, offset, active_low, ret);
    if (r == 0) {
        (*ret)->output = true;
        (*ret)->level = active_low;
    }
    return r;
}

static int open_input(const struct gpio *gpio, const char *chip, unsigned offset, bool active_low,
                      struct gpio_line **ret)
{
    int r = open_line(gpio, chip, offset, active_low, ret);
    if (r == 0 && !(*ret)->chip->no_edges)
        (*ret)->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return r;
}

static int take_failure(struct gpio_fake *self)
{
    int r = self->fail;
    self->fail = 0;
    return r;
}

static int set(struct gpio_line *line, bool active)
{
    int r = take_failure(line->chip);
    if (r < 0)
        return r;
    line->chip->sets++;
    line->level = active != line->active_low;
    return 0;
}

static int get(struct gpio_line *line)
{
    int r = take_failure(line->chip);
    return r < 0 ? r : line->level != line->active_low;
}

static int line_fd(struct gpio_line *line)
{
    return line->event;
}

static int drain(struct gpio_line *line)
{
    uint64_t n = 0;
    return read(line->event, &n, sizeof n) == sizeof n ? (int)n : 0;
}

static void line_close(struct gpio_line *line)
{
    if (line->output)
        line->level = line->active_low;
    if (line->event >= 0)
        close(line->event);
    line->event = -1;
    line->opened = line->output = false;
}

void gpio_fake_init(struct gpio_fake *self)
{
    static const struct gpio_ops ops = {.open_output = open_output,
                                        .open_input = open_input,
                                        .set = set,
                                        .get = get,
                                        .fd = line_fd,
                                        .drain = drain,
                                        .close = line_close};
    *self = (struct gpio_fake){.gpio = {.ops = &ops}};
    for (unsigned i = 0; i < GPIO_FAKE_LINES; i++)
        self->lines[i] = (struct gpio_line){.chip = self, .offset = i, .event = -1};
}

void gpio_fake_drive(struct gpio_fake *self, unsigned offset, bool level)
{
    struct gpio_line *line = &self->lines[offset];
    if (line->level == level)
        return;
    line->level = level;
    if (line->event >= 0)
        eventfd_write(line->event, 1);
}
