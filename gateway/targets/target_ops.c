/* What the REST faces ask of a target (manage/target.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/console/console_seat.h"
#include "gateway/dongle/dongle.h"
#include "gateway/drives/drives.h"
#include "gateway/pictures/screen_text.h"
#include "gateway/pictures/screenshot.h"
#include "gateway/targets/target_jiggler.h"
#include "gateway/targets/target_rest.h"
#include "gateway/targets/target_typing.h"

static struct gateway_target *self_of(struct target *target)
{
    return container_of(target, struct gateway_target, target);
}

static void on_insert(struct target *target, unsigned drive, const struct medium_spec *medium, target_done_fn *done,
                      void *data)
{
    drives_insert(self_of(target)->drives, drive, medium, done, data);
}

static void on_overlay_export(struct target *target, unsigned drive, const char *name, target_done_fn *done, void *data)
{
    drives_overlay_export(self_of(target)->drives, drive, name, done, data);
}

static void on_overlay_discard(struct target *target, unsigned drive, target_done_fn *done, void *data)
{
    drives_overlay_discard(self_of(target)->drives, drive, done, data);
}

/* A screen that rests is woken first. */
struct shot_wish {
    struct gateway_target *target;
    unsigned width;
    enum target_shot format;
    target_bytes_fn *done;
    void *data;
};

static void take_shot(void *data)
{
    struct shot_wish wish = *(struct shot_wish *)data;
    free(data);
    if (wish.target->screenshots)
        screenshots_take(wish.target->screenshots, wish.width, wish.format, wish.done, wish.data);
    else
        wish.done(wish.data, -ENODATA, wish.target->target.signal_why, NULL, 0);
}

static void on_screenshot(struct target *target, unsigned width, enum target_shot format, target_bytes_fn *done,
                          void *data)
{
    struct shot_wish *wish = calloc(1, sizeof *wish);
    if (!wish) {
        done(data, -ENOMEM, "There is no memory for this.", NULL, 0);
        return;
    }
    *wish = (struct shot_wish){.target = self_of(target), .width = width, .format = format, .done = done, .data = data};
    target_rest_when_seen(wish->target, take_shot, wish);
}

static int no_input(char *why, size_t why_size)
{
    snprintf(why, why_size, "The target has no keyboard.");
    return -ENODEV;
}

static int on_chord(struct target *target, const char *text, char *why, size_t why_size)
{
    struct gateway_target *self = self_of(target);
    struct chord chord;
    if (!self->typist)
        return no_input(why, why_size);
    int r = chord_parse(text, &chord, why, why_size);
    if (r < 0)
        return r;
    target_jiggler_used(self);
    r = typist_chord(self->typist, &chord);
    if (r == -EBUSY)
        snprintf(why, why_size, "Something is being typed; stop it or wait for its end.");
    return r;
}

static int on_type(struct target *target, const struct typing_request *request, struct typing_plan *ret, char *why,
                   size_t why_size)
{
    return target_typing_type(self_of(target), request, ret, why, why_size);
}

static void on_typing(struct target *target, struct typing_state *ret)
{
    target_typing_state(self_of(target), ret);
}

static uint8_t on_type_phase(struct target *target)
{
    const struct gateway_target *self = self_of(target);
    struct typing_state state = {.phase = TYPING_IDLE};
    if (self->typist)
        typist_state(self->typist, &state);
    return state.phase;
}

static void on_type_stop(struct target *target)
{
    struct gateway_target *self = self_of(target);
    if (self->typist)
        typist_stop(self->typist);
}

struct text_wish {
    struct gateway_target *target;
    bool whole;
    struct target_text_wish wish;
    target_text_fn *done;
    void *data;
};

static void take_text(void *data)
{
    struct text_wish wish = *(struct text_wish *)data;
    free(data);
    screen_text_take(wish.target, wish.whole ? NULL : &wish.wish, wish.done, wish.data);
}

static void on_screen_text(struct target *target, const struct target_text_wish *wanted, target_text_fn *done,
                           void *data)
{
    struct text_wish *wish = calloc(1, sizeof *wish);
    if (!wish) {
        done(data, -ENOMEM, "There is no memory for this.", NULL);
        return;
    }
    *wish = (struct text_wish){.target = self_of(target), .whole = !wanted, .done = done, .data = data};
    if (wanted)
        wish->wish = *wanted;
    target_rest_when_seen(wish->target, take_text, wish);
}

static int on_seat(struct target *target, struct auth_session *session, enum seat_action action, uint32_t request,
                   const char **ret_why)
{
    return console_seat_act(self_of(target), session, action, request, ret_why);
}

static size_t on_viewers(struct target *target, const struct auth_session *session, struct target_viewer *room,
                         size_t most)
{
    return console_viewers_list(self_of(target), session, room, most);
}

static int on_viewer_end(struct target *target, const struct auth_session *by, uint32_t id)
{
    return console_viewer_end(self_of(target), by, id);
}

static void on_set_personality(struct target *target, const char *word, target_done_fn *done, void *data)
{
    struct gateway_target *self = self_of(target);
    if (self->dongle)
        dongle_set_personality(self->dongle, word, done, data);
    else
        done(data, -ENODEV, target->signal_why);
}

static void on_accept_offer(struct target *target, target_done_fn *done, void *data)
{
    struct gateway_target *self = self_of(target);
    if (self->dongle)
        dongle_accept_offer(self->dongle, done, data);
    else
        done(data, -ENODEV, target->signal_why);
}

static void on_describe_capture(struct target *target, struct target_capture *ret)
{
    struct gateway_target *self = self_of(target);
    if (self->dongle)
        dongle_describe_capture(self->dongle, ret);
    else
        *ret = (struct target_capture){0};
}

static void on_set_edid(struct target *target, const struct edid *edid, target_done_fn *done, void *data)
{
    struct gateway_target *self = self_of(target);
    if (self->dongle)
        dongle_set_edid(self->dongle, edid, done, data);
    else
        done(data, -ENODEV, target->signal_why);
}

static void on_set_jiggler(struct target *target, unsigned seconds)
{
    target_jiggler_set(self_of(target), seconds);
}

#define OF_ALL                                                                                                         \
    .insert = on_insert, .overlay_export = on_overlay_export, .overlay_discard = on_overlay_discard,                   \
    .viewers = on_viewers, .viewer_end = on_viewer_end, .screenshot = on_screenshot, .screen_text = on_screen_text,    \
    .chord = on_chord, .type = on_type, .typing = on_typing, .type_phase = on_type_phase, .type_stop = on_type_stop,   \
    .seat = on_seat, .set_jiggler = on_set_jiggler

const struct target_ops gateway_target_ops = {OF_ALL};

const struct target_ops gateway_dongle_ops = {
    OF_ALL,
    .set_personality = on_set_personality,
    .accept_offer = on_accept_offer,
    .describe_capture = on_describe_capture,
    .set_edid = on_set_edid,
};
