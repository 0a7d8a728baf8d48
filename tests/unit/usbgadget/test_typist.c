/* Text typed on the recording input comes out of its boot reports again; nothing stays pressed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "usbgadget/holder.h"
#include "usbgadget/recording.h"
#include "usbgadget/typist.h"

struct fixture {
    struct loop *loop;
    struct input_recording *recording;
    struct typist *typist;
};

static struct layout_map *map_of(const char *layout)
{
    struct layout_map *map = NULL;
    assert_int_equal(layout_map_create(layout_find(layout), &map), 0);
    return map;
}

static int set_up(void **state)
{
    static struct fixture f;
    assert_int_equal(loop_create(&f.loop), 0);
    assert_int_equal(input_recording_create(&f.recording), 0);
    assert_int_equal(typist_create(f.loop, &f.recording->input, &f.typist), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    typist_destroy(f->typist);
    f->recording->input.ops->destroy(&f->recording->input);
    loop_destroy(f->loop);
    return 0;
}

/* Runs the loop until the recording has made no report for a while; the limit only catches a hang. */
static void run_until_quiet(struct fixture *f)
{
    uint64_t limit = clock_now_us() + 120 * 1000000ull;
    for (uint64_t quiet_us = 0; quiet_us < 300000;) {
        uint64_t before = clock_now_us();
        size_t reports = f->recording->n_reports;
        assert_true(before < limit);
        loop_dispatch(f->loop, 50);
        /* a longer while is one in which we did not run */
        quiet_us = f->recording->n_reports != reports ? 0 : quiet_us + MIN(clock_now_us() - before, 60000u);
    }
}

/* What a target with a US keyboard would have read from the reports. */
static void decode(const struct input_recording *r, char *ret, size_t size)
{
    struct layout_map *us = map_of("us");
    uint8_t before[8] = {0};
    size_t n = 0;
    for (size_t i = r->n_reports; i-- > 0;) {
        const struct recording_report *report = input_recording_last(r, i);
        for (unsigned k = 2; k < 8; k++) {
            uint8_t usage = report->bytes[k];
            if (!usage || memchr(before + 2, usage, 6))
                continue;
            for (size_t e = 0; e < layout_map_count(us); e++) {
                const struct layout_entry *entry = layout_map_at(us, e);
                if (entry->n_strokes == 1 && entry->strokes[0].usage == usage &&
                    entry->strokes[0].modifiers == report->bytes[0] && n + 1 < size)
                    ret[n++] = (char)entry->character;
            }
        }
        memcpy(before, report->bytes, sizeof before);
    }
    ret[n] = 0;
    layout_map_destroy(us);
}

static int type(struct fixture *f, const char *text, const char *layout)
{
    const struct typing_request request = {.text = text, .size = strlen(text)};
    struct layout_map *map = map_of(layout);
    struct text_plan plan;
    size_t where;
    assert_int_equal(text_plan_make(&request, map, &plan, &where), 0);
    layout_map_destroy(map);
    int r = typist_text(f->typist, &plan, layout_find(layout), false);
    text_plan_finish(&plan);
    return r;
}

static struct typing_state state_of(struct fixture *f)
{
    struct typing_state s = {0};
    typist_state(f->typist, &s);
    return s;
}

static void test_text_arrives(void **state)
{
    struct fixture *f = *state;
    const char *text = "Hello, World!\nls -l | grep \"x\"";
    char got[200];
    assert_int_equal(type(f, text, "us"), 0);
    assert_int_equal(state_of(f).characters, strlen(text));
    assert_int_equal(type(f, "x", "us"), -EBUSY);
    run_until_quiet(f);
    decode(f->recording, got, sizeof got);
    assert_string_equal(got, text);
    assert_int_equal(f->recording->keyboard.n_down, 0);
    assert_int_equal(typist_remaining(f->typist), 0);
    assert_int_equal(state_of(f).phase, TYPING_DONE);
}

/* A port that knows when the target has taken a change, and how fast it may go on; it has reports of many changes. */
static struct {
    bool takes;
    size_t asked;
    struct fixture *f;
} target;

static int target_pace(struct input *input)
{
    (void)input;
    target.asked++;
    return target.takes ? 1 : -EAGAIN;
}

/* The recording makes a report of each change: those of one call are one. */
static int target_keys(struct input *input, const struct input_change *changes, unsigned n)
{
    struct input_recording *r = target.f->recording;
    for (unsigned i = 0; i < n; i++)
        keyboard_key(&r->keyboard, changes[i].usage, changes[i].down);
    struct recording_report *report = &r->reports[r->n_reports++ % RECORDING_MAX];
    report->size = KEYBOARD_REPORT_SIZE;
    keyboard_report(&r->keyboard, report->bytes);
    (void)input;
    return 0;
}

