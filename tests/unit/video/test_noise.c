/* Noise tolerance on made-up cells: what is shown and when, for noise of several strengths that it has to find out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "video/noise.h"

#define CELLS_X 12
#define CELLS_Y 8
#define W (CELLS_X * CELL_SIZE - 5)
#define H (CELLS_Y * CELL_SIZE - 3)
#define STRIDE (CELLS_X * CELL_SIZE * 4)

#define TABLE_BITS 14
#define TABLE (1 << TABLE_BITS)

struct fixture {
    struct noise *noise;
    bool begun;
    uint64_t seed;
    float sigma;
    int8_t table[TABLE]; /* noise of sigma, to be drawn from */
    uint8_t clean[H][STRIDE], shown[H][STRIDE];
    struct cell_block fresh[CELLS_Y][CELLS_X];
    bool renewed[CELLS_Y][CELLS_X]; /* by the last capture */
    int n_renewed;
};

static uint64_t draw_bits(struct fixture *f)
{
    f->seed ^= f->seed << 13;
    f->seed ^= f->seed >> 7;
    f->seed ^= f->seed << 17;
    return f->seed;
}

static double uniform(struct fixture *f)
{
    return ((double)(draw_bits(f) >> 11) + 0.5) / 9007199254740992.0;
}

/* A pixel's three values each take one of these, wherever it falls: logarithms for each would take minutes. */
static void set_sigma(struct fixture *f, float sigma)
{
    f->sigma = sigma;
    for (int i = 0; i < TABLE; i++) {
        double u = uniform(f), v = uniform(f);
        f->table[i] = (int8_t)lrint(sigma * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
    }
}

/* Text on an even ground at the left, a soft gradient at the right. */
static void draw(struct fixture *f)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint8_t *p = &f->clean[y][4 * x];
            bool ink = x < W / 2 && (x / 2 * 7 + y / 3 * 5) % 11 < 3 && y % 16 > 3;
            p[0] = ink ? 200 : x < W / 2 ? 40 : (uint8_t)(x / 2 + y);
            p[1] = ink ? 210 : x < W / 2 ? 30 : (uint8_t)(x / 3 + 60);
            p[2] = ink ? 190 : x < W / 2 ? 60 : (uint8_t)(y + 20);
        }
}

static struct fixture *fixture_create(float sigma)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->seed = 88172645463325252u;
    set_sigma(f, sigma);
    draw(f);
    assert_int_equal(noise_create(W, H, &f->noise), 0);
    return f;
}

static void fixture_destroy(struct fixture *f)
{
    noise_destroy(f->noise);
    free(f);
}

static struct noise_cell cell_of(struct fixture *f, const uint8_t (*picture)[STRIDE], int cx, int cy,
                                 struct cell_block *block)
{
    memset(block, 0, sizeof *block);
    for (int y = 0; y < MIN(CELL_SIZE, H - cy * CELL_SIZE); y++)
        memcpy(block->bytes + y * 64, &picture[cy * CELL_SIZE + y][cx * 64], 64);
    return (struct noise_cell){
        .cx = cx, .cy = cy, .now = block, .shown = &f->shown[cy * CELL_SIZE][cx * 64], .stride = STRIDE};
}

static void show(struct fixture *f, int cx, int cy, const struct cell_block *block)
{
    for (int y = 0; y < MIN(CELL_SIZE, H - cy * CELL_SIZE); y++)
        memcpy(&f->shown[cy * CELL_SIZE + y][cx * 64], block->bytes + y * 64, 64);
    f->renewed[cy][cx] = true;
    f->n_renewed++;
}

static void capture_lines(struct fixture *f, uint8_t (*picture)[STRIDE], uint32_t shifted)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int from = shifted >> y % 32 & 1 && x > 0 ? x - 1 : x;
            uint64_t bits = draw_bits(f) >> 16; /* the upper ones are the better ones */
            for (int i = 0; i < 3; i++, bits >>= TABLE_BITS) {
                int noisy = f->clean[y][4 * from + i] + f->table[bits & (TABLE - 1)];
                picture[y][4 * x + i] = (uint8_t)MIN(255, MAX(0, noisy));
            }
        }
}

static uint8_t captured[H + CELL_SIZE][STRIDE];

static void judge(struct fixture *f, int cx, int cy, uint8_t *differs)
{
    struct cell_block block, clean;
    struct noise_cell cell = cell_of(f, (const uint8_t(*)[STRIDE])captured, cx, cy, &block);
    *differs = 0;
    if (!f->begun) {
        noise_first(f->noise, &cell);
        show(f, cx, cy, &block);
        return;
    }
    enum noise_verdict verdict = noise_judge(f->noise, &cell, &clean);
    *differs = verdict == NOISE_CHANGED;
    if (verdict == NOISE_CLEANER)
        f->fresh[cy][cx] = clean;
    f->renewed[cy][cx] = verdict != NOISE_SAME;
}

