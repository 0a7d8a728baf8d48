/* Scan kernels (scan_check.h), their choice, and that they hash BGRX as the codec's kernels do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan_check.h"
#include "video/damage.h"

static void test_levels_equal_the_reference(void **state)
{
    (void)state;
    scan_check_sizes();
}

static void test_every_seen_bit_counts(void **state)
{
    (void)state;
    scan_check_bits();
}

static void test_noise_measure_equals_the_reference(void **state)
{
    (void)state;
    scan_check_noise();
}

static void test_hash_is_the_codecs(void **state)
{
    (void)state;
    const struct cell_layout *layout = cell_layout_of(FOURCC_BGRX);
    for (int width = 1; width < 50; width++) {
        struct scan_check_picture p = scan_check_picture(layout, width, 1 + width % 16, 12, true);
        uint64_t hash[4];
        scan_ops_find(layout, cpu_features())->hash(cell_hash_key(), layout, &p.row, hash);
        for (int c = 0; c * CELL_SIZE < width; c++)
            assert_true(hash[c] == damage_bgrx.hash(cell_hash_key(), p.row.plane[0] + c * 64, p.row.stride[0],
                                                    MIN(CELL_SIZE, width - c * CELL_SIZE), p.row.height));
        scan_check_free(&p);
    }
}

static void test_choice_follows_the_mask(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(scan_check_formats); f++) {
        const struct cell_layout *layout = cell_layout_of(scan_check_formats[f]);
        assert_int_equal(layout->fourcc, scan_check_formats[f]);
        for (uint32_t mask = 0; mask < 8; mask++) {
            const struct scan_ops *ops = scan_ops_find(layout, mask);
            assert_true(scan_ops_serve(ops, layout));
            assert_int_equal(ops->needs & ~mask, 0);
        }
        assert_int_equal(scan_ops_find(layout, 0)->needs, 0);
        assert_false(scan_ops_find(layout, 0)->by_hash);
    }
#if defined(__x86_64__)
    assert_ptr_equal(scan_ops_find(cell_layout_of(FOURCC_YUYV), CPU_AVX2), &scan_avx2_2);
    assert_ptr_equal(scan_ops_find(cell_layout_of(FOURCC_NV12), CPU_AVX2 | CPU_AVX512), &scan_avx512_1_1);
    assert_ptr_equal(scan_ops_find(cell_layout_of(FOURCC_NV16), CPU_AVX2 | CPU_AVX512), &scan_avx512_1_1);
    assert_ptr_equal(scan_ops_find(cell_layout_of(FOURCC_YU12), CPU_AVX2), &scan_avx2_1_h_h);
    assert_ptr_equal(scan_ops_find(cell_layout_of(FOURCC_422P), CPU_AVX2), &scan_avx2_1_h_h);
    assert_ptr_equal(scan_ops_find(cell_layout_of(FOURCC_444P), CPU_AVX2), &scan_avx2_1_1_1);
    assert_ptr_equal(noise_ops_find(CPU_AVX2), &noise_avx2);
#endif
    assert_ptr_equal(noise_ops_find(0), &noise_c);
    assert_null(cell_layout_of(FOURCC_VYUX));
    assert_null(cell_layout_of(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_equal_the_reference),
        cmocka_unit_test(test_every_seen_bit_counts),
        cmocka_unit_test(test_noise_measure_equals_the_reference),
        cmocka_unit_test(test_hash_is_the_codecs),
        cmocka_unit_test(test_choice_follows_the_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
