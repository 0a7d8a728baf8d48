/* Names of signals and the few lines between the gateway and a screen driver. */
#include "capture/screen.h"

static const char *const names[] = {
    [SCREEN_OK] = "ok",
    [SCREEN_POWERED_OFF] = "powered-off",
    [SCREEN_NO_SIGNAL] = "no-signal",
    [SCREEN_NO_LOCK] = "no-lock",
    [SCREEN_OUT_OF_RANGE] = "out-of-range",
    [SCREEN_UNSUPPORTED] = "unsupported",
    [SCREEN_DEVICE_GONE] = "device-gone",
    [SCREEN_STARTING] = "starting",
};

const char *screen_signal_name(enum screen_signal signal)
{
    if ((unsigned)signal >= ARRAY_SIZE(names))
        return "unknown";
    return names[signal];
}

int screen_start(struct screen *self, const struct screen_listener *listener, void *data)
{
    return self->ops->start(self, listener, data);
}

void screen_stop(struct screen *self)
{
    self->ops->stop(self);
}

struct screen *screen_destroy(struct screen *self)
{
    if (self) {
        self->ops->stop(self);
        self->ops->destroy(self);
    }
    return NULL;
}
