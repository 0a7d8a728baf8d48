/* Viewers: who may type, that nothing stays pressed whatever ends a viewer's control, and that its canvas comes to the
 * newest picture. Real screen, feed, encoder and input port; only transport's side of a viewer is played here. */
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
#include "gateway/console.h"
#include "replica/replica.h"
#include "usbgadget/recording.h"

#define HANG_US 20000000
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
    uint32_t holder;
    char holder_name[64];
    unsigned viewers;
    char why[256];
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

void viewer_seat(struct viewer *self, uint32_t holder, const char *name, unsigned viewers)
{
    self->seats++;
    self->holder = holder;
    self->viewers = viewers;
    text_copy(self->holder_name, sizeof self->holder_name, name);
}

void viewer_changed(struct viewer *self, uint8_t what)
{
    self->changed |= what;
}

/* ---- a gateway with one target ---- */

struct fixture {
    struct gateway gateway;
    struct gateway_target target;
    struct input_recording *input;
    struct screen *screen;
    struct auth_session sessions[3]; /* anna, ben (Operators), vera (ReadOnly) */
    struct viewer viewers[4];
};

static void on_changed(void *data)
{
    console_picture_changed(data);
}

static void make_session(struct auth_session *self, uint64_t id, const char *user, enum auth_role role)
{
    ref_init(&self->ref);
    self->id = id;
    self->role = role;
    self->expires_us = UINT64_MAX;
    text_copy(self->user, sizeof self->user, user);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct testcard_config card = {.width = 320, .height = 200, .fps = 60, .still = true};
    make_session(&f->sessions[0], 1, "anna", ROLE_OPERATOR);
    make_session(&f->sessions[1], 2, "ben", ROLE_OPERATOR);
    make_session(&f->sessions[2], 3, "vera", ROLE_READ_ONLY);
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

static int tear_down(void **state)
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

static struct console_viewer *open_viewer(struct fixture *f, unsigned viewer, unsigned session, bool view_only)
{
    struct console_viewer *v = NULL;
    struct console_hello hello = {.view_only = view_only};
    assert_int_equal(ops->open(&f->gateway, "card", &f->sessions[session], &hello, &f->viewers[viewer], &v), 0);
    return v;
}

static void dispatch_until(struct fixture *f, bool (*good)(struct fixture *f))
{
    for (uint64_t begun = clock_now_us(); !good(f) && clock_now_us() - begun < HANG_US;)
        loop_dispatch(f->gateway.loop, 10);
    assert_true(good(f));
}

static bool anything_pressed(const struct fixture *f)
{
    return f->input->keyboard.n_down || f->input->buttons;
}

static void press_things(struct console_viewer *v)
{
    ops->key(v, KEY_SHIFT, true);
    ops->key(v, KEY_A, true);
    ops->pointer_absolute(v, INPUT_BUTTON_LEFT, 100, 100, 0, 0);
}

/* ---- who may type ---- */

static void gives_a_free_seat_to_who_may_type(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *vera = open_viewer(f, 0, 2, false);
    assert_int_equal(f->viewers[0].holder, 0);
    struct console_viewer *anna = open_viewer(f, 1, 0, true); /* wants to look only */
    assert_int_equal(f->viewers[0].holder, 0);
    struct console_viewer *ben = open_viewer(f, 2, 1, false);
    assert_int_equal(f->viewers[0].holder, 3);
    assert_string_equal(f->viewers[1].holder_name, "ben");
    assert_int_equal(f->viewers[1].viewers, 3);
    ops->seat(vera, true);
    ops->seat(anna, true);
    assert_int_equal(f->viewers[2].holder, 3);
    ops->seat(ben, false);
    assert_int_equal(f->viewers[2].holder, 0);
    ops->close(vera);
    ops->close(anna);
    ops->close(ben);
}

static void drops_keys_of_others(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    press_things(ben);
    assert_false(anything_pressed(f));
    assert_int_equal(f->input->n_reports, 0);
    press_things(anna);
    assert_true(anything_pressed(f));
    ops->close(ben);
    assert_true(anything_pressed(f));
    ops->close(anna);
}

static void drops_keys_when_the_session_ended(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    f->sessions[0].ended = true;
    press_things(anna);
    assert_false(anything_pressed(f));
    ops->close(anna);
}

static void lets_a_returning_page_take_its_own_seat(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *lost = open_viewer(f, 0, 0, false);
    press_things(lost);
    struct console_viewer *back = open_viewer(f, 1, 0, false);
    assert_int_equal(f->viewers[1].holder, 2);
    assert_false(anything_pressed(f));
    ops->close(lost);
    assert_int_equal(f->viewers[1].holder, 2);
    ops->close(back);
}

/* ---- nothing stays pressed ---- */

static void releases_when_the_viewer_closes(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    press_things(anna);
    assert_int_equal(f->input->keyboard.n_down, 2);
    ops->close(anna);
    assert_false(anything_pressed(f));
    assert_int_equal(f->viewers[1].holder, 0);
    ops->close(ben);
}

static void releases_when_the_seat_is_taken(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    press_things(anna);
    ops->seat(ben, true);
    assert_false(anything_pressed(f));
    assert_int_equal(f->viewers[0].holder, 2);
    ops->close(anna);
    ops->close(ben);
}

static void releases_when_the_seat_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    ops->seat(anna, false);
    assert_false(anything_pressed(f));
    ops->close(anna);
}

