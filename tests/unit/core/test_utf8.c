#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/utf8.h"

/* The definition, the slow way. */
static size_t reference(const uint8_t *p, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > size)
        return 0;
    if (length == 1)
        return 1;
    uint32_t code = p[0] & (0x7F >> length);
    for (size_t i = 1; i < length; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        code = code << 6 | (p[i] & 63);
    }
    return code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : length;
}

static void every_start_is_judged_as_the_definition_says(attr_unused void **state)
{
    uint8_t text[4];
    for (unsigned first = 0; first < 0x10000; first++) {
        static const uint8_t tails[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0};
        text[0] = (uint8_t)(first >> 8);
        text[1] = (uint8_t)first;
        for (size_t tail = 0; tail < ARRAY_SIZE(tails) * ARRAY_SIZE(tails); tail++) {
            text[2] = tails[tail % ARRAY_SIZE(tails)];
            text[3] = tails[tail / ARRAY_SIZE(tails)];
            for (size_t size = 1; size <= 4; size++)
                assert_int_equal(utf8_sequence((const char *)text, size), reference(text, size));
        }
    }
}

static void controls_are_not_printable(attr_unused void **state)
{
    assert_int_equal(utf8_printable("\x1b[2J", 4), 0);
    assert_int_equal(utf8_printable("\x7f", 1), 0);
    assert_int_equal(utf8_printable("\xC2\x9B", 2), 0);
    assert_int_equal(utf8_printable("\xC2\xA0", 2), 2);
    assert_int_equal(utf8_printable(" ", 1), 1);
    assert_int_equal(utf8_printable("", 0), 0);
}

/* Against the list of the standard, over the whole plane that has them all. */
static void what_turns_directions_is_known(attr_unused void **state)
{
    static const uint16_t turning[] = {0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B,
                                       0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069};
    unsigned found = 0;
    for (unsigned code = 0x80; code < 0x10000; code++) {
        const char two[] = {(char)(0xC0 | code >> 6), (char)(0x80 | (code & 63))};
        const char three[] = {(char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63))};
        size_t size = code < 0x800 ? sizeof two : sizeof three;
        bool wanted = false;
        for (size_t i = 0; i < sizeof turning / sizeof *turning; i++)
            wanted |= turning[i] == code;
        assert_int_equal(utf8_turns(code < 0x800 ? two : three, size), wanted);
        assert_false(utf8_turns(code < 0x800 ? two : three, size - 1));
        found += wanted;
    }
    assert_int_equal(found, 14);
    assert_false(utf8_turns("", 0));
}

static void text_is_valid_to_its_end(attr_unused void **state)
{
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("gr\xC3\xBC\xC3\x9F", 6));
    assert_false(utf8_valid("gr\xC3\xBC\xC3", 5));
}

static void each_character_is_written_and_read(attr_unused void **state)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        const size_t length = utf8_write(bytes, c);
        if (c < 0xD800 || c > 0xDFFF)
            assert_int_equal(utf8_sequence(bytes, length), length);
        assert_int_equal(utf8_read(bytes, length), c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_start_is_judged_as_the_definition_says),
        cmocka_unit_test(controls_are_not_printable),
        cmocka_unit_test(what_turns_directions_is_known),
        cmocka_unit_test(text_is_valid_to_its_end),
        cmocka_unit_test(each_character_is_written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
