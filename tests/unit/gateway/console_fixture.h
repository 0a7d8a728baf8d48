/* A gateway with one target, and viewers as transport has them: real screen, feed, encoder and input port; only
 * transport's side of a viewer is played here. For one source file of a program. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/session.h"
#include "capture/testcard.h"
#include "core/clock.h"
#include "core/text.h"
#include "encode/audience.h"
#include "gateway/console/console.h"
#include "replica/replica.h"
#include "usbgadget/recording.h"

#define HANG_US 120000000
#define KEY_A 0x04
#define KEY_SHIFT 0xE1

/* ---- transport's side ---- */

struct viewer {
    uint32_t number;
    int width, height;
    struct replica *replica;
    uint64_t rate;
    unsigned modes, updates, seats, no_pictures;
    bool complete, absolute;
    uint8_t leds, signal, changed;
    uint32_t holder; /* as it was told last */
    char holder_name[64];
    unsigned viewers;
    uint8_t seat_flags;
    unsigned n_askers;
    uint32_t request; /* the first one */
    char asker[64];
    char why[256];
    unsigned told_viewers, ended;
    struct console_viewers looking;
};

uint32_t viewer_number(const struct viewer *self)
{
    return self->number;
}

bool viewer_mode(struct viewer *self, int width, int height, uint8_t colour)
{
    if (!self->replica)
        assert_int_equal(replica_create(&self->replica), 0);
    assert_int_equal(replica_mode(self->replica, width, height, colour), 0);
    self->width = width;
    self->height = height;
    self->modes++;
    self->complete = false;
    return false;
}

void viewer_update(struct viewer *self, const struct console_update *update)
{
    assert_true(replica_check_packets(self->replica, update->pieces, update->n_pieces, update->check));
    assert_true(replica_apply_packets(self->replica, update->pieces, update->n_pieces));
    self->updates++;
    self->complete = update->complete;
}

void viewer_link(const struct viewer *self, struct viewer_link *ret)
{
    *ret = (struct viewer_link){.rate = self->rate, .rtt_us = 1000, .acked = self->updates};
}

void viewer_no_picture(struct viewer *self, uint8_t signal, const char *why)
{
    self->signal = signal;
    self->no_pictures++;
    text_copy(self->why, sizeof self->why, why);
}

void viewer_leds(struct viewer *self, uint8_t leds)
{
    self->leds = leds;
}

void viewer_pointer_mode(struct viewer *self, bool absolute)
{
    self->absolute = absolute;
}

void viewer_seat(struct viewer *self, const struct console_seats *seats)
{
    self->seats++;
    self->holder = seats->holder;
    self->viewers = seats->viewers;
    self->seat_flags = seats->flags;
    self->n_askers = seats->n_askers;
    self->request = seats->n_askers ? seats->askers[0].number : 0;
    text_copy(self->asker, sizeof self->asker, seats->n_askers ? seats->askers[0].name : "");
    text_copy(self->holder_name, sizeof self->holder_name, seats->name);
}

void viewer_viewers(struct viewer *self, const struct console_viewers *viewers)
{
    self->told_viewers++;
    self->looking = *viewers;
}

void viewer_close(struct viewer *self, enum viewer_end reason, const char *why)
{
    self->ended = (unsigned)reason;
    text_copy(self->why, sizeof self->why, why);
}

const char *viewer_address(const struct viewer *self)
{
    (void)self;
    return "192.0.2.1";
}

void viewer_changed(struct viewer *self, uint8_t what)
{
    self->changed |= what;
}

void viewer_recording(struct viewer *self, const struct console_recording *recording)
{
    (void)self, (void)recording;
}

/* ---- a gateway with one target ---- */

struct fixture {
    struct gateway gateway;
    struct gateway_target target;
    struct input_recording *input;
    struct screen *screen;
    struct auth_session sessions[4]; /* anna, ben (Operators), vera (ReadOnly), adam (Administrator) */
    struct viewer viewers[4];
};

static inline void on_changed(void *data)
{
    console_picture_changed(data);
}

static inline void make_session(struct auth_session *self, uint64_t id, const char *user, enum auth_role role)
{
    ref_init(&self->ref);
    self->id = id;
    self->role = role;
    grants_of_role(&self->grants, role);
    self->expires_us = UINT64_MAX;
    text_copy(self->user, sizeof self->user, user);
}

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct testcard_config card = {.width = 320, .height = 200, .fps = 60, .still = true};
    make_session(&f->sessions[0], 1, "anna", ROLE_OPERATOR);
    make_session(&f->sessions[1], 2, "ben", ROLE_OPERATOR);
    make_session(&f->sessions[2], 3, "vera", ROLE_READ_ONLY);
    make_session(&f->sessions[3], 4, "adam", ROLE_ADMINISTRATOR);
    for (unsigned i = 0; i < ARRAY_SIZE(f->viewers); i++)
        f->viewers[i].number = i + 1;
    struct gateway *g = &f->gateway;
    assert_int_equal(loop_create(&g->loop), 0);
    assert_int_equal(worker_pool_create(g->loop, "encode", 2, &g->encoders), 0);
    assert_int_equal(input_recording_create(&f->input), 0);
    assert_int_equal(testcard_create(&card, &f->screen), 0);
    struct gateway_target *t = &f->target;
    t->gateway = g;
    t->setup.machine = CONFIG_TESTCARD;
    text_copy(t->target.name, sizeof t->target.name, "card");
    t->target.input = &f->input->input;
    t->screen = f->screen;
    assert_int_equal(feed_create(g->loop, f->screen, false, on_changed, t, &t->feed), 0);
    g->list[0] = &t->target;
    g->target_list = (struct target_list){.targets = g->list, .n = 1};
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    /* those of a test that failed half-way, whose own words would be lost in an abort here */
    while (f->target.viewers)
        gateway_console_ops.close(f->target.viewers);
    worker_pool_destroy(f->gateway.encoders);
    console_finish(&f->target);
    feed_destroy(f->target.feed);
    screen_destroy(f->screen);
    f->input->input.ops->destroy(&f->input->input);
    loop_destroy(f->gateway.loop);
    for (unsigned i = 0; i < ARRAY_SIZE(f->sessions); i++)
        assert_int_equal(atomic_load(&f->sessions[i].ref.count), 1);
    for (unsigned i = 0; i < ARRAY_SIZE(f->viewers); i++)
        replica_destroy(f->viewers[i].replica);
    free(f);
    return 0;
}

static const struct console_ops *ops = &gateway_console_ops;

static inline struct console_viewer *open_viewer(struct fixture *f, unsigned viewer, unsigned session, bool view_only)
{
    struct console_viewer *v = NULL;
    struct console_hello hello = {.view_only = view_only};
    assert_int_equal(ops->open(&f->gateway, "card", &f->sessions[session], &hello, &f->viewers[viewer], &v), 0);
    return v;
}

static inline void dispatch_until(struct fixture *f, bool (*good)(struct fixture *f))
{
    for (uint64_t begun = clock_now_us(); !good(f) && clock_now_us() - begun < HANG_US;)
        loop_dispatch(f->gateway.loop, 10);
    assert_true(good(f));
}

static inline bool anything_pressed(const struct fixture *f)
{
    return f->input->keyboard.n_down || f->input->buttons;
}

static inline void press_things(struct console_viewer *v)
{
    ops->key(v, KEY_SHIFT, true);
    ops->key(v, KEY_A, true);
    ops->pointer_absolute(v, INPUT_BUTTON_LEFT, 100, 100, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
