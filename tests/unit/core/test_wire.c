/* A reader that ran short stays where it is and gives zeros; a writer never passes its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/wire.h"

static void numbers_come_back_as_written(attr_unused void **state)
{
    uint8_t room[64];
    struct wire_writer w = wire_writer_init(room, sizeof(room));
    wire_write_u8(&w, 0x12);
    wire_write_le16(&w, 0x1234);
    wire_write_le32(&w, 0x12345678);
    wire_write_le64(&w, 0x123456789abcdef0);
    wire_write_be16(&w, 0x1234);
    wire_write_be32(&w, 0x92345678);
    wire_write_be64(&w, 0x923456789abcdef0);
    assert_false(w.full);
    assert_int_equal(wire_written(&w), 29);
    assert_memory_equal(room, "\x12\x34\x12\x78\x56\x34\x12", 7);
    assert_memory_equal(room + 15, "\x12\x34\x92\x34\x56\x78", 6);

    struct wire_reader r = wire_reader_init(room, wire_written(&w));
    assert_int_equal(wire_read_u8(&r), 0x12);
    assert_int_equal(wire_read_le16(&r), 0x1234);
    assert_int_equal(wire_read_le32(&r), 0x12345678);
    assert_true(wire_read_le64(&r) == 0x123456789abcdef0);
    assert_int_equal(wire_read_be16(&r), 0x1234);
    assert_true(wire_read_be32(&r) == 0x92345678);
    assert_true(wire_read_be64(&r) == 0x923456789abcdef0);
    assert_true(wire_read_complete(&r));
}

static void short_reader_turns_bad_and_gives_zeros(attr_unused void **state)
{
    struct wire_reader r = wire_reader_init("\xff\xff\xff", 3);
    assert_int_equal(wire_read_le32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(wire_read_u8(&r), 0);
    assert_int_equal(r.left, 3);
    assert_false(wire_read_complete(&r));
}

static void part_of_a_short_reader_is_bad_too(attr_unused void **state)
{
    struct wire_reader r = wire_reader_init("abc", 3);
    struct wire_reader part = wire_read_sub(&r, 2);
    assert_int_equal(wire_read_u8(&part), 'a');
    assert_int_equal(wire_read_u8(&part), 'b');
    assert_true(wire_read_complete(&part));
    part = wire_read_sub(&r, 2);
    assert_true(part.bad && r.bad);
    assert_null(wire_read_bytes(&part, 0));
}

static void full_writer_drops_the_whole_field(attr_unused void **state)
{
    uint8_t room[4] = {0, 0, 0, 0x55};
    struct wire_writer w = wire_writer_init(room, 3);
    wire_write_le16(&w, 1);
    wire_write_le16(&w, 0xffff);
    wire_write_u8(&w, 0xff); /* would fit, but what is full stays full */
    assert_true(w.full);
    assert_int_equal(wire_written(&w), 2);
    assert_memory_equal(room, "\1\0\0\x55", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_back_as_written),
        cmocka_unit_test(short_reader_turns_bad_and_gives_zeros),
        cmocka_unit_test(part_of_a_short_reader_is_bad_too),
        cmocka_unit_test(full_writer_drops_the_whole_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