static void releases_when_asked(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    ops->release_all(anna);
    assert_false(anything_pressed(f));
    ops->key(anna, KEY_A, true);
    assert_true(anything_pressed(f));
    ops->close(anna);
}

static bool nothing_pressed(struct fixture *f)
{
    return !anything_pressed(f);
}

static void releases_after_silence(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    uint64_t begun = clock_now_us();
    /* a page that is there says so */
    while (clock_now_us() - begun < 2000000) {
        ops->alive(anna, 1000);
        loop_dispatch(f->gateway.loop, 50);
    }
    assert_true(anything_pressed(f));
    begun = clock_now_us();
    dispatch_until(f, nothing_pressed);
    assert_in_range(clock_now_us() - begun, 1300000, HANG_US);
    ops->close(anna);
}

static void waits_longer_on_a_slow_link(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    ops->alive(anna, 700000);
    uint64_t begun = clock_now_us();
    dispatch_until(f, nothing_pressed);
    assert_in_range(clock_now_us() - begun, 2000000, HANG_US);
    ops->close(anna);
}

/* ---- pictures ---- */

static bool first_is_complete(struct fixture *f)
{
    return f->viewers[0].complete;
}

static bool is_exact(struct fixture *f, const struct viewer *v)
{
    attr_cleanup(picture_unrefp) struct picture *picture = feed_picture(f->target.feed);
    assert_non_null(picture);
    const struct frame *frame = picture->frame;
    if (v->width != frame->width || v->height != frame->height)
        return false;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++) {
            const uint8_t *p = frame->planes[0].data + (size_t)y * frame->planes[0].stride + (size_t)x * 4;
            const uint8_t *q = replica_canvas(v->replica)->pixels + ((size_t)y * (size_t)v->width + (size_t)x) * 4;
            if (p[0] != q[2] || p[1] != q[1] || p[2] != q[0])
                return false;
        }
    return true;
}

static void assert_exact(struct fixture *f, const struct viewer *v)
{
    assert_true(is_exact(f, v));
}

/* As transport does: asks again after each update. */
static void pull_until_complete(struct fixture *f, struct console_viewer *v, size_t budget)
{
    for (uint64_t begun = clock_now_us(); !f->viewers[0].complete && clock_now_us() - begun < HANG_US;) {
        ops->pull(v, budget);
        loop_dispatch(f->gateway.loop, 10);
    }
    assert_true(f->viewers[0].complete);
}

