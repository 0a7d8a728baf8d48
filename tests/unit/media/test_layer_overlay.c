/* A writable medium over one that is only read: what was written is there, the rest shows through, and both after the
 * end of a process or of the power. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "layer_bed.h"
#include "media/block_sum.h"
#include "media/file_bytes.h"
#include "media/layers.h"
#include "media/overlay_adopt.h"
#include "media/overlay_file.h"
#include "media/source_memory.h"

static const uint8_t identity[32] = "the first medium", other[32] = "another";
static struct seal_key key = {"of this device"};
static uint8_t *below_bytes;

static int set_up(void **state)
{
    int r = bed_set_up(state);
    struct bed *bed = *state;
    below_bytes = malloc(bed->size);
    memcpy(below_bytes, bed->bytes, bed->size);
    return r;
}

static int tear_down(void **state)
{
    free(below_bytes);
    return bed_tear_down(state);
}

static int file_of(struct bed *bed)
{
    _cleanup_close_ int folder = bed_folder_fd(bed);
    int fd = openat(folder, "overlay", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static int try_open(struct bed *bed, const uint8_t id[32])
{
    struct source *memory;
    int fd = file_of(bed);
    assert_int_equal(source_memory_create(below_bytes, bed->size, true, &memory), 0);
    int r = layer_overlay_create(memory, fd, id, &key, bed->io, &bed->source);
    if (r < 0) {
        source_close(memory);
        close(fd);
    }
    return r;
}

/* As a new process finds it: what runs ends, and what was closed is flushed. */
static void reopen(struct bed *bed)
{
    bed->source = source_close(bed->source);
    worker_pool_destroy(bed->io);
    assert_int_equal(worker_pool_create(bed->loop, "io", 2, &bed->io), 0);
    assert_int_equal(try_open(bed, identity), 0);
}

static void check_all(struct bed *bed)
{
    assert_int_equal(bed_read(bed, 0, bed->size), 0);
    assert_int_equal(bed_read(bed, 4095, 3), 0);
}

static uint64_t changed(const struct bed *bed)
{
    struct overlay_statistics s;
    layer_overlay_statistics(bed->source, &s);
    return s.changed;
}

static void test_what_is_written_is_read_and_the_rest_shows_through(void **state)
{
    struct bed *bed = *state;
    uint8_t bytes[20000];
    memset(bytes, 0x5a, sizeof bytes);
    assert_int_equal(try_open(bed, identity), 0);
    assert_false(bed->source->read_only);
    assert_int_equal(changed(bed), 0);
    check_all(bed);
    assert_int_equal(bed_write(bed, 5000, bytes, 10), 0); /* within a block */
    assert_int_equal(changed(bed), 4096);
    assert_int_equal(bed_write(bed, 5005, bytes, 500), 0); /* and again */
    assert_int_equal(bed_write(bed, 8190, bytes, 4), 0);   /* over an edge */
    assert_int_equal(bed_write(bed, 100001, bytes, sizeof bytes), 0);
    assert_int_equal(bed_write(bed, bed->size - 5, bytes, 5), 0);
    assert_int_equal(bed_write(bed, 0, bytes, 4096), 0);
    check_all(bed);
    reopen(bed);
    check_all(bed);
    assert_int_equal(bed_flush(bed), 0);
    reopen(bed);
    check_all(bed);
}

static void test_parts_of_one_block_written_at_once_are_all_there(void **state)
{
    struct bed *bed = *state;
    static uint8_t bytes[64][64];
    struct bed_read *writes[64];
    assert_int_equal(try_open(bed, identity), 0);
    for (unsigned i = 0; i < 64; i++) {
        memset(bytes[i], (int)i, 64);
        memcpy(bed->bytes + 40960 + i * 64, bytes[i], 64);
        writes[i] = calloc(1, sizeof *writes[i]);
        writes[i]->bed = bed;
    }
    for (unsigned i = 0; i < 64; i++)
        source_write(bed->source, 40960 + i * 64, bytes[i], 64, bed_on_done, writes[i]);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(bed_end(writes[i]), 0);
    check_all(bed);
}

