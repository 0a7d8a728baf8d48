#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/v4l2_layout.h"
#include "capture/v4l2_signal.h"
#include "core/text.h"
#include "gateway/doctor/device_look.h"

#define MOST_FORMATS 64 /* a driver that never ends is cut short */

static void copy(char *room, const char *text)
{
    snprintf(room, DEVICE_FACT_MAX, "%.*s", DEVICE_FACT_MAX - 1, text);
}

/* Names of those that we take, each once. How many the device has in all. */
static unsigned list_formats(const struct v4l2_node *node, char *room, size_t size)
{
    uint64_t seen = 0;
    size_t at = 0;
    unsigned n = 0;
    for (; n < MOST_FORMATS; n++) {
        struct v4l2_fmtdesc desc = {.index = n, .type = node->type};
        if (v4l2_call(node, VIDIOC_ENUM_FMT, &desc) < 0)
            break;
        const struct v4l2_kind *kind = v4l2_kind_of(desc.pixelformat);
        if (!kind || seen >> (kind - v4l2_kinds) & 1 || at >= size)
            continue;
        seen |= (uint64_t)1 << (kind - v4l2_kinds);
        at += (size_t)snprintf(room + at, size - at, "%s%s", at ? ", " : "", kind->name);
    }
    return n;
}

static void look_at_signal(const struct v4l2_node *node, struct device_seen *seen)
{
    struct v4l2_signal signal;
    if (v4l2_signal_query(node, &signal) < 0) {
        seen->works = DEVICE_FAILS;
        snprintf(seen->why, sizeof seen->why, "It was unplugged while it was looked at: plug it in again.");
        return;
    }
    copy(seen->facts[DEVICE_FACT_SIGNAL], screen_signal_name(signal.state));
    v4l2_timings_text(&signal.timings, seen->facts[DEVICE_FACT_TIMINGS], DEVICE_FACT_MAX);
    seen->works = signal.state == SCREEN_OK ? DEVICE_WORKS : DEVICE_FAILS;
    snprintf(seen->why, sizeof seen->why, "%s", signal.why);
    if (!node->has_timings)
        snprintf(seen->not_seen, sizeof seen->not_seen,
                 "This device does not tell of its signal: whether a picture comes shows when a target uses it.");
}

void device_look_video(const struct v4l2_io *io, int fd, struct device_seen *seen)
{
    struct v4l2_device device = {.video = fd, .heap = -1, .media = -1};
    struct v4l2_node node;
    char why[256] = "";
    for (unsigned i = 0; i < V4L2_MAX_SUBDEVS; i++)
        device.subdevs[i] = -1;
    int r = v4l2_node_open(io, &device, (unsigned)-1, &node, why, sizeof why);
    if (r < 0) {
        seen->busy = r == -EBUSY;
        seen->works = DEVICE_FAILS;
        snprintf(seen->why, sizeof seen->why, "%s",
                 *why ? why : "It was unplugged while it was looked at: plug it in again.");
        return;
    }
    copy(seen->facts[DEVICE_FACT_CARD], node.card);
    copy(seen->facts[DEVICE_FACT_DRIVER], node.driver);
    copy(seen->facts[DEVICE_FACT_BUS], node.bus);
    copy(seen->facts[DEVICE_FACT_INPUT], node.input_name);
    unsigned n = list_formats(&node, seen->facts[DEVICE_FACT_FORMATS], DEVICE_FACT_MAX);
    look_at_signal(&node, seen);
    if (n > 0 && !seen->facts[DEVICE_FACT_FORMATS][0]) {
        seen->works = DEVICE_FAILS;
        snprintf(seen->why, sizeof seen->why, "It offers no picture format that lightsout takes: use another device.");
    }
}
