/* The big CD drive with its thread, between a host and a medium's server that misbehave in every way. */
#include "fake_host.h"

#include <errno.h>
#include <limits.h>
#include <linux/usb/functionfs.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "usbgadget/big_cd_internal.h"

#define BLOCKS 3145728u /* 6 GiB */
#define SIZE (BLOCKS * 2048ull)
#define SOON 200000u /* microseconds */

struct bed {
    struct loop *loop;
    struct big_cd *cd;
    struct fake_cable cable;
    struct fake_server server;
    int ejected, enabled, lost;
    bool is_enabled;
};

static void on_ejected(void *data)
{
    ((struct bed *)data)->ejected++;
}

static void on_enabled(void *data, bool enabled)
{
    struct bed *bed = data;
    bed->enabled++;
    bed->is_enabled = enabled;
}

static void on_lost(void *data)
{
    ((struct bed *)data)->lost++;
}

static const struct big_cd_listener listener = {on_ejected, on_enabled, on_lost};

static struct bed bed;

static void wait_for(const int *what)
{
    for (uint64_t end = clock_now_us() + 120000000; !*what;) {
        assert_true(clock_now_us() < end);
        loop_dispatch(bed.loop, 100);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(&bed, 0, sizeof bed);
    assert_int_equal(loop_create(&bed.loop), 0);
    assert_int_equal(big_cd_create(bed.loop, "LIGHTOUTVirtual DVD-ROM 0001", &listener, &bed, &bed.cd), 0);
    big_cd_set_patience(bed.cd, 10000000, 10000000);
    fake_cable_init(&bed.cable);
    assert_int_equal(big_cd_begin(bed.cd, bed.cable.device_ep0), 0);
    char room[512]; /* descriptors and strings */
    assert_true(recv(bed.cable.ep0, room, sizeof room, 0) > 16);
    assert_true(recv(bed.cable.ep0, room, sizeof room, 0) > 16);
    assert_int_equal(big_cd_start(bed.cd, bed.cable.pipe), 0);
    fake_server_start(&bed.server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    big_cd_destroy(bed.cd);
    fake_server_stop(&bed.server);
    fake_cable_finish(&bed.cable);
    loop_destroy(bed.loop);
    return 0;
}

#define COMMAND(room, expected, ...) fake_command(&bed.cable, (const uint8_t[16]){__VA_ARGS__}, (room), (expected))

static const uint8_t *read_10(uint32_t lba, unsigned blocks)
{
    static uint8_t cdb[16];
    const uint8_t bytes[] = {0x28,         0, (uint8_t)(lba >> 24),   (uint8_t)(lba >> 16), (uint8_t)(lba >> 8),
                             (uint8_t)lba, 0, (uint8_t)(blocks >> 8), (uint8_t)blocks};
    memcpy(cdb, bytes, sizeof bytes);
    return cdb;
}

static void insert(void)
{
    assert_int_equal(big_cd_insert(bed.cd, bed.server.peer, SIZE), 0);
    assert_int_equal(COMMAND(NULL, 0, 0x00).status, 1);
    assert_int_equal(fake_sense(&bed.cable, NULL), SCSI_MEDIUM_CHANGED);
}

static uint8_t data[600 * 2048];

static void check_bytes(uint32_t lba, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        if (data[i] != medium_byte(lba * 2048ull + i))
            fail_msg("byte %u of block %u is wrong", i, lba);
}

static void check_read(uint32_t lba, unsigned blocks)
{
    struct fake_result result = fake_command(&bed.cable, read_10(lba, blocks), data, blocks * 2048);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.size, blocks * 2048);
    assert_int_equal(result.residue, 0);
    check_bytes(lba, result.size);
}

/* --- */

static void test_reads_equal_the_source(void **state)
{
    (void)state;
    insert();
    srand(7);
    for (int i = 0; i < 100; i++) {
        uint32_t lba = (uint32_t)((uint64_t)rand() * 2654435761u % (BLOCKS - 600));
        unsigned n = 1 + (unsigned)rand() % (i % 10 ? 16 : 600);
        check_read(lba, n);
        if (i % 3 == 0)
            check_read(lba + n, n > 300 ? 1 : n);
    }
    check_read(0, 1);
    check_read(BLOCKS - 1, 1);
    for (uint32_t lba = 1000; lba < 6000; lba += 64) /* one behind the other */
        check_read(lba, 64);
    for (uint32_t lba = 1000; lba < 1200; lba++)
        check_read(lba, 1);
    for (uint32_t lba = BLOCKS - 600; lba < BLOCKS; lba += 60)
        check_read(lba, 60);
}

static void test_reading_ahead_asks_in_large_pieces(void **state)
{
    (void)state;
    insert();
    for (uint32_t lba = 0; lba < 4096; lba += 2)
        check_read(lba, 2);
    assert_true(bed.server.requests < 4096 / 32 + 40);
}

static void test_less_than_asked_for_ends_short(void **state)
{
    (void)state;
    insert();
    struct fake_result result = COMMAND(data, 512, 0x12, 0, 0, 0, 255);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.size, 36);
    assert_int_equal(result.residue, 512 - 36);
    result = fake_command(&bed.cable, read_10(5, 1), data, 8192); /* whole packets: ends empty */
    assert_int_equal(result.status, 0);
    assert_int_equal(result.size, 2048);
    assert_int_equal(result.residue, 8192 - 2048);
    result = fake_command(&bed.cable, read_10(5, 4), data, 4096); /* more than the host has room for */
    assert_int_equal(result.status, 2);
    assert_int_equal(result.size, 4096);
    check_bytes(5, 4096);
}

