/* Brings a dongle's gadget up, and follows what becomes of it. Steps that wait for the helper: endpoint 0 of the drive
 * for large discs, whose descriptors must be written before anything is bound; then the whole; then that drive's
 * endpoints. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/console/console.h"
#include "gateway/dongle/dongle_internal.h"
#include "gateway/drives/drives.h"
#include "gateway/targets/target_news.h"

#define TICK_US 1000000
#define BIG_INQUIRY "KVM     Virtual DVD-ROM 0001"

void dongle_note_with(struct dongle *self, enum target_event_id id, const char *const args[static TARGET_EVENT_ARGS])
{
    char text[TARGET_EVENT_TEXT];
    struct target_event event = target_event_of(id, args);
    target_events_add(self->usb.events, (int64_t)(clock_wall_us() / 1000), id, args);
    target_event_write(&event, text);
    log_info("gateway", "target %s: USB: %s", self->target->target.name, text);
}

/* --- up --- */

static void step_gadget(struct dongle *self);

static void end_rise(struct dongle *self, int error, const char *why)
{
    target_done_fn *done = self->risen;
    void *data = self->risen_data;
    self->rise = DONGLE_IDLE;
    if (!self->ended && !self->rise_again)
        dongle_drives_risen(self);
    if (error < 0 && error != -ENOTCONN && error != -ECANCELED) {
        if (strcmp(self->usb.trouble, why) != 0)
            target_note(self->target, TARGET_EVENT_USB_FAILED, why);
        snprintf(self->usb.trouble, sizeof self->usb.trouble, "%s", why);
        dongle_note(self, TARGET_EVENT_USB_FAILED, why);
    }
    if (self->rise_again && !self->ended && self->state_known) {
        self->rise_again = false;
        dongle_usb_rise(self, false, done, data);
        return;
    }
    self->risen = NULL;
    if (done)
        done(data, error, why);
    if (!self->ended)
        console_tell_changed(self->target, VIEWER_CHANGED_TARGET);
}

static void on_endpoints(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle *self = data;
    if (answer->error == 0 && n_fds == 3) {
        /* endpoint 0 is new to us when it was an earlier gateway's */
        int r = self->rise_keep ? big_cd_begin(self->big_cd, fds[2]) : 0;
        if (r == 0 && self->rise_keep)
            fds[2] = -1;
        r = r ? r : big_cd_serve(self->big_cd, fds[0], fds[1]);
        if (r == 0)
            fds[0] = fds[1] = -1;
        self->big_served = r == 0;
        if (r < 0)
            log_error("gateway", "target %s: the drive for large discs cannot be served: %s", self->target->target.name,
                      strerror(-r));
        else
            dongle_drives_bound(self);
    }
    end_rise(self, 0, NULL);
}

/* Where the kernel wakes a host that sleeps by what is written, keys are written. */
static void tell_reports(struct dongle *self)
{
    bool suspended = self->state.udc == HELPER_UDC_SUSPENDED, wakes = self->state.wakeup;
    hidg_set_state(self->hidg, self->state.udc == HELPER_UDC_CONFIGURED || (suspended && wakes), suspended, wakes);
}

static void on_up(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle *self = data;
    int hids[GADGET_HIDS] = {-1, -1, -1, -1};
    if (answer->error < 0) {
        hidg_detach(self->hidg);
        end_rise(self, answer->error, answer->why);
        return;
    }
    unsigned n = 0;
    for (unsigned i = 0; i < GADGET_HIDS && n < n_fds; i++)
        if (answer->have >> i & 1)
            hids[i] = take_fd(&fds[n++]);
    hidg_attach(self->hidg, hids);
    self->usb.trouble[0] = '\0';
    tell_reports(self);
    if (self->state.functions & 1u << GADGET_BIG_CD && self->big_cd && !self->big_served)
        helper_client_ask_target(self->helper, HELPER_FFS_ENDPOINTS, self->target->index, on_endpoints, self);
    else
        end_rise(self, 0, NULL);
}

