#include "bench/ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/psnr.h"
#include "bench/resent.h"
#include "bench/rows.h"

#define UPDATE_HEADER 4             /* docs/console-protocol.md */
#define BEGIN_US UINT64_C(10000000) /* the clock when the first frame comes */
#define REST_US UINT64_C(5000000)   /* for the first frame and behind the last */
#define BODY_MAX ((size_t)PACKET_MAX * PACKET_MAX_PIECES)

struct run {
    const struct reel *reel;
    const struct ours_config *config;
    struct picture_tracker *tracker;
    struct picture *picture;
    struct cohort *cohort;
    struct slot_table *slots;
    struct replica *replica;
    struct resent resent;
    struct psnr psnr, psnr_clean;
    unsigned frame; /* kept one that is shown */
    uint64_t now_us;
    struct ours sums;
};

static void release(struct frame *frame)
{
    free(frame);
}

static bool track(struct run *run, unsigned kept)
{
    struct frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        return false;
    *frame = (struct frame){.width = run->reel->width, .height = run->reel->height, .fourcc = FOURCC_BGRX};
    frame->planes[0] = (struct frame_plane){reel_frame(run->reel, kept), (size_t)run->reel->width * 4};
    frame->captured_us = run->now_us;
    frame->release = release;
    ref_init(&frame->ref);
    struct picture *picture = NULL;
    double start = process_ms();
    int r = picture_track(run->tracker, frame, &picture);
    run->sums.live.ms += process_ms() - start;
    if (picture) {
        picture_unref(run->picture);
        run->picture = picture;
    }
    run->frame = kept;
    return r == 0;
}

static bool apply(struct run *run, const struct cohort_update *update)
{
    double start = process_ms();
    bool good = replica_apply_packets(run->replica, update->pieces, update->n_pieces);
    run->sums.apply_ms += process_ms() - start;
    if (!good)
        fprintf(stderr, "%s: an update for frame %u is malformed\n", run->reel->recording.name,
                run->reel->at[run->frame]);
    else if (update->kind != COHORT_SETTLE)
        resent_note(&run->resent, replica_dirty(run->replica));
    return good;
}

/* One update, if there is one to be made now: *ret_more tells. */
static bool encode(struct run *run, bool *ret_more)
{
    const struct ours_config *c = run->config;
    struct cohort_ask ask = {.budget = c->rate / 20 < BODY_MAX ? (size_t)c->rate / 20 : BODY_MAX,
                             .rate = c->rate,
                             .now_us = run->now_us,
                             .jpeg = c->jpeg,
                             .video_vp8 = c->video_vp8,
                             .video_vp9 = c->video_vp9};
    struct cohort_update update = {0};
    double start = process_ms();
    if (cohort_encode(run->cohort, run->picture, &ask, &update) < 0)
        return false;
    double ms = process_ms() - start;
    struct ours_side *side = update.kind == COHORT_SETTLE ? &run->sums.settle : &run->sums.live;
    side->ms += ms;
    *ret_more = update.n_pieces > 0;
    if (update.n_pieces == 0)
        return true;
    side->bytes += (double)update.bytes + UPDATE_HEADER;
    side->updates++;
    if (c->update)
        c->update(c->data, &update, run->frame);
    return apply(run, &update);
}

/* All updates that are due before `until_us`. */
static bool advance(struct run *run, uint64_t until_us)
{
    for (uint64_t due; (due = cohort_due(run->cohort, run->picture, run->now_us)) < until_us;) {
        run->now_us = due > run->now_us ? due : run->now_us;
        bool more = true;
        while (more)
            if (!encode(run, &more))
                return false;
        if (cohort_due(run->cohort, run->picture, run->now_us) <= run->now_us)
            break; /* it says so but makes nothing: with time it will */
    }
    return true;
}

static void compare(struct run *run)
{
    const struct reel *clean = run->config->clean;
    const uint8_t *seen = replica_canvas(run->replica)->pixels;
    psnr_add_rgba(&run->psnr, seen, reel_frame(run->reel, run->frame), run->reel->size / 4);
    unsigned kept = 0;
    while (clean && kept + 1 < clean->count && clean->at[kept + 1] <= run->reel->at[run->frame])
        kept++;
    if (clean)
        psnr_add_rgba(&run->psnr_clean, seen, reel_frame(clean, kept), clean->size / 4);
}

static bool canvas_is_exact(const struct run *run)
{
    const struct update_canvas *canvas = replica_canvas(run->replica);
    const struct frame *cleaned = run->picture->frame; /* of a noisy source what was made of its frames is the truth */
    const uint8_t *pixel = run->config->tolerant ? cleaned->planes[0].data : reel_frame(run->reel, run->frame);
    if (run->config->tolerant && cleaned->planes[0].stride != (size_t)canvas->width * 4)
        return false;
    for (int y = 0; y < canvas->height; y++)
        for (int x = 0; x < canvas->width; x++, pixel += 4)
            if (replica_pixel(canvas, x, y) != ((uint32_t)pixel[2] << 16 | (uint32_t)pixel[1] << 8 | pixel[0]))
                return false;
    return true;
}

static bool begin(struct run *run)
{
    run->now_us = BEGIN_US;
    picture_tracker_configure(run->tracker, &(struct picture_config){.noise = run->config->tolerant});
    if (!track(run, 0) || replica_mode(run->replica, run->reel->width, run->reel->height, 0) < 0 ||
        !advance(run, BEGIN_US + REST_US))
        return false;
    run->sums = (struct ours){.exact = false};
    return true;
}

static bool show(struct run *run, unsigned kept)
{
    uint64_t captured = BEGIN_US + REST_US + (uint64_t)run->reel->at[kept] * 1000000 / run->reel->recording.fps;
    if (!advance(run, captured))
        return false;
    run->now_us = captured;
    resent_begin(&run->resent, kept);
    if (!track(run, kept) || !advance(run, captured + 1))
        return false;
    compare(run);
    resent_end(&run->resent);
    run->sums.changed++;
    return true;
}

static bool play(struct run *run)
{
    if (!begin(run))
        return false;
    for (unsigned i = 1; i < run->reel->count; i++)
        if (!show(run, i))
            return false;
    if (!advance(run, run->now_us + REST_US))
        return false;
    run->sums.psnr_db = psnr_db(&run->psnr);
    run->sums.psnr_clean_db = run->config->clean ? psnr_db(&run->psnr_clean) : rows_none();
    run->sums.resent_percent = resent_percent(&run->resent);
    run->sums.exact = canvas_is_exact(run);
    return true;
}

bool ours_run(const struct reel *reel, const struct ours_config *config, struct ours *ret)
{
    struct run run = {.reel = reel, .config = config};
    resent_init(&run.resent, reel, config->clean);
    bool good = picture_tracker_create(&run.tracker) == 0 && slot_table_create(&run.slots) == 0 &&
                cohort_create(run.slots, &run.cohort) == 0 && replica_create(&run.replica) == 0 && play(&run);
    *ret = run.sums;
    picture_unref(run.picture);
    cohort_destroy(run.cohort);
    slot_table_unref(run.slots);
    picture_tracker_destroy(run.tracker);
    replica_destroy(run.replica);
    resent_finish(&run.resent);
    return good;
}