static void test_a_lost_server_may_come_back(void **state)
{
    (void)state;
    insert();
    check_read(100, 10);
    bed.server.silent = true;
    fake_begin(&bed.cable, read_10(5000, 300), 300 * 2048);
    while (!bed.server.requests)
        poll(NULL, 0, 1);
    fake_server_stop(&bed.server);
    wait_for(&bed.lost);
    fake_server_start(&bed.server);
    assert_int_equal(big_cd_reconnect(bed.cd, bed.server.peer), 0);
    struct fake_result result = fake_end(&bed.cable, data, 300 * 2048);
    assert_int_equal(result.status, 0);
    check_bytes(5000, 300 * 2048);
}

static void test_a_lost_server_that_stays_away_is_one_medium_error(void **state)
{
    (void)state;
    uint32_t lba;
    pthread_mutex_lock(&bed.cd->lock);
    big_cd_set_patience(bed.cd, SOON, 10000000);
    pthread_mutex_unlock(&bed.cd->lock);
    insert();
    fake_server_stop(&bed.server);
    uint64_t begin = clock_now_us();
    assert_int_equal(fake_command(&bed.cable, read_10(777, 9), data, 9 * 2048).status, 1);
    assert_true(clock_now_us() - begin >= SOON);
    assert_int_equal(fake_sense(&bed.cable, &lba), SCSI_UNRECOVERED_READ_ERROR);
    assert_int_equal(lba, 777);
    pthread_mutex_lock(&bed.cd->lock);
    bed.cd->lost_us = 3600000000ull; /* nobody would wait for that */
    pthread_mutex_unlock(&bed.cd->lock);
    assert_int_equal(fake_command(&bed.cable, read_10(778, 9), data, 9 * 2048).status, 1);
    assert_int_equal(fake_sense(&bed.cable, NULL), SCSI_UNRECOVERED_READ_ERROR);
    fake_server_start(&bed.server);
    assert_int_equal(big_cd_reconnect(bed.cd, bed.server.peer), 0);
    check_read(777, 9);
}

