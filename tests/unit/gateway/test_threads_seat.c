/* The seat between viewers: asked for, granted, refused, taken over, shared, lost by idleness and with the right; and
 * that nothing stays pressed at any of these. */
#include <errno.h>

#include "console_fixture.h"
#include "gateway/console/console_seat.h"

static bool flag(const struct viewer *viewer, uint8_t bit)
{
    return viewer->seat_flags & bit;
}

static void is_asked_for_and_granted(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    press_things(anna);
    ops->seat(ben, CONSOLE_ACT_REQUEST, 0);
    assert_true(anything_pressed(f)); /* who is asked still has it */
    assert_int_equal(f->viewers[0].n_askers, 1);
    assert_string_equal(f->viewers[0].asker, "ben");
    assert_true(flag(&f->viewers[1], CONSOLE_SEATS_ASKING));
    assert_false(flag(&f->viewers[0], CONSOLE_SEATS_ASKING));
    ops->seat(ben, CONSOLE_ACT_GRANT, f->viewers[0].request); /* not his to give */
    assert_int_equal(f->viewers[0].holder, 1);
    ops->seat(anna, CONSOLE_ACT_GRANT, f->viewers[0].request);
    assert_false(anything_pressed(f));
    assert_true(flag(&f->viewers[1], CONSOLE_SEATS_YOURS));
    assert_false(flag(&f->viewers[0], CONSOLE_SEATS_YOURS));
    ops->key(anna, KEY_A, true);
    assert_false(anything_pressed(f));
    ops->key(ben, KEY_A, true);
    assert_true(anything_pressed(f));
    ops->close(anna);
    ops->close(ben);
    assert_false(anything_pressed(f));
}

static void is_asked_for_and_refused(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    ops->seat(ben, CONSOLE_ACT_REQUEST, 0);
    ops->seat(anna, CONSOLE_ACT_REFUSE, f->viewers[0].request);
    assert_int_equal(f->viewers[1].holder, 1);
    assert_int_equal(f->viewers[1].n_askers, 0);
    assert_false(flag(&f->viewers[1], CONSOLE_SEATS_ASKING));
    ops->close(anna);
    ops->close(ben);
}

static void passes_to_who_asked_when_the_holder_goes(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    ops->seat(ben, CONSOLE_ACT_REQUEST, 0);
    press_things(anna);
    ops->close(anna);
    assert_false(anything_pressed(f));
    assert_int_equal(f->viewers[1].holder, 2);
    ops->close(ben);
}

static void who_asked_and_went_gets_nothing(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    ops->seat(ben, CONSOLE_ACT_REQUEST, 0);
    ops->close(ben);
    assert_int_equal(f->viewers[0].n_askers, 0);
    ops->seat(anna, CONSOLE_ACT_RELEASE, 0);
    assert_true(flag(&f->viewers[0], CONSOLE_SEATS_FREE));
    ops->close(anna);
}

static void is_taken_over_only_by_right(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    struct console_viewer *adam = open_viewer(f, 2, 3, false), *vera = open_viewer(f, 3, 2, false);
    assert_false(flag(&f->viewers[1], CONSOLE_SEATS_MAY_TAKE));
    assert_true(flag(&f->viewers[2], CONSOLE_SEATS_MAY_TAKE));
    assert_false(flag(&f->viewers[3], CONSOLE_SEATS_MAY_TYPE));
    ops->seat(ben, CONSOLE_ACT_TAKE, 0);
    ops->seat(vera, CONSOLE_ACT_REQUEST, 0);
    ops->seat(vera, CONSOLE_ACT_SHARE, 0);
    ops->seat(ben, CONSOLE_ACT_SHARE, 0);
    assert_int_equal(f->viewers[1].holder, 1);
    assert_int_equal(f->viewers[1].n_askers, 0);
    assert_false(flag(&f->viewers[1], CONSOLE_SEATS_SHARED));
    press_things(anna);
    ops->seat(adam, CONSOLE_ACT_TAKE, 0);
    assert_false(anything_pressed(f));
    assert_int_equal(f->viewers[0].holder, 3);
    ops->close(anna);
    ops->close(ben);
    ops->close(adam);
    ops->close(vera);
}