/* As what is shown stays until the end of a capture. */
static void change_and_show(struct fixture *f, const uint8_t differs[CELLS_Y][CELLS_X])
{
    struct cell_block block;
    for (int cy = 0; cy < CELLS_Y; cy++)
        for (int cx = 0; cx < CELLS_X; cx++) {
            struct noise_cell cell = cell_of(f, (const uint8_t(*)[STRIDE])captured, cx, cy, &block);
            if (differs[cy][cx])
                noise_change(f->noise, &cell, &f->fresh[cy][cx]);
        }
    for (int cy = 0; cy < CELLS_Y; cy++)
        for (int cx = 0; cx < CELLS_X; cx++)
            if (f->renewed[cy][cx])
                show(f, cx, cy, &f->fresh[cy][cx]);
}

static void survey(struct fixture *f)
{
    struct cell_block block;
    for (int cy = 0; cy < CELLS_Y; cy++)
        for (int cx = 0; cx < CELLS_X; cx++) {
            struct noise_cell cell = cell_of(f, (const uint8_t(*)[STRIDE])captured, cx, cy, &block);
            noise_survey(f->noise, &cell);
        }
    noise_survey_end(f->noise);
}

static void capture(struct fixture *f, uint32_t shifted)
{
    uint8_t differs[CELLS_Y][CELLS_X];
    capture_lines(f, captured, shifted);
    memset(f->renewed, 0, sizeof f->renewed);
    f->n_renewed = 0;
    if (f->begun && noise_wants_survey(f->noise))
        survey(f);
    for (int cy = 0; cy < CELLS_Y; cy++)
        for (int cx = 0; cx < CELLS_X; cx++)
            judge(f, cx, cy, &differs[cy][cx]);
    if (f->begun) {
        noise_seek(f->noise, differs[0], captured[0], STRIDE, f->shown[0], STRIDE);
        change_and_show(f, (const uint8_t(*)[CELLS_X])differs);
    }
    noise_end(f->noise);
    f->begun = true;
}

static double error_of(const struct fixture *f)
{
    double sum = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int i = 0; i < 3; i++) {
                int d = f->clean[y][4 * x + i] - f->shown[y][4 * x + i];
                sum += d * d;
            }
    return sum / (3.0 * W * H);
}

static void fill(struct fixture *f, int x, int y, int w, int h, int by)
{
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            for (int k = 0; k < 3; k++)
                f->clean[j][4 * i + k] = (uint8_t)MIN(255, MAX(0, f->clean[j][4 * i + k] + by));
}

static const float sigmas[] = {0, 0.6f, 1, 2, 3.5f};

static void test_still_is_shown_once_and_cleaner(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sigmas); s++) {
        struct fixture *f = fixture_create(sigmas[s]);
        int renewed = 0;
        for (int i = 0; i < 60; i++) {
            capture(f, 0);
            renewed += i >= 30 ? f->n_renewed : 0;
        }
        assert_true(renewed * 50 <= 30 * CELLS_X * CELLS_Y); /* 2 % a capture */
        assert_true(error_of(f) <= sigmas[s] * sigmas[s] / 2);
        assert_true(f->sigma > 2 || error_of(f) < 10.3); /* 38 dB */
        fixture_destroy(f);
    }
}

/* A letter appears, and one vanishes: in the picture with the second capture at the latest, and only there. */
static void test_a_glyph_is_shown_within_two(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sigmas); s++) {
        struct fixture *f = fixture_create(sigmas[s]);
        for (int i = 0; i < 30; i++)
            capture(f, 0);
        for (int step = 0; step < 8; step++) {
            int x = 100 + 8 * (step / 2), by = step & 1 ? -60 : 60;
            fill(f, x, 40, 2, 7, by);
            fill(f, x, 43, 6, 1, by);
            capture(f, 0);
            capture(f, 0);
            assert_true(abs(f->shown[43][4 * (x + 1) + 1] - f->clean[43][4 * (x + 1) + 1]) < 20);
            assert_true(abs(f->shown[44][4 * x + 1] - f->clean[44][4 * x + 1]) < 20);
        }
        fixture_destroy(f);
    }
}

static void test_line_jitter_is_not_shown(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(1);
    for (int i = 0; i < 30; i++)
        capture(f, 0);
    int renewed = 0;
    for (int i = 0; i < 40; i++) {
        capture(f, i % 8 == 3 ? 0x10842108u ^ (uint32_t)i * 2654435761u : 0);
        renewed += f->n_renewed;
        assert_true(error_of(f) < 3);
    }
    assert_true(renewed * 50 <= 40 * CELLS_X * CELLS_Y);
    fixture_destroy(f);
}

