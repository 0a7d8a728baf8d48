/* Blocks are fetched once, kept within bounds, found again after a restart, and never by another user. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "layer_bed.h"
#include "media/cache.h"
#include "media/source_memory.h"

#define MIB (1u << 20)

static struct seal_key seal_key = {"of this device"};
static struct cache *cache;

static int tear_down(void **state)
{
    struct bed *bed = *state;
    bed->source = source_close(bed->source);
    cache = cache_destroy(cache);
    return bed_tear_down(state);
}

static void open_cache(struct bed *bed, uint64_t memory, uint64_t disk)
{
    const struct cache_config config = {memory, disk, disk ? bed_folder_fd(bed) : -1, &seal_key};
    assert_int_equal(cache_create(bed->io, &config, &cache), 0);
}

static struct cache_key key_of(const char *validator, const char *owner)
{
    struct cache_key key;
    cache_key_make("https://example.org/a.iso", validator, owner, &key);
    return key;
}

static void stand_on(struct bed *bed, struct source *below, const char *validator, const char *owner)
{
    const struct cache_key key = key_of(validator, owner);
    bed->source = source_close(bed->source);
    assert_int_equal(layer_cache_create(cache, &key, below, &bed->source), 0);
}

static struct cache_statistics counts(void)
{
    struct cache_statistics s;
    cache_statistics(cache, &s);
    return s;
}

/* All that is written is on the disk: by closing it, and the pool behind it. */
static void restart(struct bed *bed, uint64_t memory, uint64_t disk)
{
    bed->source = source_close(bed->source);
    cache = cache_destroy(cache);
    worker_pool_destroy(bed->io);
    assert_int_equal(worker_pool_create(bed->loop, "io", 2, &bed->io), 0);
    open_cache(bed, memory, disk);
}

static bool nothing_on_its_way(void *data)
{
    const struct bed *bed = data;
    uint64_t blocks = (bed->size + CACHE_BLOCK - 1) / CACHE_BLOCK;
    return counts().disk == blocks * CACHE_BLOCK;
}

static void read_everything(struct bed *bed)
{
    for (uint64_t at = 0; at < bed->size; at += 100000)
        assert_int_equal(bed_read(bed, at, MIN(bed->size - at, (uint64_t)100000)), 0);
}

static void test_keys(void **state)
{
    (void)state;
    struct cache_key a = key_of("etag", "eva"), b = key_of("etag", "eva"), c = key_of("etag", "bob");
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &c, sizeof a);
    c = key_of("etagev", "a"); /* the same letters, divided otherwise */
    b = key_of("etag", "eva");
    assert_memory_not_equal(&b, &c, sizeof a);
    a = key_of(NULL, "eva");
    b = key_of("", "eva");
    assert_memory_not_equal(&a, &b, sizeof a);
}

static void test_readers_of_a_block_share_one_fetch(void **state)
{
    struct bed *bed = *state;
    struct bed_read *reads[BED_READS];
    struct source *memory = bed_memory(bed);
    open_cache(bed, 4 * MIB, 0);
    stand_on(bed, memory, "v", "eva");
    source_memory_hold(memory);
    for (unsigned i = 0; i < BED_READS; i++)
        reads[i] = bed_begin(bed, 65536 + i * 100, 1000);
    assert_int_equal(source_memory_held(memory), 1);
    source_memory_let_go(memory, 0);
    for (unsigned i = 0; i < BED_READS; i++) {
        assert_int_equal(reads[i]->done, 1);
        assert_int_equal(bed_end(reads[i]), 0);
    }
    assert_int_equal(counts().fetches, 1);
    assert_true(layer_cache_has(bed->source, 1));
    assert_false(layer_cache_has(bed->source, 2));
    assert_false(layer_cache_has(memory, 1));
}

static void test_blocks_side_by_side_are_fetched_as_one(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    open_cache(bed, 4 * MIB, 0);
    stand_on(bed, memory, "v", "eva");
    source_memory_hold(memory);
    struct bed_read *read = bed_begin(bed, 10, 500000);
    assert_int_equal(source_memory_held(memory), 2); /* 8 blocks */
    source_memory_let_go(memory, 0);
    assert_int_equal(bed_end(read), 0);
    read_everything(bed);
    read_everything(bed);
}

static void test_memory_is_bounded_and_all_are_served(void **state)
{
    struct bed *bed = *state;
    struct bed_read *reads[BED_READS];
    struct source *memory = bed_memory(bed);
    open_cache(bed, MIB, 0);
    stand_on(bed, memory, "v", "eva");
    source_memory_hold(memory);
    for (unsigned i = 0; i < BED_READS; i++) {
        reads[i] = bed_begin(bed, i * 120000ull, 300000);
        assert_true(counts().memory <= MIB);
    }
    while (source_memory_held(memory))
        source_memory_let_go(memory, 0);
    for (unsigned i = 0; i < BED_READS; i++)
        assert_int_equal(bed_end(reads[i]), 0);
    assert_true(counts().memory <= MIB);
    assert_int_equal(bed_read(bed, 0, bed->size), 0); /* longer than all of it */
    assert_true(counts().memory <= MIB);
}