/* ---- shared ---- */

static bool down(const struct fixture *f, uint16_t usage)
{
    return keyboard_is_down(&f->input->keyboard, usage);
}

static void shared_keys_are_each_ones_own(void **state)
{
    struct fixture *f = *state;
    f->target.target.seat.shared = true;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    struct console_viewer *vera = open_viewer(f, 2, 2, false);
    ops->key(vera, KEY_A, true); /* shared among those who may */
    assert_false(anything_pressed(f));
    ops->key(anna, KEY_SHIFT, true);
    ops->key(ben, KEY_SHIFT, true);
    ops->key(ben, KEY_A, true);
    ops->key(anna, KEY_SHIFT, false);
    assert_true(down(f, KEY_SHIFT)); /* ben still holds it */
    ops->pointer_absolute(anna, INPUT_BUTTON_LEFT, 1, 1, 0, 0);
    ops->pointer_absolute(ben, 0, 2, 2, 0, 0); /* a move of ben's does not end anna's drag */
    assert_int_equal(f->input->buttons, INPUT_BUTTON_LEFT);
    ops->pointer_absolute(ben, INPUT_BUTTON_RIGHT, 2, 2, 0, 0);
    ops->release_all(ben);
    assert_false(down(f, KEY_SHIFT));
    assert_false(down(f, KEY_A));
    assert_int_equal(f->input->buttons, INPUT_BUTTON_LEFT);
    ops->key(ben, KEY_A, true);
    ops->key(anna, KEY_A, true);
    ops->close(anna);
    assert_true(down(f, KEY_A));
    assert_int_equal(f->input->buttons, 0);
    ops->close(ben);
    assert_false(anything_pressed(f));
    ops->close(vera);
}

static void switching_lets_go_of_everything(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    struct console_viewer *adam = open_viewer(f, 2, 3, false);
    press_things(anna);
    ops->seat(adam, CONSOLE_ACT_SHARE, 0);
    assert_false(anything_pressed(f));
    assert_true(flag(&f->viewers[1], CONSOLE_SEATS_SHARED));
    press_things(anna);
    press_things(ben);
    ops->seat(adam, CONSOLE_ACT_EXCLUSIVE, 0);
    assert_false(anything_pressed(f));
    assert_int_equal(f->viewers[0].holder, 3); /* who ends the sharing goes on typing */
    ops->key(ben, KEY_A, true);
    assert_false(anything_pressed(f));
    ops->close(anna);
    ops->close(ben);
    ops->close(adam);
}

/* ---- time ---- */

static bool is_free(struct fixture *f)
{
    return flag(&f->viewers[0], CONSOLE_SEATS_FREE);
}

static bool shown_idle(struct fixture *f)
{
    return flag(&f->viewers[1], CONSOLE_SEATS_IDLE);
}

static void idleness_is_shown_and_releases(void **state)
{
    struct fixture *f = *state;
    f->target.target.seat.idle_us = 2000000; /* a second between the two, however late we are */
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *vera = open_viewer(f, 1, 2, false);
    ops->key(anna, KEY_A, true);
    dispatch_until(f, shown_idle);
    ops->key(anna, KEY_A, false); /* there she is again */
    assert_false(shown_idle(f));
    assert_int_equal(f->viewers[1].holder, 1);
    ops->key(anna, KEY_A, true);
    dispatch_until(f, is_free);
    assert_false(anything_pressed(f));
    assert_int_equal(f->viewers[0].holder, 0);
    ops->close(anna);
    ops->close(vera);
}

static bool ben_holds(struct fixture *f)
{
    return flag(&f->viewers[1], CONSOLE_SEATS_YOURS);
}

