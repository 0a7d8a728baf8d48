/* bench-fanout: what encoding for 16 viewers in step costs against one: the gateway's audience with viewers that take
 * and ack everything at once, over whole recordings. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/options.h"
#include "bench/rows.h"
#include "encode/audience.h"

#define VIEWERS 16
#define CREDIT ((size_t)PACKET_MAX * PACKET_MAX_PIECES)
#define FAST_LINK UINT64_C(12500000)

struct crowd;

struct viewer {
    struct crowd *crowd;
    struct audience_member *member;
    uint32_t updates;
    bool wants;
    double bytes;
};

struct crowd {
    struct audience *audience;
    struct viewer viewers[VIEWERS];
    unsigned count;
    struct picture *picture;
    struct audience_job *jobs[AUDIENCE_COHORTS];
    unsigned n_jobs;
    uint64_t now_us, wake_us;
    double encode_ms;
};

static uint64_t now(void *context)
{
    return ((struct crowd *)context)->now_us;
}

static struct picture *newest(void *context, uint64_t *ret_tracked_us)
{
    struct crowd *self = context;
    if (ret_tracked_us)
        *ret_tracked_us = self->now_us;
    return self->picture ? picture_ref(self->picture) : NULL;
}

static int submit(void *context, struct audience_job *job)
{
    struct crowd *self = context;
    if (self->n_jobs == AUDIENCE_COHORTS)
        return -1;
    self->jobs[self->n_jobs++] = job;
    return 0;
}

static void wake_at(void *context, uint64_t when_us)
{
    ((struct crowd *)context)->wake_us = when_us;
}

static void tell_link(const void *viewer, struct audience_link *ret)
{
    *ret = (struct audience_link){.rate = FAST_LINK, .rtt_us = 1000, .acked = ((const struct viewer *)viewer)->updates};
}

static bool mode(void *viewer, int width, int height, uint8_t colour)
{
    (void)viewer;
    (void)width;
    (void)height;
    (void)colour;
    return false;
}

static void take_update(void *data, const struct audience_update *update)
{
    struct viewer *viewer = data;
    for (unsigned i = 0; i < update->update->n_pieces; i++)
        packet_unref(update->update->pieces[i]);
    viewer->bytes += (double)update->update->bytes;
    viewer->updates++;
    viewer->wants = true;
}

static const struct audience_ops ops = {now, newest, submit, wake_at, tell_link, mode, take_update};

static void work(struct crowd *self)
{
    while (self->n_jobs > 0) {
        struct audience_job *job = self->jobs[--self->n_jobs];
        double start = process_ms();
        audience_work(job);
        self->encode_ms += process_ms() - start;
        audience_done(job);
        for (unsigned i = 0; i < self->count; i++) {
            if (!self->viewers[i].wants)
                continue;
            self->viewers[i].wants = false;
            audience_pull(self->viewers[i].member, CREDIT);
        }
    }
}

static void advance(struct crowd *self, uint64_t until_us)
{
    work(self);
    while (self->wake_us < until_us) {
        self->now_us = self->wake_us > self->now_us ? self->wake_us : self->now_us + 1;
        self->wake_us = UINT64_MAX;
        audience_tick(self->audience);
        work(self);
    }
    self->now_us = until_us;
}

static void release(struct frame *frame)
{
    free(frame);
}

static void show(struct crowd *self, struct picture_tracker *tracker, const struct reel *reel, unsigned kept)
{
    struct frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        abort();
    *frame = (struct frame){.width = reel->width, .height = reel->height, .fourcc = FOURCC_BGRX, .release = release};
    frame->planes[0] = (struct frame_plane){reel_frame(reel, kept), (size_t)reel->width * 4};
    frame->captured_us = self->now_us;
    ref_init(&frame->ref);
    struct picture *picture = NULL;
    if (picture_track(tracker, frame, &picture) < 0)
        abort();
    if (!picture)
        return;
    picture_unref(self->picture);
    self->picture = picture;
    audience_picture_changed(self->audience);
    work(self);
}

static bool arrive(struct crowd *self)
{
    static const struct audience_member_config config = {.jpeg = true, .vp8 = true, .vp9 = true};
    for (unsigned i = 0; i < self->count; i++) {
        struct viewer *viewer = &self->viewers[i];
        viewer->crowd = self;
        if (audience_join(self->audience, &config, viewer, &viewer->member) < 0)
            return false;
        audience_pull(viewer->member, CREDIT);
        work(self);
    }
    return true;
}

/* CPU ms of encoding for each changed frame; the viewers were together and the first frame at rest before. */
static double encode_ms(const struct reel *reel, unsigned viewers, double *ret_bytes)
{
    struct crowd self = {.count = viewers, .now_us = 10000000, .wake_us = UINT64_MAX};
    struct picture_tracker *tracker;
    if (picture_tracker_create(&tracker) < 0 || audience_create(&ops, &self, &self.audience) < 0)
        abort();
    picture_tracker_configure(tracker, &(struct picture_config){.noise = recording_class(&reel->recording) == 'j'});
    show(&self, tracker, reel, 0);
    double ms = arrive(&self) ? 0 : rows_none();
    advance(&self, 20000000);
    self.encode_ms = self.viewers[0].bytes = 0;
    for (unsigned i = 1; i < reel->count; i++) {
        advance(&self, 20000000 + (uint64_t)reel->at[i] * 1000000 / reel->recording.fps);
        show(&self, tracker, reel, i);
    }
    ms += self.encode_ms / (reel->count - 1);
    *ret_bytes = self.viewers[0].bytes / (reel->count - 1);
    for (unsigned i = 0; i < self.count; i++)
        if (self.viewers[i].member)
            audience_leave(self.viewers[i].member, NULL);
    work(&self);
    audience_destroy(self.audience);
    picture_unref(self.picture);
    picture_tracker_destroy(tracker);
    return ms;
}

static void one_recording(void *data, const struct reel *reel)
{
    (void)data;
    double bytes_one, bytes_all, one = encode_ms(reel, 1, &bytes_one), all = encode_ms(reel, VIEWERS, &bytes_all);
    row_print("fanout", reel->recording.name, "cpu_ms_per_changed_frame", "ms", all, "one-viewer", one);
    fprintf(stderr, "%s: one viewer %.2f ms %.0f B, %d viewers %.2f ms, %.0f B each\n", reel->recording.name, one,
            bytes_one, VIEWERS, all, bytes_all);
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, one_recording);
}
