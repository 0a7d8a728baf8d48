/* The input port on descriptors that behave like the kernel's: a pipe in packet mode whose room is one page takes
 * exactly one report at a time. Its reading end is the target. The kernel itself is in tests/vm/dongle/guest_hid.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "usbgadget/hidg.h"
#include "usbgadget/keyboard.h"
#include "usbgadget/pointer.h"
#include "usbgadget/typist.h"

struct fixture {
    struct loop *loop;
    struct hidg *hidg;
    struct input *input;
    int target[GADGET_HIDS]; /* where the target reads */
    unsigned polled[GADGET_HIDS], woken;
    uint8_t leds;
    bool absolute;
    uint8_t last[GADGET_HIDS][8]; /* reports */
};

static void polled(void *data, enum gadget_function which)
{
    ((struct fixture *)data)->polled[which]++;
}

static void woken(void *data)
{
    ((struct fixture *)data)->woken++;
}

static void leds(void *data, uint8_t now)
{
    ((struct fixture *)data)->leds = now;
}

static void absolute(void *data, bool available)
{
    ((struct fixture *)data)->absolute = available;
}

static const struct hidg_owner owner = {.polled = polled, .wake = woken};
static const struct input_listener listener = {.leds = leds, .absolute = absolute};

static void attach(struct fixture *f)
{
    int fds[GADGET_HIDS];
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        int ends[2];
        assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
        assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1) > 0);
        if (f->target[i] >= 0)
            close(f->target[i]);
        f->target[i] = ends[0];
        fds[i] = ends[1];
    }
    hidg_attach(f->hidg, fds);
}

static void turn(struct fixture *f)
{
    for (unsigned i = 0; i < 4; i++)
        assert_true(loop_dispatch(f->loop, 0) >= 0);
}

/* The target takes a report, for which it may have to wait. False: there is none. */
static bool take_report(struct fixture *f, enum gadget_function which, uint8_t ret[8])
{
    turn(f);
    ssize_t n = read(f->target[which], ret, 8);
    turn(f);
    if (n < 0)
        return false;
    assert_int_equal(n, hidg_descriptor(which)->report_length);
    return true;
}

/* The next report is this one. Before it the last one may come again: on a machine that was busy it took long. */
static void assert_taken(struct fixture *f, enum gadget_function which, const void *wanted)
{
    uint8_t report[8] = {0};
    size_t n = hidg_descriptor(which)->report_length;
    do
        assert_true(take_report(f, which, report));
    while (memcmp(report, wanted, n) != 0 && memcmp(report, f->last[which], n) == 0);
    assert_memory_equal(report, wanted, n);
    memcpy(f->last[which], report, n);
}

static void assert_keys_2(struct fixture *f, uint8_t modifiers, uint8_t first, uint8_t second)
{
    const uint8_t wanted[8] = {modifiers, 0, first, second};
    assert_taken(f, GADGET_KEYBOARD, wanted);
}

static void assert_keys(struct fixture *f, uint8_t modifiers, uint8_t key)
{
    assert_keys_2(f, modifiers, key, 0);
}

static void assert_no_key(struct fixture *f)
{
    uint8_t report[8];
    while (take_report(f, GADGET_KEYBOARD, report))
        assert_memory_equal(report, f->last[GADGET_KEYBOARD], sizeof report);
}

static void drain(struct fixture *f)
{
    uint8_t report[8];
    for (unsigned i = 0; i < GADGET_HIDS; i++)
        while (take_report(f, i, report))
            ;
}

static int set_up(void **state)
{
    static struct fixture f;
    signal(SIGPIPE, SIG_IGN);
    f = (struct fixture){.target = {-1, -1, -1, -1}};
    assert_int_equal(loop_create(&f.loop), 0);
    assert_int_equal(hidg_create(f.loop, &owner, &f, &f.hidg), 0);
    f.input = hidg_input(f.hidg);
    f.input->ops->listen(f.input, &listener, &f);
    attach(&f);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->input->ops->destroy(f->input);
    loop_destroy(f->loop);
    for (unsigned i = 0; i < GADGET_HIDS; i++)
        close(f->target[i]);
    return 0;
}

