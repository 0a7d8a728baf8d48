#include "gateway/doctor/device_look.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "gateway/doctor/device.h"

#define OWN_GADGET "lightsout-" /* of the target behind it */
#define ROOM (PATH_MAX + 300)

const char *device_fact_name(enum device_fact fact)
{
    static const char *const names[DEVICE_FACTS] = {
        [DEVICE_FACT_CARD] = "card",        [DEVICE_FACT_DRIVER] = "driver",
        [DEVICE_FACT_BUS] = "bus",          [DEVICE_FACT_INPUT] = "input",
        [DEVICE_FACT_SIGNAL] = "signal",    [DEVICE_FACT_TIMINGS] = "timings",
        [DEVICE_FACT_FORMATS] = "formats",  [DEVICE_FACT_STATE] = "state",
        [DEVICE_FACT_SPEED] = "speed",      [DEVICE_FACT_MAX_SPEED] = "max_speed",
        [DEVICE_FACT_GADGET] = "gadget",    [DEVICE_FACT_LABEL] = "label",
        [DEVICE_FACT_LINE] = "line",        [DEVICE_FACT_DIRECTION] = "direction",
        [DEVICE_FACT_CONSUMER] = "consumer"};
    return fact < DEVICE_FACTS ? names[fact] : "";
}

/* ---- who uses it ---- */

/* By any of its links, too. */
static bool is_capture(const struct device_capture *device, const char *value)
{
    char real[PATH_MAX];
    if (!*value)
        return false;
    if (strcmp(value, device->node) == 0 || (*device->stable && strcmp(value, device->stable) == 0))
        return true;
    return realpath(value, real) && strcmp(real, device->node) == 0;
}

/* Bound to it, or named for it in the configuration. */
static bool is_udc(const struct device_udc *device, const struct config_target *target)
{
    size_t n = strlen(OWN_GADGET);
    if (strncmp(device->gadget, OWN_GADGET, n) == 0 && strcmp(device->gadget + n, target->name) == 0)
        return true;
    return strcmp(device->name, target->dongle.udc) == 0;
}

static bool is_line(const struct device_gpio *device, unsigned number, const struct front_panel_line *line)
{
    const char *chip = strncmp(line->chip, "/dev/", 5) == 0 ? line->chip + 5 : line->chip;
    return *chip && line->offset == number &&
           (strcmp(chip, device->chip) == 0 || (*device->label && strcmp(chip, device->label) == 0));
}

static bool has_line(const struct device_gpio *device, unsigned number, const struct front_panel_config *panel)
{
    bool found = false;
    for (unsigned i = 0; i < FRONT_PANEL_BUTTONS; i++)
        found |= is_line(device, number, &panel->buttons[i]);
    for (unsigned i = 0; i < FRONT_PANEL_LEDS; i++)
        found |= is_line(device, number, &panel->leds[i]);
    return found;
}

const char *device_user(const struct config *config, const struct devices *devices, enum device_kind kind,
                        unsigned index, unsigned line)
{
    for (unsigned i = 0; i < config->n_targets; i++) {
        const struct config_target *target = config->targets[i];
        if (target->machine != CONFIG_DONGLE)
            continue;
        if ((kind == DEVICE_CAPTURE && is_capture(&devices->captures[index], target->dongle.capture)) ||
            (kind == DEVICE_UDC && is_udc(&devices->udcs[index], target)) ||
            (kind == DEVICE_GPIO && has_line(&devices->gpios[index], line, &target->dongle.panel)))
            return target->name;
    }
    return "";
}

/* ---- the question ---- */

int device_question_make(const char *root, const struct config *config, const struct devices *devices,
                         enum device_kind kind, const char *value, struct device_question *ret)
{
    int found = devices_find(devices, kind, value);
    const char *colon = strrchr(value, ':');
    if (found < 0)
        return -ENOENT;
    memset(ret, 0, sizeof *ret);
    unsigned index = (unsigned)found;
    ret->root = root;
    ret->seen.kind = (uint8_t)kind;
    if (kind == DEVICE_CAPTURE) {
        ret->capture = devices->captures[index];
        snprintf(ret->seen.device, sizeof ret->seen.device, "%s", ret->capture.node);
    } else if (kind == DEVICE_UDC) {
        ret->udc = devices->udcs[index];
        snprintf(ret->seen.device, sizeof ret->seen.device, "%s", ret->udc.name);
    } else {
        ret->gpio = devices->gpios[index];
        ret->line = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
        snprintf(ret->seen.device, sizeof ret->seen.device, "%s:%u", ret->gpio.chip, ret->line);
    }
    snprintf(ret->seen.target, sizeof ret->seen.target, "%s", device_user(config, devices, kind, index, ret->line));
    ret->seen.busy = ret->seen.target[0] != '\0';
    return 0;
}

/* ---- looking ---- */

static void copy(struct device_seen *seen, enum device_fact fact, const char *text)
{
    snprintf(seen->facts[fact], DEVICE_FACT_MAX, "%.*s", DEVICE_FACT_MAX - 1, text);
}

