/* How layers stand together: which of them a medium gets, what is told of them, and who owns what. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "layer_bed.h"
#include "media/source_memory.h"
#include "media/source_stream.h"
#include "media/stack.h"

static unsigned changes, faults, asked;

static void on_changed(void *data)
{
    (void)data;
    changes++;
}

static void on_fault(void *data, const char *why)
{
    (void)data;
    assert_non_null(strstr(why, "differs at byte 65536"));
    faults++;
}

static const struct media_stack_listener listener = {on_changed, on_fault};

static void on_ask(void *data, uint32_t id, uint64_t offset, uint32_t length)
{
    (void)data;
    (void)id;
    (void)offset;
    (void)length;
    asked++;
}

static const struct source_stream_ops stream_ops = {.ask = on_ask};

static int file_of(const struct bed *bed, const char *name)
{
    _cleanup_close_ int folder = bed_folder_fd(bed);
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static const struct seal_key seal_key;

static struct media_stack *begin(struct bed *bed, struct source *source, const struct media_stack_config *config)
{
    struct media_stack *stack;
    changes = faults = asked = 0;
    assert_int_equal(media_stack_create(bed->loop, bed->io, source, config, &listener, NULL, &stack), 0);
    bed->source = media_stack_top(stack);
    return stack;
}

static enum media_link link_of(const struct media_stack *stack)
{
    struct media_stack_state state;
    media_stack_state(stack, &state);
    return state.link;
}

static void test_a_local_file_needs_nothing(void **state)
{
    struct bed *bed = *state;
    struct source *memory;
    const struct media_stack_config config = {.digest_fd = -1};
    assert_int_equal(source_memory_create(bed->bytes, bed->size, false, &memory), 0);
    struct media_stack *stack = begin(bed, memory, &config);
    assert_int_equal(bed_write(bed, 5, "through", 7), 0);
    assert_int_equal(bed_flush(bed), 0);
    assert_int_equal(bed_read(bed, 0, 100000), 0);
    assert_int_equal(bed_trim(bed, 0, 4096), 0);
    memset(bed->bytes, 0, 4096);
    assert_int_equal(bed_read(bed, 0, 100000), 0);
    assert_int_equal(media_stack_replace(stack, memory), -ENOTCONN);
    media_stack_destroy(stack);
}

static void test_the_owner_goes_and_comes_back(void **state)
{
    struct bed *bed = *state;
    struct cache *cache;
    struct source *away;
    const struct cache_config memory = {.memory = 4u << 20, .folder_fd = -1};
    struct media_stack_config config = {
        .patience_us = 60000000, .digest = true, .digest_fd = -1, .read_ahead = 1u << 20};
    assert_int_equal(cache_create(bed->io, &memory, &cache), 0);
    config.cache = cache;
    cache_key_make("file", NULL, "eva", &config.key);
    assert_int_equal(source_stream_create(bed->size, &stream_ops, NULL, &away), 0);
    struct media_stack *stack = begin(bed, away, &config);
    struct bed_read *read = bed_begin(bed, 70000, 1000);
    assert_int_equal(asked, 1);
    source_stream_lost(away);
    assert_int_equal(link_of(stack), MEDIA_LINK_WAITING);
    assert_int_equal(changes, 1);
    assert_int_equal(media_stack_replace(stack, bed_memory(bed)), 0);
    assert_int_equal(bed_end(read), 0);
    assert_int_equal(link_of(stack), MEDIA_LINK_GOOD);

    /* not the same file: what the cache has is right still, what it has not is an error */
    struct source *other, *small;
    uint8_t *bytes = bed->bytes;
    bytes[65540] ^= 1;
    assert_int_equal(source_memory_create(bytes, bed->size, true, &other), 0);
    bytes[65540] ^= 1;
    assert_int_equal(media_stack_replace(stack, other), 0);
    assert_int_equal(bed_read(bed, 70000, 1000), 0);
    for (uint64_t at = 128 * 65536; at > 2 * 65536; at -= 65536)
        assert_int_equal(bed_read(bed, at - 65536, 512), 0); /* until the cache has forgotten */
    assert_int_equal(bed_read(bed, 70000, 1000), -EIO);
    assert_int_equal(faults, 1);
    assert_int_equal(source_memory_create(NULL, 4096, true, &small), 0);
    assert_int_equal(media_stack_replace(stack, small), -ESTALE);
    source_close(small);
    assert_int_equal(media_stack_replace(stack, bed_memory(bed)), 0);
    assert_int_equal(bed_read(bed, 70000, 1000), 0);
    stack = media_stack_destroy(stack); /* the top lives on */
    assert_int_equal(bed_read(bed, 1000000, 1000), 0);
    bed->source = source_close(bed->source);
    cache_destroy(cache);
}