static void make_quick(struct fixture *f, bool reports)
{
    static struct input_ops ops; /* the port is destroyed by them, after this */
    ops = *f->recording->input.ops;
    ops.pace = target_pace;
    ops.keys = reports ? target_keys : NULL;
    f->recording->input.ops = &ops;
    target.takes = true;
    target.asked = 0;
    target.f = f;
}

static void test_waits_for_the_target(void **state)
{
    struct fixture *f = *state;
    char text[201], got[300];
    for (unsigned i = 0; i < 200; i++)
        text[i] = (char)('a' + i % 26);
    text[200] = '\0';
    make_quick(f, true);
    assert_int_equal(type(f, text, "us"), 0);
    while (f->recording->n_reports < 10)
        loop_dispatch(f->loop, 10);
    target.takes = false;
    size_t reports = f->recording->n_reports, asked = target.asked;
    while (target.asked < asked + 5)
        loop_dispatch(f->loop, 10);
    while (state_of(f).phase != TYPING_WAITS)
        loop_dispatch(f->loop, 10);
    assert_int_equal(f->recording->n_reports, reports);
    target.takes = true;
    run_until_quiet(f);
    decode(f->recording, got, sizeof got);
    assert_string_equal(got, text);
}

/* One report a character where the next key is another one, with or without Shift; two where it is the same. */
static void test_one_report_a_character(void **state)
{
    struct fixture *f = *state;
    char got[100];
    make_quick(f, true);
    assert_int_equal(type(f, "Hi There", "us"), 0);
    run_until_quiet(f);
    decode(f->recording, got, sizeof got);
    assert_string_equal(got, "Hi There");
    assert_int_equal(f->recording->n_reports, 8 + 1);
    assert_int_equal(type(f, "aAbb", "us"), 0);
    run_until_quiet(f);
    assert_int_equal(f->recording->n_reports, 9 + 4 + 2 + 1);
    assert_int_equal(f->recording->keyboard.n_down, 0);
}

/* Where events go out one by one, a key is up before the modifiers change and the next goes down. */
static void test_events_in_order(void **state)
{
    struct fixture *f = *state;
    char got[100];
    make_quick(f, false);
    assert_int_equal(type(f, "aA@b\xE2\x82\xAC", "de"), 0);
    run_until_quiet(f);
    static const uint8_t expected[][2] = {{0, 4},       {0, 0},    {2, 0}, {2, 4}, {2, 0}, {0, 0},    {0x40, 0},
                                          {0x40, 0x14}, {0x40, 0}, {0, 0}, {0, 5}, {0, 0}, {0x40, 0}, {0x40, 8}};
    (void)got;
    for (unsigned i = 0, at = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct recording_report *r = NULL;
        while (at < f->recording->n_reports) {
            r = input_recording_last(f->recording, f->recording->n_reports - 1 - at++);
            if (r->bytes[0] == expected[i][0] && r->bytes[2] == expected[i][1])
                break;
            r = NULL;
        }
        assert_non_null(r);
    }
}

/* Caps Lock is switched off for the text and on again behind it, as its light tells. */
static void test_caps_lock_is_compensated(void **state)
{
    struct fixture *f = *state;
    char got[100];
    make_quick(f, true);
    typist_leds(f->typist, INPUT_LED_CAPS);
    assert_int_equal(type(f, "ab", "us"), 0);
    while (f->recording->n_reports < 2)
        loop_dispatch(f->loop, 10);
    assert_int_equal(input_recording_last(f->recording, 1)->bytes[2], 0x39);
    loop_dispatch(f->loop, 1);
    assert_int_equal(f->recording->n_reports, 2); /* the light is on still */
    typist_leds(f->typist, 0);
    run_until_quiet(f);
    decode(f->recording, got, sizeof got);
    assert_string_equal(got, "ab");
    assert_int_equal(input_recording_last(f->recording, 1)->bytes[2], 0x39);
    assert_int_equal(f->recording->keyboard.n_down, 0);
}

static void test_slowed_and_held_from_outside(void **state)
{
    struct fixture *f = *state;
    make_quick(f, true);
    assert_int_equal(type(f, "abcdefgh", "us"), 0);
    typist_wait(f->typist, true);
    for (unsigned i = 0; i < 20; i++)
        loop_dispatch(f->loop, 2);
    assert_int_equal(f->recording->n_reports, 0);
    assert_int_equal(state_of(f).phase, TYPING_WAITS);
    typist_slow(f->typist, 30000);
    typist_wait(f->typist, false);
    uint64_t start = clock_now_us();
    while (typist_remaining(f->typist))
        loop_dispatch(f->loop, 10);
    assert_true(clock_now_us() - start >= 7 * 30000);
}