static void brings_the_canvas_to_the_picture(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    pull_until_complete(f, v, 100);
    assert_int_equal(f->viewers[0].modes, 1);
    assert_true(f->viewers[0].updates > 1);
    assert_exact(f, &f->viewers[0]);
    ops->close(v);
}

static void answers_one_pull_once(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    testcard_set_still(f->screen, false);
    ops->pull(v, 1 << 20);
    for (uint64_t begun = clock_now_us(); clock_now_us() - begun < 500000;)
        loop_dispatch(f->gateway.loop, 10);
    assert_int_equal(f->viewers[0].updates, 1);
    ops->close(v);
}

static void sends_nothing_to_a_hidden_viewer(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    ops->hidden(v, true);
    ops->pull(v, 1 << 20);
    for (uint64_t begun = clock_now_us(); clock_now_us() - begun < 300000;)
        loop_dispatch(f->gateway.loop, 10);
    assert_int_equal(f->viewers[0].updates, 0);
    ops->hidden(v, false);
    dispatch_until(f, first_is_complete);
    ops->close(v);
}

static void begins_anew_when_asked(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    pull_until_complete(f, v, 1 << 20);
    ops->pull(v, 1 << 20);
    ops->refresh(v);
    dispatch_until(f, first_is_complete);
    assert_int_equal(f->viewers[0].modes, 2);
    assert_exact(f, &f->viewers[0]);
    ops->close(v);
}

static bool has_second_mode(struct fixture *f)
{
    return f->viewers[0].modes == 2;
}

static void tells_a_new_size_first(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    pull_until_complete(f, v, 1 << 20);
    assert_int_equal(testcard_set_size(f->screen, 400, 304), 0);
    dispatch_until(f, has_second_mode);
    assert_int_equal(f->viewers[0].width, 400);
    pull_until_complete(f, v, 1 << 20);
    assert_exact(f, &f->viewers[0]);
    ops->close(v);
}

static bool has_no_picture(struct fixture *f)
{
    return f->viewers[0].signal == SCREEN_POWERED_OFF;
}

static void tells_why_there_is_no_picture(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    pull_until_complete(f, v, 1 << 20);
    unsigned before = f->viewers[0].no_pictures;
    testcard_set_signal(f->screen, SCREEN_POWERED_OFF, "It is off.");
    dispatch_until(f, has_no_picture);
    assert_string_equal(f->viewers[0].why, "It is off.");
    assert_int_equal(f->viewers[0].no_pictures, before + 1);
    ops->pull(v, 1 << 20);
    testcard_set_signal(f->screen, SCREEN_OK, "");
    dispatch_until(f, has_second_mode);
    dispatch_until(f, first_is_complete);
    assert_exact(f, &f->viewers[0]);
    ops->close(v);
}

/* ---- several viewers ---- */

/* As transport does for each: asks again after each update. */
static void pull_all(struct fixture *f, struct console_viewer **v, unsigned n, uint64_t for_us)
{
    for (uint64_t begun = clock_now_us(); clock_now_us() - begun < for_us;) {
        for (unsigned i = 0; i < n; i++)
            ops->pull(v[i], 1 << 19);
        loop_dispatch(f->gateway.loop, 5);
    }
}

/* Until the first n canvases are the picture that stays. */
static void rest(struct fixture *f, struct console_viewer **v, unsigned n)
{
    testcard_set_still(f->screen, true);
    unsigned exact = 0;
    for (uint64_t begun = clock_now_us(); exact < n && clock_now_us() - begun < HANG_US;) {
        pull_all(f, v, n, 100000);
        for (exact = 0; exact < n && is_exact(f, &f->viewers[exact]);)
            exact++;
    }
    assert_int_equal(exact, n);
}

static void come_together(struct fixture *f, struct console_viewer **v, unsigned n)
{
    for (uint64_t begun = clock_now_us();
         console_statistics(&f->target)->cohorts > 1 && clock_now_us() - begun < HANG_US;)
        pull_all(f, v, n, 100000);
    assert_int_equal(console_statistics(&f->target)->cohorts, 1);
}

