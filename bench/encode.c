/* bench-encode NAME WIDTH HEIGHT < raw BGR0 frames: bytes and CPU time for each changed frame, ours against JPEG of
 * whole frames and zstd of changed tiles. Every frame is brought to the viewer exactly, in updates of at most BUDGET
 * bytes; the first frame and those without a change are left out. Ours counts all from the frame to the packets:
 * damage, hashes, search, coding. The decode rows are the C applier against the JPEG library, both native. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers.h"
#include "bench/rows.h"
#include "encode/cohort.h"
#include "encode/update_apply.h"

#define BUDGET 65536 /* about 50 ms at 10 Mbit/s */

struct side {
    double bytes, ms;
};

struct run {
    const char *name;
    int width, height;
    struct picture_tracker *tracker;
    struct cohort *cohort;
    struct peers *peers;
    struct update_canvas canvas;
    struct side ours, mjpeg, zstd;
    double apply_ms, mjpeg_decode_ms;
    unsigned frames, changed;
};

static void release(struct frame *frame)
{
    free(frame->release_data);
    free(frame);
}

/* The next frame of stdin, or NULL. */
static struct frame *read_frame(const struct run *run)
{
    size_t size = (size_t)run->width * (size_t)run->height * 4;
    struct frame *frame = calloc(1, sizeof *frame);
    uint8_t *pixels = malloc(size);
    if (!frame || !pixels || fread(pixels, 1, size, stdin) != size) {
        free(frame);
        free(pixels);
        return NULL;
    }
    *frame = (struct frame){.width = run->width, .height = run->height, .fourcc = FOURCC_BGRX, .release = release};
    frame->planes[0] = (struct frame_plane){.data = pixels, .stride = (size_t)run->width * 4};
    frame->release_data = pixels;
    ref_init(&frame->ref);
    return frame;
}

static void apply(struct run *run, const struct cohort_update *update)
{
    static uint8_t body[PACKET_MAX * PACKET_MAX_PIECES];
    size_t size = 0;
    for (unsigned i = 0; i < update->n_pieces; i++) {
        memcpy(body + size, update->pieces[i]->data, update->pieces[i]->size);
        size += update->pieces[i]->size;
        packet_unref(update->pieces[i]);
    }
    struct update_dirty dirty;
    double start = thread_ms();
    if (size > 0 && !update_apply(&run->canvas, body, size, &dirty))
        abort();
    run->apply_ms += thread_ms() - start;
}

static void bring(struct run *run, const struct picture *picture)
{
    struct cohort_update update;
    do {
        double start = thread_ms();
        if (cohort_encode(run->cohort, picture, BUDGET, &update) < 0)
            abort();
        run->ours.ms += thread_ms() - start;
        run->ours.bytes += (double)update.bytes;
        apply(run, &update);
    } while (!update.complete);
}

static void one_frame(struct run *run, struct frame *frame, const struct frame *before)
{
    struct picture *picture;
    const uint8_t *now = frame->planes[0].data;
    double start = thread_ms();
    if (picture_track(run->tracker, frame_ref(frame), &picture) < 0)
        abort();
    double track_ms = thread_ms() - start;
    run->frames++;
    if (!picture)
        return;
    bring(run, picture);
    picture_unref(picture);
    if (run->frames == 1 || !before) { /* the screen as it was found */
        run->ours = (struct side){0};
        run->apply_ms = 0;
        return;
    }
    run->changed++;
    run->ours.ms += track_ms;
    start = thread_ms();
    run->mjpeg.bytes += (double)peers_mjpeg(run->peers, now);
    run->mjpeg.ms += thread_ms() - start;
    start = thread_ms();
    peers_mjpeg_decode(run->peers);
    run->mjpeg_decode_ms += thread_ms() - start;
    start = thread_ms();
    run->zstd.bytes += (double)peers_zstd_tiles(run->peers, now, before->planes[0].data);
    run->zstd.ms += thread_ms() - start;
}

static void report(const struct run *run)
{
    double n = run->changed, none = run->zstd.bytes > 0 ? 1 : NAN;
    row_print("encode", run->name, "live_bytes_per_changed_frame", "B", run->ours.bytes / n, "mjpeg-q80-420",
              run->mjpeg.bytes / n);
    row_print("encode", run->name, "live_bytes_per_changed_frame", "B", run->ours.bytes / n, "zstd1-tiles",
              none * run->zstd.bytes / n);
    row_print("encode", run->name, "cpu_ms_per_changed_frame", "ms", run->ours.ms / n, "mjpeg-q80-420",
              run->mjpeg.ms / n);
    row_print("encode", run->name, "cpu_ms_per_changed_frame", "ms", run->ours.ms / n, "zstd1-tiles",
              none * run->zstd.ms / n);
    row_print("decode", run->name, "cpu_ms_per_changed_frame", "ms", run->apply_ms / n, "mjpeg-q80-420",
              run->mjpeg_decode_ms / n);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench-encode NAME WIDTH HEIGHT < frames\n");
        return 2;
    }
    struct run run = {.name = argv[1], .width = atoi(argv[2]), .height = atoi(argv[3])};
    if (run.width < 1 || run.height < 1 || run.width > FRAME_MAX_SIZE || run.height > FRAME_MAX_SIZE)
        return 2;
    run.canvas = (struct update_canvas){.width = run.width, .height = run.height};
    run.canvas.pixels = calloc((size_t)run.width * (size_t)run.height, 4);
    if (!run.canvas.pixels || picture_tracker_create(&run.tracker) < 0 || cohort_create(&run.cohort) < 0 ||
        peers_create(run.width, run.height, &run.peers) < 0)
        return 1;
    struct frame *before = NULL, *frame;
    while ((frame = read_frame(&run))) {
        one_frame(&run, frame, before);
        frame_unref(before);
        before = frame;
    }
    frame_unref(before);
    if (run.changed > 0)
        report(&run);
    else
        fprintf(stderr, "bench-encode: %s: no frame of %u differs from the first\n", run.name, run.frames);
    cohort_destroy(run.cohort);
    picture_tracker_destroy(run.tracker);
    peers_destroy(run.peers);
    free(run.canvas.pixels);
    return 0;
}
