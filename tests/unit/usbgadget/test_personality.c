/* Which functions a gadget gets, in what order, and what goes when there is not room for all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "usbgadget/personality.h"

static const struct personality_means plenty = {
    .functions = 63, .hids = 4, .in = 15, .out = 15, .empty_drives = true, .big_cd = true};

static const char letters[] = "KARCSB";

/* The order as letters, "-ENOSPC" or "-ENODATA". */
static const char *plan(enum personality personality, const struct personality_means *means,
                        struct personality_plan *ret)
{
    static char text[16];
    char why[256] = "";
    struct personality_plan local;
    ret = ret ? ret : &local;
    int r = personality_plan(personality, means, ret, why, sizeof why);
    if (r < 0) {
        assert_true(strlen(why) > 10);
        return r == -ENOSPC ? "-ENOSPC" : r == -ENODATA ? "-ENODATA" : "?";
    }
    for (unsigned i = 0; i < ret->n; i++)
        text[i] = letters[ret->order[i]];
    text[ret->n] = 0;
    return text;
}

static void test_names_go_both_ways(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PERSONALITIES; i++) {
        enum personality back;
        assert_true(personality_parse(personality_name(i), &back));
        assert_int_equal(back, i);
        assert_true(strlen(personality_words(i)) > 10);
    }
    enum personality none = PERSONALITY_DRIVE;
    assert_false(personality_parse("", &none));
    assert_false(personality_parse("Full", &none));
    assert_int_equal(none, PERSONALITY_DRIVE);
}

static void test_orders(void **state)
{
    (void)state;
    struct personality_plan p;
    assert_string_equal(plan(PERSONALITY_FULL, &plenty, &p), "KARCSB");
    assert_int_equal(p.in, 6);
    assert_int_equal(p.out, 2);
    assert_int_equal(left_out_functions(&p.left_out), 0);
    assert_string_equal(plan(PERSONALITY_KEYBOARD, &plenty, &p), "K");
    assert_string_equal(plan(PERSONALITY_DRIVE, &plenty, &p), "SB");
    assert_string_equal(plan(PERSONALITY_KEYBOARD_DRIVE, &plenty, &p), "KSB");
    assert_string_equal(plan(PERSONALITY_STORAGE_FIRST, &plenty, &p), "SBKARC");
    struct personality_means m = plenty;
    m.big_cd = false;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KARCS");
}

static void test_empty_drives_are_withdrawn(void **state)
{
    (void)state;
    struct personality_means m = plenty;
    m.empty_drives = false;
    assert_string_equal(plan(PERSONALITY_FULL, &m, NULL), "KARC");
    assert_string_equal(plan(PERSONALITY_KEYBOARD_DRIVE, &m, NULL), "K");
    assert_string_equal(plan(PERSONALITY_STORAGE_FIRST, &m, NULL), "KARC");
    assert_string_equal(plan(PERSONALITY_DRIVE, &m, NULL), "-ENODATA");
}

static void test_endpoints_run_short(void **state)
{
    (void)state;
    static const struct {
        unsigned in;
        const char *full, *storage_first, *drive;
    } rows[] = {
        {6, "KARCSB", "SBKARC", "SB"}, {5, "KARSB", "SBKAR", "SB"}, {4, "KASB", "SBKA", "SB"},
        {3, "KAS", "SKA", "SB"},       {2, "KS", "SK", "SB"},       {1, "K", "-ENOSPC", "S"},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct personality_means m = plenty;
        struct personality_plan p;
        m.in = rows[i].in;
        assert_string_equal(plan(PERSONALITY_FULL, &m, &p), rows[i].full);
        assert_true(p.in <= m.in);
        assert_int_equal(left_out_functions(&p.left_out) != 0, m.in < 6);
        assert_string_equal(plan(PERSONALITY_STORAGE_FIRST, &m, NULL), rows[i].storage_first);
        assert_string_equal(plan(PERSONALITY_DRIVE, &m, NULL), rows[i].drive);
    }
}

static void test_only_what_helps_is_left_out(void **state)
{
    (void)state;
    struct personality_means m = plenty;
    m.out = 1;
    assert_string_equal(plan(PERSONALITY_FULL, &m, NULL), "KARCS");
}

static void test_the_led_endpoint_goes_first(void **state)
{
    (void)state;
    struct personality_means m = plenty;
    struct personality_plan p;
    m.led_endpoint = true;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KARCSB");
    assert_true(p.led_endpoint);
    assert_int_equal(p.out, 3);
    m.out = 2;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KARCSB");
    assert_false(p.led_endpoint);
    assert_int_equal(p.out, 2);
    m.out = 0; /* not known: nothing is counted */
    m.in = 0;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KARCSB");
    assert_true(p.led_endpoint);
    assert_string_equal(plan(PERSONALITY_DRIVE, &m, &p), "SB");
    assert_false(p.led_endpoint);
}

static void test_kernels_whose_mice_have_out_endpoints(void **state)
{
    (void)state;
    struct personality_means m = plenty;
    struct personality_plan p;
    m.hid_out = true;
    m.out = 4;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KASB");
    assert_true(p.led_endpoint); /* it cannot be had without */
    assert_int_equal(p.out, 4);
}

static void test_hids_run_short(void **state)
{
    (void)state;
    static const char *const full[] = {"-ENOSPC", "KSB", "KASB", "KARSB", "KARCSB"};
    for (unsigned hids = 0; hids <= 4; hids++) {
        struct personality_means m = plenty;
        m.hids = hids;
        assert_string_equal(plan(PERSONALITY_FULL, &m, NULL), full[hids]);
        assert_string_equal(plan(PERSONALITY_DRIVE, &m, NULL), "SB");
    }
}

