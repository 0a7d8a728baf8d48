#include "capture/v4l2_signal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static double refresh_of(const struct v4l2_bt_timings *bt)
{
    uint64_t width = (uint64_t)bt->width + bt->hfrontporch + bt->hsync + bt->hbackporch;
    uint64_t height = (uint64_t)bt->height + bt->vfrontporch + bt->vsync + bt->vbackporch;
    if (bt->interlaced)
        height += (uint64_t)bt->il_vfrontporch + bt->il_vsync + bt->il_vbackporch;
    return width && height ? (double)bt->pixelclock / ((double)width * (double)height) : 0;
}

void v4l2_timings_text(const struct v4l2_dv_timings *timings, char *room, size_t size)
{
    const struct v4l2_bt_timings bt = timings->bt;
    room[0] = 0;
    if (timings->type != V4L2_DV_BT_656_1120 || !bt.width || !bt.height)
        return;
    double hz = refresh_of(&bt);
    int decimals = hz - (double)(long)(hz + 0.5) < 0.01 && hz - (double)(long)(hz + 0.5) > -0.01 ? 0 : 2;
    snprintf(room, size, "%ux%u%c%.*f, %llu kHz", bt.width, bt.height, bt.interlaced ? 'i' : 'p', decimals, hz,
             (unsigned long long)(bt.pixelclock / 1000));
}

bool v4l2_timings_alike(const struct v4l2_dv_timings *a, const struct v4l2_dv_timings *b)
{
    if (a->type != b->type || a->bt.width != b->bt.width || a->bt.height != b->bt.height ||
        a->bt.interlaced != b->bt.interlaced)
        return false;
    uint64_t more = MAX(a->bt.pixelclock, b->bt.pixelclock), less = MIN(a->bt.pixelclock, b->bt.pixelclock);
    return more - less <= more / 200;
}

static void say(struct v4l2_signal *self, enum screen_signal state, const char *why)
{
    self->state = state;
    snprintf(self->why, sizeof self->why, "%s", why);
}

static void judge_timings(struct v4l2_signal *self)
{
    const struct v4l2_bt_timings bt = self->timings.bt;
    char mode[80];
    v4l2_timings_text(&self->timings, mode, sizeof mode);
    if (self->timings.type != V4L2_DV_BT_656_1120 || !bt.width || !bt.height)
        say(self, SCREEN_NO_LOCK, "The receiver does not say which mode the signal has.");
    else if (bt.interlaced) {
        say(self, SCREEN_OUT_OF_RANGE, "");
        snprintf(self->why, sizeof self->why,
                 "The signal is interlaced (%s), which is not taken: set a progressive mode in the target.", mode);
    } else if (bt.width > FRAME_MAX_SIZE || bt.height > FRAME_MAX_SIZE) {
        say(self, SCREEN_OUT_OF_RANGE, "");
        snprintf(self->why, sizeof self->why,
                 "The signal has %s, more than %d pixels a side: set a lower resolution in the target.", mode,
                 FRAME_MAX_SIZE);
    } else
        say(self, SCREEN_OK, "");
}

static int ask_timings(const struct v4l2_node *node, struct v4l2_signal *self)
{
    int r = v4l2_receiver_call(node, VIDIOC_QUERY_DV_TIMINGS, &self->timings);
    switch (r) {
    case 0:
        judge_timings(self);
        return 0;
    case -ENODEV:
        return r;
    case -ENOLINK:
        say(self, SCREEN_NO_SIGNAL, "No signal: switch the target on, or check the cable between it and this device.");
        break;
    case -ENOLCK:
        say(self, SCREEN_NO_LOCK,
            "There is a signal, but the receiver cannot lock to it: check the cable, or set another mode.");
        break;
    case -ERANGE:
        say(self, SCREEN_OUT_OF_RANGE,
            "The signal's mode is out of the receiver's range: set a lower resolution or refresh rate in the target.");
        break;
    default:
        say(self, SCREEN_NO_LOCK, "");
        snprintf(self->why, sizeof self->why, "The receiver cannot say what signal there is: %s.", strerrordesc_np(-r));
    }
    memset(&self->timings, 0, sizeof self->timings);
    return 0;
}

/* Of an input without timings there is only a status, and most capture sticks do not even have that. */
static int ask_status(const struct v4l2_node *node, struct v4l2_signal *self)
{
    say(self, SCREEN_OK, "");
    if (!node->has_input)
        return 0;
    struct v4l2_input input = {.index = node->input};
    int r = v4l2_call(node, VIDIOC_ENUMINPUT, &input);
    if (r == -ENODEV)
        return r;
    if (r < 0)
        return 0;
    if (input.status & (V4L2_IN_ST_NO_SIGNAL | V4L2_IN_ST_NO_POWER))
        say(self, SCREEN_NO_SIGNAL, "No signal: switch the target on, or check the cable between it and this device.");
    else if (input.status & (V4L2_IN_ST_NO_H_LOCK | V4L2_IN_ST_NO_V_LOCK | V4L2_IN_ST_NO_SYNC))
        say(self, SCREEN_NO_LOCK,
            "There is a signal, but the receiver cannot lock to it: check the cable, or set another mode.");
    return 0;
}

int v4l2_signal_query(const struct v4l2_node *node, struct v4l2_signal *ret)
{
    struct v4l2_signal self = {.why = ""};
    int r = node->has_timings ? ask_timings(node, &self) : ask_status(node, &self);
    if (r == 0)
        *ret = self;
    return r;
}

int v4l2_signal_follow(const struct v4l2_node *node, const struct v4l2_dv_timings *timings)
{
    struct v4l2_dv_timings wanted = *timings;
    return v4l2_receiver_call(node, VIDIOC_S_DV_TIMINGS, &wanted);
}
