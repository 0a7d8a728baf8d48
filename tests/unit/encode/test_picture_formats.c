/* The tracker in every capture format and at every CPU level: the packed picture is what an independent conversion
 * gives, at any size and stride, however long its readers hold pictures; hints, sizes, formats and colours change. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/cpu.h"
#include "encode/picture.h"
#include "video/csc.h"
#include "video/damage.h"

static const uint32_t formats[] = {FOURCC_BGRX, FOURCC_YUYV, FOURCC_UYVY, FOURCC_NV12,  FOURCC_NV16,
                                   FOURCC_YU12, FOURCC_422P, FOURCC_444P, FOURCC_RGB24, FOURCC_BGR24};
static const uint32_t levels[] = {0, CPU_AVX2, UINT32_MAX};

static uint64_t seed = 1;

static uint32_t rnd(uint32_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % limit;
}

/* A source: its planes, and the buffers that it handed out. */
struct source {
    int width, height;
    uint32_t fourcc;
    uint8_t colour;
    size_t stride[3], size[3], spare; /* bytes; spare: of stride, behind the line */
    uint8_t *planes[3];
    uint64_t now_us;
    int out;
};

static size_t line_bytes(uint32_t fourcc, int width)
{
    size_t w = (size_t)width, even = (w + 1) / 2 * 2;
    return fourcc == FOURCC_BGRX                              ? 4 * w
           : fourcc == FOURCC_YUYV || fourcc == FOURCC_UYVY   ? 2 * even
           : fourcc == FOURCC_RGB24 || fourcc == FOURCC_BGR24 ? 3 * w
                                                              : w;
}

static void source_init(struct source *s, uint32_t fourcc, int width, int height, size_t spare)
{
    *s = (struct source){.width = width, .height = height, .fourcc = fourcc, .spare = spare, .now_us = 1};
    s->stride[0] = line_bytes(fourcc, width) + spare;
    s->size[0] = s->stride[0] * (size_t)height;
    const size_t even = ((size_t)width + 1) / 2 * 2, half_height = ((size_t)height + 1) / 2;
    if (fourcc == FOURCC_NV12 || fourcc == FOURCC_NV16)
        s->stride[1] = even + spare;
    if (fourcc == FOURCC_YU12 || fourcc == FOURCC_422P || fourcc == FOURCC_444P)
        s->stride[1] = s->stride[2] = (fourcc == FOURCC_444P ? (size_t)width : even / 2) + spare;
    for (int p = 1; p < 3; p++)
        s->size[p] = s->stride[p] * (fourcc == FOURCC_NV12 || fourcc == FOURCC_YU12 ? half_height : (size_t)height);
    for (int p = 0; p < 3 && s->size[p]; p++) {
        s->planes[p] = malloc(s->size[p]);
        assert_non_null(s->planes[p]);
        for (size_t i = 0; i < s->size[p]; i++)
            s->planes[p][i] = (uint8_t)rnd(256);
    }
}

static void source_finish(struct source *s)
{
    assert_int_equal(s->out, 0);
    free(s->planes[0]);
    free(s->planes[1]);
    free(s->planes[2]);
}

struct capture {
    struct frame frame;
    struct source *source;
    uint8_t *copies[3];
};

static void release(struct frame *frame)
{
    struct capture *c = container_of(frame, struct capture, frame);
    c->source->out--;
    memset(c->copies[0], 0xDD, c->source->size[0]); /* filled again */
    free(c->copies[0]);
    free(c->copies[1]);
    free(c->copies[2]);
    free(c);
}

static struct frame *source_capture(struct source *s)
{
    struct capture *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->source = s;
    s->now_us += 40000;
    c->frame = (struct frame){.width = s->width,
                              .height = s->height,
                              .fourcc = s->fourcc,
                              .colour = s->colour,
                              .captured_us = s->now_us,
                              .release = release};
    for (int p = 0; p < 3 && s->size[p]; p++) {
        c->copies[p] = malloc(s->size[p]);
        assert_non_null(c->copies[p]);
        memcpy(c->copies[p], s->planes[p], s->size[p]);
        c->frame.planes[p] = (struct frame_plane){.data = c->copies[p], .stride = s->stride[p]};
    }
    ref_init(&c->frame.ref);
    s->out++;
    return &c->frame;
}

