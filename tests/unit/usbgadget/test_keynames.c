/* Names of keys and chords; the US layout covers ASCII. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "usbgadget/keynames.h"
#include "usbgadget/layout.h"

static void test_chord(void **state)
{
    struct chord c;
    char why[200];
    (void)state;
    assert_int_equal(chord_parse("Ctrl+Alt+Delete", &c, why, sizeof why), 0);
    assert_int_equal(c.n, 3);
    assert_int_equal(c.usages[0], 0xE0);
    assert_int_equal(c.usages[1], 0xE2);
    assert_int_equal(c.usages[2], 0x4C);
    assert_int_equal(chord_parse("f12", &c, why, sizeof why), 0);
    assert_int_equal(c.usages[0], 0x45);
    assert_int_equal(chord_parse("F24", &c, why, sizeof why), 0);
    assert_int_equal(c.usages[0], 0x73);
    assert_int_equal(chord_parse("0", &c, why, sizeof why), 0);
    assert_int_equal(c.usages[0], 0x27);
}

static void test_bad_chords_name_the_word(void **state)
{
    const char *const bad[] = {"", "+", "ctrl+", "+a", "ctrl+hyper", "f0", "f25", "f01", "a+b+c+d+e+f+g+h+i"};
    struct chord c;
    char why[200];
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(chord_parse(bad[i], &c, why, sizeof why), -EINVAL);
    chord_parse("ctrl+hyper", &c, why, sizeof why);
    assert_string_equal(why, "no key is called 'hyper'; names are like enter, f11, ctrl+alt+delete");
}

static void test_utf8(void **state)
{
    const char *at = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
    const uint32_t expected[] = {'a', 0xE4, 0x20AC, 0x1F600};
    const char *const bad[] = {"\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\x80", "\xE2\x82", "\xFF"};
    uint32_t c;
    bool is_bad;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_true(layout_next_character(&at, at + strlen(at), &c, &is_bad));
        assert_int_equal(c, expected[i]);
    }
    assert_false(layout_next_character(&at, at + strlen(at), &c, &is_bad));
    assert_false(is_bad);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        at = bad[i];
        assert_false(layout_next_character(&at, at + strlen(at), &c, &is_bad));
        assert_true(is_bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chord),
        cmocka_unit_test(test_bad_chords_name_the_word),
        cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
