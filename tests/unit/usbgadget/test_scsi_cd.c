/* The drive's commands, each by its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "usbgadget/scsi_cd.h"

#define DVD_BLOCKS 3145728u /* 6 GiB */

static struct scsi_cd drive;
static struct scsi_cd_answer answer;

#define COMMAND(...) command((const uint8_t[SCSI_CD_CDB]){__VA_ARGS__})
static void command(const uint8_t *cdb)
{
    scsi_cd_command(&drive, cdb, 0, &answer);
}

static unsigned sense(void)
{
    assert_true(answer.failed);
    COMMAND(0x03, 0, 0, 0, 18);
    assert_false(answer.failed);
    assert_int_equal(answer.size, 18);
    assert_int_equal(drive.room[0] & 0x7F, 0x70);
    assert_int_equal(drive.room[7], 10);
    return (unsigned)(drive.room[2] << 16 | drive.room[12] << 8 | drive.room[13]);
}

static uint32_t be32(size_t at)
{
    const uint8_t *p = drive.room + at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void load(uint64_t blocks)
{
    scsi_cd_init(&drive, "LIGHTOUTVirtual DVD-ROM 0001SN-123");
    scsi_cd_insert(&drive, blocks);
    COMMAND(0x00);
    assert_int_equal(sense(), SCSI_MEDIUM_CHANGED);
    COMMAND(0x00);
    assert_false(answer.failed);
}

static void test_says_who_it_is(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    COMMAND(0x12, 0, 0, 0, 96);
    assert_int_equal(answer.size, 36);
    assert_memory_equal(drive.room, "\x05\x80", 2);
    assert_int_equal(drive.room[4], 31);
    assert_memory_equal(drive.room + 8, "LIGHTOUTVirtual DVD-ROM 0001", 28);
    COMMAND(0x12, 0, 0, 0, 5);
    assert_int_equal(answer.size, 5);
    COMMAND(0x12, 1, 0x00, 0, 255);
    assert_memory_equal(drive.room, "\x05\x00\x00\x03\x00\x80\x83", answer.size);
    COMMAND(0x12, 1, 0x80, 0, 255);
    assert_int_equal(answer.size, 10);
    assert_memory_equal(drive.room + 4, "SN-123", 6);
    COMMAND(0x12, 1, 0x83, 0, 255);
    assert_int_equal(answer.size, 4 + 4 + 30);
    COMMAND(0x12, 1, 0xB0, 0, 255);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
    COMMAND(0x12, 0, 0x80, 0, 255);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
}

static void test_another_unit_is_not_there(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    scsi_cd_command(&drive, (const uint8_t[SCSI_CD_CDB]){0x12, 0, 0, 0, 36}, 1, &answer);
    assert_false(answer.failed);
    assert_int_equal(drive.room[0], 0x7F);
    scsi_cd_command(&drive, (const uint8_t[SCSI_CD_CDB]){0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 1, &answer);
    assert_true(answer.failed);
    scsi_cd_command(&drive, (const uint8_t[SCSI_CD_CDB]){0x03, 0, 0, 0, 18}, 1, &answer);
    assert_int_equal(drive.room[12], 0x25);
}

static void test_tells_how_large_the_medium_is(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    COMMAND(0x25);
    assert_int_equal(answer.size, 8);
    assert_int_equal(be32(0), DVD_BLOCKS - 1);
    assert_int_equal(be32(4), 2048);
    COMMAND(0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32);
    assert_int_equal(answer.size, 32);
    assert_int_equal(be32(4), DVD_BLOCKS - 1);
    COMMAND(0x9E, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
    load(1ull << 33);
    COMMAND(0x25);
    assert_int_equal(be32(0), UINT32_MAX);
}

static void expect_blocks(uint64_t lba, uint32_t n)
{
    assert_false(answer.failed);
    assert_int_equal(answer.lba, lba);
    assert_int_equal(answer.blocks, n);
    assert_int_equal(answer.size, 0);
}

static void test_reads_what_is_there(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    COMMAND(0x08, 0, 0x12, 0x34, 0);
    expect_blocks(0x1234, 256);
    COMMAND(0x28, 0, 0x00, 0x2F, 0xFF, 0xFF, 0, 0, 1);
    expect_blocks(DVD_BLOCKS - 1, 1);
    COMMAND(0x28, 0, 0, 0, 0, 0, 0, 0, 0);
    expect_blocks(0, 0);
    COMMAND(0xA8, 0, 0, 0, 0, 7, 0, 1, 0, 0);
    expect_blocks(7, 65536);
    COMMAND(0x88, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 3);
    expect_blocks(9, 3);
    COMMAND(0xBE, 0, 0, 0, 0, 5, 0, 0, 2, 0x10);
    expect_blocks(5, 2);
    COMMAND(0x2F, 0, 0, 0, 0, 5, 0, 0, 2);
    expect_blocks(5, 2);
    assert_true(answer.verify);
}

static void test_refuses_what_is_not(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    COMMAND(0x28, 0, 0x00, 0x2F, 0xFF, 0xFF, 0, 0, 2);
    assert_int_equal(sense(), SCSI_LBA_OUT_OF_RANGE);
    COMMAND(0x28, 0, 0x00, 0x30, 0x00, 0x00, 0, 0, 0);
    assert_int_equal(sense(), SCSI_LBA_OUT_OF_RANGE);
    COMMAND(0x88, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 3);
    assert_int_equal(sense(), SCSI_LBA_OUT_OF_RANGE);
    COMMAND(0xA8, 0, 0, 0, 0, 7, 0xFF, 0xFF, 0xFF, 0xFF);
    assert_int_equal(sense(), SCSI_LBA_OUT_OF_RANGE);
    COMMAND(0xBE, 0, 0, 0, 0, 5, 0, 0, 2, 0xF8);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
    COMMAND(0x2A, 0, 0, 0, 0, 0, 0, 0, 1);
    assert_int_equal(sense(), SCSI_INVALID_COMMAND);
    COMMAND(0x04);
    assert_int_equal(sense(), SCSI_INVALID_COMMAND);
    COMMAND(0x15, 0x10, 0, 0, 24);
    assert_int_equal(answer.takes, 24);
    assert_int_equal(sense(), SCSI_INVALID_PARAMETER);
    COMMAND(0x55, 0x10);
    assert_false(answer.failed);
}

static void test_a_change_is_told_once_and_first(void **state)
{
    (void)state;
    load(100);
    scsi_cd_remove(&drive);
    COMMAND(0x25);
    assert_int_equal(sense(), SCSI_NO_MEDIUM_TRAY_CLOSED);
    scsi_cd_insert(&drive, DVD_BLOCKS);
    COMMAND(0x12, 0, 0, 0, 36); /* does not take it away */
    assert_false(answer.failed);
    COMMAND(0x28, 0, 0, 0, 0, 0, 0, 0, 1);
    assert_int_equal(sense(), SCSI_MEDIUM_CHANGED);
    COMMAND(0x28, 0, 0, 0, 0, 0, 0, 0, 1);
    assert_false(answer.failed);
    scsi_cd_remove(&drive);
    scsi_cd_insert(&drive, 10);
    COMMAND(0x03, 0, 0, 0, 18); /* may be asked for as well */
    assert_int_equal(drive.room[12], 0x28);
    COMMAND(0x00);
    assert_false(answer.failed);
}

static void test_events_follow_the_medium(void **state)
{
    (void)state;
    load(100);
    COMMAND(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 4); /* room for the head only: nothing is taken away */
    assert_int_equal(answer.size, 4);
    COMMAND(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8);
    assert_memory_equal(drive.room, "\0\x06\x04\x5E\x02\x02\0\0", 8);
    COMMAND(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8);
    assert_memory_equal(drive.room, "\0\x06\x04\x5E\x00\x02\0\0", 8);
    scsi_cd_remove(&drive);
    COMMAND(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8);
    assert_memory_equal(drive.room, "\0\x06\x04\x5E\x03\x00\0\0", 8);
    COMMAND(0x4A, 1, 0, 0, 0x20, 0, 0, 0, 8);
    assert_int_equal(answer.size, 4);
    assert_int_equal(drive.room[2], 0x80);
    COMMAND(0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
}

static void test_a_locked_door_stays_shut(void **state)
{
    (void)state;
    load(100);
    COMMAND(0x1E, 0, 0, 0, 1);
    assert_true(drive.locked);
    COMMAND(0x1B, 0, 0, 0, 2);
    assert_int_equal(sense(), SCSI_REMOVAL_PREVENTED);
    assert_true(drive.blocks);
    COMMAND(0x1E, 0, 0, 0, 0);
    COMMAND(0x1B, 0, 0, 0, 2);
    assert_true(answer.ejected);
    COMMAND(0x00);
    assert_int_equal(sense(), SCSI_NO_MEDIUM_TRAY_OPEN);
    COMMAND(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8);
    assert_int_equal(drive.room[1], 0x10);
    COMMAND(0x1B, 0, 0, 0, 3);
    assert_int_equal(sense(), SCSI_NO_MEDIUM_TRAY_CLOSED);
    COMMAND(0x1E, 0, 0, 0, 1);
    scsi_cd_reset(&drive);
    assert_false(drive.locked);
}

static void test_a_table_of_contents(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    COMMAND(0x43, 0, 0, 0, 0, 0, 0, 0, 255);
    assert_int_equal(answer.size, 20);
    assert_memory_equal(drive.room, "\0\x12\1\1\0\x14\1\0\0\0\0\0\0\x14\xAA\0\0\x30\0\0", 20);
    COMMAND(0x43, 2, 0, 0, 0, 0, 0, 0, 255);
    assert_memory_equal(drive.room + 8, "\0\0\2\0", 4);
    assert_memory_equal(drive.room + 16, "\0\xFF\x3B\x4A", 4); /* cannot be told */
    COMMAND(0x43, 0, 1, 0, 0, 0, 0, 0, 255);
    assert_memory_equal(drive.room, "\0\x0A\1\1\0\x14\1\0\0\0\0\0", answer.size);
    COMMAND(0x43, 0, 2, 0, 0, 0, 0, 0, 255);
    assert_int_equal(answer.size, 4 + 4 * 11);
    COMMAND(0x43, 0, 0, 0, 0, 0, 0xAA, 0, 255);
    assert_int_equal(answer.size, 12);
    COMMAND(0x43, 0, 0, 0, 0, 0, 2, 0, 255);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
    COMMAND(0x43, 0, 4, 0, 0, 0, 0, 0, 255);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
    load(300);
    COMMAND(0x43, 2, 0, 0, 0, 0, 0, 0, 255);
    assert_memory_equal(drive.room + 16, "\0\0\6\0", 4);
}

static unsigned profile_now(void)
{
    COMMAND(0x46, 0, 0, 0, 0, 0, 0, 1, 0);
    assert_int_equal(be32(0) + 4, answer.size);
    return (unsigned)(drive.room[6] << 8 | drive.room[7]);
}

static void test_profiles_follow_the_size(void **state)
{
    (void)state;
    load(SCSI_CD_LARGEST);
    assert_int_equal(profile_now(), 0x0008);
    load(SCSI_CD_LARGEST + 1);
    assert_int_equal(profile_now(), 0x0010);
    scsi_cd_remove(&drive);
    assert_int_equal(profile_now(), 0);
    load(DVD_BLOCKS);
    COMMAND(0x46, 2, 0, 0x1F, 0, 0, 0, 1, 0);
    assert_int_equal(answer.size, 16);
    assert_memory_equal(drive.room + 8, "\x00\x1F\x01\x04", 4);
    COMMAND(0x46, 1, 0, 0x1E, 0, 0, 0, 1, 0);
    assert_memory_equal(drive.room + 8, "\x00\x1F", 2); /* reading CDs is not current */
    COMMAND(0x46, 2, 0x12, 0x34, 0, 0, 0, 1, 0);
    assert_int_equal(answer.size, 8);
}

static void test_a_dvd_has_a_structure(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    COMMAND(0xAD, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF);
    assert_int_equal(answer.size, 2052);
    assert_int_equal(be32(0) >> 16, 2050);
    assert_int_equal(be32(8), 0x030000);
    assert_int_equal(be32(12), 0x030000 + DVD_BLOCKS - 1);
    load(1000);
    COMMAND(0xAD, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF);
    assert_int_equal(sense(), SCSI_INCOMPATIBLE_FORMAT);
}

static void test_mode_pages(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    COMMAND(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 255);
    assert_int_equal(answer.size, 8 + 20);
    assert_int_equal(drive.room[1], 8 + 20 - 2);
    assert_int_equal(drive.room[8], 0x2A);
    COMMAND(0x1A, 0, 0x3F, 0, 255);
    assert_int_equal(answer.size, drive.room[0] + 1u);
    COMMAND(0x5A, 0, 0x41, 0, 0, 0, 0, 0, 255);
    for (size_t i = 10; i < answer.size; i++)
        assert_int_equal(drive.room[i], 0);
    COMMAND(0x5A, 0, 0xEA, 0, 0, 0, 0, 0, 255);
    assert_int_equal(sense(), SCSI_SAVING_NOT_SUPPORTED);
    COMMAND(0x5A, 0, 0x08, 0, 0, 0, 0, 0, 255);
    assert_int_equal(sense(), SCSI_INVALID_FIELD);
}

static void test_a_read_error_names_its_block(void **state)
{
    (void)state;
    load(DVD_BLOCKS);
    scsi_cd_fail_read(&drive, 0x123456);
    answer.failed = true;
    assert_int_equal(sense(), SCSI_UNRECOVERED_READ_ERROR);
    assert_int_equal(drive.room[0], 0xF0);
    assert_int_equal(be32(3), 0x123456);
    COMMAND(0x03, 0, 0, 0, 18);
    assert_int_equal(drive.room[2], 0); /* told once */
    assert_int_equal(drive.room[0], 0x70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_who_it_is),
        cmocka_unit_test(test_another_unit_is_not_there),
        cmocka_unit_test(test_tells_how_large_the_medium_is),
        cmocka_unit_test(test_reads_what_is_there),
        cmocka_unit_test(test_refuses_what_is_not),
        cmocka_unit_test(test_a_change_is_told_once_and_first),
        cmocka_unit_test(test_events_follow_the_medium),
        cmocka_unit_test(test_a_locked_door_stays_shut),
        cmocka_unit_test(test_a_table_of_contents),
        cmocka_unit_test(test_profiles_follow_the_size),
        cmocka_unit_test(test_a_dvd_has_a_structure),
        cmocka_unit_test(test_mode_pages),
        cmocka_unit_test(test_a_read_error_names_its_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