static void test_a_silent_server_is_given_up(void **state)
{
    (void)state;
    pthread_mutex_lock(&bed.cd->lock);
    big_cd_set_patience(bed.cd, 3600000000ull, SOON);
    pthread_mutex_unlock(&bed.cd->lock);
    insert();
    bed.server.silent = true;
    assert_int_equal(fake_command(&bed.cable, read_10(777, 9), data, 9 * 2048).status, 1);
    assert_int_equal(fake_sense(&bed.cable, NULL), SCSI_UNRECOVERED_READ_ERROR);
    wait_for(&bed.lost);
    assert_int_equal(COMMAND(NULL, 0, 0x00).status, 0); /* and the drive lives */
}

static void test_a_refused_read_names_its_block(void **state)
{
    (void)state;
    insert();
    bed.server.bad_offset = 5100 * 2048ull + 17;
    struct fake_result result = fake_command(&bed.cable, read_10(5000, 300), data, 300 * 2048);
    assert_int_equal(result.status, 1);
    assert_true(result.size <= 100 * 2048);
    assert_int_equal(result.residue, 300 * 2048 - result.size);
    check_bytes(5000, result.size);
    uint32_t lba;
    assert_int_equal(fake_sense(&bed.cable, &lba), SCSI_UNRECOVERED_READ_ERROR);
    assert_int_equal(lba, 5000 + result.size / 2048);
    result = COMMAND(NULL, 0, 0x2F, 0, 0, 0, 0x13, 0xEC, 0, 0, 8);
    assert_int_equal(result.status, 1); /* VERIFY of block 5100 finds it */
    bed.server.bad_offset = ULLONG_MAX;
    check_read(5000, 300);
    assert_int_equal(COMMAND(NULL, 0, 0x2F, 0, 0, 0, 0x13, 0xEC, 0, 0, 8).status, 0);
}

static void test_a_server_that_answers_what_nobody_asked_is_dropped(void **state)
{
    (void)state;
    insert();
    bed.server.wrong_cookie_after = 0;
    fake_begin(&bed.cable, read_10(42, 20), 20 * 2048);
    wait_for(&bed.lost);
    fake_server_stop(&bed.server);
    fake_server_start(&bed.server);
    assert_int_equal(big_cd_reconnect(bed.cd, bed.server.peer), 0);
    assert_int_equal(fake_end(&bed.cable, data, 20 * 2048).status, 0);
    check_bytes(42, 20 * 2048);
}

static void test_the_targets_eject_is_told(void **state)
{
    (void)state;
    insert();
    assert_int_equal(COMMAND(NULL, 0, 0x1B, 0, 0, 0, 2).status, 0);
    wait_for(&bed.ejected);
    struct big_cd_statistics statistics;
    big_cd_statistics(bed.cd, &statistics);
    assert_false(statistics.loaded);
    assert_int_equal(COMMAND(NULL, 0, 0x00).status, 1);
    assert_int_equal(fake_sense(&bed.cable, NULL), SCSI_NO_MEDIUM_TRAY_OPEN);
    assert_int_equal(big_cd_eject(bed.cd, false), 0); /* is out already */
}

static void test_a_locked_door_needs_force(void **state)
{
    (void)state;
    insert();
    assert_int_equal(big_cd_insert(bed.cd, -1, SIZE), -EBUSY);
    assert_int_equal(COMMAND(NULL, 0, 0x1E, 0, 0, 0, 1).status, 0);
    assert_int_equal(big_cd_eject(bed.cd, false), -EBUSY);
    check_read(3, 3);
    assert_int_equal(big_cd_eject(bed.cd, true), 0);
    assert_int_equal(fake_command(&bed.cable, read_10(3, 3), data, 3 * 2048).status, 1);
    assert_int_equal(fake_sense(&bed.cable, NULL), SCSI_NO_MEDIUM_TRAY_CLOSED);
    assert_int_equal(big_cd_reconnect(bed.cd, -1), -ENODEV);
    fake_server_stop(&bed.server);
    fake_server_start(&bed.server);
    insert();
    check_read(3, 3);
}