static void test_trim_gives_back_and_what_is_below_shows_through(void **state)
{
    struct bed *bed = *state;
    static uint8_t bytes[2 << 20];
    memset(bytes, 7, sizeof bytes);
    assert_int_equal(try_open(bed, identity), 0);
    assert_int_equal(bed_write(bed, 4096 * 10, bytes, sizeof bytes), 0);
    assert_int_equal(changed(bed), sizeof bytes);
    struct stat before, after;
    _cleanup_close_ int fd = file_of(bed);
    assert_int_equal(fstat(fd, &before), 0);
    assert_int_equal(bed_trim(bed, 4096 * 10 + 1, sizeof bytes - 1), 0);
    memcpy(bed->bytes + 4096 * 11, below_bytes + 4096 * 11, sizeof bytes - 4096); /* a part of a block stays */
    assert_int_equal(changed(bed), 4096);
    check_all(bed);
    assert_int_equal(fstat(fd, &after), 0);
    assert_true(after.st_blocks < before.st_blocks);
    reopen(bed);
    check_all(bed);
    assert_int_equal(bed_trim(bed, 0, bed->size), 0);
    memcpy(bed->bytes, below_bytes, bed->size);
    assert_int_equal(changed(bed), 0);
    check_all(bed);
    assert_int_equal(bed_trim(bed, 5, 100), 0); /* no whole block */
}

static void test_a_file_of_another_medium_is_refused(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(try_open(bed, identity), 0);
    reopen(bed);
    bed->source = source_close(bed->source);
    assert_int_equal(try_open(bed, other), -ESTALE);
    _cleanup_close_ int fd = file_of(bed);
    assert_int_equal(pwrite(fd, "garbage", 7, 100), 7);
    assert_int_equal(try_open(bed, identity), -EINVAL);
}

static bool in_the_clear(struct bed *bed, const void *bytes, size_t length)
{
    static uint8_t file[16 << 20];
    _cleanup_close_ int fd = file_of(bed);
    ssize_t n = file_read_most(fd, file, sizeof file, 0);
    assert_true(n > 0);
    return memmem(file, (size_t)n, bytes, length) != NULL;
}

static void test_what_was_written_is_sealed_by_this_device_alone(void **state)
{
    struct bed *bed = *state;
    static const char text[] = "the password of the machine's owner";
    assert_int_equal(try_open(bed, identity), 0);
    assert_int_equal(bed_write(bed, 5000, text, sizeof text), 0);
    assert_int_equal(bed_write(bed, 8185, text, sizeof text), 0);
    assert_int_equal(bed_flush(bed), 0);
    check_all(bed);
    assert_false(in_the_clear(bed, text, sizeof text));
    assert_false(in_the_clear(bed, below_bytes + 4096, 16)); /* of what is below, what came into the same block */
    bed->source = source_close(bed->source);
    key.bytes[0] ^= 1;
    int r = try_open(bed, identity);
    key.bytes[0] ^= 1;
    assert_int_equal(r, -EKEYREJECTED);
    assert_int_equal(try_open(bed, identity), 0);
    check_all(bed);
}

/* As a release that did not seal has left it: the head's word is another, the blocks are in the clear. */
static void make_plain(struct bed *bed)
{
    _cleanup_close_ int fd = file_of(bed);
    uint8_t page[OVERLAY_BLOCK], sum[BLOCK_SUM_SIZE];
    uint64_t number = UINT64_MAX, n = overlay_pages(bed->size), blocks = bed->size / OVERLAY_BLOCK + 1;
    assert_int_equal(pread(fd, page, sizeof page, 0), sizeof page);
    page[16 + 7] = '1';
    memset(page + 16 + 8 + 8 + 4 + OVERLAY_ID_SIZE, 0, SEAL_ID_SIZE + SEAL_CHECK_SIZE);
    const struct sum_part parts[] = {{&number, sizeof number}, {page + 16, sizeof page - 16}};
    assert_int_equal(block_sum(parts, ARRAY_SIZE(parts), sum), 0);
    memcpy(page, sum, 16);
    assert_int_equal(pwrite(fd, page, sizeof page, 0), sizeof page);
    struct overlay_page map;
    assert_int_equal(pread(fd, page, sizeof page, (off_t)overlay_at_live(0)), sizeof page);
    assert_true(overlay_read_page(page, sizeof page, 0, &map));
    for (uint64_t i = 0; i < blocks; i++)
        if (map.bits[i / 8] >> i % 8 & 1)
            assert_int_equal(file_write_all(fd, bed->bytes + i * OVERLAY_BLOCK,
                                            MIN(bed->size - i * OVERLAY_BLOCK, (uint64_t)OVERLAY_BLOCK),
                                            overlay_at_block(n, i)),
                             0);
}

