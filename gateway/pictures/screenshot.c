#include "gateway/pictures/screenshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/jpeg.h"
#include "encode/png.h"
#include "video/csc_frame.h"
#include "video/scale.h"

#define QUALITY 80
#define MOST_JOBS 16 /* a target; each may hold a picture */

struct screenshots {
    struct gateway_target *target;
    unsigned jobs;
    /* The last one: pages that show the same list ask for the same thumbnail. */
    struct picture *picture;
    unsigned width;
    enum target_shot format;
    uint8_t *cached;
    size_t cached_size;
};

struct job {
    struct screenshots *owner;
    struct picture *picture;
    unsigned width;
    enum target_shot format;
    target_bytes_fn *done;
    void *data;
    int error;
    uint8_t *bytes;
    size_t size;
};

/* The frame itself where the wished width (0: none) is no smaller. */
static int fitted(struct frame *frame, unsigned wished, struct frame **ret)
{
    int width, height;

    if (!wished || wished >= (unsigned)frame->width) {
        *ret = frame_ref(frame);
        return 0;
    }
    scale_fit(frame, (int)wished, FRAME_MAX_SIZE, &width, &height);
    return scale_down(frame, width, height, ret);
}

static void work(void *data)
{
    struct job *job = data;
    attr_cleanup(frame_unrefp) struct frame *rgb = NULL, *frame = NULL;
    job->error = csc_frame_to_bgrx(job->picture->frame, &rgb);
    if (job->error == 0)
        job->error = fitted(rgb, job->width, &frame);
    if (job->error < 0)
        return;
    if (job->format == TARGET_SHOT_PNG)
        job->error = png_encode(frame, &job->bytes, &job->size);
    else
        job->error = jpeg_encode(frame, QUALITY, &job->bytes, &job->size);
}

static void keep(struct screenshots *self, struct job *job)
{
    picture_unref(self->picture);
    free(self->cached);
    self->picture = take(job->picture);
    self->width = job->width;
    self->format = job->format;
    self->cached = job->bytes;
    self->cached_size = job->size;
}

static void done(void *data)
{
    struct job *job = data;
    struct screenshots *self = job->owner;
    self->jobs--;
    if (job->error == 0 && !job->bytes)
        job->error = -ECANCELED;
    if (job->error < 0) {
        job->done(job->data, job->error, "The picture could not be made into a file.", NULL, 0);
    } else {
        job->done(job->data, 0, NULL, job->bytes, job->size);
        if (job->width > 0)
            keep(self, job);
        else
            free(job->bytes);
    }
    picture_unref(job->picture);
    free(job);
}

static void no_picture(struct screenshots *self, target_bytes_fn *answer, void *data)
{
    char why[256] = "";
    if (self->target->feed)
        feed_signal(self->target->feed, why, sizeof why);
    answer(data, -ENODATA, *why ? why : "There is no picture yet.", NULL, 0);
}

void screenshots_take(struct screenshots *self, unsigned width, enum target_shot format, target_bytes_fn *answer,
                      void *data)
{
    attr_cleanup(picture_unrefp) struct picture *picture = self->target->feed ? feed_picture(self->target->feed) : NULL;
    if (!picture) {
        no_picture(self, answer, data);
        return;
    }
    if (picture == self->picture && width == self->width && format == self->format) {
        answer(data, 0, NULL, self->cached, self->cached_size);
        return;
    }
    struct job *job = self->jobs < MOST_JOBS ? calloc(1, sizeof *job) : NULL;
    if (!job) {
        answer(data, -EBUSY, "Too many pictures are being made; try again.", NULL, 0);
        return;
    }
    *job = (struct job){
        .owner = self, .picture = take(picture), .width = width, .format = format, .done = answer, .data = data};
    self->jobs++;
    if (worker_pool_submit(self->target->gateway->pictures, work, done, job) < 0) {
        job->error = -ENOMEM;
        done(job);
    }
}

int screenshots_create(struct gateway_target *target, struct screenshots **ret)
{
    struct screenshots *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->target = target;
    *ret = self;
    return 0;
}

bool screenshots_idle(const struct screenshots *self)
{
    return !self || self->jobs == 0;
}

struct screenshots *screenshots_destroy(struct screenshots *self)
{
    if (!self)
        return NULL;
    picture_unref(self->picture);
    free(self->cached);
    free(self);
    return NULL;
}
