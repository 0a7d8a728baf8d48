#include "gateway/console/console.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/console/console_viewer.h"
#include "gateway/recordings/recordings.h"

static struct gateway_target *find_target(struct gateway *gateway, const char *name)
{
    struct target *target = target_find(&gateway->target_list, name);
    return target ? container_of(target, struct gateway_target, target) : NULL;
}

static void link_viewer(struct console_viewer *self)
{
    self->next = self->target->viewers;
    self->target->viewers = self;
    self->target->target.viewers++;
    target_watched(self->target);
}

static void unlink_viewer(struct console_viewer *self)
{
    struct console_viewer **at = &self->target->viewers;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    self->target->target.viewers--;
    target_watched(self->target);
}

static void viewer_free(struct console_viewer *self)
{
    viewer_pictures_finish(self);
    input_holder_leave(&self->holder);
    loop_timer_remove(self->dead_man);
    auth_session_unref(self->session);
    free(self);
}

static int viewer_new(struct gateway_target *target, struct auth_session *session, const struct console_hello *hello,
                      struct viewer *viewer, struct console_viewer **ret)
{
    struct console_viewer *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->target = target;
    self->viewer = viewer;
    self->session = auth_session_ref(session);
    self->opened_us = clock_now_us();
    self->may_type = !hello->view_only && target->target.input &&
                     gateway_may(target->gateway, session, RIGHT_INPUT, target->target.name);
    int r = viewer_input_init(self);
    r = r ? r : viewer_pictures_init(self, hello);
    if (r < 0) {
        viewer_free(self);
        return r;
    }
    *ret = self;
    return 0;
}

static void tell_recording(struct console_viewer *self)
{
    struct gateway_target *target = self->target;
    const struct api_recording *entry = recordings_of(target->gateway->recordings, &target->target);
    struct console_recording told = {.name = ""};
    if (entry)
        told =
            (struct console_recording){.on = true,
                                       .every_s = entry->every_s,
                                       .elapsed_s = recordings_elapsed_s(target->gateway->recordings, &target->target),
                                       .name = entry->who};
    viewer_recording(self->viewer, &told);
}

static void tell_all(struct console_viewer *self)
{
    struct gateway_target *target = self->target;
    viewer_leds(self->viewer, target->target.leds);
    viewer_pointer_mode(self->viewer, target->absolute);
    if (target->target.recording)
        tell_recording(self);
    if (target->feed)
        viewer_tell_signal(self);
    else
        viewer_no_picture(self->viewer, SCREEN_DEVICE_GONE,
                          target->target.signal_why[0] ? target->target.signal_why : "This target has no screen.");
}

static int on_open(void *context, const char *name, struct auth_session *session, const struct console_hello *hello,
                   struct viewer *viewer, struct console_viewer **ret)
{
    struct gateway_target *target = find_target(context, name);
    if (!target)
        return -ENOENT;
    struct console_viewer *self = NULL;
    int r = viewer_new(target, session, hello, viewer, &self);
    if (r < 0)
        return r;
    link_viewer(self);
    viewer_take_free_seat(self);
    target_tell_seat(target); /* the number of viewers is news for all */
    tell_all(self);
    *ret = self;
    return 0;
}

static void on_close(struct console_viewer *self)
{
    struct gateway_target *target = self->target;
    viewer_let_go(self);
    viewer_leave_seat(self);
    viewer_input_finish(self);
    unlink_viewer(self);
    target_tell_seat(target);
    viewer_free(self);
}

static void on_hidden(struct console_viewer *self, bool hidden)
{
    viewer_hide(self, hidden);
    if (self->hidden == hidden)
        return;
    self->hidden = hidden;
    target_tell_viewers(self->target);
}

static void on_rights_changed(struct console_viewer *self)
{
    console_rights_changed(self->target, self->session);
}

const struct console_ops gateway_console_ops = {
    .open = on_open,
    .close = on_close,
    .pull = viewer_pull_picture,
    .hidden = on_hidden,
    .refresh = viewer_refresh,
    .key = viewer_key,
    .pointer_absolute = viewer_pointer_absolute,
    .pointer_relative = viewer_pointer_relative,
    .release_all = viewer_release_all,
    .seat = viewer_seat_asked,
    .rights_changed = on_rights_changed,
    .alive = viewer_alive,
};

/* viewer_close ends a viewer from the loop, never inside a call, so these walks are safe. */
void console_leds_changed(struct gateway_target *target)
{
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        viewer_leds(v->viewer, target->target.leds);
}

void console_absolute_changed(struct gateway_target *target, bool absolute)
{
    target->absolute = absolute;
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        viewer_pointer_mode(v->viewer, absolute);
}

void console_recording_changed(struct gateway_target *target)
{
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        tell_recording(v);
}

void console_tell_changed(struct gateway_target *target, uint8_t what)
{
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        viewer_changed(v->viewer, what);
}