static void test_the_least_recently_used_goes_first(void **state)
{
    struct bed *bed = *state;
    open_cache(bed, MIB, 0); /* 16 blocks */
    stand_on(bed, bed_memory(bed), "v", "eva");
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(bed_read(bed, i * (uint64_t)CACHE_BLOCK, 512), 0);
    assert_int_equal(bed_read(bed, 0, 512), 0);
    assert_int_equal(bed_read(bed, 20 * (uint64_t)CACHE_BLOCK, 512), 0);
    assert_true(layer_cache_has(bed->source, 0));
    assert_false(layer_cache_has(bed->source, 1));
    assert_true(layer_cache_has(bed->source, 2));
}

static void test_an_error_is_no_block_and_others_ask_for_themselves(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    open_cache(bed, 4 * MIB, 0);
    stand_on(bed, memory, "v", "eva");
    source_memory_hold(memory);
    struct bed_read *wide = bed_begin(bed, 0, 4 * CACHE_BLOCK);
    struct bed_read *narrow = bed_begin(bed, 2 * (uint64_t)CACHE_BLOCK, 512);
    assert_int_equal(source_memory_held(memory), 1);
    source_memory_let_go(memory, -EIO); /* the first; what is asked then goes well */
    assert_int_equal(bed_end(wide), -EIO);
    assert_int_equal(bed_end(narrow), 0);
    assert_int_equal(bed_read(bed, 0, 4 * CACHE_BLOCK), 0);
}

static void test_it_survives_a_restart(void **state)
{
    struct bed *bed = *state;
    open_cache(bed, MIB, 64 * MIB);
    stand_on(bed, bed_memory(bed), "v", "eva");
    while (!nothing_on_its_way(bed)) /* what is too much at a time is left out */
        read_everything(bed);
    restart(bed, MIB, 64 * MIB);
    struct source *nothing;
    assert_int_equal(source_memory_create(NULL, bed->size, true, &nothing), 0);
    stand_on(bed, nothing, "v", "eva");
    read_everything(bed);
    assert_int_equal(counts().fetches, 0);
    assert_true(counts().disk_hits > 0);
}

static void test_another_user_or_validator_gets_none_of_it(void **state)
{
    struct bed *bed = *state;
    static const char *others[][2] = {{"v", "bob"}, {"v2", "eva"}, {NULL, "eva"}};
    open_cache(bed, 16 * MIB, 64 * MIB);
    stand_on(bed, bed_memory(bed), "v", "eva");
    read_everything(bed);
    for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
        uint64_t before = counts().fetches;
        stand_on(bed, bed_memory(bed), others[i][0], others[i][1]);
        assert_false(layer_cache_has(bed->source, 0));
        assert_int_equal(bed_read(bed, 0, 512), 0);
        assert_int_equal(counts().fetches, before + 1);
    }
}

static void test_without_a_validator_nothing_is_kept(void **state)
{
    struct bed *bed = *state;
    open_cache(bed, 16 * MIB, 64 * MIB);
    stand_on(bed, bed_memory(bed), NULL, "eva");
    read_everything(bed);
    assert_true(counts().memory > 0);
    bed->source = source_close(bed->source);
    assert_int_equal(counts().memory, 0);
    assert_int_equal(counts().disk, 0);
}