static void test_a_silent_owner_is_given_up_in_time(void **state)
{
    struct bed *bed = *state;
    struct source *silent;
    const struct media_stack_config config = {
        .patience_us = 200000, .given_up = -ENOSPC, .digest = true, .digest_fd = -1};
    assert_int_equal(source_stream_create(bed->size, &stream_ops, NULL, &silent), 0);
    struct media_stack *stack = begin(bed, silent, &config);
    assert_int_equal(bed_read(bed, 0, 512), -ENOSPC);
    assert_int_equal(asked, 1);
    assert_int_equal(link_of(stack), MEDIA_LINK_LOST);
    media_stack_destroy(stack);
}

static void test_a_lost_source_is_asked_although_nobody_reads(void **state)
{
    struct bed *bed = *state;
    struct source *silent;
    const struct media_stack_config config = {
        .patience_us = 100000, .given_up = -ENOSPC, .digest = true, .digest_fd = -1};
    assert_int_equal(source_stream_create(bed->size, &stream_ops, NULL, &silent), 0);
    struct media_stack *stack = begin(bed, silent, &config);
    assert_int_equal(bed_read(bed, 70000, 512), -ENOSPC);
    assert_false(media_stack_answers(stack));
    assert_int_equal(asked, 2);
    assert_false(media_stack_answers(stack));
    assert_int_equal(asked, 2); /* one at a time */
    assert_int_equal(media_stack_replace(stack, bed_memory(bed)), 0);
    bool there = media_stack_answers(stack);
    for (unsigned i = 0; i < 2 && !there; i++) /* on a slow machine patience was over meanwhile */
        there = media_stack_answers(stack);
    assert_true(there);
    assert_int_equal(link_of(stack), MEDIA_LINK_GOOD);
    assert_int_equal(source_stream_create(bed->size, &stream_ops, NULL, &silent), 0);
    assert_int_equal(media_stack_replace(stack, silent), 0);
    assert_false(media_stack_answers(stack));
    media_stack_destroy(stack); /* with a question under way */
}

static void test_an_overlay_makes_it_writable_and_stays_out_of_the_source(void **state)
{
    struct bed *bed = *state;
    struct source *memory = bed_memory(bed);
    struct media_stack_config config = {.digest_fd = -1, .rate = 1u << 30, .overlay = true, .overlay_key = &seal_key};
    config.overlay_fd = file_of(bed, "overlay");
    struct media_stack *stack = begin(bed, memory, &config);
    assert_int_equal(bed_write(bed, 9, "changed", 7), 0);
    struct media_stack_state s;
    media_stack_state(stack, &s);
    assert_int_equal(s.changed, 4096);
    bed->source = source_close(bed->source);
    media_stack_state(stack, &s); /* allowed still */
    media_stack_destroy(stack);
}

static void test_a_stack_that_cannot_be_made_leaves_the_source(void **state)
{
    struct bed *bed = *state;
    struct media_stack *stack;
    struct media_stack_config config = {
        .digest = true, .digest_fd = file_of(bed, "digests"), .overlay = true, .overlay_key = &seal_key};
    config.overlay_fd = file_of(bed, "strange");
    assert_int_equal(write(config.overlay_fd, "no overlay", 10), 10);
    bed->source = bed_memory(bed);
    int r = media_stack_create(bed->loop, bed->io, bed->source, &config, &listener, NULL, &stack);
    assert_int_equal(r, -EINVAL);
    assert_int_equal(close(config.overlay_fd), 0); /* still ours */
    assert_int_equal(close(config.digest_fd), -1); /* taken */
    assert_int_equal(bed_read(bed, 0, bed->size), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_local_file_needs_nothing),
        T(test_the_owner_goes_and_comes_back),
        T(test_a_silent_owner_is_given_up_in_time),
        T(test_a_lost_source_is_asked_although_nobody_reads),
        T(test_an_overlay_makes_it_writable_and_stays_out_of_the_source),
        T(test_a_stack_that_cannot_be_made_leaves_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