static void key(struct fixture *f, uint16_t usage, bool down)
{
    assert_int_equal(f->input->ops->key(f->input, usage, down), 0);
}

static void test_attach_begins_with_all_up_and_learns_who_polls(void **state)
{
    struct fixture *f = *state;
    uint8_t report[8];
    assert_false(f->absolute);
    assert_keys(f, 0, 0);
    assert_keys(f, 0, 0);
    assert_int_equal(f->polled[GADGET_KEYBOARD], 1);
    assert_int_equal(f->polled[GADGET_ABSOLUTE], 0);
    assert_true(take_report(f, GADGET_ABSOLUTE, report));
    assert_int_equal(report[0], 0);
    assert_true(f->absolute);
    assert_int_equal(f->polled[GADGET_ABSOLUTE], 1);
    drain(f);
    assert_no_key(f);

    struct hidg_statistics s;
    hidg_statistics(f->hidg, &s);
    assert_int_equal(s.waiting, 0);
    assert_true(s.interval_us > 0);
    assert_true(s.polled[GADGET_CONSUMER]);
}

static void test_one_report_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct hidg_statistics s;
    drain(f);
    for (unsigned i = 0; i < 3; i++) {
        key(f, 0x04, true);
        key(f, 0x04, false);
    }
    hidg_statistics(f->hidg, &s);
    assert_int_equal(s.waiting, 6);
    for (unsigned i = 0; i < 3; i++) {
        assert_keys(f, 0, 4);
        assert_keys(f, 0, 0);
    }
    assert_no_key(f);
}

static void test_a_new_binding_goes_on_where_the_old_one_ended(void **state)
{
    struct fixture *f = *state;
    drain(f);
    key(f, 0xE0, true);
    assert_keys(f, 1, 0);
    key(f, 0x04, true); /* the kernel has it, the target never takes it */
    key(f, 0x04, false);
    attach(f);
    assert_keys(f, 0, 0);
    assert_keys(f, 1, 4);
    assert_keys(f, 1, 0);
    assert_no_key(f);
    hidg_detach(f->hidg);
    assert_int_equal(f->input->ops->key(f->input, 0x05, true), -ENODEV);
    attach(f);
    drain(f);
    key(f, 0x05, true);
    assert_keys(f, 0, 5);
}

static void test_reset_while_a_key_is_held(void **state)
{
    struct fixture *f = *state;
    drain(f);
    hidg_set_state(f->hidg, true, false, false);
    drain(f);
    f->polled[GADGET_KEYBOARD] = 0;
    key(f, 0x4C, true);
    assert_keys(f, 0, 0x4C);
    hidg_set_state(f->hidg, false, false, false);
    key(f, 0x05, true);
    assert_no_key(f);
    assert_int_equal(f->input->ops->pace(f->input), -EAGAIN);
    assert_false(f->absolute);
    hidg_set_state(f->hidg, true, false, false);
    assert_keys(f, 0, 0);
    assert_keys(f, 0, 0x4C);
    assert_int_equal(f->polled[GADGET_KEYBOARD], 1);
    assert_keys_2(f, 0, 0x4C, 5);
}

/* The reset is over before anybody could tell us: the report in flight was thrown away, POLLOUT says nothing. */
static void test_a_report_that_took_long_is_said_again(void **state)
{
    struct fixture *f = *state;
    drain(f);
    key(f, 0x04, true);
    key(f, 0x04, false);
    for (uint64_t until = clock_now_us() + 60000; clock_now_us() < until;)
        loop_dispatch(f->loop, 5);
    assert_keys(f, 0, 4);
    assert_keys(f, 0, 4);
    assert_keys(f, 0, 0);
    assert_no_key(f);
}

