/* Pictures for a target's viewers: the audience (encode/audience.h) decides, here are its clock, its workers and its
 * viewers' sockets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/console/console_slots.h"
#include "gateway/console/console_viewer.h"

_Static_assert((int)CONSOLE_TEXT == (int)COHORT_TEXT && (int)CONSOLE_PHOTO == (int)COHORT_PHOTO &&
                   (int)CONSOLE_VIDEO == (int)COHORT_VIDEO && (int)CONSOLE_SETTLE == (int)COHORT_SETTLE,
               "one list of classes");

struct console_pictures {
    struct gateway_target *target;
    struct audience *audience;
    struct loop_timer *timer;
    struct console_slots slots;
    bool voided; /* the audience knows that there is no picture */
};

static uint64_t on_now(void *context)
{
    (void)context;
    return clock_now_us();
}

static struct picture *on_picture(void *context, uint64_t *ret_tracked_us)
{
    const struct console_pictures *self = context;
    uint64_t tracked_us;
    return feed_picture_timed(self->target->feed, ret_tracked_us ? ret_tracked_us : &tracked_us);
}

static void work(void *data)
{
    audience_work(data);
}

static void done(void *data)
{
    audience_done(data);
}

static int on_submit(void *context, struct audience_job *job)
{
    const struct console_pictures *self = context;
    return worker_pool_submit(self->target->gateway->encoders, work, done, job);
}

static void on_wake_at(void *context, uint64_t when_us)
{
    const struct console_pictures *self = context;
    if (when_us == UINT64_MAX)
        loop_timer_disarm(self->timer);
    else
        loop_timer_arm_at(self->timer, when_us);
}

static void on_timer(void *data)
{
    struct console_pictures *self = data;
    audience_tick(self->audience);
}

static void on_link(const void *data, struct audience_link *ret)
{
    const struct console_viewer *viewer = data;
    struct viewer_link link;
    viewer_link(viewer->viewer, &link);
    *ret = (struct audience_link){.rate = link.rate, .rtt_us = link.rtt_us, .acked = link.acked};
}

static bool on_mode(void *data, int width, int height, uint8_t colour)
{
    struct console_viewer *viewer = data;
    viewer->told_no_picture = false;
    return viewer_mode(viewer->viewer, width, height, colour);
}

static void on_update(void *data, const struct audience_update *update)
{
    const struct console_viewer *viewer = data;
    const struct cohort_update *u = update->update;
    viewer_update(viewer->viewer, &(struct console_update){.pieces = u->pieces,
                                                           .n_pieces = u->n_pieces,
                                                           .class = (enum console_class)u->kind,
                                                           .complete = u->complete,
                                                           .check = u->check,
                                                           .captured_us = u->captured_us,
                                                           .tracked_us = update->tracked_us,
                                                           .begun_us = update->begun_us,
                                                           .encoded_us = update->encoded_us});
}

static void pictures_destroy(struct console_pictures *self)
{
    audience_destroy(self->audience);
    loop_timer_remove(self->timer);
    console_slots_finish(&self->slots);
    free(self);
}

static int pictures_create(struct gateway_target *target, struct console_pictures **ret)
{
    static const struct audience_ops ops = {.now = on_now,
                                            .picture = on_picture,
                                            .submit = on_submit,
                                            .wake_at = on_wake_at,
                                            .link = on_link,
                                            .mode = on_mode,
                                            .update = on_update};
    struct console_pictures *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->target = target;
    int r = loop_timer_add(target->gateway->loop, on_timer, self, &self->timer);
    r = r ? r : audience_create(&ops, self, &self->audience);
    if (r < 0) {
        pictures_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

int viewer_pictures_init(struct console_viewer *self, const struct console_hello *hello)
{
    struct gateway_target *target = self->target;
    memcpy(self->page, hello->page, sizeof self->page);
    if (!target->feed)
        return 0;
    if (!target->pictures) {
        int r = pictures_create(target, &target->pictures);
        if (r < 0)
            return r;
    }
    struct console_pictures *pictures = target->pictures;
    struct slot_record *record = console_slots_take(&pictures->slots, self->session->id, hello, clock_now_us());
    struct audience_member_config config = {
        .jpeg = hello->jpeg, .vp8 = hello->vp8, .vp9 = hello->vp9, .record = record};
    int r = audience_join(pictures->audience, &config, self, &self->member);
    if (r < 0)
        slot_record_destroy(record);
    return r;
}

/* What its slots hold is kept for the page to come back, but not for a session that has ended. */
void viewer_pictures_finish(struct console_viewer *self)
{
    struct audience_member *member = take(self->member);
    struct slot_record *record = NULL;
    struct viewer_link link;
    if (!member)
        return;
    viewer_link(self->viewer, &link);
    audience_leave(member, &record);
    if (record && auth_session_alive(self->session) && self->session->id)
        console_slots_keep(&self->target->pictures->slots, self->session->id, viewer_number(self->viewer), self->page,
                           link.acked, record, clock_now_us());
    else
        slot_record_destroy(record);
}

void viewer_pull_picture(struct console_viewer *self, size_t budget)
{
    if (self->member)
        audience_pull(self->member, budget);
}

void viewer_hide(struct console_viewer *self, bool hidden)
{
    if (self->member)
        audience_hide(self->member, hidden);
}

void viewer_refresh(struct console_viewer *self)
{
    self->told_no_picture = false;
    if (self->member)
        audience_refresh(self->member);
    viewer_tell_signal(self);
}

void target_key_pressed(struct gateway_target *target)
{
    if (target->pictures)
        audience_key(target->pictures->audience);
}

void viewer_tell_signal(struct console_viewer *self)
{
    char why[256];
    attr_cleanup(picture_unrefp) struct picture *picture = self->target->feed ? feed_picture(self->target->feed) : NULL;
    if (picture || !self->target->feed)
        return;
    enum screen_signal signal = feed_signal(self->target->feed, why, sizeof why);
    if (signal == SCREEN_OK) {
        signal = SCREEN_STARTING; /* good signal, first picture still to come */
        snprintf(why, sizeof why, "Waiting for the first picture.");
    }
    if (self->told_no_picture && self->told_signal == signal && strcmp(self->told_why, why) == 0)
        return;
    self->told_no_picture = true;
    self->told_signal = signal;
    snprintf(self->told_why, sizeof self->told_why, "%s", why);
    viewer_no_picture(self->viewer, (uint8_t)signal, why);
}

void console_picture_changed(struct gateway_target *target)
{
    struct console_pictures *self = target->pictures;
    if (!self)
        return;
    attr_cleanup(picture_unrefp) struct picture *picture = feed_picture(target->feed);
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        viewer_tell_signal(v);
    if (!picture && !self->voided)
        audience_void(self->audience);
    self->voided = !picture;
    if (picture)
        audience_picture_changed(self->audience);
}

void console_session_ended(struct gateway_target *target, uint64_t session)
{
    if (target->pictures)
        console_slots_erase(&target->pictures->slots, session);
}

bool console_idle(const struct gateway_target *target)
{
    return !target->viewers && (!target->pictures || audience_statistics(target->pictures->audience)->cohorts == 0);
}

void console_finish(struct gateway_target *target)
{
    struct console_pictures *self = take(target->pictures);
    console_seat_finish(target);
    if (self)
        pictures_destroy(self);
}

const struct audience_statistics *console_statistics(const struct gateway_target *target)
{
    return target->pictures ? audience_statistics(target->pictures->audience) : NULL;
}
