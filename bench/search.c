/* bench-search: what looking for copies costs, between each changed frame and the one before: against reading what it
 * verified with memcmp, and where it finds nothing, against a fixed limit. The rest of each update is taken over as it
 * is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/options.h"
#include "bench/rows.h"
#include "encode/copy_search.h"

#define FIXED_MS 0.2    /* allowed besides the verifying */
#define NOTHING_MS 0.05 /* allowed where nothing is likely */

struct sums {
    double ms, memcmp_ms, nothing_ms;
    unsigned frames, nothing;
};

static void release(struct frame *frame)
{
    free(frame);
}

static struct picture *track(struct picture_tracker *tracker, const struct reel *reel, unsigned kept)
{
    struct frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        abort();
    *frame = (struct frame){.width = reel->width, .height = reel->height, .fourcc = FOURCC_BGRX, .release = release};
    frame->planes[0] = (struct frame_plane){reel_frame(reel, kept), (size_t)reel->width * 4};
    frame->captured_us = 1000000 + (uint64_t)reel->at[kept] * 1000000 / reel->recording.fps;
    ref_init(&frame->ref);
    struct picture *picture = NULL;
    return picture_track(tracker, frame, &picture) < 0 ? NULL : picture;
}

/* Takes over what was found; cells. */
static unsigned copy(struct copy_search *search, struct plan *plan, struct view *view, const struct picture *picture,
                     double *ms)
{
    unsigned cells = 0;
    for (unsigned i = 0; i < search->n_vectors; i++) {
        struct cell_rect rect;
        uint32_t at = 0;
        unsigned before = cells;
        for (;;) {
            double start = process_ms();
            bool found = copy_search_next(search, plan, view, picture, search->vector[i], &at, &rect);
            *ms += process_ms() - start;
            if (!found)
                break;
            cells += (unsigned)rect.w * (unsigned)rect.h;
            plan_done(plan, view, rect);
            view_copy_cells(view, picture, rect, search->vector[i].dx, search->vector[i].dy);
        }
        if (cells > before)
            copy_search_used(search, search->vector[i]);
    }
    return cells;
}

static double memcmp_ms(const struct reel *reel, unsigned kept, size_t bytes)
{
    const uint8_t *a = reel_frame(reel, kept);
    double ms = 0;
    static volatile int sink;
    for (size_t left = bytes; left > 0;) {
        size_t n = left < reel->size / 2 ? left : reel->size / 2;
        uint8_t *copied = malloc(n);
        if (!copied)
            abort();
        memcpy(copied, a, n);
        double start = process_ms();
        sink = memcmp(a, copied, n);
        ms += process_ms() - start;
        free(copied);
        left -= n;
    }
    (void)sink;
    return ms;
}

static void one_frame(const struct reel *reel, unsigned kept, struct picture_tracker *tracker, struct plan *plan,
                      struct view *view, struct copy_search *search, struct sums *sums)
{
    struct picture *picture = track(tracker, reel, kept);
    if (!picture || plan_want_changes(plan, view, picture) < 0)
        abort();
    uint64_t compared = search->compared;
    double start = process_ms();
    if (copy_search_vectors(search, plan, view, picture) < 0)
        abort();
    double ms = process_ms() - start;
    unsigned cells = copy(search, plan, view, picture, &ms);
    sums->frames++;
    sums->ms += ms;
    sums->memcmp_ms += memcmp_ms(reel, kept, (size_t)(search->compared - compared) * 4);
    if (cells == 0) {
        sums->nothing++;
        sums->nothing_ms += ms;
    }
    view_take_cells(view, picture, (struct cell_rect){0, 0, view->cells_x, view->cells_y}, true);
    picture_unref(picture);
}

static void report(const struct reel *reel, const struct sums *sums)
{
    const char *name = reel->recording.name;
    double limit = FIXED_MS + 1.2 * sums->memcmp_ms / sums->frames;
    row_print("search", name, "search_ms", "ms", sums->ms / sums->frames, "verifying", limit);
    fprintf(stderr, "%s: %.3f ms, allowed %.3f", name, sums->ms / sums->frames, limit);
    if (sums->nothing * 10 >= sums->frames * 9) { /* elsewhere the search had reason to look further */
        double ms = sums->nothing_ms / sums->nothing;
        row_print("search", name, "search_nothing_ms", "ms", ms, "limit", NOTHING_MS);
        fprintf(stderr, "; in %u of %u frames nothing found, %.3f ms", sums->nothing, sums->frames, ms);
    }
    fprintf(stderr, "\n");
}

static void one_recording(void *data, const struct reel *reel)
{
    (void)data;
    struct sums sums = {0};
    struct picture_tracker *tracker;
    struct copy_search search;
    struct plan plan;
    struct view view;
    copy_search_init(&search);
    plan_init(&plan);
    view_init(&view);
    if (picture_tracker_create(&tracker) < 0)
        abort();
    struct picture *first = track(tracker, reel, 0);
    if (!first || view_reset(&view, first) < 0)
        abort();
    view_take_cells(&view, first, (struct cell_rect){0, 0, view.cells_x, view.cells_y}, true);
    picture_unref(first);
    for (unsigned i = 1; i < reel->count; i++)
        one_frame(reel, i, tracker, &plan, &view, &search, &sums);
    report(reel, &sums);
    picture_tracker_destroy(tracker);
    copy_search_finish(&search);
    plan_finish(&plan);
    view_finish(&view);
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, one_recording);
}