static void test_the_last_word_is_said_again_when_it_is_quiet(void **state)
{
    struct fixture *f = *state;
    uint8_t report[8];
    drain(f);
    uint64_t begun = clock_now_us();
    assert_int_equal(f->input->ops->pointer_relative(f->input, 1, 5, 5, 0, 0), 0);
    assert_true(take_report(f, GADGET_RELATIVE, report));
    assert_memory_equal(report, "\1\5\5\0\0", 5);
    while (!take_report(f, GADGET_RELATIVE, report)) {
        loop_dispatch(f->loop, 50);
        assert_true(clock_now_us() - begun < 120000000);
    }
    assert_true(clock_now_us() - begun > 20000);  /* sooner only what took long */
    assert_memory_equal(report, "\1\0\0\0\0", 5); /* the motion is not */
}

static void test_leds_of_any_length(void **state)
{
    struct fixture *f = *state;
    int ends[2], fds[GADGET_HIDS] = {-1, -1, -1, -1};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    fds[GADGET_KEYBOARD] = ends[0];
    hidg_attach(f->hidg, fds);
    uint8_t many[64] = {INPUT_LED_CAPS};
    assert_int_equal(send(ends[1], "\1", 1, 0), 1);
    assert_int_equal(send(ends[1], many, sizeof many, 0), sizeof many);
    turn(f);
    assert_int_equal(f->leds, INPUT_LED_CAPS);
    assert_int_equal(send(ends[1], "\xFF", 1, 0), 1);
    turn(f);
    assert_int_equal(f->leds, INPUT_LED_NUM | INPUT_LED_CAPS | INPUT_LED_SCROLL);
    for (unsigned i = 0; i < 20; i++)
        assert_true(send(ends[1], i & 1 ? "\1" : "\2", i % 3 ? 1 : 0, 0) >= 0);
    for (unsigned i = 0; i < 10; i++)
        turn(f);
    assert_int_equal(f->leds, INPUT_LED_NUM);
    close(ends[1]); /* not even this */
    turn(f);
    attach(f);
    assert_int_equal(f->leds, 0);
    assert_keys(f, 0, 0);
}

static void test_wakes_a_target_that_sleeps(void **state)
{
    struct fixture *f = *state;
    hidg_set_state(f->hidg, true, false, true);
    drain(f);
    key(f, 0x04, true);
    assert_int_equal(f->woken, 0);
    hidg_set_state(f->hidg, true, true, true);
    key(f, 0x04, false);
    assert_int_equal(f->woken, 0);
    key(f, 0x05, true);
    key(f, 0x05, false);
    key(f, 0x06, true);
    assert_int_equal(f->woken, 1);
    hidg_set_state(f->hidg, true, false, true);
    assert_keys(f, 0, 4); /* no reset: what waited goes on */
    assert_keys(f, 0, 0);
    assert_keys(f, 0, 5);
    drain(f);
    hidg_set_state(f->hidg, true, true, false);
    key(f, 0x07, true);
    assert_int_equal(f->woken, 1);
}

static void test_releases_let_a_target_sleep(void **state)
{
    struct fixture *f = *state;
    static const struct input_change chord[] = {{0x04, true}, {0x05, true}}, up[] = {{0x04, false}, {0x05, false}},
                                     next[] = {{0x04, false}, {0x06, true}};
    drain(f);
    assert_int_equal(f->input->ops->keys(f->input, chord, 2), 0);
    hidg_set_state(f->hidg, true, true, true);
    assert_int_equal(f->input->ops->keys(f->input, up, 2), 0);
    f->input->ops->release_all(f->input);
    assert_int_equal(f->woken, 0);
    assert_int_equal(f->input->ops->keys(f->input, next, 2), 0);
    assert_int_equal(f->woken, 1);
}

static void test_consumer_keys_have_a_function_of_their_own(void **state)
{
    struct fixture *f = *state;
    drain(f);
    key(f, INPUT_CONSUMER | 0xE9, true);
    assert_taken(f, GADGET_CONSUMER, "\xE9\0\0\0");
    f->input->ops->release_all(f->input);
    assert_taken(f, GADGET_CONSUMER, "\0\0\0\0");
}

