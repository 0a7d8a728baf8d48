/* The surface pool against a plain picture: whatever is drawn, published and held, each frame equals the picture at the
 * time it was published, and stays so. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "video/surface_pool.h"

#define W 61
#define H 47
#define HELD 3

static uint32_t seed = 1;

static unsigned dice(unsigned n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static void fill(uint32_t *pixels, struct rect r, uint32_t colour)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            pixels[y * W + x] = colour;
}

static void put(struct surface_pool *pool, uint32_t *model, struct rect r, uint32_t colour)
{
    fill(model, r, colour);
    surface_pool_put(pool, r, (const uint8_t *)(model + r.y * W + r.x), W * 4);
}

static bool equal(const struct frame *frame, const uint32_t *model)
{
    for (int y = 0; y < H; y++)
        if (memcmp(frame->planes[0].data + (size_t)y * frame->planes[0].stride, model + y * W, W * 4) != 0)
            return false;
    return true;
}

static bool inside(const struct rect_set *set, int x, int y)
{
    for (unsigned i = 0; i < set->count; i++) {
        struct rect r = set->rects[i];
        if (x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h)
            return true;
    }
    return false;
}

static bool hints_cover(const struct frame *frame, const uint32_t *before, const uint32_t *now)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            if (before[y * W + x] != now[y * W + x] && !inside(&frame->hints, x, y))
                return false;
    return true;
}

static void frames_equal_the_picture_and_stay_so(void **state)
{
    (void)state;
    struct surface_pool *pool;
    static uint32_t model[W * H], before[W * H], kept[HELD][W * H];
    struct frame *held[HELD] = {0};
    unsigned refused = 0, published = 0;
    assert_int_equal(surface_pool_create(4, NULL, NULL, &pool), 0);
    assert_int_equal(surface_pool_resize(pool, W, H), 0);
    for (int round = 0; round < 5000; round++) {
        unsigned rects = 1 + dice(4);
        for (unsigned i = 0; i < rects; i++) {
            struct rect r = {.x = (int)dice(W), .y = (int)dice(H)};
            r.w = 1 + (int)dice(W - (unsigned)r.x);
            r.h = 1 + (int)dice(H - (unsigned)r.y);
            put(pool, model, r, dice(50));
        }
        struct frame *frame = NULL;
        int r = surface_pool_publish(pool, false, (uint64_t)round, &frame);
        if (r == -EAGAIN)
            refused++;
        if (r == 0) {
            assert_true(equal(frame, model));
            assert_true(!published++ || (frame->hints_valid && hints_cover(frame, before, model)));
            memcpy(before, model, sizeof model);
            unsigned slot = dice(HELD);
            if (dice(3) && !held[slot]) {
                held[slot] = frame;
                memcpy(kept[slot], model, sizeof model);
            } else {
                frame_unref(frame);
            }
        }
        unsigned slot = dice(HELD);
        for (unsigned i = 0; i < HELD; i++)
            assert_true(!held[i] || equal(held[i], kept[i]));
        if (!dice(4))
            held[slot] = frame_unref(held[slot]);
    }
    assert_true(published > 1000 && refused > 10);
    surface_pool_destroy(pool);
    for (unsigned i = 0; i < HELD; i++) {
        assert_true(!held[i] || equal(held[i], kept[i])); /* the pool may die before its frames */
        frame_unref(held[i]);
    }
}

static void nothing_new_is_not_published(void **state)
{
    (void)state;
    struct surface_pool *pool;
    struct frame *frame;
    static uint32_t model[W * H];
    surface_pool_create(3, NULL, NULL, &pool);
    assert_int_equal(surface_pool_publish(pool, true, 0, &frame), 1); /* no size yet */
    surface_pool_resize(pool, W, H);
    assert_int_equal(surface_pool_publish(pool, false, 0, &frame), 0);
    assert_false(frame->hints_valid);
    frame_unref(frame);
    put(pool, model, (struct rect){3, 4, 9, 16}, 0); /* black on black */
    assert_false(surface_pool_is_damaged(pool));
    assert_int_equal(surface_pool_publish(pool, false, 0, &frame), 1);
    assert_int_equal(surface_pool_publish(pool, true, 0, &frame), 0);
    assert_int_equal(frame->hints.count, 0);
    frame_unref(frame);
    /* of a repainted cell only the rows that differ are damage */
    model[10 * W + 5] = 7;
    surface_pool_put(pool, (struct rect){3, 4, 9, 16}, (const uint8_t *)(model + 4 * W + 3), W * 4);
    assert_int_equal(surface_pool_publish(pool, false, 0, &frame), 0);
    assert_int_equal(frame->hints.count, 1);
    assert_int_equal(frame->hints.rects[0].y, 10);
    assert_int_equal(frame->hints.rects[0].h, 1);
    frame_unref(frame);
    surface_pool_destroy(pool);
}