static uint32_t planar_pixel(const struct source *s, uint8_t luma, int x, int y)
{
    return (uint32_t)s->planes[1][(size_t)y * s->stride[1] + (size_t)x] << 16 | (uint32_t)luma << 8 |
           s->planes[2][(size_t)y * s->stride[2] + (size_t)x];
}

/* Pixel (x, y) as three packed bytes, straight from what the format's description says. */
static uint32_t wanted_pixel(const struct source *s, int x, int y)
{
    const uint8_t *line = s->planes[0] + (size_t)y * s->stride[0], *p;
    switch (s->fourcc) {
    case FOURCC_YUYV:
        p = line + x / 2 * 4;
        return (uint32_t)p[1] << 16 | (uint32_t)line[2 * x] << 8 | p[3];
    case FOURCC_UYVY:
        p = line + x / 2 * 4;
        return (uint32_t)p[0] << 16 | (uint32_t)line[2 * x + 1] << 8 | p[2];
    case FOURCC_NV12:
        p = s->planes[1] + (size_t)(y / 2) * s->stride[1] + x / 2 * 2;
        return (uint32_t)p[0] << 16 | (uint32_t)line[x] << 8 | p[1];
    case FOURCC_NV16:
        p = s->planes[1] + (size_t)y * s->stride[1] + x / 2 * 2;
        return (uint32_t)p[0] << 16 | (uint32_t)line[x] << 8 | p[1];
    case FOURCC_YU12:
        return planar_pixel(s, line[x], x / 2, y / 2);
    case FOURCC_422P:
        return planar_pixel(s, line[x], x / 2, y);
    case FOURCC_444P:
        return planar_pixel(s, line[x], x, y);
    case FOURCC_RGB24:
        p = line + 3 * x;
        return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    case FOURCC_BGR24:
        p = line + 3 * x;
        return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    default:
        p = line + 4 * x;
        return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    }
}

static uint32_t shown_pixel(const struct picture *picture, int x, int y)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    const uint8_t *p = plane->data + (size_t)y * plane->stride + 4 * (size_t)x;
    return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void check(const struct source *s, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    bool yuv = s->fourcc != FOURCC_BGRX && s->fourcc != FOURCC_RGB24 && s->fourcc != FOURCC_BGR24;
    assert_int_equal(frame->fourcc, yuv ? FOURCC_VYUX : FOURCC_BGRX);
    assert_int_equal(frame->colour, s->colour);
    assert_int_equal(frame->captured_us, s->now_us);
    assert_int_equal(frame->width, s->width);
    assert_int_equal(frame->height, s->height);
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            if (shown_pixel(picture, x, y) != wanted_pixel(s, x, y))
                fail_msg("%.4s at %d,%d: %06x, not %06x", (const char *)&s->fourcc, x, y, shown_pixel(picture, x, y),
                         wanted_pixel(s, x, y));
    const struct damage_ops *ops = damage_ops_find(frame->fourcc, 0);
    for (int cy = 0; cy < picture->cells_y; cy++)
        for (int cx = 0; cx < picture->cells_x; cx++) {
            const uint8_t *at = frame->planes[0].data + (size_t)cy * 16 * frame->planes[0].stride + (size_t)cx * 64;
            assert_true(picture->hash[cy * picture->cells_x + cx] ==
                        ops->hash(cell_hash_key(), at, frame->planes[0].stride, MIN(16, s->width - cx * 16),
                                  MIN(16, s->height - cy * 16)));
        }
}

static struct picture *track(struct picture_tracker *tracker, struct source *s)
{
    struct picture *picture;
    assert_int_equal(picture_track(tracker, source_capture(s), &picture), 0);
    return picture;
}

/* Changes some bytes; true when any of them can be seen. */
static bool change(struct source *s)
{
    bool seen = false;
    for (uint32_t n = rnd(4); n > 0; n--) {
        const int p = (int)rnd(s->size[2] ? 3 : s->size[1] ? 2 : 1);
        uint8_t *line = s->planes[p] + rnd((uint32_t)(s->size[p] / s->stride[p])) * s->stride[p];
        size_t at = rnd((uint32_t)(p ? s->stride[p] - s->spare : line_bytes(s->fourcc, s->width)));
        line[at] ^= (uint8_t)(1 + rnd(255));
        bool unseen = (s->fourcc == FOURCC_BGRX && at % 4 == 3) ||
                      (s->fourcc == FOURCC_YUYV && at == 2 * (size_t)s->width) ||
                      (s->fourcc == FOURCC_UYVY && at == 2 * (size_t)s->width + 1 && s->width & 1);
        seen |= !unseen;
    }
    return seen;
}