static void test_one_pointer_lets_go_for_the_other(void **state)
{
    struct fixture *f = *state;
    drain(f);
    f->input->ops->pointer_absolute(f->input, 1, 100, 100, 0, 0);
    f->input->ops->pointer_relative(f->input, 1, 1, 1, 0, 0);
    assert_taken(f, GADGET_ABSOLUTE, "\1\144\0\144\0\0\0");
    assert_taken(f, GADGET_ABSOLUTE, "\0\144\0\144\0\0\0");
    assert_taken(f, GADGET_RELATIVE, "\1\1\1\0\0");
}

static void type(struct fixture *f, struct typist *typist, const char *text, const char *name)
{
    const struct typing_request request = {.text = text, .size = strlen(text)};
    const struct layout *layout = layout_find(name);
    struct layout_map *map;
    struct text_plan plan;
    size_t where;
    assert_int_equal(layout_map_create(layout, &map), 0);
    assert_int_equal(text_plan_make(&request, map, &plan, &where), 0);
    drain(f);
    assert_int_equal(typist_text(typist, &plan, layout, false), 0);
    text_plan_finish(&plan);
    layout_map_destroy(map);
}

/* Whether a key is down in a report that was up in the one before. */
static bool presses(const uint8_t before[8], const uint8_t report[8])
{
    for (unsigned i = 2; i < 8; i++)
        if (report[i] && !memchr(before + 2, report[i], 6))
            return true;
    return report[0] & ~before[0];
}

/* Reports that the target takes after a stop, behind the one that was on the way to it already: releases alone. */
static unsigned reports_after_stop(struct fixture *f, struct typist *typist, uint8_t last[8])
{
    uint8_t report[8];
    unsigned n = 0;
    typist_stop(typist);
    if (take_report(f, GADGET_KEYBOARD, report))
        memcpy(last, report, sizeof report);
    for (; take_report(f, GADGET_KEYBOARD, report); memcpy(last, report, sizeof report)) {
        assert_false(presses(last, report));
        n += memcmp(last, report, sizeof report) != 0;
    }
    return n;
}

/* The slowest host polls every 10 ms: with the report that is on the way that is 70 ms. */
#define MOST_AFTER_STOP 6

static void test_a_stopped_text_goes_up_at_once(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *layout, *text;
    } cases[] = {{"us", "Hello, World! How are you?"},
                 {"us(intl)", "a\xC3\x84\xC3\x96{bb\xE2\x82\xAC, and c\xC3\x84\xC3\x96"},
                 {"de(neo)", "A\xCE\xB1\xE2\x88\x80x\xCE\xB1\xE2\x88\x80\xCE\xB1\xE2\x88\x80y\xCE\xB1"}};
    unsigned most = 0;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned taken = 0; taken < 14; taken++) {
            struct typist *typist;
            uint8_t last[8] = {0};
            char text[256];
            assert_int_equal(typist_create(f->loop, f->input, &typist), 0);
            snprintf(text, sizeof text, "%s%s%s%s", cases[i].text, cases[i].text, cases[i].text, cases[i].text);
            type(f, typist, text, cases[i].layout); /* longer than what is kept ready for a fast host */
            for (unsigned n = 0; n < taken; n++)
                take_report(f, GADGET_KEYBOARD, last);
            assert_int_not_equal(typist_remaining(typist), 0);
            unsigned n = reports_after_stop(f, typist, last);
            most = n > most ? n : most;
            assert_memory_equal(last, "\0\0\0\0\0\0\0\0", 8);
            typist_destroy(typist);
        }
    assert_in_range(most, 1, MOST_AFTER_STOP);
    print_message("at most %u reports after a stop\n", most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_attach_begins_with_all_up_and_learns_who_polls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_report_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_binding_goes_on_where_the_old_one_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reset_while_a_key_is_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_report_that_took_long_is_said_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_last_word_is_said_again_when_it_is_quiet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_leds_of_any_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wakes_a_target_that_sleeps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_releases_let_a_target_sleep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_consumer_keys_have_a_function_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_pointer_lets_go_for_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_stopped_text_goes_up_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