static void test_one_that_was_not_sealed_is_adopted(void **state)
{
    struct bed *bed = *state;
    struct rlimit before, small;
    static uint8_t bytes[300000];
    memset(bytes, 0x71, sizeof bytes);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(try_open(bed, identity), 0);
    assert_int_equal(bed_write(bed, 123456, bytes, sizeof bytes), 0);
    assert_int_equal(bed_flush(bed), 0);
    assert_int_equal(bed_write(bed, bed->size - 3000, bytes, 3000), 0); /* in the live map alone */
    bed->source = source_close(bed->source);
    worker_pool_destroy(bed->io);
    assert_int_equal(worker_pool_create(bed->loop, "io", 2, &bed->io), 0);
    make_plain(bed);
    assert_true(in_the_clear(bed, bytes, 64));
    _cleanup_close_ int folder = bed_folder_fd(bed);
    assert_int_equal(try_open(bed, identity), -EPROTONOSUPPORT);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){200000, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int r = overlay_adopt(folder, "overlay", &key);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r, -EFBIG); /* and it is as it was */
    assert_int_equal(faccessat(folder, "overlay" OVERLAY_ADOPT_END, F_OK, 0), -1);
    assert_int_equal(overlay_adopt(folder, "overlay", &key), 1);
    assert_int_equal(overlay_adopt(folder, "overlay", &key), 0);
    assert_false(in_the_clear(bed, bytes, 64));
    assert_int_equal(try_open(bed, identity), 0);
    check_all(bed);
    reopen(bed);
    check_all(bed);
    assert_int_equal(overlay_adopt(folder, "no such", &key), -ENOENT);
}

/* As after a power cut: the live map is of another boot, and is rubbish. */
static void cut_power(struct bed *bed, bool spoil_one_safe)
{
    bed->source = source_close(bed->source);
    worker_pool_destroy(bed->io);
    assert_int_equal(worker_pool_create(bed->loop, "io", 2, &bed->io), 0);
    _cleanup_close_ int fd = file_of(bed);
    uint8_t page[OVERLAY_BLOCK];
    memset(page, 0xee, sizeof page);
    uint64_t n = overlay_pages(bed->size);
    assert_int_equal(pwrite(fd, page, sizeof page, (off_t)overlay_at_live(0)), sizeof page);
    overlay_write_boot(page, (const uint8_t *)"0123456789abcdef");
    assert_int_equal(pwrite(fd, page, sizeof page, OVERLAY_BLOCK), sizeof page);
    if (spoil_one_safe) /* the one that was being written */
        assert_int_equal(pwrite(fd, "torn", 4, (off_t)overlay_at_safe(n, 1, 0) + 50), 4);
}

static void test_after_a_power_cut_what_was_flushed_is_there(void **state)
{
    struct bed *bed = *state;
    uint8_t bytes[10000];
    memset(bytes, 0x33, sizeof bytes);
    assert_int_equal(try_open(bed, identity), 0);
    assert_int_equal(bed_write(bed, 70000, bytes, sizeof bytes), 0);
    assert_int_equal(bed_flush(bed), 0);
    assert_int_equal(bed_write(bed, 170000, bytes, 100), 0);
    assert_int_equal(bed_flush(bed), 0);
    cut_power(bed, false);
    assert_int_equal(try_open(bed, identity), 0);
    check_all(bed);
    assert_int_equal(bed_write(bed, 270000, bytes, 100), 0);
    assert_int_equal(bed_flush(bed), 0);                    /* the third: into the first one's place */
    memcpy(bed->bytes + 270000, below_bytes + 270000, 100); /* torn: as if it had not been answered */
    cut_power(bed, true);
    assert_int_equal(try_open(bed, identity), 0);
    check_all(bed);
}