static void one_encode_serves_all(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v[4];
    for (unsigned i = 0; i < 4; i++) {
        f->viewers[i].rate = 10000000;
        v[i] = open_viewer(f, i, i % 3, true);
    }
    testcard_set_still(f->screen, false);
    pull_all(f, v, 4, 100000);
    come_together(f, v, 4);
    const struct audience_statistics *s = console_statistics(&f->target);
    uint64_t encodes = s->encodes;
    unsigned before = f->viewers[0].updates;
    pull_all(f, v, 4, 1000000);
    assert_true(f->viewers[0].updates >= before + 10);
    assert_in_range(s->encodes - encodes, 1, f->viewers[0].updates - before + 1);
    rest(f, v, 4);
    for (unsigned i = 0; i < 4; i++)
        ops->close(v[i]);
    assert_int_equal(console_statistics(&f->target)->members, 0);
}

static void one_that_comes_later_joins_the_others(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v[4];
    testcard_set_still(f->screen, false);
    for (unsigned i = 0; i < 4; i++) {
        f->viewers[i].rate = 10000000;
        v[i] = open_viewer(f, i, 0, true);
        pull_all(f, v, i + 1, 300000);
    }
    come_together(f, v, 4);
    rest(f, v, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(f->viewers[i].modes, 1); /* nothing to be seen of it */
        ops->close(v[i]);
    }
}

static void one_that_stops_does_not_hold_up_the_others(void **state)
{
    struct fixture *f = *state;
    f->viewers[0].rate = f->viewers[1].rate = 10000000;
    struct console_viewer *v[2] = {open_viewer(f, 0, 0, true), open_viewer(f, 1, 1, true)};
    testcard_set_still(f->screen, false);
    pull_all(f, v, 2, 100000);
    come_together(f, v, 2);
    unsigned before = f->viewers[0].updates, stopped = f->viewers[1].updates;
    for (uint64_t begun = clock_now_us(); f->viewers[0].updates < before + 30 && clock_now_us() - begun < HANG_US;)
        pull_all(f, v, 1, 100000);
    assert_true(f->viewers[0].updates >= before + 30);
    assert_true(f->viewers[1].updates <= stopped + 1);
    assert_int_equal(console_statistics(&f->target)->leaves, 1);
    rest(f, v, 2);
    assert_int_equal(f->viewers[1].modes, 1);
    ops->close(v[0]);
    ops->close(v[1]);
}

static void whole_pictures_are_given_once_a_second(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    pull_until_complete(f, v, 1 << 20);
    ops->refresh(v);
    pull_all(f, &v, 1, 100000);
    uint64_t begun = clock_now_us();
    assert_int_equal(f->viewers[0].modes, 2);
    for (int i = 0; i < 20; i++)
        ops->refresh(v);
    while (f->viewers[0].modes == 2 && clock_now_us() - begun < HANG_US)
        pull_all(f, &v, 1, 10000);
    assert_int_equal(f->viewers[0].modes, 3);
    assert_true(clock_now_us() - begun > 700000);
    ops->close(v);
}

/* ---- a page that comes back ---- */

static struct console_viewer *come_back(struct fixture *f, unsigned session, uint8_t page, uint32_t last_sequence)
{
    struct console_viewer *v = NULL;
    struct console_hello hello = {.last_viewer = 1, .last_sequence = last_sequence};
    memset(hello.page, page, sizeof hello.page);
    f->viewers[1].replica = take(f->viewers[0].replica); /* with its slots */
    assert_int_equal(ops->open(&f->gateway, "card", &f->sessions[session], &hello, &f->viewers[1], &v), 0);
    return v;
}

static void lose_connection(struct fixture *f)
{
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    pull_until_complete(f, v, 1 << 19);
    ops->close(v);
}

static void pull_second(struct fixture *f, struct console_viewer *v)
{
    for (uint64_t begun = clock_now_us(); !f->viewers[1].complete && clock_now_us() - begun < HANG_US;)
        pull_all(f, &v, 1, 10000);
    assert_true(f->viewers[1].complete);
    assert_exact(f, &f->viewers[1]);
    ops->close(v);
}