static void test_kernels_without_a_function(void **state)
{
    (void)state;
    struct personality_means m = plenty;
    struct personality_plan p;
    m.functions &= ~(1u << GADGET_STORAGE);
    assert_string_equal(plan(PERSONALITY_KEYBOARD_DRIVE, &m, &p), "KB");
    assert_int_equal(p.left_out.functions[LEFT_OUT_NO_FUNCTION], 1u << GADGET_STORAGE);
    m.functions &= ~(1u << GADGET_BIG_CD);
    assert_string_equal(plan(PERSONALITY_KEYBOARD_DRIVE, &m, NULL), "-ENOSPC");
    assert_string_equal(plan(PERSONALITY_DRIVE, &m, NULL), "-ENOSPC");
    assert_string_equal(plan(PERSONALITY_FULL, &m, NULL), "KARC");
    m.functions = 0;
    assert_string_equal(plan(PERSONALITY_FULL, &m, NULL), "-ENOSPC");
}

static void test_what_is_left_out_is_said(void **state)
{
    (void)state;
    struct personality_means m = plenty;
    struct personality_plan p;
    char text[LEFT_OUT_TEXT];
    unsigned numbers[LEFT_OUT_NUMBERS];
    left_out_write(&(struct left_out){.in = 4}, text, sizeof text);
    assert_string_equal(text, "");
    m.functions &= ~(1u << GADGET_STORAGE);
    m.in = 3;
    m.out = 2;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KAB");
    left_out_write(&p.left_out, text, sizeof text);
    assert_string_equal(text, "drives (this kernel has not got that function); "
                              "relative pointer, consumer keys (the USB controller has 3 IN and 2 OUT endpoints)");
    assert_int_equal(left_out_numbers(&p.left_out, LEFT_OUT_NO_FUNCTION, numbers), 0);
    assert_int_equal(left_out_numbers(&p.left_out, LEFT_OUT_NO_ENDPOINT, numbers), 2);
    assert_true(numbers[0] == 3 && numbers[1] == 2);
    m.in = 0;
    m.out = 1;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KARCB");
    m.big_cd = false;
    m.functions |= 1u << GADGET_STORAGE;
    m.hid_out = true;
    assert_string_equal(plan(PERSONALITY_KEYBOARD_DRIVE, &m, &p), "-ENOSPC");
    m.out = 2;
    assert_string_equal(plan(PERSONALITY_FULL, &m, &p), "KS");
    assert_int_equal(left_out_numbers(&p.left_out, LEFT_OUT_NO_OUT, numbers), 1);
    assert_int_equal(numbers[0], 2);
    left_out_write(&p.left_out, text, sizeof text);
    assert_string_equal(text,
                        "absolute pointer, relative pointer, consumer keys (the USB controller has 2 OUT endpoints)");
    /* as much as there can be */
    p.left_out = (struct left_out){.functions = {0x3F, 0x3F, 0x3F, 0x3F, 0x3F}, .in = 255, .out = 255};
    for (unsigned i = 0; i < LEFT_OUT_REASONS; i++) {
        struct left_out one = {.in = 255, .out = 255};
        one.functions[i] = 0x3F;
        left_out_write(&one, text, sizeof text);
        assert_int_equal(text[strlen(text) - 1], ')');
    }
    left_out_write(&p.left_out, text, 20);
    assert_int_equal(strlen(text), 19);
}

/* Whatever the means: a plan keeps to them, and names nothing twice. */
static void test_every_plan_keeps_to_its_means(void **state)
{
    (void)state;
    unsigned plans = 0;
    for (unsigned x = 0; x < 64 * 5 * 8 * 8 * 16; x++) {
        unsigned v = x;
        struct personality_means m = {.functions = v % 64};
        v /= 64, m.hids = v % 5, v /= 5, m.in = v % 8, v /= 8, m.out = v % 8, v /= 8;
        m.led_endpoint = v & 1, m.hid_out = v & 2, m.empty_drives = v & 4, m.big_cd = v & 8;
        for (unsigned personality = 0; personality < PERSONALITIES; personality++) {
            struct personality_plan p;
            char why[160];
            if (personality_plan(personality, &m, &p, why, sizeof why) < 0)
                continue;
            unsigned seen = 0, hids = 0;
            for (unsigned i = 0; i < p.n; i++) {
                assert_false(seen & 1u << p.order[i]);
                seen |= 1u << p.order[i];
                hids += p.order[i] < GADGET_HIDS;
            }
            assert_true(p.n > 0 && (seen & ~m.functions) == 0 && hids <= m.hids);
            assert_true((!m.in || p.in <= m.in) && (!m.out || p.out <= m.out));
            plans++;
        }
    }
    assert_true(plans > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_go_both_ways),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_empty_drives_are_withdrawn),
        cmocka_unit_test(test_endpoints_run_short),
        cmocka_unit_test(test_only_what_helps_is_left_out),
        cmocka_unit_test(test_the_led_endpoint_goes_first),
        cmocka_unit_test(test_kernels_whose_mice_have_out_endpoints),
        cmocka_unit_test(test_hids_run_short),
        cmocka_unit_test(test_kernels_without_a_function),
        cmocka_unit_test(test_what_is_left_out_is_said),
        cmocka_unit_test(test_every_plan_keeps_to_its_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
