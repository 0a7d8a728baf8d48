/* The big CD on the kernel's FunctionFS, read by the kernel's usb-storage and sr: 6 GiB of which every byte is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "big_cd_bed.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "media/nbd_device.h"

#define PRODUCT 0x0110
#define MIB (1u << 20)

static struct big_cd_bed bed;
static uint8_t got[MIB], expected[MIB];

static int set_up(void **state)
{
    (void)state;
    bed_up(&bed, PRODUCT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bed_down(&bed);
    return 0;
}

static bool has_size(void *data)
{
    return host_disc_size(bed.disc) == *(uint64_t *)data;
}

static void wait_size(uint64_t size)
{
    assert_true(host_wait(has_size, &size));
}

/* Past the page cache. */
static int open_disc(const char *disc)
{
    int fd = open(disc, O_RDONLY | O_CLOEXEC);
    assert_return_code(fd, errno);
    (void)ioctl(fd, BLKFLSBUF, 0);
    return fd;
}

static void check_range(int fd, uint64_t offset, uint64_t size, unsigned seed)
{
    while (size) {
        size_t n = size < MIB ? (size_t)size : MIB;
        ssize_t r = pread(fd, got, n, (off_t)offset);
        if (r <= 0)
            fail_msg("reading at %llu: %zd, errno %d", (unsigned long long)offset, r, errno);
        pattern_fill(expected, offset, (size_t)r, seed);
        assert_memory_equal(got, expected, r);
        offset += (uint64_t)r;
        size -= (uint64_t)r;
    }
}

static void test_six_gigabytes_read_equal(void **state)
{
    (void)state;
    const char *words = getenv("BIG_CD_MEGABYTES");
    uint64_t each = (words ? strtoull(words, NULL, 10) : 12) * MIB / 3;
    bed_insert(&bed, 1, BED_SIZE);
    wait_size(BED_SIZE);
    _cleanup_close_ int fd = open_disc(bed.disc);
    check_range(fd, 0, 2048, 1);
    check_range(fd, BED_SIZE - 2048, 2048, 1);
    check_range(fd, 0, each, 1);
    check_range(fd, BIG_CD_KERNEL_LIMIT - each / 2, each, 1);
    check_range(fd, BED_SIZE - each, each, 1);
    srand(3);
    for (unsigned i = 0; i < 100; i++)
        check_range(fd, (uint64_t)rand() * 2654435761u % (BED_SIZE / 2048 - 64) * 2048, 2048u * (1 + i % 64), 1);
    struct big_cd_statistics statistics;
    big_cd_statistics(bed.cd, &statistics);
    assert_true(statistics.locked); /* the kernel does so while it is open */
    print_message("%llu MiB and 100 places equal; %llu commands, %llu blocks, %llu errors\n",
                  (unsigned long long)(each * 3 / MIB), (unsigned long long)statistics.commands,
                  (unsigned long long)statistics.blocks, (unsigned long long)statistics.errors);
}

static void test_a_change_is_seen_and_media_never_mix(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        uint64_t size = i % 2 ? BED_SIZE : 700 * (uint64_t)MIB + 2048 * i;
        bed_insert(&bed, 1 + i % 3, size);
        wait_size(size);
        int fd = open_disc(bed.disc);
        check_range(fd, 0, MIB, 1 + i % 3);
        check_range(fd, size - MIB / 2, MIB / 2, 1 + i % 3);
        assert_int_equal(big_cd_eject(bed.cd, false), -EBUSY); /* open means locked */
        if (i % 4 == 3) {
            assert_int_equal(big_cd_eject(bed.cd, true), 0);
            assert_int_equal(pread(fd, got, 2048, (off_t)(size / 2)), -1);
            close(fd);
            continue;
        }
        close(fd);
        for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; big_cd_eject(bed.cd, false) < 0; usleep(10000))
            assert_true(clock_now_us() < limit);
        assert_int_equal(open(bed.disc, O_RDONLY | O_CLOEXEC), -1);
        assert_int_equal(errno, ENOMEDIUM);
    }
}

