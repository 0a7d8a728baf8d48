/* What viewers are shown: that each canvas comes to the newest picture, that viewers share, and what a page that comes
 * back still has. */
#include "console_fixture.h"

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

static bool has_an_update(struct fixture *f)
{
    return f->viewers[0].updates > 0;
}

static void answers_one_pull_once(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = open_viewer(f, 0, 0, false);
    testcard_set_still(f->screen, false);
    ops->pull(v, 1 << 20);
    dispatch_until(f, has_an_update);
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

/* None yet where nobody was given a first frame. */
static void come_together(struct fixture *f, struct console_viewer **v, unsigned n)
{
    for (uint64_t begun = clock_now_us();
         console_statistics(&f->target)->cohorts != 1 && clock_now_us() - begun < HANG_US;)
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
    for (uint64_t begun = clock_now_us(); f->viewers[0].updates < before + 10 && clock_now_us() - begun < HANG_US;)
        pull_all(f, v, 4, 100000);
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
    uint64_t begun = clock_now_us();
    ops->refresh(v);
    while (f->viewers[0].modes == 1 && clock_now_us() - begun < HANG_US)
        pull_all(f, &v, 1, 10000);
    assert_int_equal(f->viewers[0].modes, 2);
    for (int i = 0; i < 20; i++)
        ops->refresh(v);
    while (f->viewers[0].modes == 2 && clock_now_us() - begun < HANG_US)
        pull_all(f, &v, 1, 10000);
    assert_int_equal(f->viewers[0].modes, 3);
    assert_true(clock_now_us() - begun > 900000);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
