/* Damage kernels: every level gives what the reference gives, on odd sizes, cut cells and strides, without touching a
 * byte outside the lines; X bytes never count. `--bench` prints times against memcmp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/cpu.h"
#include "video/damage.h"
#include "video/frame.h"

static uint64_t seed = 88172645463325252u;

static uint32_t rnd(uint32_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % limit;
}

/* A block that ends right before a page nobody may touch. */
struct guarded {
    uint8_t *map, *bytes;
    size_t mapped;
};

static struct guarded guarded_create(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    struct guarded g = {.mapped = room + 2 * page};
    g.map = mmap(NULL, g.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(g.map, MAP_FAILED);
    assert_int_equal(mprotect(g.map + page, room, PROT_READ | PROT_WRITE), 0);
    g.bytes = g.map + page + room - size;
    return g;
}

static void guarded_destroy(struct guarded *g)
{
    munmap(g->map, g->mapped);
}

static bool allowed(const struct damage_ops *ops)
{
    return (ops->needs & ~cpu_features()) == 0;
}

static void compare_levels(int width, int height, size_t stride)
{
    size_t size = stride * (size_t)(height - 1) + (size_t)width * 4;
    struct guarded a = guarded_create(size), b = guarded_create(size);
    for (size_t i = 0; i < size; i++)
        a.bytes[i] = b.bytes[i] = (uint8_t)rnd(256);
    for (uint32_t changes = rnd(4); changes > 0; changes--)
        b.bytes[stride * rnd((uint32_t)height) + rnd((uint32_t)width) * 4 + rnd(4)] ^= 1u << rnd(8);

    int cells = (width + CELL_SIZE - 1) / CELL_SIZE;
    for (int i = 0; damage_ops_all[i]; i++) {
        const struct damage_ops *ops = damage_ops_all[i];
        if (!allowed(ops))
            continue;
        uint8_t expected[FRAME_MAX_SIZE / CELL_SIZE + 1], got[FRAME_MAX_SIZE / CELL_SIZE + 1];
        memset(expected, 0xEE, sizeof expected);
        memset(got, 0xEE, sizeof got);
        damage_bgrx.diff_row(a.bytes, stride, b.bytes, stride, width, height, expected);
        ops->diff_row(a.bytes, stride, b.bytes, stride, width, height, got);
        assert_memory_equal(expected, got, sizeof got);
        for (int c = 0; c < cells; c++) {
            int w = width - c * CELL_SIZE < CELL_SIZE ? width - c * CELL_SIZE : CELL_SIZE;
            const uint8_t *pa = a.bytes + c * CELL_SIZE * 4, *pb = b.bytes + c * CELL_SIZE * 4;
            assert_int_equal(ops->same(pa, stride, pb, stride, w, height), !expected[c]);
            uint64_t ha = damage_bgrx.hash(cell_hash_key(), pa, stride, w, height);
            assert_true(ha == ops->hash(cell_hash_key(), pa, stride, w, height));
            uint64_t hb = ops->hash(cell_hash_key(), pb, stride, w, height);
            assert_int_equal(ha == hb, !expected[c]);
        }
    }
    guarded_destroy(&a);
    guarded_destroy(&b);
}

static void test_levels_equal_the_reference(void **state)
{
    (void)state;
    for (int width = 1; width <= 70; width++)
        for (int height = 1; height <= CELL_SIZE; height++)
            compare_levels(width, height, (size_t)width * 4 + (rnd(2) ? 0 : 4 * rnd(9)));
    for (int i = 0; i < 50; i++)
        compare_levels(1 + (int)rnd(FRAME_MAX_SIZE), 1 + (int)rnd(CELL_SIZE), FRAME_MAX_SIZE * 4 + rnd(7));
}

static void test_every_visible_bit_counts(void **state)
{
    (void)state;
    uint8_t a[CELL_PIXELS * 4] = {0}, b[CELL_PIXELS * 4] = {0};
    for (int i = 0; damage_ops_all[i]; i++) {
        const struct damage_ops *ops = damage_ops_all[i];
        if (!allowed(ops))
            continue;
        uint64_t zero = ops->hash(cell_hash_key(), a, 64, 16, 16);
        for (int bit = 0; bit < CELL_PIXELS * 32; bit++) {
            bool x_byte = bit / 8 % 4 == 3;
            b[bit / 8] = (uint8_t)(1u << bit % 8);
            uint8_t changed = 9;
            ops->diff_row(a, 64, b, 64, 16, 16, &changed);
            assert_int_equal(changed, !x_byte);
            assert_int_equal(ops->same(a, 64, b, 64, 16, 16), x_byte);
            assert_int_equal(ops->hash(cell_hash_key(), b, 64, 16, 16) == zero, x_byte);
            b[bit / 8] = 0;
        }
    }
}

static void test_size_is_hashed(void **state)
{
    (void)state;
    uint8_t a[CELL_PIXELS * 4] = {0};
    uint64_t whole = damage_bgrx.hash(cell_hash_key(), a, 64, 16, 16);
    assert_true(whole != damage_bgrx.hash(cell_hash_key(), a, 64, 15, 16));
    assert_true(whole != damage_bgrx.hash(cell_hash_key(), a, 64, 16, 15));
}

static void test_choice_follows_the_mask(void **state)
{
    (void)state;
    assert_ptr_equal(damage_ops_find(FOURCC_BGRX, 0), &damage_bgrx);
    assert_null(damage_ops_find(FOURCC('Y', 'U', 'Y', 'V'), ~0u));
#if defined(__x86_64__)
    assert_ptr_equal(damage_ops_find(FOURCC_BGRX, CPU_AVX2), &damage_bgrx_avx2);
#endif
}

#define BENCH_FRAMES 24

static void bench(void)
{
    const int width = 1920, height = 1080;
    const size_t size = (size_t)width * height * 4;
    uint8_t *frames = malloc(size * BENCH_FRAMES);
    if (!frames)
        return;
    memset(frames, 7, size * BENCH_FRAMES);
    uint8_t changed[FRAME_MAX_SIZE / CELL_SIZE];
    for (int i = -1; i < 0 || damage_ops_all[i]; i++) {
        const struct damage_ops *ops = i < 0 ? NULL : damage_ops_all[i];
        if (ops && !allowed(ops))
            continue;
        uint64_t diff = UINT64_MAX, hash = UINT64_MAX, sum = 0;
        for (int run = 0; run < 60; run++) {
            const uint8_t *a = frames + size * (size_t)(run * 2 % BENCH_FRAMES), *b = a + size;
            uint64_t start = clock_now_us();
            if (!ops)
                sum += memcmp(a, b, size) != 0;
            for (int y = 0; ops && y < height; y += CELL_SIZE) {
                ops->diff_row(a + (size_t)y * width * 4, width * 4, b + (size_t)y * width * 4, width * 4, width,
                              height - y < CELL_SIZE ? height - y : CELL_SIZE, changed);
                sum += changed[0];
            }
            uint64_t took = clock_now_us() - start;
            diff = took < diff ? took : diff;
            start = clock_now_us();
            for (int y = 0; ops && y + CELL_SIZE <= height; y += CELL_SIZE)
                for (int x = 0; x < width; x += CELL_SIZE)
                    sum += ops->hash(cell_hash_key(), a + ((size_t)y * width + x) * 4, width * 4, 16, 16);
            took = clock_now_us() - start;
            hash = took < hash ? took : hash;
        }
        printf("%-10s unchanged 1080p: %llu us, hash of all: %llu us (%x)\n", ops ? ops->name : "memcmp",
               (unsigned long long)diff, (unsigned long long)(ops ? hash : 0), (unsigned)sum & 1);
    }
    free(frames);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        bench();
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_equal_the_reference),
        cmocka_unit_test(test_every_visible_bit_counts),
        cmocka_unit_test(test_size_is_hashed),
        cmocka_unit_test(test_choice_follows_the_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
