/* A file that is given again and is not the same is an error, never data; also after a restart. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "layer_bed.h"
#include "media/layers.h"
#include "media/source_memory.h"

static unsigned differs;
static uint64_t differs_at;

static void on_differs(void *data, uint64_t offset)
{
    (void)data;
    differs++;
    differs_at = offset;
}

static const struct digest_listener listener = {on_differs};

static int file_of(const struct bed *bed)
{
    _cleanup_close_ int folder = bed_folder_fd(bed);
    int fd = openat(folder, "digests", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void stand_on(struct bed *bed, struct source *below, int fd)
{
    bed->source = source_close(bed->source);
    differs = 0;
    assert_int_equal(layer_digest_create(below, 65536, fd, bed->io, &listener, NULL, &bed->source), 0);
}

static struct source *changed(const struct bed *bed, uint64_t offset)
{
    struct source *source;
    bed->bytes[offset] ^= 1;
    assert_int_equal(source_memory_create(bed->bytes, bed->size, true, &source), 0);
    bed->bytes[offset] ^= 1;
    return source;
}

static void test_what_was_read_is_known_after_a_restart(void **state)
{
    struct bed *bed = *state;
    stand_on(bed, bed_memory(bed), file_of(bed));
    assert_int_equal(bed_read(bed, 100, 70000), 0); /* blocks 0 and 1 */
    assert_int_equal(bed_read(bed, bed->size - 10, 10), 0);
    stand_on(bed, changed(bed, 131071), file_of(bed));
    assert_int_equal(bed_read(bed, 0, 65536), 0);
    assert_int_equal(bed_read(bed, 65536, 10), -EIO); /* the byte itself was not asked for */
    assert_int_equal(differs, 1);
    assert_int_equal(differs_at, 65536);
    assert_int_equal(bed_read(bed, 0, 65536), -EIO); /* nothing of this file is believed */
    assert_int_equal(differs, 1);
    stand_on(bed, changed(bed, bed->size - 1), file_of(bed));
    assert_int_equal(bed_read(bed, bed->size - 10, 5), -EIO);
    stand_on(bed, bed_memory(bed), file_of(bed));
    for (uint64_t at = 0; at < bed->size; at += 65536)
        assert_int_equal(bed_read(bed, at, MIN(bed->size - at, (uint64_t)65536)), 0);
    assert_int_equal(bed_read(bed, 0, bed->size), 0);
    assert_int_equal(differs, 0);
}

static void test_a_block_that_was_never_read_is_learnt(void **state)
{
    struct bed *bed = *state;
    stand_on(bed, bed_memory(bed), -1);
    assert_int_equal(bed_read(bed, 0, 512), 0);
    assert_int_equal(bed_read(bed, 65536, 512), 0);
    assert_int_equal(differs, 0);
}

static void test_a_file_given_anew_is_believed_until_it_differs(void **state)
{
    struct bed *bed = *state;
    struct source *patience;
    const struct patience_config config = {0};
    assert_int_equal(layer_patience_create(bed->loop, bed_memory(bed), &config, NULL, NULL, &patience), 0);
    stand_on(bed, patience, -1);
    assert_int_equal(bed_read(bed, 0, 200000), 0);
    assert_int_equal(layer_patience_replace(patience, changed(bed, 70000)), 0);
    assert_int_equal(bed_read(bed, 0, 200000), -EIO);
    layer_digest_trust(bed->source);
    assert_int_equal(layer_patience_replace(patience, bed_memory(bed)), 0);
    assert_int_equal(bed_read(bed, 0, 200000), 0);
    assert_int_equal(differs, 1);
}

static void test_damage_to_the_digests_is_no_medium_error(void **state)
{
    struct bed *bed = *state;
    stand_on(bed, bed_memory(bed), file_of(bed));
    assert_int_equal(bed_read(bed, 0, bed->size), 0);
    bed->source = source_close(bed->source);
    _cleanup_close_ int fd = file_of(bed);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    for (off_t at = 70; at < st.st_size; at += 31)
        assert_int_equal(pwrite(fd, "x", 1, at), 1);
    stand_on(bed, bed_memory(bed), file_of(bed));
    assert_int_equal(bed_read(bed, 0, bed->size), 0);
    /* cut off, and of another medium */
    assert_int_equal(ftruncate(fd, 1000), 0);
    stand_on(bed, bed_memory(bed), file_of(bed));
    assert_int_equal(bed_read(bed, 0, bed->size), 0);
    struct source *small;
    assert_int_equal(source_memory_create(bed->bytes, 100000, true, &small), 0);
    stand_on(bed, small, file_of(bed));
    assert_int_equal(bed_read(bed, 0, 100000), 0);
}

static void test_errors_of_the_source_stay_what_they_are(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    stand_on(bed, memory, -1);
    source_memory_hold(memory);
    struct bed_read *read = bed_begin(bed, 0, 512), *other = bed_begin(bed, 0, 65536);
    source_memory_let_go(memory, -ENOMEDIUM);
    assert_int_equal(bed_end(read), -ENOMEDIUM);
    assert_int_equal(bed_end(other), -ENOMEDIUM);
    assert_int_equal(bed_read(bed, 0, 512), 0);
    assert_int_equal(differs, 0);
    struct source *none;
    assert_int_equal(layer_digest_create(memory, 5000, -1, bed->io, NULL, NULL, &none), -EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)
    const struct CMUnitTest tests[] = {
        T(test_what_was_read_is_known_after_a_restart),         T(test_a_block_that_was_never_read_is_learnt),
        T(test_a_file_given_anew_is_believed_until_it_differs), T(test_damage_to_the_digests_is_no_medium_error),
        T(test_errors_of_the_source_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
