#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "core/cpu.h"

static void mask_takes_features_away_and_gives_them_back(attr_unused void **state)
{
    cpu_set_mask(UINT32_MAX);
    uint32_t all = cpu_features();
    cpu_set_mask(0);
    assert_int_equal(cpu_features(), 0);
    cpu_set_mask(CPU_AVX2);
    assert_int_equal(cpu_features(), all & CPU_AVX2);
    cpu_set_mask(UINT32_MAX);
    assert_int_equal(cpu_features(), all);
    assert_true(!(all & CPU_AVX512) || (all & CPU_AVX2));
}

static void environment_sets_the_first_mask(attr_unused void **state)
{
    assert_int_equal(cpu_features(), 0); /* LIGHTSOUT_CPU=0, see main */
}

static void clocks_go_forward_in_microseconds(attr_unused void **state)
{
    uint64_t before = clock_now_us();
    while (clock_now_us() < before + 2000)
        ;
    assert_true(clock_now_us() < before + 60 * 1000000ull);
    assert_true(clock_wall_us() > 1577836800ull * 1000000); /* 2020 */
    assert_true(clock_wall_us() < 32503680000ull * 1000000);
}

int main(void)
{
    setenv("LIGHTSOUT_CPU", "0x0", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_sets_the_first_mask),
        cmocka_unit_test(mask_takes_features_away_and_gives_them_back),
        cmocka_unit_test(clocks_go_forward_in_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