static void step_gadget(struct dongle *self)
{
    struct helper_up up = {
        .target = (uint16_t)self->target->index,
        .personality = (uint8_t)self->usb.personality,
        .media = dongle_drives_media(self),
        .keep = self->rise_keep,
    };
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_write_up(&w, &up);
    helper_client_ask(self->helper, HELPER_GADGET_UP, &w, NULL, 0, on_up, self);
}

static void on_ep0(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle *self = data;
    if (answer->error == -ENOTCONN || answer->error == -ECANCELED) {
        end_rise(self, answer->error, answer->why);
        return;
    }
    if (answer->error == 0 && n_fds == 1) {
        int r = big_cd_begin(self->big_cd, fds[0]);
        if (r == 0)
            fds[0] = -1;
        else
            log_error("gateway", "target %s: the drive for large discs cannot be described: %s",
                      self->target->target.name, strerror(-r));
    } else {
        log_info("gateway", "target %s: %s", self->target->target.name, answer->why);
    }
    step_gadget(self); /* without it, if need be */
}

/* Whether what an earlier gateway left bound can be taken over as it is. */
static bool can_keep(const struct dongle *self)
{
    return self->state.bound && self->state.personality == self->usb.personality;
}

void dongle_usb_rise(struct dongle *self, bool keep, target_done_fn *done, void *data)
{
    if (!self->state_known || self->ended) {
        if (done)
            done(data, -ENOTCONN, self->usb.trouble);
        return;
    }
    if (self->rise == DONGLE_RISING) {
        self->rise_again = true;
        if (done && self->risen)
            done(data, 0, NULL); /* the one that is under way ends with the newest choice */
        else if (done) {
            self->risen = done;
            self->risen_data = data;
        }
        return;
    }
    self->rise = DONGLE_RISING;
    self->risen = done;
    self->risen_data = data;
    self->rise_keep = keep && can_keep(self);
    bool big = self->big_cd && self->usb.personality != PERSONALITY_KEYBOARD;
    if (!self->rise_keep && self->big_cd) {
        big_cd_end(self->big_cd);
        self->big_served = false;
    }
    if (big && !self->rise_keep)
        helper_client_ask_target(self->helper, HELPER_FFS_BEGIN, self->target->index, on_ep0, self);
    else
        step_gadget(self);
}

/* --- what the helper tells --- */

static enum target_usb_state public_state(uint8_t udc)
{
    static const enum target_usb_state states[] = {
        [HELPER_UDC_GONE] = TARGET_USB_GONE,           [HELPER_UDC_NOT_ATTACHED] = TARGET_USB_NOT_ATTACHED,
        [HELPER_UDC_POWERED] = TARGET_USB_POWERED,     [HELPER_UDC_CONFIGURED] = TARGET_USB_CONFIGURED,
        [HELPER_UDC_SUSPENDED] = TARGET_USB_SUSPENDED,
    };
    return states[udc];
}

static void publish(struct dongle *self)
{
    struct target_usb *usb = &self->usb;
    usb->state = public_state(self->state.udc);
    usb->bound = self->state.bound;
    usb->wakeup = self->state.wakeup;
    usb->left_out = self->state.left_out;
    if (self->state.trouble[0])
        memcpy(usb->trouble, self->state.trouble, sizeof usb->trouble);
}

static void begin(struct dongle *self)
{
    self->began = true;
    dongle_choice_begin(self, self->state.bound);
    dongle_usb_rise(self, true, NULL, NULL);
    if (self->target->drives)
        drives_restore(self->target->drives);
}

