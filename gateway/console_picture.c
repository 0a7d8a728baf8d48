/* Pictures for one viewer: as long as it has credit and its canvas differs from the newest picture, a worker makes an
 * update. A worker takes the newest picture when it begins, not when the job was handed in, so that jobs that wait hold
 * no old pictures. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/console_viewer.h"

struct console_statistics console_statistics;

struct encode_job {
    struct console_viewer *viewer;
    struct feed *feed;
    struct cohort *cohort;
    size_t budget;
    int width, height; /* of the client's canvas */

    int error;
    bool stale; /* the picture has another size now, or there is none */
    struct cohort_update update;
    uint32_t encode_us;
};

static void work(void *data)
{
    struct encode_job *job = data;
    attr_cleanup(picture_unrefp) struct picture *picture = feed_picture(job->feed);
    if (!picture || picture->frame->width != job->width || picture->frame->height != job->height) {
        job->stale = true;
        return;
    }
    uint64_t begun = clock_now_us();
    struct cohort_ask ask = {.budget = job->budget, .now_us = begun};
    job->error = cohort_encode(job->cohort, picture, &ask, &job->update);
    job->encode_us = (uint32_t)(clock_now_us() - begun);
}

static void drop_update(struct cohort_update *update)
{
    for (unsigned i = 0; i < update->n_pieces; i++)
        packet_unref(update->pieces[i]);
    update->n_pieces = 0;
}

static void count(const struct encode_job *job)
{
    struct console_statistics *s = &console_statistics;
    s->encodes++;
    s->empty += job->update.n_pieces == 0;
    s->encode_us += job->encode_us;
    s->longest_us = MAX(s->longest_us, (uint64_t)job->encode_us);
    s->bytes += job->update.bytes;
    s->cells += job->update.cells;
    s->cells_copied += job->update.cells_copied;
    s->cells_solid += job->update.cells_solid;
}

/* True when something was sent. */
static bool deliver(struct console_viewer *self, struct encode_job *job)
{
    if (job->stale) {
        console_statistics.stale++;
        return false;
    }
    count(job);
    if (job->error < 0) {
        console_statistics.errors++;
        self->begin_anew = true;
        return false;
    }
    if (self->begin_anew) {
        console_statistics.dropped++;
        drop_update(&job->update);
        return false;
    }
    if (job->update.n_pieces == 0)
        return false;
    self->pulling = false; /* before the call, in which transport may ask for more */
    viewer_update(self->viewer, &(struct console_update){.pieces = job->update.pieces,
                                                         .n_pieces = job->update.n_pieces,
                                                         .complete = job->update.complete,
                                                         .captured_us = job->update.captured_us});
    return true;
}

static void done(void *data)
{
    struct encode_job *job = data;
    struct console_viewer *self = job->viewer;
    self->encoding = false;
    if (self->closed) {
        drop_update(&job->update);
        viewer_free(self);
    } else {
        bool failed = job->error < 0;
        deliver(self, job);
        if (failed)
            log_error("console", "target %s: an update could not be made: %s", self->target->target.name,
                      strerror(-job->error));
        /* out of memory: with the next picture, not at once */
        if (!failed)
            viewer_advance(self);
    }
    free(job);
}

static void begin_job(struct console_viewer *self)
{
    struct encode_job *job = calloc(1, sizeof *job);
    if (!job)
        return;
    *job = (struct encode_job){.viewer = self,
                               .feed = self->target->feed,
                               .cohort = self->cohort,
                               .budget = self->budget,
                               .width = self->mode_width,
                               .height = self->mode_height};
    if (worker_pool_submit(self->target->gateway->encoders, work, done, job) < 0) {
        free(job);
        return;
    }
    self->encoding = true;
}

static void tell_no_picture(struct console_viewer *self)
{
    char why[256];
    enum screen_signal signal = feed_signal(self->target->feed, why, sizeof why);
    if (signal == SCREEN_OK) {
        signal = SCREEN_STARTING; /* good signal, first picture still to come */
        snprintf(why, sizeof why, "Waiting for the first picture.");
    }
    if (self->told_no_picture && self->told_signal == signal && strcmp(self->told_why, why) == 0)
        return;
    self->told_no_picture = true;
    self->told_signal = signal;
    snprintf(self->told_why, sizeof self->told_why, "%s", why);
    self->begin_anew = true;
    viewer_no_picture(self->viewer, (uint8_t)signal, why);
}

/* A new canvas where the client has none that fits. False: not now, the cohort is at work. */
static bool tell_mode(struct console_viewer *self, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    if (!self->begin_anew && frame->width == self->mode_width && frame->height == self->mode_height)
        return true;
    self->begin_anew = true; /* what the worker makes just now is for the old canvas */
    if (self->encoding)
        return false;
    cohort_reset(self->cohort);
    self->begin_anew = self->told_no_picture = false;
    self->mode_width = frame->width;
    self->mode_height = frame->height;
    viewer_mode(self->viewer, frame->width, frame->height, 0);
    return true;
}

void viewer_advance(struct console_viewer *self)
{
    if (self->closed)
        return;
    attr_cleanup(picture_unrefp) struct picture *picture = self->target->feed ? feed_picture(self->target->feed) : NULL;
    if (!picture) {
        if (self->target->feed)
            tell_no_picture(self);
        return;
    }
    if (tell_mode(self, picture) && self->pulling && !self->hidden && !self->encoding &&
        cohort_due(self->cohort, picture, clock_now_us()) == 0)
        begin_job(self);
}