/* Readers keep pictures for a random while; each of them stays what it was. */
static void run(uint32_t fourcc, int width, int height, size_t spare)
{
    struct source s;
    struct picture_tracker *tracker;
    struct picture *kept[4] = {NULL};
    uint64_t first_hash[4] = {0};
    source_init(&s, fourcc, width, height, spare);
    s.colour = (uint8_t)rnd(COLOUR_COUNT);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    for (int i = 0; i < 24; i++) {
        bool seen = i == 0 || change(&s);
        struct picture *picture = track(tracker, &s);
        if (!seen)
            assert_null(picture);
        if (!picture)
            continue;
        assert_int_equal(picture->generation != 0, 1);
        check(&s, picture);
        unsigned k = rnd(4);
        if (kept[k]) {
            assert_true(damage_ops_find(FOURCC_BGRX, 0)
                            ->hash(cell_hash_key(), kept[k]->frame->planes[0].data, kept[k]->frame->planes[0].stride,
                                   MIN(16, width), MIN(16, height)) == first_hash[k]);
            picture_unref(kept[k]);
        }
        kept[k] = picture;
        first_hash[k] = picture->hash[0];
    }
    picture_tracker_destroy(tracker);
    for (int k = 0; k < 4; k++)
        picture_unref(kept[k]);
    source_finish(&s);
}

static void at_each_level(void (*test)(uint32_t fourcc))
{
    for (size_t l = 0; l < ARRAY_SIZE(levels); l++) {
        cpu_set_mask(levels[l]);
        for (size_t f = 0; f < ARRAY_SIZE(formats); f++)
            test(formats[f]);
    }
    cpu_set_mask(UINT32_MAX);
}

static void sizes(uint32_t fourcc)
{
    for (int i = 0; i < 40; i++)
        run(fourcc, 1 + (int)rnd(90), 1 + (int)rnd(70), rnd(3) ? rnd(70) : 0);
    run(fourcc, 1, 1, 0);
    run(fourcc, 17, 33, 3);
}

static void test_any_size_and_stride(void **state)
{
    (void)state;
    at_each_level(sizes);
}

static void largest(uint32_t fourcc)
{
    struct source s;
    struct picture_tracker *tracker;
    source_init(&s, fourcc, 4096, 2160, 64);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct picture *picture = track(tracker, &s);
    assert_int_equal(picture->cells_changed, 256 * 135);
    assert_int_equal(shown_pixel(picture, 4095, 2159), wanted_pixel(&s, 4095, 2159));
    picture_unref(picture);
    s.planes[0][s.stride[0] * 2159 + 1] ^= 1;
    picture = track(tracker, &s);
    assert_int_equal(picture->cells_changed, 1);
    assert_int_equal(shown_pixel(picture, 1, 2159), wanted_pixel(&s, 1, 2159));
    assert_int_equal(shown_pixel(picture, 0, 2159), wanted_pixel(&s, 0, 2159));
    assert_int_equal(shown_pixel(picture, 4095, 0), wanted_pixel(&s, 4095, 0));
    picture_unref(picture);
    picture_tracker_destroy(tracker);
    source_finish(&s);
}

static void test_4096x2160(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++)
        largest(formats[f]);
}

static void alter(struct source *s, uint8_t by)
{
    for (int p = 0; p < 3 && s->size[p]; p++)
        for (size_t i = 0; i < s->size[p]; i++)
            s->planes[p][i] ^= by;
}

static void hints(uint32_t fourcc)
{
    struct source s;
    struct picture_tracker *tracker;
    struct picture *picture;
    source_init(&s, fourcc, 70, 50, 6);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    picture_unref(track(tracker, &s));
    alter(&s, 0x55);
    struct frame *frame = source_capture(&s);
    frame->hints_valid = true;
    rect_set_add(&frame->hints, (struct rect){31, 15, 2, 2});
    assert_int_equal(picture_track(tracker, frame, &picture), 0);
    assert_int_equal(picture->cells_changed, 4);
    assert_int_equal(shown_pixel(picture, 16, 0), wanted_pixel(&s, 16, 0));
    if (fourcc != FOURCC_BGRX) /* whose picture is the captured frame itself */
        assert_int_not_equal(shown_pixel(picture, 0, 0), wanted_pixel(&s, 0, 0));
    picture_unref(picture);
    alter(&s, 0x33);
    picture = track(tracker, &s); /* without hints all of it is found */
    assert_int_equal(picture->cells_changed, 20);
    check(&s, picture);
    picture_unref(picture);
    picture_tracker_destroy(tracker);
    source_finish(&s);
}