static void test_a_full_disk_is_an_error_and_nothing_is_lost(void **state)
{
    struct bed *bed = *state;
    struct rlimit before, small;
    static uint8_t bytes[1 << 20];
    memset(bytes, 0x44, sizeof bytes);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(try_open(bed, identity), 0);
    assert_int_equal(bed_write(bed, 4096, bytes, 50000), 0);
    small = (struct rlimit){3 << 20, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int r = bed_write(bed, 4 << 20, bytes, sizeof bytes);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r, -EFBIG);
    check_all(bed);
    assert_int_equal(bed_write(bed, 4 << 20, bytes, sizeof bytes), 0);
    reopen(bed);
    check_all(bed);
}

/* Of our own, in a name space of our own: only root may. */
static bool small_disk(const struct bed *bed)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", bed->folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=2m") == 0;
}

static void test_a_disk_that_is_really_full(void **state)
{
    struct bed *bed = *state;
    static uint8_t bytes[64 << 10];
    unsigned full = 0;
    memset(bytes, 0x66, sizeof bytes);
    if (!small_disk(bed))
        skip();
    assert_int_equal(try_open(bed, identity), 0);
    for (unsigned i = 0; i < 64; i++) {
        int r = bed_write(bed, i * 128000ull, bytes, sizeof bytes);
        assert_true(r == 0 || r == -ENOSPC);
        full += r != 0;
    }
    assert_true(full > 0);
    assert_true(changed(bed) > 1u << 20);
    /* blocks of a write that failed may be there in part, those that were not begun are as they were */
    assert_int_equal(bed_read(bed, 0, 65536), 0);
    assert_int_equal(bed_read(bed, 64000ull + 5000, 4096), 0);
    assert_int_equal(bed_trim(bed, 0, 256 << 10), 0);
    memcpy(bed->bytes, below_bytes, 256 << 10);
    assert_int_equal(bed_write(bed, 300000, bytes, sizeof bytes), 0); /* there is room again */
    assert_int_equal(bed_flush(bed), 0);
    reopen(bed);
    assert_int_equal(bed_read(bed, 0, 400000), 0);
    bed->source = source_close(bed->source);
    worker_pool_destroy(bed->io);
    assert_int_equal(umount2(bed->folder, MNT_DETACH), 0);
    assert_int_equal(worker_pool_create(bed->loop, "io", 2, &bed->io), 0);
}

static void test_closing_with_changes_under_way(void **state)
{
    struct bed *bed = *state;
    struct bed_read *writes[50];
    static uint8_t bytes[9000];
    assert_int_equal(try_open(bed, identity), 0);
    for (unsigned i = 0; i < 50; i++) {
        writes[i] = calloc(1, sizeof *writes[i]);
        writes[i]->bed = bed;
        source_write(bed->source, i * 5000, bytes, sizeof bytes, bed_on_done, writes[i]);
    }
    bed->source = source_close(bed->source);
    for (unsigned i = 0; i < 50; i++) {
        int error = bed_end(writes[i]);
        assert_true(error == 0 || error == -EIO);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_what_is_written_is_read_and_the_rest_shows_through),
        T(test_parts_of_one_block_written_at_once_are_all_there),
        T(test_trim_gives_back_and_what_is_below_shows_through),
        T(test_a_file_of_another_medium_is_refused),
        T(test_after_a_power_cut_what_was_flushed_is_there),
        T(test_a_full_disk_is_an_error_and_nothing_is_lost),
        T(test_a_disk_that_is_really_full),
        T(test_what_was_written_is_sealed_by_this_device_alone),
        T(test_one_that_was_not_sealed_is_adopted),
        T(test_closing_with_changes_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