static void an_idle_holder_loses_it_to_who_asks(void **state)
{
    struct fixture *f = *state;
    f->target.target.seat.idle_us = 400000;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    press_things(anna);
    ops->seat(ben, CONSOLE_ACT_REQUEST, 0);
    dispatch_until(f, ben_holds);
    assert_false(anything_pressed(f));
    ops->close(anna);
    ops->close(ben);
}

/* ---- sessions ---- */

static int act(struct fixture *f, unsigned session, enum seat_action action)
{
    const char *why = "";
    int r = console_seat_act(&f->target, &f->sessions[session], action, 0, &why);
    assert_true(r == 0 || why[0]);
    return r;
}

static void sessions_without_a_console_sit_too(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    assert_int_equal(act(f, 2, SEAT_DO_REQUEST), -EPERM);
    assert_int_equal(act(f, 1, SEAT_DO_TAKE), -EPERM);
    assert_int_equal(act(f, 1, SEAT_DO_SHARE), -EPERM);
    assert_int_equal(act(f, 1, SEAT_DO_GRANT), -EPERM);
    assert_int_equal(act(f, 0, SEAT_DO_GRANT), -ENOENT);
    assert_int_equal(act(f, 1, SEAT_DO_REQUEST), 0);
    assert_true(anything_pressed(f));
    assert_string_equal(f->viewers[0].asker, "ben");
    assert_int_equal(act(f, 0, SEAT_DO_GRANT), 0); /* for the console of the same session */
    assert_false(anything_pressed(f));
    assert_string_equal(f->viewers[0].holder_name, "ben");
    assert_int_equal(f->viewers[0].holder, 0);
    assert_false(flag(&f->viewers[0], CONSOLE_SEATS_FREE));
    assert_int_equal(act(f, 3, SEAT_DO_TAKE), 0);
    assert_string_equal(f->viewers[0].holder_name, "adam");
    assert_int_equal(act(f, 3, SEAT_DO_RELEASE), 0);
    assert_true(flag(&f->viewers[0], CONSOLE_SEATS_FREE));
    ops->close(anna);
}

static void asking_for_what_ones_console_has_moves_nothing(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    press_things(anna);
    assert_int_equal(act(f, 0, SEAT_DO_REQUEST), 0);
    assert_int_equal(act(f, 0, SEAT_DO_TAKE), 0);
    assert_true(anything_pressed(f));
    assert_int_equal(f->viewers[0].holder, 1);
    assert_int_equal(act(f, 0, SEAT_DO_RELEASE), 0);
    assert_false(anything_pressed(f));
    ops->close(anna);
}

static void a_lost_right_ends_it_at_once(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    press_things(anna);
    grants_of_role(&f->sessions[0].grants, ROLE_READ_ONLY);
    console_rights_changed(&f->target, &f->sessions[0]);
    assert_false(anything_pressed(f));
    assert_true(flag(&f->viewers[1], CONSOLE_SEATS_FREE));
    assert_false(flag(&f->viewers[0], CONSOLE_SEATS_MAY_TYPE));
    ops->seat(anna, CONSOLE_ACT_REQUEST, 0);
    assert_true(flag(&f->viewers[1], CONSOLE_SEATS_FREE));
    /* and in a shared seat */
    f->target.target.seat.shared = true;
    press_things(ben);
    grants_of_role(&f->sessions[1].grants, ROLE_READ_ONLY);
    ops->key(ben, KEY_A, false); /* even when nobody has told yet */
    assert_false(anything_pressed(f));
    ops->close(anna);
    ops->close(ben);
}

static void an_ended_session_leaves_the_seat(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    ops->seat(anna, CONSOLE_ACT_RELEASE, 0);
    assert_int_equal(act(f, 1, SEAT_DO_REQUEST), 0);
    f->sessions[1].ended = true;
    console_rights_changed(&f->target, &f->sessions[1]);
    assert_true(flag(&f->viewers[0], CONSOLE_SEATS_FREE));
    ops->close(anna);
}