static void count_up(void *data)
{
    ++*(int *)data;
}

static void says_when_a_frame_came_back(void **state)
{
    (void)state;
    struct surface_pool *pool;
    struct frame *a, *b, *c;
    static uint32_t model[W * H];
    int returned = 0;
    surface_pool_create(3, count_up, &returned, &pool);
    surface_pool_resize(pool, W, H);
    assert_int_equal(surface_pool_publish(pool, false, 0, &a), 0);
    put(pool, model, (struct rect){0, 0, 5, 5}, 1);
    assert_int_equal(surface_pool_publish(pool, false, 0, &b), 0);
    put(pool, model, (struct rect){20, 20, 5, 5}, 2);
    assert_int_equal(surface_pool_publish(pool, false, 0, &c), -EAGAIN);
    assert_int_equal(returned, 0);
    put(pool, model, (struct rect){40, 20, 5, 5}, 3);
    frame_unref(a);
    assert_int_equal(returned, 1);
    assert_int_equal(surface_pool_publish(pool, false, 0, &c), 0);
    assert_true(equal(c, model));
    assert_int_equal(c->hints.count, 2); /* both gathered */
    frame_unref(b);
    frame_unref(c);
    assert_int_equal(returned, 1);
    surface_pool_destroy(pool);
}

static void a_new_size_leaves_old_frames_alone(void **state)
{
    (void)state;
    struct surface_pool *pool;
    struct frame *old, *now;
    static uint32_t model[W * H];
    surface_pool_create(3, NULL, NULL, &pool);
    surface_pool_resize(pool, W, H);
    put(pool, model, (struct rect){0, 0, W, H}, 9);
    assert_int_equal(surface_pool_publish(pool, false, 0, &old), 0);
    assert_int_equal(surface_pool_resize(pool, 8192, 8192), 0);
    assert_int_equal(surface_pool_resize(pool, 8193, 1), -EINVAL);
    assert_int_equal(surface_pool_resize(pool, 16, 16), 0);
    assert_int_equal(surface_pool_publish(pool, false, 0, &now), 0);
    assert_int_equal(now->width, 16);
    assert_false(now->hints_valid);
    assert_true(equal(old, model));
    frame_unref(old);
    surface_pool_destroy(pool);
    frame_unref(now);
}

/* ---- two threads: one draws, one holds and checks; for the thread sanitizer ---- */

struct mailbox {
    pthread_mutex_t lock;
    struct frame *frame;
    bool end;
    unsigned checked;
};

static void *consumer(void *data)
{
    struct mailbox *box = data;
    for (bool end = false; !end;) {
        pthread_mutex_lock(&box->lock);
        struct frame *frame = box->frame;
        box->frame = NULL;
        end = box->end;
        pthread_mutex_unlock(&box->lock);
        if (!frame)
            continue;
        /* the drawer paints whole pictures of one colour: any mixture is a written frame */
        const uint8_t *data8 = frame->planes[0].data;
        uint32_t first = *(const uint32_t *)(const void *)data8;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                assert_int_equal(((const uint32_t *)(const void *)(data8 + (size_t)y * frame->planes[0].stride))[x],
                                 first);
        box->checked++;
        frame_unref(frame);
    }
    return NULL;
}

static void frames_cross_threads(void **state)
{
    (void)state;
    struct surface_pool *pool;
    struct mailbox box = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static uint32_t model[W * H];
    pthread_t thread;
    surface_pool_create(4, NULL, NULL, &pool);
    surface_pool_resize(pool, W, H);
    pthread_create(&thread, NULL, consumer, &box);
    for (uint32_t i = 0; i < 3000; i++) {
        put(pool, model, (struct rect){0, 0, W, H / 2}, i);
        put(pool, model, (struct rect){0, H / 2, W, H - H / 2}, i);
        struct frame *frame = NULL;
        if (surface_pool_publish(pool, false, 0, &frame) != 0)
            continue;
        pthread_mutex_lock(&box.lock);
        struct frame *late = box.frame;
        box.frame = frame;
        pthread_mutex_unlock(&box.lock);
        frame_unref(late);
    }
    pthread_mutex_lock(&box.lock);
    box.end = true;
    pthread_mutex_unlock(&box.lock);
    pthread_join(thread, NULL);
    frame_unref(box.frame);
    surface_pool_destroy(pool);
    assert_true(box.checked > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_equal_the_picture_and_stay_so),
        cmocka_unit_test(nothing_new_is_not_published),
        cmocka_unit_test(says_when_a_frame_came_back),
        cmocka_unit_test(a_new_size_leaves_old_frames_alone),
        cmocka_unit_test(frames_cross_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