/* As people see the cable; the steps of one attachment are one event. */
static void note_state(struct dongle *self, enum target_usb_state before)
{
    struct gateway_target *target = self->target;
    enum target_usb_state now = self->usb.state;
    if (now == TARGET_USB_CONFIGURED && before == TARGET_USB_SUSPENDED)
        target_note(target, TARGET_EVENT_USB_RESUMED);
    else if (now == TARGET_USB_CONFIGURED && !target->seen.usb_attached)
        target_note(target, TARGET_EVENT_USB_ATTACHED);
    else if (now == TARGET_USB_SUSPENDED)
        target_note(target, TARGET_EVENT_USB_SUSPENDED);
    else if (now == TARGET_USB_NOT_ATTACHED && target->seen.usb_attached)
        target_note(target, TARGET_EVENT_USB_DETACHED);
    if (now == TARGET_USB_CONFIGURED || now == TARGET_USB_NOT_ATTACHED)
        target->seen.usb_attached = now == TARGET_USB_CONFIGURED;
}

void dongle_usb_state(struct dongle *self, bool changed)
{
    enum target_usb_state before = self->usb.state;
    bool was_bound = self->usb.bound;
    publish(self);
    if (changed)
        tell_reports(self);
    if (!self->began)
        begin(self);
    else if (!self->state.bound && self->rise == DONGLE_IDLE && self->state.udc != HELPER_UDC_GONE &&
             (was_bound || before == TARGET_USB_NO_HELPER || before == TARGET_USB_GONE))
        dongle_usb_rise(self, false, NULL, NULL); /* a controller or a helper that is back */
    if (before != self->usb.state)
        note_state(self, before);
    if (before != self->usb.state || was_bound != self->usb.bound)
        console_tell_changed(self->target, VIEWER_CHANGED_TARGET);
}

void dongle_usb_lost(struct dongle *self)
{
    static const char *const none[TARGET_EVENT_ARGS] = {NULL};
    self->usb.state = TARGET_USB_NO_HELPER;
    self->usb.bound = false;
    target_event_sentence(TARGET_EVENT_USB_NO_HELPER, none, self->usb.trouble, sizeof self->usb.trouble);
    console_tell_changed(self->target, VIEWER_CHANGED_TARGET);
}

static void on_tick(void *data)
{
    struct dongle *self = data;
    struct hidg_statistics statistics;
    hidg_statistics(self->hidg, &statistics);
    self->usb.keyboard_interval_us = statistics.interval_us;
    dongle_drives_tick(self);
    dongle_choice_tick(self);
    loop_timer_arm_in(self->tick, TICK_US);
}

static void on_polled(void *data, enum gadget_function hid)
{
    struct dongle *self = data;
    if (hid == GADGET_KEYBOARD)
        dongle_choice_event(self, CHOOSER_POLLED);
}

static void on_big_ejected(void *data)
{
    dongle_drive_big_ejected(data);
}

static void on_big_lost(void *data)
{
    dongle_drives_bound(data);
}

static void on_big_enabled(void *data, bool enabled)
{
    (void)data, (void)enabled; /* the controller's state tells as much */
}

int dongle_usb_create(struct dongle *self)
{
    static const struct hidg_owner owner = {.polled = on_polled};
    static const struct big_cd_listener big = {
        .ejected = on_big_ejected, .enabled = on_big_enabled, .lost = on_big_lost};
    struct loop *loop = self->target->gateway->loop;
    dongle_usb_lost(self);
    self->usb.events = target_events_create();
    if (!self->usb.events)
        return -ENOMEM;
    int r = hidg_create(loop, &owner, self, &self->hidg);
    if (r < 0)
        return r;
    dongle_keys_init(self);
    if (self->setup->big_cd && self->target->setup.drives > 0)
        r = big_cd_create(loop, BIG_INQUIRY, &big, self, &self->big_cd);
    r = r ? r : loop_timer_add(loop, on_tick, self, &self->tick);
    if (r == 0)
        loop_timer_arm_in(self->tick, TICK_US);
    return r;
}

void dongle_usb_destroy(struct dongle *self)
{
    self->tick = loop_timer_remove(self->tick);
    self->chooser_timer = loop_timer_remove(self->chooser_timer);
    self->big_cd = big_cd_destroy(self->big_cd);
    if (self->keys.inner)
        self->keys.input.ops->destroy(&self->keys.input);
    self->hidg = NULL;
    self->usb.events = target_events_destroy(self->usb.events);
}