static void look_at_capture(struct device_question *self)
{
    struct device_seen *seen = &self->seen;
    char path[ROOM];
    copy(seen, DEVICE_FACT_CARD, self->capture.card);
    copy(seen, DEVICE_FACT_DRIVER, self->capture.driver);
    if (seen->busy) {
        snprintf(seen->not_seen, sizeof seen->not_seen,
                 "Target %s has it, so it was not opened: the page of that target tells of its signal and formats.",
                 seen->target);
        return;
    }
    snprintf(path, sizeof path, "%s%s", self->root, self->capture.node);
    _cleanup_close_ int fd = device_open(path, "video4linux");
    if (fd >= 0) {
        device_look_video(&v4l2_kernel, fd, seen);
        return;
    }
    if (fd == -EACCES || fd == -EPERM) {
        snprintf(seen->not_seen, sizeof seen->not_seen,
                 "Its formats and its signal were not looked at: here only the helper may open %s, and that opens what "
                 "a target names. Add the target to see them, or ask lightsout doctor as root.",
                 self->capture.node);
        return;
    }
    seen->busy = fd == -EBUSY;
    seen->works = DEVICE_FAILS;
    device_explain(fd, "capture device", self->capture.node, seen->why, sizeof seen->why);
}

static void read_udc(const struct device_question *self, const char *name, char room[DEVICE_FACT_MAX])
{
    char path[ROOM];
    snprintf(path, sizeof path, "%s/sys/class/udc/%s/%s", self->root, self->udc.name, name);
    device_read_line(path, room, DEVICE_FACT_MAX);
}

static void look_at_udc(struct device_question *self)
{
    struct device_seen *seen = &self->seen;
    copy(seen, DEVICE_FACT_STATE, self->udc.state);
    copy(seen, DEVICE_FACT_GADGET, self->udc.gadget);
    read_udc(self, "current_speed", seen->facts[DEVICE_FACT_SPEED]);
    read_udc(self, "maximum_speed", seen->facts[DEVICE_FACT_MAX_SPEED]);
    if (seen->busy)
        return;
    seen->busy = self->udc.gadget[0] != '\0';
    seen->works = seen->busy ? DEVICE_FAILS : DEVICE_WORKS;
    if (seen->busy)
        snprintf(seen->why, sizeof seen->why,
                 "Another gadget of this machine, %s, has it: end that one, or choose another controller.",
                 self->udc.gadget);
}

static void take_line(const struct gpio_v2_line_info *info, struct device_seen *seen)
{
    bool used = info->flags & GPIO_V2_LINE_FLAG_USED;
    snprintf(seen->facts[DEVICE_FACT_LINE], DEVICE_FACT_MAX, "%.*s", (int)sizeof info->name, info->name);
    snprintf(seen->facts[DEVICE_FACT_CONSUMER], DEVICE_FACT_MAX, "%.*s", (int)sizeof info->consumer, info->consumer);
    copy(seen, DEVICE_FACT_DIRECTION, info->flags & GPIO_V2_LINE_FLAG_OUTPUT ? "output" : "input");
    if (seen->target[0])
        return;
    seen->busy = used;
    seen->works = used ? DEVICE_FAILS : DEVICE_WORKS;
    if (used)
        snprintf(seen->why, sizeof seen->why, "%s has this line: choose another one, or end that program.",
                 seen->facts[DEVICE_FACT_CONSUMER][0] ? seen->facts[DEVICE_FACT_CONSUMER] : "The kernel");
}

static void look_at_line(struct device_question *self)
{
    struct device_seen *seen = &self->seen;
    struct gpio_v2_line_info info = {.offset = self->line};
    char path[ROOM];
    copy(seen, DEVICE_FACT_LABEL, self->gpio.label);
    snprintf(path, sizeof path, "%s/dev/%s", self->root, self->gpio.chip);
    _cleanup_close_ int fd = device_open(path, "gpio");
    if (fd >= 0 && ioctl(fd, GPIO_V2_GET_LINEINFO_IOCTL, &info) == 0) {
        take_line(&info, seen);
        return;
    }
    int error = fd < 0 ? fd : -errno;
    if (error == -EACCES || error == -EPERM)
        snprintf(seen->not_seen, sizeof seen->not_seen,
                 "The line's name and who has it were not looked at: here only the helper may open /dev/%s. lightsout "
                 "doctor as root tells whether a target's lines can be had.",
                 self->gpio.chip);
    else
        snprintf(seen->not_seen, sizeof seen->not_seen,
                 "The line's name and who has it were not looked at: /dev/%s: %s.", self->gpio.chip, strerror(-error));
}

void device_look(struct device_question *self)
{
    if (self->seen.kind == DEVICE_CAPTURE)
        look_at_capture(self);
    else if (self->seen.kind == DEVICE_UDC)
        look_at_udc(self);
    else
        look_at_line(self);
}
