#include "machines/qemu/dbus_listener.h"

#include <errno.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"

/* What became of one picture or piece of it. Nonsense ends the connection. */
static void judge(struct dbus_listener *self, int error, int64_t width, int64_t height, uint32_t format)
{
    char why[160];
    switch (error) {
    case 0:
        self->canvas.drawn_us = clock_now_us();
        self->trouble(self->data, SCREEN_OK, "");
        return;
    case -ERANGE:
        snprintf(why, sizeof why, "The machine shows %lldx%lld pixels; at most %dx%d can be taken.", (long long)width,
                 (long long)height, FRAME_MAX_SIZE, FRAME_MAX_SIZE);
        self->trouble(self->data, SCREEN_OUT_OF_RANGE, why);
        return;
    case -ENOTSUP:
        snprintf(why, sizeof why, "The machine shows pixels of format 0x%x, which cannot be taken.", format);
        self->trouble(self->data, SCREEN_UNSUPPORTED, why);
        return;
    case -ENOMEM:
        log_warn("qemu", "no memory for a picture of %lldx%lld", (long long)width, (long long)height);
        self->broken = true; /* tried again after a while */
        return;
    default:
        log_warn("qemu", "the display sent a picture that is not well formed (%lldx%lld): connection closed",
                 (long long)width, (long long)height);
        self->broken = true;
    }
}

static int on_scanout(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct dbus_listener *self = data;
    uint32_t width, height, stride, format;
    const void *bytes;
    size_t size;
    (void)error;
    int r = sd_bus_message_read(m, "uuuu", &width, &height, &stride, &format);
    if (r >= 0)
        r = sd_bus_message_read_array(m, 'y', &bytes, &size);
    if (r < 0 || self->muted)
        return r;
    judge(self, canvas_scanout(&self->canvas, width, height, stride, format, bytes, size), width, height, format);
    return sd_bus_reply_method_return(m, "");
}

static int on_update(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct dbus_listener *self = data;
    int32_t x, y, w, h;
    uint32_t stride, format;
    const void *bytes;
    size_t size;
    (void)error;
    int r = sd_bus_message_read(m, "iiiiuu", &x, &y, &w, &h, &stride, &format);
    if (r >= 0)
        r = sd_bus_message_read_array(m, 'y', &bytes, &size);
    if (r < 0 || self->muted)
        return r;
    judge(self, canvas_update(&self->canvas, x, y, w, h, stride, format, bytes, size), (int64_t)x + w, (int64_t)y + h,
          format);
    return sd_bus_reply_method_return(m, "");
}

static int on_disable(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct dbus_listener *self = data;
    (void)error;
    if (!self->muted)
        self->trouble(self->data, SCREEN_NO_SIGNAL, "The machine's display adapter gives no picture.");
    return sd_bus_reply_method_return(m, "");
}

/* The adapters we give a machine have no cursor of their own, and pictures by DMA buffer come only with OpenGL. */
static int on_ignored(sd_bus_message *m, void *data, sd_bus_error *error)
{
    (void)data;
    (void)error;
    return sd_bus_reply_method_return(m, "");
}

#define LISTEN(name, args, handler) SD_BUS_METHOD(name, args, "", handler, SD_BUS_VTABLE_UNPRIVILEGED)
static const sd_bus_vtable listener_table[] = {SD_BUS_VTABLE_START(0),
                                               LISTEN("Scanout", "uuuuay", on_scanout),
                                               LISTEN("Update", "iiiiuuay", on_update),
                                               LISTEN("Disable", "", on_disable),
                                               LISTEN("MouseSet", "iii", on_ignored),
                                               LISTEN("CursorDefine", "iiiiay", on_ignored),
                                               LISTEN("ScanoutDMABUF", "huuuutb", on_ignored),
                                               LISTEN("UpdateDMABUF", "iiii", on_ignored),
                                               SD_BUS_VTABLE_END};

int dbus_listener_add(struct dbus_listener *self, sd_bus *bus)
{
    int r = sd_bus_add_object_vtable(bus, NULL, DBUS_LISTENER_PATH, "org.qemu.Display1.Listener", listener_table, self);
    return r < 0 ? r : 0;
}
