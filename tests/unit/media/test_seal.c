/* Sealing: as the standards say, any part of a file, nothing in the clear, and nothing for another key. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "media/seal_file.h"

static const struct seal_key key = {"of this device"}, other_key = {"of another device"};
static const uint8_t id[SEAL_ID_SIZE] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, other_id[SEAL_ID_SIZE];
static struct seal *seal;
static int fd;

static int set_up(void **state)
{
    (void)state;
    fd = memfd_create("sealed", MFD_CLOEXEC);
    return fd < 0 ? -1 : seal_create(&key, "overlay", id, &seal);
}

static int tear_down(void **state)
{
    (void)state;
    seal = seal_destroy(seal);
    return close(fd);
}

/* Worked out with another implementation of HKDF and XTS. */
static void test_is_what_the_standards_say(void **state)
{
    (void)state;
    static const char text[] = "sealed with one key and no other";
    static const uint8_t check[] = {0x94, 0xa6, 0x2c, 0xc0, 0xa5, 0xdb, 0x5d, 0x45,
                                    0xde, 0x7e, 0x1a, 0xb9, 0x18, 0xba, 0x27, 0x26};
    static const uint8_t expected[] = {0x02, 0xd1, 0xb5, 0xdf, 0xaa, 0x26, 0x63, 0xb2, 0x84, 0x9d, 0x4e,
                                       0xa0, 0xd2, 0xc6, 0xfe, 0x09, 0xfb, 0xff, 0xa3, 0xd5, 0x25, 0xfc,
                                       0x1a, 0x9f, 0xef, 0xe5, 0xc1, 0xcf, 0xe6, 0x1e, 0xd8, 0xc4};
    uint8_t sealed[32];
    assert_memory_equal(seal_check(seal), check, sizeof check);
    assert_int_equal(seal_close_sectors(seal, SEAL_SECTOR, 7, text, sealed, sizeof sealed), 0);
    assert_memory_equal(sealed, expected, sizeof expected);
    assert_int_equal(seal_open_sectors(seal, SEAL_SECTOR, 7, sealed, sealed, sizeof sealed), 0);
    assert_memory_equal(sealed, text, sizeof sealed);
    assert_int_equal(seal_close_sectors(seal, SEAL_SECTOR, 7, text, sealed, 15), -EINVAL);
}

static void test_each_key_file_kind_and_place_is_sealed_otherwise(void **state)
{
    (void)state;
    static const uint8_t zeros[64];
    const struct {
        const struct seal_key *key;
        const char *purpose;
        const uint8_t *id;
        uint64_t sector;
    } ways[] = {{&key, "overlay", id, 0},    {&key, "overlay", id, 1},       {&key, "overlay", id, 1ull << 40},
                {&key, "cache", id, 0},      {&key, "overlay", other_id, 0}, {&other_key, "overlay", id, 0},
                {&key, "cache index", id, 0}};
    uint8_t sealed[ARRAY_SIZE(ways)][64];
    for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
        struct seal *one;
        assert_int_equal(seal_create(ways[i].key, ways[i].purpose, ways[i].id, &one), 0);
        assert_int_equal(seal_close_sectors(one, SEAL_SECTOR, ways[i].sector, zeros, sealed[i], sizeof zeros), 0);
        assert_memory_not_equal(sealed[i], zeros, sizeof zeros);
        for (unsigned j = 0; j < i; j++)
            assert_memory_not_equal(sealed[i], sealed[j], 16);
        if (i > 2) {
            assert_memory_not_equal(seal_check(one), seal_check(seal), SEAL_CHECK_SIZE);
            assert_memory_not_equal(seal_secret(one), seal_secret(seal), SEAL_SECRET_SIZE);
        }
        one = seal_destroy(one);
    }
}

/* Writes of whole sectors and ends, reads of everything: against a copy in memory. */
static void test_any_part_of_a_file_is_read(void **state)
{
    (void)state;
    enum { SIZE = 40 * SEAL_SECTOR + 777 };
    static uint8_t bytes[SIZE], room[SIZE];
    struct stat st;
    srandom(1);
    for (unsigned i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)random();
    assert_int_equal(seal_file_write(seal, fd, bytes, SIZE, 0), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, seal_file_size(SIZE));
    for (unsigned i = 0; i < 2000; i++) {
        size_t at = (size_t)random() % SIZE, n = (size_t)random() % (i % 2 ? 100 : SIZE);
        n = MIN(n, SIZE - at);
        if (i % 3 == 0) {
            at -= at % SEAL_SECTOR;
            n = MAX(n - n % SEAL_SECTOR, (size_t)1); /* an end, if it is the last sector's */
            n = at + SEAL_SECTOR > SIZE ? SIZE - at : MAX(n - n % SEAL_SECTOR, (size_t)SEAL_SECTOR);
            n = MIN(n, SIZE - at);
            for (size_t j = 0; j < n; j++)
                bytes[at + j] = (uint8_t)random();
            assert_int_equal(seal_file_write(seal, fd, bytes + at, n, at), 0);
        }
        memset(room, 0, sizeof room);
        assert_int_equal(seal_file_read(seal, fd, room, n, at), 0);
        assert_memory_equal(room, bytes + at, n);
    }
    assert_int_equal(seal_file_read(seal, fd, room, 10, SIZE + 100), -ENODATA);
    assert_int_equal(seal_file_read(seal, fd, room, 0, SIZE + 100), 0);
}

static void test_sizes_around_the_edges(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 15, 16, 17, 4095, 4096, 4097, 65535, 65536, 65537, 69632, 69633};
    static uint8_t bytes[70000], room[70000], raw[70016];
    memset(bytes, 'x', sizeof bytes);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(seal_file_write(seal, fd, bytes, sizes[i], 5 * SEAL_SECTOR), 0);
        memset(room, 0, sizeof room);
        assert_int_equal(seal_file_read(seal, fd, room, sizes[i], 5 * SEAL_SECTOR), 0);
        assert_memory_equal(room, bytes, sizes[i]);
        ssize_t n = pread(fd, raw, sizeof raw, 5 * SEAL_SECTOR);
        assert_int_equal(n, seal_file_size(sizes[i]));
        assert_null(memmem(raw, (size_t)n, "xxxxx", 5));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_is_what_the_standards_say),
        T(test_each_key_file_kind_and_place_is_sealed_otherwise),
        T(test_any_part_of_a_file_is_read),
        T(test_sizes_around_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
