/* Cohorts on two workers that share one table of slots: each shows only what its own viewer holds, whatever the other
 * one fills meanwhile. */
#include <pthread.h>

#include "lossy_viewer.h"
#include "scene.h"
#include "viewer.h"

#define WORKERS 2
#define STEPS 250
#define W 320
#define H 208

struct worker {
    pthread_t thread;
    struct slot_table *slots;
    unsigned number, wrong, shown, lossy;
};

/* How many cells are not what the cohort says. */
static unsigned count_wrong(const struct viewer *v, const struct picture *picture)
{
    unsigned wrong = 0;
    for (int cy = 0; cy < picture->cells_y; cy++)
        for (int cx = 0; cx < picture->cells_x; cx++) {
            bool exact = cohort_cell_is_exact(v->cohort, cx, cy);
            wrong += v->canvas->lossy[cy * picture->cells_x + cx] == exact;
            wrong += exact && !viewer_claim_holds(v, cx, cy);
        }
    return wrong;
}

static void step(struct worker *self, struct viewer *v, const struct picture *picture, unsigned i)
{
    struct cohort_ask ask = {.budget = 1 << 19, .now_us = picture->frame->captured_us, .jpeg = self->number == 1};
    struct cohort_update update;
    self->wrong += cohort_encode(v->cohort, picture, &ask, &update) < 0;
    self->shown += update.cells_shown;
    self->lossy += update.cells_lossy;
    if (update.n_pieces > 0)
        self->wrong += !replica_apply_packets(v->replica, update.pieces, update.n_pieces);
    if (i % 10 == 0)
        self->wrong += count_wrong(v, picture);
}

/* Both draw the same few things, so that each finds in the table what the other one has filled. */
static void draw(struct scene *scene, unsigned i)
{
    scene->seed = 1000 + i * 7 % 12;
    if (i % 3 == 0)
        lossy_photo(scene, 32, 32, 224, 128, (int)(i % 4));
    else
        scene_start(scene);
}

static void *work(void *data)
{
    struct worker *self = data;
    struct viewer v = {.bytes = 0};
    struct picture_tracker *tracker;
    struct picture *picture = NULL;
    struct scene scene;
    scene_init(&scene, W, H, 3);
    if (cohort_create(self->slots, &v.cohort) < 0 || replica_create(&v.replica) < 0 ||
        replica_mode(v.replica, W, H, 0) < 0 || picture_tracker_create(&tracker) < 0)
        abort();
    v.canvas = replica_canvas(v.replica);
    for (unsigned i = 0; i < STEPS; i++) {
        struct picture *next = NULL;
        draw(&scene, i + self->number * 5);
        struct frame *frame = scene_frame(&scene);
        frame->captured_us = 1000000 + i * UINT64_C(60000);
        self->wrong += picture_track(tracker, frame, &next) < 0;
        if (next) {
            picture_unref(picture);
            picture = next;
        }
        step(self, &v, picture, i);
        step(self, &v, picture, i);
    }
    picture_unref(picture);
    picture_tracker_destroy(tracker);
    cohort_destroy(v.cohort);
    replica_destroy(v.replica);
    scene_finish(&scene);
    return NULL;
}

static void test_workers_share_a_table(void **state)
{
    (void)state;
    struct slot_table *slots;
    struct worker workers[WORKERS];
    assert_int_equal(slot_table_create(&slots), 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.slots = slots, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
        assert_true(workers[i].shown > 1000);
    }
    assert_true(workers[1].lossy > 0);
    slot_table_unref(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_workers_share_a_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