static void test_hints_bound_the_search(void **state)
{
    (void)state;
    at_each_level(hints);
}

static void test_changes_of_format_size_and_colour(void **state)
{
    (void)state;
    struct picture_tracker *tracker;
    struct picture *kept = NULL;
    uint32_t generation = 0;
    assert_int_equal(picture_tracker_create(&tracker), 0);
    struct source s[24];
    for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
        source_init(&s[i], formats[rnd(ARRAY_SIZE(formats))], 1 + (int)rnd(60), 1 + (int)rnd(60), 0);
        for (int colour = 0; colour < 2; colour++) {
            s[i].colour = (uint8_t)colour;
            struct picture *picture = track(tracker, &s[i]);
            assert_non_null(picture);
            assert_int_equal(picture->generation, ++generation);
            assert_int_equal(picture->cells_changed, picture->cells_x * picture->cells_y);
            check(&s[i], picture);
            picture_unref(kept);
            kept = picture;
        }
    }
    picture_tracker_destroy(tracker);
    picture_unref(kept);
    for (size_t i = 0; i < ARRAY_SIZE(s); i++)
        source_finish(&s[i]);
}

/* A reader that keeps everything is told so, and afterwards nothing is missing. */
static void test_too_many_pictures_in_use(void **state)
{
    (void)state;
    struct source s;
    struct picture_tracker *tracker;
    struct picture *kept[64], *picture;
    int n = 0, r = 0;
    source_init(&s, FOURCC_YUYV, 64, 48, 0);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    while (n < 64 && r == 0) {
        s.planes[0][4 * n]++;
        r = picture_track(tracker, source_capture(&s), &kept[n]);
        n += r == 0;
    }
    assert_int_equal(r, -ENOMEM);
    assert_true(n >= 8);
    while (n > 0)
        picture_unref(kept[--n]);
    struct frame *frame = source_capture(&s);
    frame->hints_valid = true; /* they start from a picture that we never had */
    assert_int_equal(picture_track(tracker, frame, &picture), 0);
    assert_non_null(picture);
    check(&s, picture);
    picture_unref(picture);
    picture_tracker_destroy(tracker);
    source_finish(&s);
}

/* Tolerance in each format: a still source with a little noise comes to rest, near the clean picture. */
static void noisy(uint32_t fourcc)
{
    struct source s;
    struct picture_tracker *tracker;
    struct picture *picture = NULL, *next;
    uint8_t clean[3];
    source_init(&s, fourcc, 75, 53, 4);
    assert_int_equal(picture_tracker_create(&tracker), 0);
    picture_tracker_configure(tracker, &(struct picture_config){.noise = true});
    unsigned late = 0;
    for (int i = 0; i < 40; i++) {
        for (int p = 0; p < 3 && s.size[p]; p++) {
            clean[p] = (uint8_t)(100 + 30 * p);
            for (size_t k = 0; k < s.size[p]; k++)
                s.planes[p][k] = (uint8_t)(clean[p] + rnd(3) - 1);
        }
        next = track(tracker, &s);
        late += i >= 30 && next ? next->cells_changed : 0;
        if (next) {
            picture_unref(picture);
            picture = next;
        }
    }
    assert_int_equal(late, 0);
    for (int y = 0; y < s.height; y++)
        for (int x = 0; x < s.width; x++)
            assert_int_equal(shown_pixel(picture, x, y) >> 8 & 255, 100);
    picture_tracker_configure(tracker, &(struct picture_config){.noise = false});
    next = track(tracker, &s);
    check(&s, next);
    picture_unref(next);
    picture_unref(picture);
    picture_tracker_destroy(tracker);
    source_finish(&s);
}

static void test_noise_tolerance(void **state)
{
    (void)state;
    at_each_level(noisy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_size_and_stride),      cmocka_unit_test(test_4096x2160),
        cmocka_unit_test(test_hints_bound_the_search),   cmocka_unit_test(test_changes_of_format_size_and_colour),
        cmocka_unit_test(test_too_many_pictures_in_use), cmocka_unit_test(test_noise_tolerance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
