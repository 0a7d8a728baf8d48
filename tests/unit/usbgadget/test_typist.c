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
    uint64_t limit = clock_now_us() + 30 * 1000000ull, last_change = clock_now_us();
    size_t reports = f->recording->n_reports;
    while (clock_now_us() < limit && clock_now_us() - last_change < 300000) {
        loop_dispatch(f->loop, 50);
        if (f->recording->n_reports != reports) {
            reports = f->recording->n_reports;
            last_change = clock_now_us();
        }
    }
    assert_true(clock_now_us() < limit);
}

/* What a target with a US keyboard would have read from the reports. */
static void decode(const struct input_recording *r, char *ret, size_t size)
{
    const struct layout *us = layout_find("us");
    uint8_t before = 0;
    size_t n = 0;
    for (size_t i = r->n_reports; i-- > 0;) {
        const struct recording_report *report = input_recording_last(r, i);
        uint8_t usage = report->bytes[2];
        if (usage && usage != before)
            for (size_t e = 0; e < us->n_entries; e++)
                if (us->entries[e].strokes[0].usage == usage &&
                    us->entries[e].strokes[0].modifiers == report->bytes[0] && n + 1 < size)
                    ret[n++] = (char)us->entries[e].character;
        before = usage;
    }
    ret[n] = 0;
}

static void test_text_arrives(void **state)
{
    struct fixture *f = *state;
    const char *text = "Hello, World!\nls -l | grep \"x\"";
    char why[100], got[200];
    size_t n = 0;
    assert_int_equal(typist_text(f->typist, text, layout_find("us"), &n, why, sizeof why), 0);
    assert_int_equal(n, strlen(text));
    assert_int_equal(typist_text(f->typist, "x", layout_find("us"), &n, why, sizeof why), -EBUSY);
    run_until_quiet(f);
    decode(f->recording, got, sizeof got);
    assert_string_equal(got, text);
    assert_int_equal(f->recording->keyboard.n_down, 0);
    assert_int_equal(typist_remaining(f->typist), 0);
}

/* A port that knows when the target has taken a change, and how fast it may go on. */
static struct {
    bool takes;
    size_t asked;
} target;

static int target_pace(struct input *input)
{
    (void)input;
    target.asked++;
    return target.takes ? 1000 : -EAGAIN;
}

static void test_waits_for_the_target_and_follows_its_pace(void **state)
{
    struct fixture *f = *state;
    static struct input_ops ops; /* the port is destroyed by them, after this */
    const char *text = "ls -l /etc | sort";
    char why[100], got[100];
    size_t n = 0;
    ops = *f->recording->input.ops;
    ops.pace = target_pace;
    f->recording->input.ops = &ops;
    target.takes = true;
    target.asked = 0;
    assert_int_equal(typist_text(f->typist, text, layout_find("us"), &n, why, sizeof why), 0);
    while (f->recording->n_reports < 10)
        loop_dispatch(f->loop, 10);
    target.takes = false;
    size_t reports = f->recording->n_reports, asked = target.asked;
    while (target.asked < asked + 5)
        loop_dispatch(f->loop, 10);
    assert_int_equal(f->recording->n_reports, reports);
    target.takes = true;
    run_until_quiet(f);
    decode(f->recording, got, sizeof got);
    assert_string_equal(got, text);
    assert_int_equal(typist_remaining(f->typist), 0);
    assert_true(target.asked >= f->recording->n_reports);
}

static void test_what_has_no_key_is_listed_and_nothing_typed(void **state)
{
    struct fixture *f = *state;
    char why[100];
    size_t n = 0;
    assert_int_equal(typist_text(f->typist, "a\xC3\xA4z", layout_find("us"), &n, why, sizeof why), -EINVAL);
    assert_string_equal(why, "no key for '\xC3\xA4' (U+00E4)");
    assert_int_equal(typist_text(f->typist, "\xFF", layout_find("us"), &n, why, sizeof why), -EINVAL);
    assert_string_equal(why, "the text is not UTF-8");
    run_until_quiet(f);
    assert_int_equal(f->recording->n_reports, 0);
}

static void test_stop_releases(void **state)
{
    struct fixture *f = *state;
    char why[100];
    size_t n = 0;
    assert_int_equal(typist_text(f->typist, "AAAAAAAAAAAAAAAA", layout_find("us"), &n, why, sizeof why), 0);
    while (f->recording->keyboard.n_down < 2)
        loop_dispatch(f->loop, 100);
    typist_stop(f->typist);
    assert_int_equal(f->recording->keyboard.n_down, 0);
    assert_int_equal(typist_remaining(f->typist), 0);
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
        cmocka_unit_test_setup_teardown(test_waits_for_the_target_and_follows_its_pace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_has_no_key_is_listed_and_nothing_typed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_releases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chord_in_order_and_released_in_reverse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_holder_releases_only_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_crowd_holds_together, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
