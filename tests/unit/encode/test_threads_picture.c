/* Pictures that are read and let go on other threads while the tracker goes on: none is written to before its last
 * reader is done, and the tracker may go first. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "encode/picture.h"
#include "video/damage.h"

#define W 200
#define H 120
#define READERS 3
#define FRAMES 600

struct mailbox {
    pthread_mutex_t lock;
    struct picture *newest;
    bool ended;
    atomic_int wrong, read;
};

static uint8_t pixels[H][W * 2];

static void release(struct frame *frame)
{
    free((void *)frame->planes[0].data);
    free(frame);
}

static struct frame *capture(int number)
{
    struct frame *frame = calloc(1, sizeof *frame);
    uint8_t *copy = malloc(sizeof pixels);
    assert_non_null(frame);
    assert_non_null(copy);
    memset(pixels[number % H], number, sizeof pixels[0]);
    memcpy(copy, pixels, sizeof pixels);
    *frame = (struct frame){.width = W,
                            .height = H,
                            .fourcc = FOURCC_YUYV,
                            .colour = 1,
                            .captured_us = (uint64_t)number + 1,
                            .planes[0] = {.data = copy, .stride = sizeof pixels[0]},
                            .release = release};
    ref_init(&frame->ref);
    return frame;
}

static bool whole(const struct picture *picture)
{
    const struct damage_ops *ops = damage_ops_find(picture->frame->fourcc, 0);
    const struct frame_plane *plane = &picture->frame->planes[0];
    for (int cy = 0; cy < picture->cells_y; cy++)
        for (int cx = 0; cx < picture->cells_x; cx++) {
            uint64_t hash = ops->hash(cell_hash_key(), plane->data + (size_t)cy * 16 * plane->stride + (size_t)cx * 64,
                                      plane->stride, MIN(16, W - cx * 16), MIN(16, H - cy * 16));
            if (hash != picture->hash[cy * picture->cells_x + cx])
                return false;
        }
    return true;
}

static void *read_pictures(void *data)
{
    struct mailbox *box = data;
    for (bool ended = false; !ended;) {
        pthread_mutex_lock(&box->lock);
        struct picture *picture = box->newest ? picture_ref(box->newest) : NULL;
        ended = box->ended;
        pthread_mutex_unlock(&box->lock);
        if (picture) {
            atomic_fetch_add(&box->wrong, !whole(picture));
            atomic_fetch_add(&box->read, 1);
        }
        picture_unref(picture);
    }
    return NULL;
}

static void put(struct mailbox *box, struct picture *picture, bool ended)
{
    pthread_mutex_lock(&box->lock);
    struct picture *old = box->newest;
    box->newest = picture;
    box->ended = ended;
    pthread_mutex_unlock(&box->lock);
    picture_unref(old);
}

static void test_readers_see_whole_pictures(void **state)
{
    (void)state;
    struct mailbox box = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct picture_tracker *tracker;
    pthread_t readers[READERS];
    assert_int_equal(picture_tracker_create(&tracker), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_pictures, &box), 0);
    for (int i = 0; i < FRAMES || atomic_load(&box.read) < FRAMES; i++) {
        struct picture *picture;
        assert_int_equal(picture_track(tracker, capture(i), &picture), 0);
        if (picture)
            put(&box, picture, false);
    }
    picture_tracker_destroy(tracker);
    put(&box, NULL, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&box.wrong), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readers_see_whole_pictures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
