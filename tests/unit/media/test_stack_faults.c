/* The whole stack over a source that fails by a seed, while several readers (and writers of an overlay) use it, it is
 * closed and made again over the same files in between, and its source is replaced: each byte is the medium's or the
 * read is an error, and each request is answered once. A second part kills the process with -9 instead. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "layer_bed.h"
#include "media/source_memory.h"
#include "media/stack.h"

#define BLOCK 4096u
#define SIZE ((3u << 20) + 777)
#define OPS 48 /* under way */
#define LONGEST 200000u
#define DELAY_US 300u

/* What may stand in each block of the medium: a write that was not answered well may be there or not. */
struct model {
    uint8_t now[SIZE], before[SIZE]; /* what was answered for; and what an unanswered write may have left */
    bool unsure[SIZE / BLOCK + 1], busy[SIZE / BLOCK + 1];
};

struct op {
    struct run *run;
    bool write, running;
    uint64_t offset;
    size_t length;
    uint8_t bytes[LONGEST];
};

struct run {
    struct bed *bed;
    struct model *model;
    uint64_t seed, random;
    struct cache *cache;
    struct media_stack *stack;
    struct source *top;
    struct op ops[OPS];
    unsigned n_running;
    bool overlay, digest, faults, asks_again;
    unsigned good, failed;
    volatile uint32_t *progress; /* of the child that is going to be killed */
};

static uint8_t original[SIZE];
static struct run run;

