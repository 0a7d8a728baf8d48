/* Who may type, and that nothing stays pressed whatever ends a viewer's control. */
#include "console_fixture.h"

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
    ops->seat(vera, CONSOLE_ACT_REQUEST, 0);
    ops->seat(anna, CONSOLE_ACT_REQUEST, 0);
    assert_int_equal(f->viewers[2].holder, 3);
    ops->seat(ben, CONSOLE_ACT_RELEASE, 0);
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
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *adam = open_viewer(f, 1, 3, false);
    press_things(anna);
    ops->seat(adam, CONSOLE_ACT_TAKE, 0);
    assert_false(anything_pressed(f));
    assert_int_equal(f->viewers[0].holder, 2);
    ops->close(anna);
    ops->close(adam);
}

static void releases_when_the_seat_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    ops->seat(anna, CONSOLE_ACT_RELEASE, 0);
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
    uint64_t begun = clock_now_us(), last;
    /* a page that is there says so */
    do {
        last = clock_now_us();
        ops->alive(anna, 1000);
        loop_dispatch(f->gateway.loop, 50);
    } while (last - begun < 2000000);
    assert_true(anything_pressed(f));
    dispatch_until(f, nothing_pressed);
    assert_in_range(clock_now_us() - last, 1400000, HANG_US);
    ops->close(anna);
}

/* Signs of life wait in the socket of a gateway whose loop stood still; transport reads them in the next turn. */
static void holds_on_when_the_loop_was_late(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    for (int i = 0; i < 2; i++) {
        usleep(1600000);
        loop_dispatch(f->gateway.loop, 0); /* the timer comes before the socket */
        assert_true(anything_pressed(f));
        ops->alive(anna, 1000);
    }
    usleep(1600000);
    loop_dispatch(f->gateway.loop, 0);
    assert_true(anything_pressed(f));
    dispatch_until(f, nothing_pressed); /* nobody was there */
    ops->close(anna);
}

static void waits_longer_on_a_slow_link(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    uint64_t begun = clock_now_us();
    ops->alive(anna, 700000);
    dispatch_until(f, nothing_pressed);
    assert_in_range(clock_now_us() - begun, 2000000, HANG_US);
    ops->close(anna);
}

static void refuses_an_unknown_target(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *v = NULL;
    struct console_hello hello = {.view_only = false};
    assert_true(ops->open(&f->gateway, "nothing", &f->sessions[0], &hello, &f->viewers[0], &v) < 0);
    assert_null(v);
}

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
        TEST(holds_on_when_the_loop_was_late),
        TEST(waits_longer_on_a_slow_link),
        TEST(refuses_an_unknown_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
