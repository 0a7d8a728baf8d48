/* bench-still: a screen that does not change, all in: what finding that out costs for each frame, against coding the
 * whole frame as JPEG as those do who always send; and what is sent. The frames stand in more memory than caches hold,
 * ours and the peer take turns, and the least of many turns counts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "bench/options.h"
#include "bench/rows.h"
#include "encode/cohort.h"

#define WIDTH 1920
#define HEIGHT 1080
#define COPIES 24
#define TURNS 120

/* What the frame costs the peer: from the capture's own pixels to a JPEG. */
struct peer_jpeg {
    tjhandle coder;
    unsigned char *file, *planes;
    unsigned long room;
};

static void jpeg_of_bgrx(struct peer_jpeg *self, const uint8_t *frame)
{
    unsigned long size = self->room;
    if (tjCompress2(self->coder, frame, WIDTH, 0, HEIGHT, TJPF_BGRX, &self->file, &size, TJSAMP_420, 80,
                    TJFLAG_NOREALLOC) != 0)
        abort();
}

/* The planes are taken apart, as the library wants them; nothing is converted. */
static void jpeg_of_yuyv(struct peer_jpeg *self, const uint8_t *frame)
{
    unsigned char *y = self->planes, *u = y + WIDTH * HEIGHT, *v = u + WIDTH * HEIGHT / 2;
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT / 2; i++) {
        y[2 * i] = frame[4 * i];
        u[i] = frame[4 * i + 1];
        y[2 * i + 1] = frame[4 * i + 2];
        v[i] = frame[4 * i + 3];
    }
    const unsigned char *planes[3] = {y, u, v};
    unsigned long size = self->room;
    if (tjCompressFromYUVPlanes(self->coder, planes, WIDTH, NULL, HEIGHT, TJSAMP_422, &self->file, &size, 80,
                                TJFLAG_NOREALLOC) != 0)
        abort();
}

static void release(struct frame *frame)
{
    free(frame);
}

static struct picture *track(struct picture_tracker *tracker, const uint8_t *pixels, uint32_t fourcc, size_t stride,
                             uint64_t now_us)
{
    struct frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        abort();
    *frame = (struct frame){.width = WIDTH, .height = HEIGHT, .fourcc = fourcc, .captured_us = now_us};
    frame->planes[0] = (struct frame_plane){pixels, stride};
    frame->release = release;
    ref_init(&frame->ref);
    struct picture *picture = NULL;
    return picture_track(tracker, frame, &picture) < 0 ? NULL : picture;
}

/* Bytes that are sent after the screen has come to rest. */
static size_t sent_at_rest(const struct picture *picture)
{
    struct cohort *cohort;
    struct cohort_ask ask = {.budget = (size_t)PACKET_MAX * PACKET_MAX_PIECES, .rate = 12500000, .jpeg = true};
    struct cohort_update update;
    size_t late = 0;
    if (cohort_create(NULL, &cohort) < 0)
        abort();
    for (ask.now_us = picture->frame->captured_us; ask.now_us < picture->frame->captured_us + 20000000;
         ask.now_us += 10000) {
        if (cohort_due(cohort, picture, ask.now_us) > ask.now_us)
            continue;
        if (cohort_encode(cohort, picture, &ask, &update) < 0)
            abort();
        for (unsigned i = 0; i < update.n_pieces; i++)
            packet_unref(update.pieces[i]);
        if (ask.now_us >= picture->frame->captured_us + 10000000)
            late += update.bytes;
    }
    cohort_destroy(cohort);
    return late;
}

static void measure(const char *name, uint8_t *memory, uint32_t fourcc, size_t stride, const char *peer_name,
                    void (*jpeg)(struct peer_jpeg *self, const uint8_t *frame), struct peer_jpeg *peer)
{
    struct picture_tracker *tracker;
    double ours = INFINITY, theirs = INFINITY;
    size_t size = stride * HEIGHT;
    if (picture_tracker_create(&tracker) < 0)
        abort();
    struct picture *first = track(tracker, memory, fourcc, stride, 1000000);
    if (!first)
        fprintf(stderr, "bench-still: frames of %s are not taken\n", name);
    for (int i = 1; i < TURNS; i++) {
        const uint8_t *frame = memory + size * (size_t)(i % COPIES);
        double start = process_ms();
        if (first && track(tracker, frame, fourcc, stride, 1000000 + (uint64_t)i * 33333)) {
            fprintf(stderr, "bench-still: a change is seen where there is none\n");
            abort();
        }
        ours = first ? fmin(ours, process_ms() - start) : rows_none();
        if (i % 4)
            continue;
        start = process_ms();
        jpeg(peer, frame);
        theirs = fmin(theirs, process_ms() - start);
    }
    row_print("still", name, "cpu_ms_per_frame", "ms", ours, peer_name, theirs);
    row_print("still", name, "bytes_per_frame", "B", first ? (double)sent_at_rest(first) : rows_none(), "limit", 0);
    picture_unref(first);
    picture_tracker_destroy(tracker);
}

/* Letters on paper, so that the peer has what it mostly has. */
static void draw(uint8_t *bgrx)
{
    uint32_t seed = 1;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            seed = seed * 1664525 + 1013904223;
            bool ink = y % 20 < 12 && x % 10 < 7 && (x / 2 * 7 + y / 2 * 13 + x / 10 * y / 20) % 3 == 0;
            memset(bgrx + 4 * ((size_t)y * WIDTH + (size_t)x), ink ? 0x20 + (int)(seed >> 30) : 0xF0, 4);
        }
}

int main(int argc, char **argv)
{
    struct bench_options options;
    if (!bench_options_parse(argc, argv, &options))
        return 2;
    size_t size = (size_t)WIDTH * HEIGHT * 4;
    uint8_t *memory = malloc(size * COPIES);
    struct peer_jpeg peer = {.coder = tjInitCompress(), .room = tjBufSize(WIDTH, HEIGHT, TJSAMP_444)};
    peer.file = malloc(peer.room);
    peer.planes = malloc((size_t)WIDTH * HEIGHT * 2);
    if (!memory || !peer.coder || !peer.file || !peer.planes) {
        fprintf(stderr, "bench-still: %zu MB of memory are needed\n", size * COPIES >> 20);
        return 1;
    }
    draw(memory);
    for (size_t i = 1; i < COPIES; i++)
        memcpy(memory + i * size, memory, size);
    measure("unchanged-1080p-bgrx", memory, FOURCC_BGRX, WIDTH * 4, "mjpeg-q80-420", jpeg_of_bgrx, &peer);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) { /* Y and U, Y and V by turns: grey */
        memory[2 * i] = memory[4 * i];
        memory[2 * i + 1] = 0x80;
    }
    for (size_t i = 1; i < COPIES; i++)
        memcpy(memory + i * size / 2, memory, size / 2);
    measure("unchanged-1080p-yuyv", memory, FOURCC('Y', 'U', 'Y', 'V'), WIDTH * 2, "mjpeg-q80-422", jpeg_of_yuyv,
            &peer);
    rows_end();
    tjDestroy(peer.coder);
    free(peer.file);
    free(peer.planes);
    free(memory);
    return 0;
}