static uint64_t draw(uint64_t below)
{
    uint64_t z = run.random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static int open_file(const char *name)
{
    _cleanup_close_ int folder = bed_folder_fd(run.bed);
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static struct source *bad_source(bool may_be_silent)
{
    struct source *memory, *faulty;
    const struct fault_plan plan = {
        .seed = draw(UINT64_MAX),
        .fail_again = run.faults ? 9000 : 0,
        .fail = run.faults ? 1500 : 0,
        .never = run.faults && may_be_silent ? 300 : 0,
        .corrupt = run.faults && run.digest ? 300 : 0, /* without digests nobody could tell */
        .delay_us = draw(2) ? DELAY_US : 0,
    };
    assert_int_equal(source_memory_create(original, SIZE, true, &memory), 0);
    assert_int_equal(layer_fault_create(run.bed->loop, memory, &plan, &faulty), 0);
    return faulty;
}

static void stack_begin(void)
{
    static const struct seal_key seal_key;
    const struct cache_config cache = {1u << 20, 2u << 20, bed_folder_fd(run.bed), &seal_key};
    run.asks_again = draw(2);
    struct media_stack_config config = {
        .patience_us = run.faults ? 15000 : 60000000,
        .ask_again_us = run.asks_again ? 2000 : 0,
        .digest = run.digest,
        .digest_fd = run.digest ? open_file("digests") : -1,
        .read_ahead = draw(3) ? 512u << 10 : 0,
        .rate = draw(4) ? 0 : 50u << 20,
        .overlay = run.overlay,
        .overlay_key = &seal_key,
        .overlay_fd = run.overlay ? open_file("overlay") : -1,
        .identity = "a medium",
    };
    assert_int_equal(cache_create(run.bed->io, &cache, &run.cache), 0);
    config.cache = run.cache;
    cache_key_make("medium", "1", "eva", &config.key);
    assert_int_equal(
        media_stack_create(run.bed->loop, run.bed->io, bad_source(run.asks_again), &config, NULL, NULL, &run.stack), 0);
    run.top = media_stack_top(run.stack);
    assert_int_equal(run.top->size, SIZE);
    assert_int_equal(run.top->read_only, !run.overlay);
}

static void stack_end(void)
{
    source_close(run.top);
    run.stack = media_stack_destroy(run.stack);
    run.cache = cache_destroy(run.cache);
    /* what was read ahead is still answered, within the longest delay there is; then nothing is left in the loop */
    uint64_t end_us = clock_now_us() + 2ull * DELAY_US;
    while (clock_now_us() < end_us)
        loop_dispatch(run.bed->loop, 1);
    loop_dispatch(run.bed->loop, 0);
}

/* The last user of the cache's files. */
static void new_pool(void)
{
    worker_pool_destroy(run.bed->io);
    assert_int_equal(worker_pool_create(run.bed->loop, "io", 2, &run.bed->io), 0);
}

/* For others' writes; the blocks at both ends are whole in the model. */
static bool is_busy(uint64_t offset, size_t length, bool value, bool set)
{
    bool any = false;
    for (uint64_t b = offset / BLOCK; b <= (offset + length - 1) / BLOCK; b++) {
        any = any || run.model->busy[b];
        if (set)
            run.model->busy[b] = value;
    }
    return any;
}

static void check_read(const struct op *op)
{
    const struct model *m = run.model;
    for (size_t i = 0; i < op->length; i++) {
        uint64_t at = op->offset + i;
        if (op->bytes[i] != m->now[at] && !(m->unsure[at / BLOCK] && op->bytes[i] == m->before[at]))
            fail_msg("seed %llu: byte %llu is not the medium's", (unsigned long long)run.seed, (unsigned long long)at);
    }
}

static void note_write(const struct op *op, int error)
{
    struct model *m = run.model;
    for (uint64_t b = op->offset / BLOCK; error && b <= (op->offset + op->length - 1) / BLOCK; b++)
        m->unsure[b] = true;
    memcpy((error ? m->before : m->now) + op->offset, op->bytes, op->length);
    if (!error && run.progress)
        ++*run.progress;
}

static void on_done(void *data, int error)
{
    struct op *op = data;
    assert_true(op->running); /* once */
    op->running = false;
    run.n_running--;
    if (error)
        run.failed++;
    else
        run.good++;
    if (op->write)
        note_write(op, error);
    else if (!error)
        check_read(op);
    is_busy(op->offset, op->length, false, true);
}

static void begin_op(struct op *op)
{
    static uint64_t stream;
    op->length = 1 + draw(draw(4) ? 8192 : LONGEST - 1);
    op->offset = draw(SIZE - op->length);
    if (draw(2)) { /* one that reads on */
        op->offset = stream + op->length <= SIZE ? stream : 0;
        stream = op->offset + op->length;
    }
    op->write = run.overlay && draw(3) == 0;
    /* a block whose write was not answered well has two contents that may be mixed: it is not written again */
    for (uint64_t b = op->offset / BLOCK; b <= (op->offset + op->length - 1) / BLOCK; b++)
        if (op->write && run.model->unsure[b])
            return;
    if (is_busy(op->offset, op->length, false, false))
        return;
    is_busy(op->offset, op->length, true, true);
    op->running = true;
    run.n_running++;
    if (op->write) {
        for (size_t i = 0; i < op->length; i++)
            op->bytes[i] = (uint8_t)draw(256);
        if (run.progress) /* whether it will have been written when the process is killed, nobody knows */
            memcpy(run.model->before + op->offset, op->bytes, op->length);
        source_write(run.top, op->offset, op->bytes, op->length, on_done, op);
    } else {
        memset(op->bytes, 0xa5, op->length);
        source_read(run.top, op->offset, op->bytes, op->length, on_done, op);
    }
}

static void work(unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        struct op *op = &run.ops[draw(OPS)];
        if (!op->running)
            begin_op(op);
        if (draw(4) == 0)
            loop_dispatch(run.bed->loop, 0);
        if (draw(150) == 0)
            media_stack_replace(run.stack, draw(2) ? bad_source(run.asks_again) : NULL);
    }
}

static bool all_answered(void *data)
{
    (void)data;
    return !run.n_running;
}

static void read_everything(void)
{
    struct op *op = &run.ops[0];
    for (uint64_t at = 0; at < SIZE; at += LONGEST) {
        op->offset = at;
        op->length = MIN(SIZE - at, (uint64_t)LONGEST);
        op->running = true;
        op->write = false;
        run.n_running++;
        source_read(run.top, at, op->bytes, op->length, on_done, op);
        bed_until(run.bed, all_answered, NULL);
    }
}

/* A digest tells what has changed since a block was first read: all of them are, from a source that is right. */
static void learn(void)
{
    bool faults = run.faults;
    run.faults = false;
    stack_begin();
    read_everything();
    run.faults = faults;
    stack_end();
    new_pool();
    assert_int_equal(run.failed, 0);
}

static int set_up(void **state)
{
    int r = bed_set_up(state);
    memset(&run, 0, sizeof run); /* too large for a literal on the stack */
    run.bed = *state;
    run.model = mmap(NULL, sizeof *run.model, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < SIZE; i++)
        original[i] = (uint8_t)((i * 2654435761u) >> 13 ^ i >> 16);
    memcpy(run.model->now, original, SIZE);
    memcpy(run.model->before, original, SIZE);
    return r;
}

static int tear_down(void **state)
{
    munmap(run.model, sizeof *run.model);
    return bed_tear_down(state);
}

static void new_medium(uint64_t seed)
{
    _cleanup_close_ int folder = bed_folder_fd(run.bed);
    run.seed = run.random = seed;
    run.overlay = seed % 2;
    run.digest = seed / 2 % 2;
    run.faults = seed % 5 != 4;
    run.good = run.failed = 0;
    memset(run.model, 0, sizeof *run.model);
    memcpy(run.model->now, original, SIZE);
    unlinkat(folder, "overlay", 0);
    /* else the cache of the last, which was of the same medium; but not what went by other digests into it */
    if (seed % 3 == 0 || run.digest)
        unlinkat(folder, "index", 0);
    unlinkat(folder, "digests", 0);
    if (run.digest)
        learn();
}

static unsigned seeds(unsigned otherwise)
{
    const char *text = getenv("LIGHTSOUT_SEEDS");
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void test_each_byte_is_the_mediums_or_an_error(void **state)
{
    (void)state;
    unsigned good = 0, failed = 0, n = seeds(100);
    for (uint64_t seed = 1; seed <= n; seed++) {
        new_medium(seed);
        for (unsigned i = 0; i < 3; i++) {
            stack_begin();
            work(120);
            if (draw(2))
                bed_until(run.bed, all_answered, NULL);
            stack_end(); /* with what is under way */
            bed_until(run.bed, all_answered, NULL);
            new_pool();
        }
        good += run.good;
        failed += run.failed;
    }
    print_message("%u seeds: %u requests went well, %u failed\n", n, good, failed);
    assert_true(good > failed);
    assert_true(failed > 0);
}

static void child(void)
{
    for (;;) {
        stack_begin();
        work(400);
        bed_until(run.bed, all_answered, NULL);
        stack_end();
        new_pool();
    }
}

/* The parent's view: blocks of writes that were under way may be old, new, or a mixture. */
static void forget_the_child(void)
{
    for (uint64_t b = 0; b < ARRAY_SIZE(run.model->busy); b++) {
        run.model->unsure[b] = run.model->unsure[b] || run.model->busy[b];
        run.model->busy[b] = false;
    }
    memset(run.ops, 0, sizeof run.ops);
    run.n_running = 0;
}

static bool another_loop(struct bed *bed)
{
    return loop_create(&bed->loop) == 0 && worker_pool_create(bed->loop, "io", 2, &bed->io) == 0;
}

static void test_kill_9_loses_nothing_that_was_answered(void **state)
{
    struct bed *bed = *state;
    volatile uint32_t *progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint32_t answered = 0;
    bed->io = worker_pool_destroy(bed->io); /* a child has no threads but its own */
    bed->loop = loop_destroy(bed->loop);
    for (uint64_t seed = 1; seed <= seeds(24); seed++) {
        if (seed % 8 == 1) {
            assert_true(another_loop(bed));
            new_medium(seed);
            bed->io = worker_pool_destroy(bed->io);
            bed->loop = loop_destroy(bed->loop);
        }
        run.faults = false;
        run.overlay = true;
        run.progress = progress;
        run.random = seed * 7919;
        uint64_t wait = *progress + 20 + draw(100);
        pid_t pid = fork();
        if (pid == 0) {
            if (!another_loop(bed))
                _exit(1);
            child();
        }
        uint64_t end_us = clock_now_us() + 60000000;
        int status;
        while (*progress < wait && waitpid(pid, &status, WNOHANG) == 0 && clock_now_us() < end_us)
            usleep(200);
        assert_true(*progress >= wait);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        answered = *progress;
        run.progress = NULL;
        forget_the_child();
        assert_true(another_loop(bed));
        stack_begin();
        read_everything();
        stack_end();
        assert_int_equal(run.failed, 0);
        bed->io = worker_pool_destroy(bed->io);
        bed->loop = loop_destroy(bed->loop);
    }
    print_message("%u writes were answered before a kill\n", answered);
    munmap((void *)progress, 4096);
    assert_true(another_loop(bed));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_each_byte_is_the_mediums_or_an_error),
        T(test_kill_9_loses_nothing_that_was_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