/* All lines moved for good: that is the picture now. */
static void test_a_real_shift_is_shown(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(1);
    for (int i = 0; i < 30; i++)
        capture(f, 0);
    for (int y = 0; y < H; y++)
        memmove(&f->clean[y][4], &f->clean[y][0], (W - 1) * 4);
    for (int i = 0; i < 3; i++)
        capture(f, 0);
    assert_true(error_of(f) < 10);
    fixture_destroy(f);
}

/* One step in four captures, each far below what a single capture could tell from noise. */
static void test_a_slow_fade_is_followed(void **state)
{
    (void)state;
    for (size_t s = 1; s < ARRAY_SIZE(sigmas); s++) {
        struct fixture *f = fixture_create(sigmas[s]);
        for (int i = 0; i < 30; i++)
            capture(f, 0);
        for (int i = 0; i < 160; i++) {
            if (i % 4 == 0)
                fill(f, 0, 0, W, H, 1);
            capture(f, 0);
        }
        int off = 0;
        for (int i = 0; i < 3; i++)
            off = MAX(off, abs(f->clean[1][4 + i] - f->shown[1][4 + i]));
        assert_true(off <= 4 + (int)sigmas[s]);
        fixture_destroy(f);
    }
}

/* A screen that was even (a target without a picture) tells nothing of the noise that comes with one. */
static void test_noise_that_begins_later_is_learnt(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(0);
    for (int i = 0; i < 20; i++)
        capture(f, 0);
    set_sigma(f, 2);
    for (int i = 0; i < 60; i++)
        capture(f, 0);
    int renewed = 0;
    for (int i = 0; i < 20; i++) {
        capture(f, 0);
        renewed += f->n_renewed;
    }
    assert_true(renewed * 50 <= 20 * CELLS_X * CELLS_Y);
    fixture_destroy(f);
}

/* Without noise the flat halves become exactly what they are; and noise of 1 does not change that. */
static void test_flat_ground_becomes_even(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(1);
    for (int i = 0; i < 40; i++)
        capture(f, 0);
    int uneven = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W / 2 - CELL_SIZE; x++)
            uneven += memcmp(&f->clean[y][4 * x], &f->shown[y][4 * x], 3) != 0;
    assert_true(uneven * 100 < H * W / 2);
    fixture_destroy(f);
}

/* Lines of bars that are nowhere the same twice. */
static void draw_lines(struct fixture *f, int scrolled)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint32_t n = (uint32_t)(x / 3) * 2654435761u ^ (uint32_t)(y + scrolled) * 2246822519u;
            memset(&f->clean[y][4 * x], (n ^ n >> 15) * 2654435761u >> 31 ? 200 : 40, 3);
        }
}

static void test_what_moves_is_shown_bit_by_bit(void **state)
{
    (void)state;
    enum { SCROLLED = 5 };
    static uint8_t before[H][STRIDE];
    struct fixture *f = fixture_create(1.2f);
    draw_lines(f, 0);
    for (int i = 0; i < 40; i++)
        capture(f, 0);
    memcpy(before, f->shown, sizeof before);
    draw_lines(f, SCROLLED);
    capture(f, 0);
    int same = 0, rows = (H - SCROLLED) / CELL_SIZE;
    for (int y = 0; y < rows * CELL_SIZE; y++)
        same += memcmp(f->shown[y], before[y + SCROLLED], W / CELL_SIZE * CELL_SIZE * 4) == 0;
    assert_int_equal(same, rows * CELL_SIZE);
    fixture_destroy(f);
}

static void test_what_returns_is_shown_bit_by_bit(void **state)
{
    (void)state;
    static uint8_t before[H][STRIDE];
    struct fixture *f = fixture_create(1.2f);
    for (int i = 0; i < 40; i++)
        capture(f, 0);
    memcpy(before, f->shown, sizeof before);
    draw_lines(f, 0);
    capture(f, 0);
    assert_true(memcmp(f->shown, before, sizeof before) != 0);
    draw(f);
    capture(f, 0);
    for (int y = 0; y < CELL_SIZE; y++)
        assert_memory_equal(f->shown[y], before[y], CELL_SIZE * 4);
    fixture_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_still_is_shown_once_and_cleaner),
        cmocka_unit_test(test_a_glyph_is_shown_within_two),
        cmocka_unit_test(test_line_jitter_is_not_shown),
        cmocka_unit_test(test_a_real_shift_is_shown),
        cmocka_unit_test(test_a_slow_fade_is_followed),
        cmocka_unit_test(test_noise_that_begins_later_is_learnt),
        cmocka_unit_test(test_flat_ground_becomes_even),
        cmocka_unit_test(test_what_moves_is_shown_bit_by_bit),
        cmocka_unit_test(test_what_returns_is_shown_bit_by_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