/* Each change is a line of the audit log, so nobody makes thousands of them. */
/* Anna and ben are Operators, adam may configure: he alone is told addresses, and may end consoles. */
static void who_looks_is_told_to_all(void **state)
{
    struct fixture *f = *state;
    struct target_viewer list[8];
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *adam = open_viewer(f, 3, 3, false);
    const struct console_viewers *to_anna = &f->viewers[0].looking, *to_adam = &f->viewers[3].looking;
    assert_int_equal(to_anna->total, 2);
    assert_int_equal(to_anna->n, 2);
    assert_int_equal(to_anna->list[0].flags, CONSOLE_VIEWERS_YOU | CONSOLE_VIEWERS_TYPES);
    assert_string_equal(to_anna->list[1].name, "adam");
    assert_string_equal(to_anna->list[1].address, "");
    assert_int_equal(to_anna->list[1].flags, 0);
    assert_int_equal(to_adam->list[0].flags, CONSOLE_VIEWERS_TYPES | CONSOLE_VIEWERS_MAY_END);
    assert_string_equal(to_adam->list[0].address, "192.0.2.1");
    unsigned before = f->viewers[3].told_viewers;
    ops->hidden(anna, true);
    assert_int_equal(f->viewers[3].told_viewers, before + 1);
    assert_true(to_adam->list[0].flags & CONSOLE_VIEWERS_HIDDEN);
    ops->hidden(anna, true);
    assert_int_equal(f->viewers[3].told_viewers, before + 1);
    ops->seat(adam, CONSOLE_ACT_TAKE, 0);
    assert_true(to_anna->list[1].flags & CONSOLE_VIEWERS_TYPES);
    assert_false(to_anna->list[0].flags & CONSOLE_VIEWERS_TYPES);
    assert_int_equal(console_viewers_list(&f->target, &f->sessions[0], list, ARRAY_SIZE(list)), 2);
    assert_string_equal(list[0].user, "adam");
    assert_string_equal(list[0].address, "");
    assert_true(list[1].yours && list[1].hidden);
    assert_int_equal(console_viewer_end(&f->target, &f->sessions[3], 99), -ENOENT);
    assert_int_equal(console_viewer_end(&f->target, &f->sessions[3], 1), 0);
    assert_int_equal(f->viewers[0].ended, VIEWER_END_RIGHTS);
    assert_string_equal(f->viewers[0].why, "adam has disconnected you from this console.");
    ops->close(anna);
    assert_int_equal(to_adam->total, 1);
    ops->close(adam);
}

static void who_asks_too_often_is_not_heard(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *ben = open_viewer(f, 1, 1, false);
    for (int i = 0; i < 1000; i++)
        ops->seat(ben, i % 2 ? CONSOLE_ACT_RELEASE : CONSOLE_ACT_REQUEST, 0);
    assert_in_range(f->viewers[0].seats, 30, 40);
    press_things(anna);
    assert_true(anything_pressed(f));
    for (int i = 0; i < 100; i++)
        ops->seat(anna, CONSOLE_ACT_SHARE, 0);
    ops->seat(anna, CONSOLE_ACT_RELEASE, 0);
    assert_false(anything_pressed(f)); /* what lets go is always heard */
    ops->close(anna);
    ops->close(ben);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_asked_for_and_granted),
        TEST(is_asked_for_and_refused),
        TEST(passes_to_who_asked_when_the_holder_goes),
        TEST(who_asked_and_went_gets_nothing),
        TEST(is_taken_over_only_by_right),
        TEST(shared_keys_are_each_ones_own),
        TEST(switching_lets_go_of_everything),
        TEST(idleness_is_shown_and_releases),
        TEST(an_idle_holder_loses_it_to_who_asks),
        TEST(sessions_without_a_console_sit_too),
        TEST(asking_for_what_ones_console_has_moves_nothing),
        TEST(a_lost_right_ends_it_at_once),
        TEST(an_ended_session_leaves_the_seat),
        TEST(who_looks_is_told_to_all),
        TEST(who_asks_too_often_is_not_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
