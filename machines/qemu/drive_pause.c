#include "machines/qemu/drive_pause.h"

#include <string.h>

static void set(struct drive_pause *self, bool paused)
{
    if (paused == self->paused)
        return;
    self->paused = paused;
    self->changed(self->data);
}

void drive_pause_begin(struct drive_pause *self)
{
    self->error = true;
    set(self, true);
}

void drive_pause_event(struct drive_pause *self, const char *name)
{
    if (!strcmp(name, "RESUME")) {
        self->error = false;
        set(self, false);
    } else if (!strcmp(name, "STOP") && self->error) {
        set(self, true); /* it still ran when it was asked */
    }
}

static void on_status(void *data, int error, const json_t *answer, const char *why)
{
    struct drive_pause *self = data;
    const char *status = error ? NULL : json_string_value(json_object_get(answer, "status"));
    (void)why;
    self->asking = false;
    if (!status)
        return;
    if (!strcmp(status, "io-error"))
        qmp_call(self->qmp, "cont", NULL, -1, NULL, NULL); /* RESUME follows */
    else
        set(self, false);
}

void drive_pause_resume(struct drive_pause *self)
{
    if (self->paused && !self->asking && qmp_is_ready(self->qmp))
        self->asking = qmp_call(self->qmp, "query-status", NULL, -1, on_status, self) == 0;
}

void drive_pause_forget(struct drive_pause *self, bool paused)
{
    self->paused = paused;
    self->asking = self->error = false;
}
