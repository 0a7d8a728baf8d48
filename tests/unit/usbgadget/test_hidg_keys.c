/* The queue of key changes: one report for each, in order, releases always fit, and a reset of the target at any moment
 * loses none of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "usbgadget/hidg_keys.h"

static uint32_t seed = 1;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static void assert_next(struct hidg_keys *keys, uint8_t modifiers, uint8_t first, uint8_t second)
{
    const uint8_t wanted[KEYBOARD_REPORT_SIZE] = {modifiers, 0, first, second};
    uint8_t report[KEYBOARD_REPORT_SIZE];
    assert_true(hidg_keys_next(keys, report));
    assert_memory_equal(report, wanted, sizeof report);
    hidg_keys_sent(keys);
}

static void assert_nothing(const struct hidg_keys *keys)
{
    uint8_t report[KEYBOARD_REPORT_SIZE];
    assert_false(hidg_keys_next(keys, report));
}

static void press(struct hidg_keys *keys, uint16_t usage)
{
    assert_int_equal(hidg_keys_key(keys, usage, true), 0);
}

static void let_go(struct hidg_keys *keys, uint16_t usage)
{
    assert_int_equal(hidg_keys_key(keys, usage, false), 0);
}

static void test_each_change_is_a_report(void **state)
{
    (void)state;
    struct hidg_keys keys;
    hidg_keys_init(&keys, false);
    press(&keys, 0xE1);
    press(&keys, 0x04);
    press(&keys, 0x04); /* a repeat */
    let_go(&keys, 0x04);
    press(&keys, 0x04);
    let_go(&keys, 0xE1);
    assert_next(&keys, 2, 0, 0);
    assert_next(&keys, 2, 4, 0);
    assert_next(&keys, 2, 0, 0);
    assert_next(&keys, 2, 4, 0);
    assert_next(&keys, 0, 4, 0);
    assert_nothing(&keys);
    assert_int_equal(hidg_keys_key(&keys, 0x01, true), -EINVAL);
    assert_int_equal(hidg_keys_key(&keys, 0xE8, false), -EINVAL);
}

static void test_what_was_not_sent_comes_again(void **state)
{
    (void)state;
    struct hidg_keys keys;
    uint8_t once[KEYBOARD_REPORT_SIZE], twice[KEYBOARD_REPORT_SIZE];
    hidg_keys_init(&keys, false);
    press(&keys, 0x05);
    let_go(&keys, 0x05);
    assert_true(hidg_keys_next(&keys, once));
    assert_true(hidg_keys_next(&keys, twice));
    assert_memory_equal(once, twice, sizeof once);
    assert_next(&keys, 0, 5, 0);
    assert_next(&keys, 0, 0, 0);
}

static void test_full_refuses_presses_and_takes_every_release(void **state)
{
    (void)state;
    struct hidg_keys keys;
    bool down[256] = {0};
    unsigned refused = 0;

    for (unsigned round = 0; round < 2000; round++) {
        if (round % 100 == 0)
            hidg_keys_init(&keys, false), memset(down, 0, sizeof down);
        for (unsigned i = 0; i < 400; i++) {
            uint16_t usage = (uint16_t)(0x04 + next_random(200));
            bool want = next_random(3) > 0;
            int r = hidg_keys_key(&keys, usage, want);
            if (r == -EAGAIN) {
                assert_true(want);
                assert_false(down[usage]);
                refused++;
            } else {
                assert_int_equal(r, 0);
                down[usage] = want;
            }
            assert_true(keys.n < HIDG_KEYS_MAX);
        }
        for (uint16_t usage = 0; usage < 256; usage++)
            if (down[usage])
                let_go(&keys, usage);
        memset(down, 0, sizeof down);
        assert_false(hidg_keys_any_down(&keys));
        for (unsigned n = next_random(HIDG_KEYS_MAX); n > 0; n--)
            hidg_keys_sent(&keys);
        if (next_random(4) == 0)
            hidg_keys_release_all(&keys);
    }
    assert_true(refused > 0);
}

static void test_release_all_keeps_releases_in_order(void **state)
{
    (void)state;
    struct hidg_keys keys;
    hidg_keys_init(&keys, false);
    press(&keys, 0x04);
    press(&keys, 0x05);
    assert_next(&keys, 0, 4, 0);
    assert_next(&keys, 0, 4, 5);
    press(&keys, 0x06);
    let_go(&keys, 0x05);
    press(&keys, 0x07);
    let_go(&keys, 0x07);
    hidg_keys_release_all(&keys);
    hidg_keys_release_all(&keys);
    assert_false(hidg_keys_any_down(&keys));
    assert_next(&keys, 0, 4, 0);
    assert_next(&keys, 0, 0, 0);
    assert_nothing(&keys);
    hidg_keys_release_all(&keys); /* whatever a former process pressed */
    assert_next(&keys, 0, 0, 0);
    assert_nothing(&keys);
}

static void test_reset_in_the_middle_of_a_chord(void **state)
{
    (void)state;
    struct hidg_keys keys;
    hidg_keys_init(&keys, false);
    press(&keys, 0xE0);
    press(&keys, 0xE2);
    press(&keys, 0x4C);
    let_go(&keys, 0x4C);
    assert_next(&keys, 1, 0, 0);
    assert_next(&keys, 5, 0, 0);
    hidg_keys_restart(&keys);
    assert_next(&keys, 0, 0, 0);
    hidg_keys_restart(&keys); /* and once more */
    assert_next(&keys, 0, 0, 0);
    assert_next(&keys, 5, 0, 0);
    assert_next(&keys, 5, 0x4C, 0);
    assert_next(&keys, 5, 0, 0);
    assert_nothing(&keys);
}

