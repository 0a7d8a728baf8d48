#include "bench/lossless.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#if HAVE_WEBP
#include <webp/encode.h>
#endif

#include "bench/rows.h"
#include "encode/cohort.h"

#define FRAMES 3

struct sums {
    double bytes, ms;
};

static void release(struct frame *frame)
{
    (void)frame;
}

static void drop(struct cohort_update *update)
{
    for (unsigned i = 0; i < update->n_pieces; i++)
        packet_unref(update->pieces[i]);
}

static bool ours(const struct reel *reel, unsigned kept, struct sums *sums)
{
    struct frame frame = {.width = reel->width, .height = reel->height, .fourcc = FOURCC_BGRX, .release = release};
    frame.planes[0] = (struct frame_plane){reel_frame(reel, kept), (size_t)reel->width * 4};
    frame.captured_us = 1000000;
    ref_init(&frame.ref);
    struct cohort_ask ask = {.budget = (size_t)PACKET_MAX * PACKET_MAX_PIECES, .now_us = 1000000};
    struct picture_tracker *tracker = NULL;
    struct picture *picture = NULL;
    struct cohort *cohort = NULL;
    struct cohort_update update = {0};
    bool good = picture_tracker_create(&tracker) == 0 && cohort_create(NULL, &cohort) == 0 &&
                picture_track(tracker, &frame, &picture) == 0 && picture;
    double start = process_ms();
    while (good && !update.complete) {
        good = cohort_encode(cohort, picture, &ask, &update) == 0 && update.n_pieces > 0;
        sums->bytes += (double)update.bytes;
        drop(&update);
    }
    sums->ms += process_ms() - start;
    cohort_destroy(cohort);
    picture_unref(picture);
    picture_tracker_destroy(tracker);
    return good;
}

#if HAVE_WEBP
static bool webp(const struct reel *reel, unsigned kept, struct sums *sums)
{
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter writer;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture))
        return false;
    config.lossless = 1;
    config.method = 2;
    picture.use_argb = 1;
    picture.width = reel->width;
    picture.height = reel->height;
    WebPMemoryWriterInit(&writer);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    double start = process_ms();
    bool good =
        WebPPictureImportBGRX(&picture, reel_frame(reel, kept), reel->width * 4) && WebPEncode(&config, &picture);
    sums->ms += process_ms() - start;
    sums->bytes += (double)writer.size;
    WebPPictureFree(&picture);
    WebPMemoryWriterClear(&writer);
    return good;
}
#else
static bool webp(const struct reel *reel, unsigned kept, struct sums *sums)
{
    (void)reel;
    (void)kept;
    (void)sums;
    return false;
}
#endif

void lossless_rows(const struct reel *reel)
{
    struct sums we = {0}, peer = {0};
    bool measured = true;
    for (unsigned i = 0; i < FRAMES; i++) {
        unsigned kept = reel->count * (2 * i + 1) / (2 * FRAMES);
        if (!ours(reel, kept, &we)) {
            fprintf(stderr, "%s: frame %u cannot be coded whole\n", reel->recording.name, kept);
            we.bytes = we.ms = rows_none();
        }
        measured = measured && webp(reel, kept, &peer);
    }
    if (!measured)
        peer = (struct sums){rows_none(), rows_none()};
    const char *name = reel->recording.name;
    row_print("lossless", name, "frame_bytes", "B", we.bytes / FRAMES, "webp-lossless-m2", peer.bytes / FRAMES);
    row_print("lossless", name, "frame_ms", "ms", we.ms / FRAMES, "webp-lossless-m2", peer.ms / FRAMES);
}