static void test_an_eject_in_the_middle_of_a_read_ends_it(void **state)
{
    (void)state;
    insert();
    bed.server.silent = true;
    fake_begin(&bed.cable, read_10(3, 300), 300 * 2048);
    while (!bed.server.requests)
        poll(NULL, 0, 1);
    assert_int_equal(big_cd_eject(bed.cd, false), 0);
    struct fake_result result = fake_end(&bed.cable, data, 300 * 2048);
    assert_int_equal(result.status, 1);
    assert_int_equal(result.residue, 300 * 2048);
    assert_int_equal(fake_sense(&bed.cable, NULL), SCSI_NO_MEDIUM_TRAY_CLOSED);
}

static void test_a_bad_wrapper_halts_until_a_reset(void **state)
{
    (void)state;
    insert();
    char answered;
    assert_int_equal(send(bed.cable.out, "USBX", 4, MSG_NOSIGNAL), 4);
    while (bed.cable.halts < 1)
        poll(NULL, 0, 1);
    fake_begin(&bed.cable, read_10(3, 3), 0); /* thrown away */
    while (bed.cable.halts < 2)
        poll(NULL, 0, 1);
    fake_setup(&bed.cable, 0x21, 0xFF, 0);
    fake_setup(&bed.cable, 0xA1, 0xFE, 1);
    struct pollfd p = {.fd = bed.cable.ep0, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 20000), 1);
    assert_int_equal(recv(bed.cable.ep0, &answered, 1, 0), 1);
    assert_int_equal(answered, 0); /* the only unit */
    check_read(3, 3);
}

static void test_a_bus_reset_forgets_what_was_under_way(void **state)
{
    (void)state;
    wait_for(&bed.enabled);
    insert();
    bed.server.silent = true;
    assert_int_equal(COMMAND(NULL, 0, 0x1E, 0, 0, 0, 1).status, 0);
    fake_begin(&bed.cable, read_10(3, 300), 300 * 2048);
    while (!bed.server.requests)
        poll(NULL, 0, 1);
    bed.enabled = 0;
    fake_event(&bed.cable, FUNCTIONFS_DISABLE);
    wait_for(&bed.enabled);
    assert_false(bed.is_enabled);
    bed.enabled = 0;
    fake_event(&bed.cable, FUNCTIONFS_ENABLE);
    wait_for(&bed.enabled);
    assert_true(bed.is_enabled);
    assert_int_equal(COMMAND(NULL, 0, 0x00).status, 0);
    assert_int_equal(big_cd_eject(bed.cd, false), 0); /* the door is unlocked */
}

static void test_media_in_turn_never_mix(void **state)
{
    (void)state;
    insert();
    for (int i = 0; i < 20; i++) {
        check_read(7, 9);
        assert_int_equal(big_cd_eject(bed.cd, true), 0);
        fake_server_stop(&bed.server);
        fake_server_start(&bed.server);
        insert();
    }
    assert_int_equal(bed.lost, 0);
}

static void test_it_ends_whatever_is_under_way(void **state)
{
    (void)state;
    insert();
    bed.server.silent = true;
    fake_begin(&bed.cable, read_10(3, 300), 300 * 2048);
    big_cd_end(bed.cd);
    big_cd_end(bed.cd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_reads_equal_the_source),
        TEST(test_reading_ahead_asks_in_large_pieces),
        TEST(test_less_than_asked_for_ends_short),
        TEST(test_a_lost_server_may_come_back),
        TEST(test_a_lost_server_that_stays_away_is_one_medium_error),
        TEST(test_a_silent_server_is_given_up),
        TEST(test_a_refused_read_names_its_block),
        TEST(test_a_server_that_answers_what_nobody_asked_is_dropped),
        TEST(test_the_targets_eject_is_told),
        TEST(test_a_locked_door_needs_force),
        TEST(test_an_eject_in_the_middle_of_a_read_ends_it),
        TEST(test_a_bad_wrapper_halts_until_a_reset),
        TEST(test_a_bus_reset_forgets_what_was_under_way),
        TEST(test_media_in_turn_never_mix),
        TEST(test_it_ends_whatever_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
