/* VP8 and VP9 there and back, and what a decoder makes of damaged frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "encode/vpx.h"

#define COLUMNS 10
#define ROWS 6
#define WIDTH (COLUMNS * UPDATE_CELL)
#define HEIGHT (ROWS * UPDATE_CELL)
#define SIZE (WIDTH * HEIGHT * 3 / 2)

static const enum update_payload_kind kinds[] = {UPDATE_VP8, UPDATE_VP9};

static void draw(struct vpx_encoder *encoder, uint8_t *copy, int time)
{
    for (int i = 0; i < 3; i++) {
        size_t stride;
        uint8_t *plane = vpx_encoder_plane(encoder, i, &stride);
        int w = i ? WIDTH / 2 : WIDTH, h = i ? HEIGHT / 2 : HEIGHT;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                *copy++ = plane[(size_t)y * stride + (size_t)x] = (uint8_t)(40 + (x + time * 3) % 90 + y + 20 * i);
    }
}

static double error(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (int i = 0; i < SIZE; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum / SIZE;
}

static void there_and_back(enum update_payload_kind kind)
{
    struct vpx_encoder *encoder;
    struct vpx_decoder *decoder;
    uint8_t drawn[SIZE], seen[SIZE];
    assert_int_equal(vpx_encoder_create(kind, COLUMNS, ROWS, &encoder), 0);
    assert_int_equal(vpx_decoder_create(kind, &decoder), 0);
    for (int i = 0; i < 12; i++) {
        const uint8_t *bytes;
        size_t size;
        struct vpx_ask ask = {.key = i % 8 == 0, .now_us = 1000000 + 33000 * (uint64_t)i, .rate = 1000000, .best = 10};
        draw(encoder, drawn, i);
        assert_int_equal(vpx_encoder_encode(encoder, &ask, &bytes, &size), 0);
        assert_true(vpx_decoder_decode(decoder, bytes, size, WIDTH, HEIGHT, seen));
        assert_true(error(drawn, seen) < 30);
        if (ask.key) /* a key frame of another size is refused unread */
            assert_false(vpx_decoder_decode(decoder, bytes, size, WIDTH + 16, HEIGHT, seen) &&
                         vpx_decoder_decode(decoder, bytes, size, WIDTH, HEIGHT - 16, seen));
    }
    vpx_encoder_destroy(encoder);
    vpx_decoder_destroy(decoder);
}

static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        there_and_back(kinds[i]);
}

/* What is not active stays as it was, though the picture is another. */
static void test_inactive_cells_stay(void **state)
{
    (void)state;
    struct vpx_encoder *encoder;
    struct vpx_decoder *decoder;
    uint8_t drawn[SIZE], before[SIZE], after[SIZE], active[COLUMNS * ROWS] = {0};
    const uint8_t *bytes;
    size_t size;
    assert_int_equal(vpx_encoder_create(UPDATE_VP8, COLUMNS, ROWS, &encoder), 0);
    assert_int_equal(vpx_decoder_create(UPDATE_VP8, &decoder), 0);
    draw(encoder, drawn, 0);
    struct vpx_ask ask = {.key = true, .now_us = 1, .rate = 1000000, .best = 10};
    assert_int_equal(vpx_encoder_encode(encoder, &ask, &bytes, &size), 0);
    assert_true(vpx_decoder_decode(decoder, bytes, size, WIDTH, HEIGHT, before));
    draw(encoder, drawn, 9);
    memset(active, 1, COLUMNS); /* the first row of cells */
    ask = (struct vpx_ask){.now_us = 40000, .rate = 1000000, .best = 10, .active = active};
    assert_int_equal(vpx_encoder_encode(encoder, &ask, &bytes, &size), 0);
    assert_true(vpx_decoder_decode(decoder, bytes, size, WIDTH, HEIGHT, after));
    assert_memory_not_equal(before, after, WIDTH * UPDATE_CELL);
    assert_memory_equal(before + WIDTH * 64, after + WIDTH * 64, WIDTH * 32);
    vpx_encoder_destroy(encoder);
    vpx_decoder_destroy(decoder);
}

static void test_damaged_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct vpx_encoder *encoder;
        uint8_t drawn[SIZE], seen[SIZE], *copy;
        const uint8_t *bytes;
        size_t size;
        assert_int_equal(vpx_encoder_create(kinds[i], COLUMNS, ROWS, &encoder), 0);
        draw(encoder, drawn, 0);
        struct vpx_ask ask = {.key = true, .now_us = 1, .rate = 1000000, .best = 20};
        assert_int_equal(vpx_encoder_encode(encoder, &ask, &bytes, &size), 0);
        copy = malloc(size);
        for (unsigned k = 0; k < 200; k++) {
            struct vpx_decoder *decoder;
            assert_int_equal(vpx_decoder_create(kinds[i], &decoder), 0);
            memcpy(copy, bytes, size);
            copy[k * 7919 % size] ^= (uint8_t)(1 + k);
            vpx_decoder_decode(decoder, copy, k % 3 ? size : size * k / 200 + 1, WIDTH, HEIGHT, seen);
            vpx_decoder_destroy(decoder);
        }
        free(copy);
        vpx_encoder_destroy(encoder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_inactive_cells_stay),
        cmocka_unit_test(test_damaged_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