static void test_the_hosts_eject_is_told(void **state)
{
    (void)state;
    bed_insert(&bed, 1, BED_SIZE);
    wait_size(BED_SIZE);
    _cleanup_close_ int fd = open(bed.disc, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(ioctl(fd, CDROMEJECT), 0);
    bed_wait(&bed, &bed.ejected);
    assert_int_equal(ioctl(fd, CDROM_DRIVE_STATUS, CDSL_CURRENT), CDS_TRAY_OPEN);
    bed_insert(&bed, 2, BED_SIZE);
    wait_size(BED_SIZE);
}

/* Reads while the test does something else. Not a process of its own: that one would hold copies of all sockets. */
struct reader {
    pthread_t thread;
    uint64_t offset;
    uint8_t bytes[MIB];
    ssize_t result;
};

static void *run_reader(void *data)
{
    struct reader *reader = data;
    int fd = open(bed.disc, O_RDONLY | O_CLOEXEC);
    reader->result = pread(fd, reader->bytes, MIB, (off_t)reader->offset);
    close(fd);
    return NULL;
}

static void start_reader(struct reader *reader, uint64_t offset)
{
    reader->offset = offset;
    assert_int_equal(pthread_create(&reader->thread, NULL, run_reader, reader), 0);
}

static struct reader reader;

static void test_a_server_may_go_away_and_come_back(void **state)
{
    (void)state;
    bed_insert(&bed, 1, BED_SIZE);
    wait_size(BED_SIZE);
    _cleanup_close_ int fd = open_disc(bed.disc);
    check_range(fd, 0, MIB, 1);
    for (unsigned i = 1; i < 6; i++) {
        start_reader(&reader, i * 100ull * MIB); /* reads while nobody is there */
        usleep(20000 * i);
        bed.lost = 0;
        pattern_server_break(bed.server, 1);
        bed_wait(&bed, &bed.lost);
        usleep(300000);
        assert_int_equal(big_cd_reconnect(bed.cd, pattern_server_connect(bed.server, 1, NULL)), 0);
        pthread_join(reader.thread, NULL);
        assert_int_equal(reader.result, MIB);
        pattern_fill(expected, reader.offset, MIB, 1);
        assert_memory_equal(reader.bytes, expected, MIB);
    }
}

static void test_it_ends_in_the_middle_of_a_read(void **state)
{
    (void)state;
    bed_insert(&bed, 1, BED_SIZE);
    wait_size(BED_SIZE);
    bed.lost = 0;
    pattern_server_break(bed.server, 1);
    bed_wait(&bed, &bed.lost);
    start_reader(&reader, 100 * MIB);
    usleep(500000);
    uint64_t begin = clock_now_us();
    gadget_down(bed.gadget);
    big_cd_end(bed.cd);
    print_message("ended after %u ms\n", (unsigned)((clock_now_us() - begin) / 1000));
    pthread_join(reader.thread, NULL);
    assert_true(reader.result <= 0);
}

/* --- figures --- */

static double megabytes_a_second(const char *disc, uint64_t offset, uint64_t size, unsigned seed)
{
    _cleanup_close_ int fd = open_disc(disc);
    uint64_t begin = clock_now_us();
    for (uint64_t at = 0; at < size; at += MIB)
        assert_int_equal(pread(fd, got, MIB, (off_t)(offset + at)), MIB);
    uint64_t took = clock_now_us() - begin;
    pattern_fill(expected, offset + size - MIB, MIB, seed);
    assert_memory_equal(got, expected, MIB);
    return (double)size / (double)took;
}

static bool kernel_has_size(void *data)
{
    return host_disc_size(data) == 512ull * MIB;
}

static void test_figures_next_to_the_kernels_own(void **state)
{
    (void)state;
    char kernels[HOST_PATH], path[64];
    uint64_t size = 512ull * MIB;
    struct nbd_device_config config = {.size = size, .block_size = 2048, .timeout_s = 27, .dead_s = 20};
    unsigned index;
    pattern_server_offer(bed.server, 5, size);
    int fd = pattern_server_connect(bed.server, 5, &config.flags);
    assert_int_equal(nbd_device_connect(&config, &fd, 1, &index), 0);
    close(fd);
    nbd_device_path(index, path, sizeof path);
    assert_int_equal(gadget_lun_insert(bed.gadget, 0, path, true, true), 0);
    bed_insert(&bed, 1, BED_SIZE);
    wait_size(BED_SIZE);
    bed_wait_disc("Virtual CD-ROM", kernels);
    assert_true(host_wait(kernel_has_size, kernels));
    double ours = 0, theirs = 0;
    for (unsigned i = 0; i < 6; i++) {
        ours += megabytes_a_second(bed.disc, (1024 + 64 * i) * (uint64_t)MIB, 4 * MIB, 1) / 6;
        theirs += megabytes_a_second(kernels, (64 + 64 * i) * (uint64_t)MIB, 4 * MIB, 5) / 6;
    }
    print_message("sequential reads: big CD %.1f MB/s, kernel's LUN on NBD %.1f MB/s, ratio %.2f\n", ours, theirs,
                  ours / theirs);
    assert_int_equal(gadget_lun_eject(bed.gadget, 0, true), 0);
    assert_int_equal(nbd_device_disconnect(index), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_six_gigabytes_read_equal),        TEST(test_a_change_is_seen_and_media_never_mix),
        TEST(test_the_hosts_eject_is_told),         TEST(test_a_server_may_go_away_and_come_back),
        TEST(test_it_ends_in_the_middle_of_a_read), TEST(test_figures_next_to_the_kernels_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
