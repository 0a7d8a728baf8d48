/* The check of an update's body: the golden vectors of tests/vectors/console, and what damage it finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "encode/body_check.h"

static uint8_t body[4096];

static size_t read_vector(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, TEST_DATA "/vectors/update/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t size = fread(body, 1, sizeof body, f);
    fclose(f);
    assert_true(size > 0);
    return size;
}

static void golden_checks_are_computed(void **state)
{
    (void)state;
    static char line[8192], hex[2 * sizeof body + 1];
    FILE *f = fopen(TEST_DATA "/vectors/console/checks.json", "r");
    unsigned cases = 0, check;
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        const char *rest = strstr(line, "\", \"check\": ");
        if (!rest)
            continue;
        memset(hex, 0, sizeof hex);
        memcpy(hex, line + strlen("{\"body\": \""), (size_t)(rest - line) - strlen("{\"body\": \""));
        size_t size = strlen(hex) / 2;
        for (size_t i = 0; i < size; i++)
            assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &body[i]), 1);
        assert_int_equal(sscanf(rest, "\", \"check\": %u", &check), 1);
        assert_int_equal(body_check(body, size), check);
        cases++;
    }
    fclose(f);
    assert_true(cases >= 14);
}

static const char *const BODIES[] = {"copy-1.body", "solid-1.body", "runs-1.body", "modelled-photo-1.body",
                                     "slots-2.body"};

static void every_single_wrong_bit_is_found(void **state)
{
    (void)state;
    for (size_t n = 0; n < ARRAY_SIZE(BODIES); n++) {
        size_t size = read_vector(BODIES[n]);
        uint16_t check = body_check(body, size);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            body[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(body_check(body, size), check);
            body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static uint32_t random_below(uint32_t below)
{
    static uint64_t seed = 1;
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 32) * below >> 32);
}

/* One of 2^15 by chance; bits that stand at one place of different words, and bodies of zeros, are no worse. */
static void two_wrong_bits_are_found_but_for_chance(void **state)
{
    (void)state;
    enum { tries = 400000 };
    for (int manner = 0; manner < 4; manner++) {
        unsigned missed = 0;
        memset(body, 0, 512);
        for (size_t i = 0; i < 512 && manner < 2; i++)
            body[i] = (uint8_t)random_below(256);
        uint16_t check = body_check(body, 512);
        for (int i = 0; i < tries; i++) {
            uint32_t one = random_below(4096);
            uint32_t other = manner % 2 ? (one + 32 * (1 + random_below(127))) % 4096 : random_below(4096);
            body[one / 8] ^= (uint8_t)(1u << one % 8);
            body[other / 8] ^= (uint8_t)(1u << other % 8);
            missed += one != other && body_check(body, 512) == check;
            body[one / 8] ^= (uint8_t)(1u << one % 8);
            body[other / 8] ^= (uint8_t)(1u << other % 8);
        }
        assert_in_range(missed, 0, 3 * tries / 32768);
    }
}

static void what_is_cut_short_is_found_but_for_chance(void **state)
{
    (void)state;
    unsigned missed = 0, tries = 0;
    for (size_t n = 0; n < ARRAY_SIZE(BODIES); n++) {
        size_t size = read_vector(BODIES[n]);
        uint16_t check = body_check(body, size);
        for (size_t cut = 0; cut < size; cut++, tries++)
            missed += body_check(body, cut) == check;
    }
    assert_true(tries > 1000);
    assert_in_range(missed, 0, 3);
}

static void length_counts_though_all_is_zero(void **state)
{
    (void)state;
    static bool seen[1 << 16];
    unsigned doubles = 0;
    memset(body, 0, sizeof body);
    memset(seen, 0, sizeof seen);
    for (size_t size = 0; size < 1024; size++) {
        uint16_t check = body_check(body, size);
        doubles += seen[check];
        seen[check] = true;
    }
    assert_in_range(doubles, 0, 64); /* 1024 numbers of 32768: 16 by chance */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_checks_are_computed),
        cmocka_unit_test(every_single_wrong_bit_is_found),
        cmocka_unit_test(two_wrong_bits_are_found_but_for_chance),
        cmocka_unit_test(what_is_cut_short_is_found_but_for_chance),
        cmocka_unit_test(length_counts_though_all_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
