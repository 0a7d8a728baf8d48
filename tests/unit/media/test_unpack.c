/* Whatever the pieces in which packed bytes come, what comes out is what went in, or an error; never more than the
 * bounds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "media/unpack.h"
#include "pack.h"

#define SIZE 300000

static const enum image_format formats[] = {IMAGE_GZIP, IMAGE_XZ, IMAGE_ZSTD};
static uint8_t original[SIZE], result[3 * SIZE];

static void fill(void)
{
    uint32_t x = 7;
    for (size_t i = 0; i < SIZE; i++) {
        x = x * 1664525 + 1013904223;
        original[i] = i % 4096 < 2048 ? (uint8_t)(x >> 24) : (uint8_t)(i / 4096);
    }
}

/* The way of uploads: pieces in, a small buffer out. 1: the end, with *ret_size bytes in result. */
static int unpack_all(enum image_format format, const uint8_t *packed, size_t size, size_t piece, size_t *ret_size)
{
    struct unpack *u;
    uint8_t out[5000];
    size_t at = 0, n = 0;
    int r;
    assert_int_equal(unpack_create(format, 1000, &u), 0);
    do {
        const size_t take_now = MIN(piece, size - at);
        struct unpack_step step = {
            .in = packed + at, .in_size = take_now, .last = at + take_now == size, .out = out, .out_size = sizeof out};
        r = unpack_run(u, &step);
        at += take_now - step.in_size;
        const size_t got = sizeof out - step.out_size;
        assert_true(n + got <= sizeof result);
        memcpy(result + n, out, got);
        n += got;
    } while (r == 0);
    unpack_destroy(u);
    *ret_size = n;
    return r;
}

static void test_what_was_packed_comes_out(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        size_t size, n;
        uint8_t *packed = pack(formats[f], original, SIZE, false, &size);
        assert_int_equal(unpack_format(packed, size), formats[f]);
        static const size_t pieces[] = {1, 7, 4096, SIZE * 2};
        for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
            assert_int_equal(unpack_all(formats[f], packed, size, pieces[i], &n), 1);
            assert_int_equal(n, SIZE);
            assert_memory_equal(result, original, SIZE);
        }
        free(packed);
    }
}

static void test_members_one_behind_the_other_are_one_image(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        size_t a_size, b_size, n;
        uint8_t *a = pack(formats[f], original, SIZE, false, &a_size);
        uint8_t *b = pack(formats[f], original + 5, 1000, false, &b_size);
        uint8_t *both = malloc(a_size + b_size);
        memcpy(both, a, a_size);
        memcpy(both + a_size, b, b_size);
        const size_t pieces[] = {1, a_size, a_size - 1, a_size + 1, a_size + b_size};
        for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
            assert_int_equal(unpack_all(formats[f], both, a_size + b_size, pieces[i], &n), 1);
            assert_int_equal(n, SIZE + 1000);
            assert_memory_equal(result + SIZE, original + 5, 1000);
        }
        free(a);
        free(b);
        free(both);
    }
}

static void test_cut_short_is_an_error_at_every_length(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        size_t size, n;
        uint8_t *packed = pack(formats[f], original, 9000, false, &size);
        for (size_t cut = 1; cut < size; cut += cut < 64 || size - cut < 64 ? 1 : 97)
            assert_int_equal(unpack_all(formats[f], packed, cut, 4096, &n), -EBADMSG);
        assert_int_equal(unpack_all(formats[f], packed, 0, 4096, &n), -EBADMSG);
        free(packed);
    }
}

static void test_a_changed_bit_is_an_error(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        size_t size, n;
        uint8_t *packed = pack(formats[f], original, 9000, false, &size);
        for (size_t at = 12; at < size; at += 61) {
            packed[at] ^= 16;
            int r = unpack_all(formats[f], packed, size, 4096, &n);
            if (r == 1 && (n != 9000 || memcmp(result, original, n) != 0))
                fail_msg("format %d, byte %zu: other bytes without an error", formats[f], at);
            packed[at] ^= 16;
        }
        free(packed);
    }
}

static void test_what_stands_behind_the_end_is_an_error(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        size_t size, n;
        uint8_t *packed = pack(formats[f], original, 9000, false, &size);
        packed = realloc(packed, size + 512);
        memset(packed + size, 'x', 512);
        for (size_t piece = size - 1; piece <= size + 512; piece += 171)
            assert_int_equal(unpack_all(formats[f], packed, size + 512, piece, &n), -EBADMSG);
        memset(packed + size, 0, 512);
        if (formats[f] == IMAGE_GZIP) { /* as gzip(1): zeros of a tape */
            assert_int_equal(unpack_all(formats[f], packed, size + 512, 100, &n), 1);
            assert_int_equal(n, 9000);
            packed[size + 511] = 1;
            assert_int_equal(unpack_all(formats[f], packed, size + 512, 100, &n), -EBADMSG);
        }
        free(packed);
    }
}

static void test_bombs_end_at_their_bound(void **state)
{
    (void)state;
    static uint8_t out[1 << 20];
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        size_t size;
        struct unpack *u;
        /* gzip's own limit is 1032: a ratio of 500 stands for the 1000 of the others */
        const unsigned ratio = formats[f] == IMAGE_GZIP ? 500 : 1000;
        uint8_t *bomb = pack_bomb(formats[f], 2 * UNPACK_GRACE, &size);
        assert_int_equal(unpack_create(formats[f], ratio, &u), 0);
        struct unpack_step step = {.in = bomb, .in_size = size, .last = true};
        uint64_t given = 0;
        int r;
        do {
            step.out = out;
            step.out_size = sizeof out;
            r = unpack_run(u, &step);
            given += sizeof out - step.out_size;
        } while (r == 0);
        assert_int_equal(r, -E2BIG);
        assert_true(given <= UNPACK_GRACE + 2 * sizeof out);
        unpack_destroy(u);
        free(bomb);
    }
}

static void test_who_wants_too_much_memory_gets_none(void **state)
{
    (void)state;
    for (size_t f = 1; f < ARRAY_SIZE(formats); f++) {
        size_t size, n;
        uint8_t *packed = pack(formats[f], original, SIZE, true, &size);
        assert_int_equal(unpack_all(formats[f], packed, size, 4096, &n), -EFBIG);
        free(packed);
    }
}

static void test_other_formats_are_none(void **state)
{
    (void)state;
    struct unpack *u;
    assert_int_equal(unpack_format((const uint8_t *)"\x1f", 1), IMAGE_UNKNOWN);
    assert_int_equal(unpack_format(NULL, 0), IMAGE_UNKNOWN);
    assert_int_equal(unpack_create(IMAGE_ISO, 10, &u), -EINVAL);
}

int main(void)
{
    fill();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_packed_comes_out),
        cmocka_unit_test(test_members_one_behind_the_other_are_one_image),
        cmocka_unit_test(test_cut_short_is_an_error_at_every_length),
        cmocka_unit_test(test_a_changed_bit_is_an_error),
        cmocka_unit_test(test_what_stands_behind_the_end_is_an_error),
        cmocka_unit_test(test_bombs_end_at_their_bound),
        cmocka_unit_test(test_who_wants_too_much_memory_gets_none),
        cmocka_unit_test(test_other_formats_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
