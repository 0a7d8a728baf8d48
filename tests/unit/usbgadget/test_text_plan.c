/* What a text becomes before its first key: strokes, or the list of what cannot be typed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "usbgadget/text_plan.h"

static int make(const char *text, size_t size, const char *layout, enum typing_instead instead, struct text_plan *ret)
{
    const struct typing_request request = {.text = text, .size = size, .instead = instead};
    struct layout_map *map;
    size_t where = 99;
    assert_int_equal(layout_map_create(layout_find(layout), &map), 0);
    int r = text_plan_make(&request, map, ret, &where);
    layout_map_destroy(map);
    return r == -EILSEQ ? -(int)where - 1000 : r;
}

static int make_text(const char *text, const char *layout, enum typing_instead instead, struct text_plan *ret)
{
    return make(text, strlen(text), layout, instead, ret);
}

static void test_lists_each_once(void **state)
{
    struct text_plan p;
    (void)state;
    assert_int_equal(make_text("ab\xC3\xA4\n\xF0\x9F\x98\x80"
                               "c\xC3\xA4\x1B",
                               "us", TYPING_REFUSE, &p),
                     1);
    assert_null(p.strokes);
    assert_int_equal(p.plan.n_missing, 4);
    assert_int_equal(p.plan.n_distinct, 3);
    assert_int_equal(p.plan.missing[0].character, 0xE4);
    assert_int_equal(p.plan.missing[0].count, 2);
    assert_int_equal(p.plan.missing[0].line, 1);
    assert_int_equal(p.plan.missing[0].column, 3);
    assert_int_equal(p.plan.missing[1].character, 0x1F600);
    assert_int_equal(p.plan.missing[1].line, 2);
    assert_int_equal(p.plan.missing[1].column, 1);
    assert_string_equal(typing_character_name(p.plan.missing[2].character), "escape");
    text_plan_finish(&p);
    assert_int_equal(make_text("ab\xC3\xA4"
                               "c",
                               "us", TYPING_LEAVE_OUT, &p),
                     0);
    assert_int_equal(p.plan.characters, 3);
    assert_int_equal(p.plan.n_missing, 1);
    assert_int_equal(p.characters[2], 'c');
    text_plan_finish(&p);
}

static void test_more_than_are_listed(void **state)
{
    char text[4 * 200];
    size_t n = 0;
    struct text_plan p;
    (void)state;
    for (unsigned c = 0x4E00; c < 0x4E00 + 200; c++) {
        text[n++] = (char)(0xE0 | c >> 12);
        text[n++] = (char)(0x80 | (c >> 6 & 0x3F));
        text[n++] = (char)(0x80 | (c & 0x3F));
    }
    assert_int_equal(make(text, n, "us", TYPING_REFUSE, &p), 1);
    assert_int_equal(p.plan.n_distinct, TYPING_MISSING_MAX);
    assert_true(p.plan.more);
    assert_int_equal(p.plan.n_missing, 200);
    text_plan_finish(&p);
}

static void test_line_ends_and_nul(void **state)
{
    struct text_plan p;
    (void)state;
    assert_int_equal(make_text("a\r\nb\rc\n", "us", TYPING_REFUSE, &p), 0);
    assert_int_equal(p.plan.characters, 6);
    assert_int_equal(p.strokes[1].stroke.usage, 0x28);
    assert_int_equal(p.strokes[3].stroke.usage, 0x28);
    text_plan_finish(&p);
    assert_int_equal(make("a\0b", 3, "us", TYPING_REFUSE, &p), 1);
    assert_int_equal(p.plan.missing[0].character, 0);
    text_plan_finish(&p);
    assert_int_equal(make("", 0, "us", TYPING_REFUSE, &p), 0);
    assert_null(p.strokes);
    text_plan_finish(&p);
}

static void test_marks_are_composed(void **state)
{
    struct text_plan p;
    (void)state;
    assert_int_equal(make_text("e\xCC\x81"
                               "x",
                               "fr", TYPING_REFUSE, &p),
                     0);
    assert_int_equal(p.plan.characters, 2);
    assert_int_equal(p.characters[0], 0xE9);
    text_plan_finish(&p);
    assert_int_equal(make_text("e\xCC\x81", "us", TYPING_REFUSE, &p), 1);
    assert_int_equal(p.plan.missing[0].character, 0x301);
    assert_string_equal(typing_character_name(0x301), "combining mark");
    text_plan_finish(&p);
}

static void test_alt_codes_and_unicode_input(void **state)
{
    struct text_plan p;
    (void)state;
    assert_int_equal(make_text("\xE2\x82\xAC", "us", TYPING_ALT_CODES, &p), 0); /* 0128 */
    assert_int_equal(p.n_strokes, 6);
    assert_int_equal(p.strokes[1].stroke.usage, 0x62);
    assert_int_equal(p.strokes[2].stroke.usage, 0x59);
    assert_int_equal(p.strokes[2].stroke.modifiers, 4);
    assert_int_equal(p.strokes[5].ends, 1);
    text_plan_finish(&p);
    assert_int_equal(make_text("\xE4\xB8\x80", "us", TYPING_ALT_CODES, &p), 1);
    text_plan_finish(&p);
    assert_int_equal(make_text("\xF0\x9F\x98\x80", "us", TYPING_UNICODE_INPUT, &p), 0);
    assert_int_equal(p.n_strokes, 7);
    assert_int_equal(p.strokes[0].stroke.modifiers, 3);
    assert_int_equal(p.strokes[0].stroke.usage, 0x18);
    assert_int_equal(p.plan.characters, 1);
    text_plan_finish(&p);
    assert_int_equal(make_text("\x1B", "us", TYPING_UNICODE_INPUT, &p), 1);
    text_plan_finish(&p);
}

static void test_what_is_no_text(void **state)
{
    struct text_plan p;
    static char longer[TYPING_MAX_TEXT + 1];
    (void)state;
    memset(longer, 'a', sizeof longer);
    assert_int_equal(make_text("ab\xFF", "us", TYPING_REFUSE, &p), -1002);
    assert_int_equal(make_text("ab\xE2\x82", "us", TYPING_REFUSE, &p), -1002);
    assert_int_equal(make(longer, sizeof longer, "us", TYPING_REFUSE, &p), -EMSGSIZE);
    assert_int_equal(make(longer, sizeof longer - 1, "us", TYPING_REFUSE, &p), 0);
    text_plan_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_each_once),
        cmocka_unit_test(test_more_than_are_listed),
        cmocka_unit_test(test_line_ends_and_nul),
        cmocka_unit_test(test_marks_are_composed),
        cmocka_unit_test(test_alt_codes_and_unicode_input),
        cmocka_unit_test(test_what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