static void shows_what_a_returning_page_still_has(void **state)
{
    struct fixture *f = *state;
    lose_connection(f);
    uint64_t first = console_statistics(&f->target)->bytes;
    pull_second(f, come_back(f, 0, 0, f->viewers[0].updates));
    const struct audience_statistics *s = console_statistics(&f->target);
    assert_int_equal(s->restored, 1);
    assert_true(s->cells_shown > 0);
    assert_true(s->bytes - first < first / 2);
}

static void others_get_nothing_from_its_slots(void **state)
{
    struct fixture *f = *state;
    lose_connection(f);
    pull_second(f, come_back(f, 1, 0, f->viewers[0].updates)); /* another session */
    assert_int_equal(console_statistics(&f->target)->restored, 0);
}

static void another_page_load_begins_empty(void **state)
{
    struct fixture *f = *state;
    lose_connection(f);
    pull_second(f, come_back(f, 0, 7, f->viewers[0].updates));
    assert_int_equal(console_statistics(&f->target)->restored, 0);
}

static void logout_erases_what_was_kept(void **state)
{
    struct fixture *f = *state;
    lose_connection(f);
    console_session_ended(&f->target, f->sessions[0].id);
    pull_second(f, come_back(f, 0, 0, f->viewers[0].updates));
    assert_int_equal(console_statistics(&f->target)->restored, 0);
}

static void a_page_that_applied_less_than_it_acked_begins_empty(void **state)
{
    struct fixture *f = *state;
    lose_connection(f);
    pull_second(f, come_back(f, 0, 0, f->viewers[0].updates - 1));
    assert_int_equal(console_statistics(&f->target)->restored, 0);
}

/* The worker may have the cohort just then. */
static void closes_in_the_middle_of_an_encode(void **state)
{
    struct fixture *f = *state;
    testcard_set_still(f->screen, false);
    for (int i = 0; i < 30; i++) {
        struct console_viewer *v = open_viewer(f, 0, 0, false);
        ops->pull(v, 1 << 20);
        for (int n = 0; n < i; n++)
            loop_dispatch(f->gateway.loop, 0);
        ops->close(v);
    }
    assert_int_equal(f->target.target.viewers, 0);
}

static void refuses_an_unknown_target(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = NULL;
    struct console_hello hello = {.view_only = false};
    assert_true(ops->open(&f->gateway, "nothing", &f->sessions[0], &hello, &f->viewers[0], &v) < 0);
    assert_null(v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_a_free_seat_to_who_may_type),
        TEST(drops_keys_of_others),
        TEST(drops_keys_when_the_session_ended),
        TEST(lets_a_returning_page_take_its_own_seat),
        TEST(releases_when_the_viewer_closes),
        TEST(releases_when_the_seat_is_taken),
        TEST(releases_when_the_seat_is_given_up),
        TEST(releases_when_asked),
        TEST(releases_after_silence),
        TEST(waits_longer_on_a_slow_link),
        TEST(brings_the_canvas_to_the_picture),
        TEST(answers_one_pull_once),
        TEST(sends_nothing_to_a_hidden_viewer),
        TEST(begins_anew_when_asked),
        TEST(tells_a_new_size_first),
        TEST(tells_why_there_is_no_picture),
        TEST(one_encode_serves_all),
        TEST(one_that_comes_later_joins_the_others),
        TEST(one_that_stops_does_not_hold_up_the_others),
        TEST(whole_pictures_are_given_once_a_second),
        TEST(shows_what_a_returning_page_still_has),
        TEST(others_get_nothing_from_its_slots),
        TEST(another_page_load_begins_empty),
        TEST(logout_erases_what_was_kept),
        TEST(a_page_that_applied_less_than_it_acked_begins_empty),
        TEST(closes_in_the_middle_of_an_encode),
        TEST(refuses_an_unknown_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