static void test_the_disk_is_bounded_by_its_oldest(void **state)
{
    struct bed *bed = *state;
    open_cache(bed, MIB, 2 * MIB);
    stand_on(bed, bed_memory(bed), "v", "eva");
    read_everything(bed);
    bed->source = source_close(bed->source);
    restart(bed, MIB, 2 * MIB);
    assert_true(counts().disk <= 2 * MIB);
    struct stat st;
    _cleanup_close_ int folder = bed_folder_fd(bed);
    assert_int_equal(fstatat(folder, "blocks", &st, 0), 0);
    assert_true(st.st_size <= 2 * MIB);
    restart(bed, MIB, MIB); /* a smaller bound */
    assert_int_equal(fstatat(folder, "blocks", &st, 0), 0);
    assert_true(st.st_size <= MIB);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void spoil(struct bed *bed, const char *name, uint64_t step)
{
    _cleanup_close_ int folder = bed_folder_fd(bed);
    _cleanup_close_ int fd = openat(folder, name, O_RDWR | O_CLOEXEC);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    for (uint64_t at = step / 2; at < (uint64_t)st.st_size; at += step) {
        uint8_t byte;
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
}

static void test_what_was_spoilt_on_disk_is_fetched_again(void **state)
{
    struct bed *bed = *state;
    static const struct {
        const char *name;
        uint64_t step;
    } harm[] = {{"blocks", 50000}, {"index", 130}, {"index", 7}, {"index", 60}};
    for (unsigned i = 0; i < ARRAY_SIZE(harm); i++) {
        open_cache(bed, MIB, 64 * MIB);
        stand_on(bed, bed_memory(bed), "v", "eva");
        read_everything(bed);
        restart(bed, MIB, 64 * MIB);
        cache = cache_destroy(cache);
        spoil(bed, harm[i].name, harm[i].step);
        open_cache(bed, MIB, 64 * MIB);
        stand_on(bed, bed_memory(bed), "v", "eva");
        read_everything(bed);
        bed->source = source_close(bed->source);
        restart(bed, MIB, 64 * MIB);
        cache = cache_destroy(cache);
    }
}

static bool on_disk_in_the_clear(struct bed *bed)
{
    static uint8_t bytes[16 * MIB];
    _cleanup_close_ int folder = bed_folder_fd(bed);
    bool found = false;
    for (unsigned i = 0; i < 2; i++) {
        const struct cache_key key = key_of("v", "eva");
        _cleanup_close_ int fd = openat(folder, i ? "index" : "blocks", O_RDONLY | O_CLOEXEC);
        ssize_t n = read(fd, bytes, sizeof bytes);
        assert_true(n > 0);
        for (uint64_t at = 0; at + 16 <= bed->size; at += 100000)
            found = found || memmem(bytes, (size_t)n, bed->bytes + at, 16);
        found = found || memmem(bytes, (size_t)n, key.bytes, sizeof key.bytes);
    }
    return found;
}

static void test_what_is_on_disk_is_sealed_by_this_device_alone(void **state)
{
    struct bed *bed = *state;
    open_cache(bed, MIB, 64 * MIB);
    stand_on(bed, bed_memory(bed), "v", "eva");
    read_everything(bed);
    restart(bed, MIB, 64 * MIB);
    assert_true(counts().disk > 0);
    assert_false(on_disk_in_the_clear(bed));
    seal_key.bytes[0] ^= 1;
    restart(bed, MIB, 64 * MIB);
    seal_key.bytes[0] ^= 1;
    assert_false(counts().disk_off);
    assert_int_equal(counts().disk, 0); /* begun anew, and used */
    const struct cache_config config = {MIB, 64 * MIB, bed_folder_fd(bed), NULL};
    cache = cache_destroy(cache);
    assert_int_equal(cache_create(bed->io, &config, &cache), 0);
    assert_true(counts().disk_off); /* never in the clear */
}

static void test_a_full_disk_turns_the_disk_part_off(void **state)
{
    struct bed *bed = *state;
    struct rlimit before, small;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    open_cache(bed, MIB, 64 * MIB);
    assert_false(counts().disk_off);
    stand_on(bed, bed_memory(bed), "v", "eva");
    small = (struct rlimit){300000, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    read_everything(bed);
    read_everything(bed);
    bed->source = source_close(bed->source);
    bed->io = worker_pool_destroy(bed->io);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(counts().disk_off);
}

static void test_a_folder_in_use_or_strange_is_left_alone(void **state)
{
    struct bed *bed = *state;
    struct cache *second;
    open_cache(bed, MIB, 64 * MIB);
    const struct cache_config config = {MIB, 64 * MIB, bed_folder_fd(bed), &seal_key};
    struct cache_statistics s;
    assert_int_equal(cache_create(bed->io, &config, &second), 0);
    cache_statistics(second, &s);
    assert_true(s.disk_off);
    cache_destroy(second);
    cache = cache_destroy(cache);
    _cleanup_close_ int folder = bed_folder_fd(bed);
    assert_int_equal(unlinkat(folder, "blocks", 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", folder, "blocks"), 0);
    open_cache(bed, MIB, 64 * MIB);
    assert_true(counts().disk_off);
}

static void test_closing_with_reads_under_way(void **state)
{
    struct bed *bed = *state;
    struct bed_read *reads[BED_READS];
    struct source *memory = bed_memory(bed);
    open_cache(bed, MIB, 64 * MIB);
    stand_on(bed, memory, NULL, "eva");
    source_memory_hold(memory);
    for (unsigned i = 0; i < BED_READS; i++)
        reads[i] = bed_begin(bed, i * 120000ull, 300000);
    struct source *below = memory;
    bed->source = source_close(bed->source);
    cache = cache_destroy(cache);
    source_memory_let_go(below, 0);
    for (unsigned i = 0; i < BED_READS; i++) {
        int error = bed_end(reads[i]);
        assert_true(error == 0 || error == -EIO);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bed_set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        T(test_readers_of_a_block_share_one_fetch),
        T(test_blocks_side_by_side_are_fetched_as_one),
        T(test_memory_is_bounded_and_all_are_served),
        T(test_the_least_recently_used_goes_first),
        T(test_an_error_is_no_block_and_others_ask_for_themselves),
        T(test_it_survives_a_restart),
        T(test_another_user_or_validator_gets_none_of_it),
        T(test_without_a_validator_nothing_is_kept),
        T(test_the_disk_is_bounded_by_its_oldest),
        T(test_what_was_spoilt_on_disk_is_fetched_again),
        T(test_what_is_on_disk_is_sealed_by_this_device_alone),
        T(test_a_full_disk_turns_the_disk_part_off),
        T(test_a_folder_in_use_or_strange_is_left_alone),
        T(test_closing_with_reads_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