static void test_forgets(void **state)
{
    struct fixture *f = *state;
    size_t n;
    make_quick(f, true);
    assert_int_equal(type(f, "secret", "us"), 0);
    typist_forget(f->typist); /* not while it is typed */
    assert_non_null(typist_characters(f->typist, &n));
    run_until_quiet(f);
    assert_int_equal(typist_characters(f->typist, &n)[0], 's');
    assert_int_equal(n, 6);
    typist_forget(f->typist);
    assert_null(typist_characters(f->typist, &n));
    assert_int_equal(state_of(f).characters, 6);
    assert_int_equal(state_of(f).remaining, 0);
}

static void test_stop_releases(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(type(f, "AAAAAAAAAAAAAAAA", "us"), 0);
    while (f->recording->keyboard.n_down < 2)
        loop_dispatch(f->loop, 100);
    typist_stop(f->typist);
    assert_int_equal(f->recording->keyboard.n_down, 0);
    assert_int_equal(state_of(f).phase, TYPING_STOPPED);
}

static void test_chord_in_order_and_released_in_reverse(void **state)
{
    struct fixture *f = *state;
    struct chord c;
    char why[100];
    assert_int_equal(chord_parse("ctrl+alt+delete", &c, why, sizeof why), 0);
    assert_int_equal(typist_chord(f->typist, &c), 0);
    run_until_quiet(f);
    assert_int_equal(f->recording->n_reports, 6);
    const uint8_t modifiers[] = {1, 5, 5, 5, 1, 0}, keys[] = {0, 0, 0x4C, 0, 0, 0};
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(input_recording_last(f->recording, 5 - i)->bytes[0], modifiers[i]);
        assert_int_equal(input_recording_last(f->recording, 5 - i)->bytes[2], keys[i]);
    }
}

static void test_holder_releases_only_its_own(void **state)
{
    struct fixture *f = *state;
    struct input *port = &f->recording->input;
    struct input_holder one = {0}, two = {0};
    input_holder_key(&one, port, 0x04, true);
    input_holder_key(&two, port, 0x05, true);
    input_holder_absolute(&one, port, INPUT_BUTTON_LEFT, 10, 10, 0, 0);
    assert_true(input_holder_holds(&one));
    input_holder_release(&one, port);
    assert_false(input_holder_holds(&one));
    assert_false(keyboard_is_down(&f->recording->keyboard, 0x04));
    assert_true(keyboard_is_down(&f->recording->keyboard, 0x05));
    assert_int_equal(f->recording->buttons, 0);
}

/* In a crowd a key goes up with the last who holds it, and nobody's drag ends by another one's move. */
static void test_a_crowd_holds_together(void **state)
{
    struct fixture *f = *state;
    struct input *port = &f->recording->input;
    struct input_crowd crowd = {0};
    struct input_holder one = {0}, two = {0};
    input_holder_leave(&one); /* in none: nothing happens */
    input_holder_join(&one, &crowd);
    input_holder_join(&two, &crowd);
    input_holder_key(&one, port, 0xE1, true);
    input_holder_key(&two, port, 0xE1, true);
    input_holder_key(&one, port, 0xE1, false);
    assert_true(keyboard_is_down(&f->recording->keyboard, 0xE1));
    input_holder_key(&one, port, INPUT_CONSUMER | 0xE9, true);
    input_holder_key(&two, port, INPUT_CONSUMER | 0xE9, true);
    input_holder_relative(&one, port, INPUT_BUTTON_LEFT, 1, 1, 0, 0);
    input_holder_relative(&two, port, 0, 5, 5, 0, 0);
    assert_int_equal(f->recording->buttons, INPUT_BUTTON_LEFT);
    input_holder_release(&two, port);
    input_holder_leave(&two);
    assert_false(keyboard_is_down(&f->recording->keyboard, 0xE1));
    assert_int_equal(f->recording->buttons, INPUT_BUTTON_LEFT);
    assert_ptr_equal(crowd.first, &one);
    assert_null(one.next);
    input_holder_release(&one, port);
    assert_int_equal(f->recording->buttons, 0);
    input_holder_leave(&one);
    assert_null(crowd.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text_arrives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waits_for_the_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_report_a_character, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_caps_lock_is_compensated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slowed_and_held_from_outside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_releases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chord_in_order_and_released_in_reverse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_holder_releases_only_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_crowd_holds_together, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