static void test_the_last_report_can_be_unsaid(void **state)
{
    (void)state;
    struct hidg_keys keys;
    hidg_keys_init(&keys, false);
    hidg_keys_unsay(&keys);
    press(&keys, 0x04);
    let_go(&keys, 0x04);
    press(&keys, 0x05);
    assert_next(&keys, 0, 4, 0);
    assert_next(&keys, 0, 0, 0);
    hidg_keys_unsay(&keys);
    hidg_keys_unsay(&keys); /* no more than one */
    hidg_keys_restart(&keys);
    assert_next(&keys, 0, 0, 0);
    assert_next(&keys, 0, 4, 0);
    assert_next(&keys, 0, 0, 0);
    assert_next(&keys, 0, 5, 0);
    assert_nothing(&keys);
}

static void test_after_a_long_outage_only_the_present_is_said(void **state)
{
    (void)state;
    struct hidg_keys keys;
    hidg_keys_init(&keys, false);
    press(&keys, 0x04);
    let_go(&keys, 0x04);
    press(&keys, 0x4C);
    hidg_keys_restart(&keys);
    hidg_keys_collapse(&keys);
    assert_next(&keys, 0, 0, 0);
    assert_next(&keys, 0, 0x4C, 0);
    assert_nothing(&keys);
}

static void test_consumer_keys(void **state)
{
    (void)state;
    struct hidg_keys keys;
    uint8_t report[HIDG_CONSUMER_SIZE];
    hidg_keys_init(&keys, true);
    press(&keys, 0xE9);
    press(&keys, 0x223);
    assert_int_equal(hidg_keys_key(&keys, 0xEA, true), -EAGAIN);
    assert_int_equal(hidg_keys_key(&keys, 0, true), -EINVAL);
    assert_int_equal(hidg_keys_key(&keys, INPUT_CONSUMER_MAX + 1, true), -EINVAL);
    let_go(&keys, 0xE9);
    let_go(&keys, 0xEA);
    hidg_keys_sent(&keys);
    assert_true(hidg_keys_next(&keys, report));
    assert_memory_equal(report, "\xE9\x00\x23\x02", sizeof report);
    hidg_keys_sent(&keys);
    assert_true(hidg_keys_next(&keys, report));
    assert_memory_equal(report, "\x00\x00\x23\x02", sizeof report);
    hidg_keys_release_all(&keys);
    hidg_keys_sent(&keys);
    assert_true(hidg_keys_next(&keys, report));
    assert_memory_equal(report, "\x00\x00\x00\x00", sizeof report);
}

#define CHANGES 20000

/* The kernel's queue of one and a target behind it that resets us at random moments, which throws away the report that
 * the kernel had. Every state that the accepted changes made is seen, in order, whatever was thrown away. */
static void test_random_resets_lose_nothing(void **state)
{
    (void)state;
    static uint8_t states[CHANGES + 1][KEYBOARD_REPORT_SIZE]; /* after i changes */
    struct hidg_keys keys;
    struct keyboard model = {0};
    uint8_t kernel[KEYBOARD_REPORT_SIZE], zero[KEYBOARD_REPORT_SIZE] = {0};
    unsigned accepted = 0, seen = 0, said = 0, resets = 0;
    bool full = false, up_due = false, state_due = false;

    hidg_keys_init(&keys, false);
    while (seen < CHANGES) {
        uint16_t usage = (uint16_t)(next_random(4) ? 0x04 + next_random(6) : 0xE0 + next_random(8));
        bool down = !keyboard_is_down(&model, usage);
        switch (next_random(8)) {
        case 0 ... 3:
            if (accepted < CHANGES && hidg_keys_key(&keys, usage, down) == 0) {
                keyboard_key(&model, usage, down);
                keyboard_report(&model, states[++accepted]);
            }
            break;
        case 4 ... 5:
            if (!full && hidg_keys_next(&keys, kernel)) {
                full = true;
                said += keys.again == HIDG_AGAIN_NOTHING;
                hidg_keys_sent(&keys);
            }
            break;
        case 6:
            if (!full)
                break;
            full = false;
            if (up_due) {
                assert_memory_equal(kernel, zero, sizeof zero);
                up_due = false;
                state_due = true;
            } else if (state_due) {
                assert_memory_equal(kernel, states[said], sizeof zero);
                state_due = false;
                assert_true(said == seen || said == seen + 1);
                seen = said;
            } else {
                assert_memory_equal(kernel, states[++seen], sizeof zero);
            }
            break;
        case 7:
            if (next_random(10))
                break;
            full = state_due = false;
            up_due = true;
            hidg_keys_restart(&keys);
            resets++;
            break;
        }
    }
    assert_true(resets > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_change_is_a_report),
        cmocka_unit_test(test_what_was_not_sent_comes_again),
        cmocka_unit_test(test_full_refuses_presses_and_takes_every_release),
        cmocka_unit_test(test_release_all_keeps_releases_in_order),
        cmocka_unit_test(test_reset_in_the_middle_of_a_chord),
        cmocka_unit_test(test_the_last_report_can_be_unsaid),
        cmocka_unit_test(test_after_a_long_outage_only_the_present_is_said),
        cmocka_unit_test(test_consumer_keys),
        cmocka_unit_test(test_random_resets_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
