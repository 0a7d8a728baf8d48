#include "gateway/recordings/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/fd_write.h"
#include "core/wire.h"
#include "encode/film.h"
#include "encode/jpeg.h"
#include "encode/png.h"
#include "encode/webm_write.h"
#include "gateway/recordings/recording_files.h"
#include "video/csc.h"
#include "video/csc_frame.h"
#include "video/scale.h"

#define POSTER_WIDTH 480
#define POSTER_QUALITY 80
#define POSTER_AGAIN_MS 5000 /* what is first seen is often black */
#define MUCH 250             /* thousandths of the picture */
#define MARK_PAUSE_MS 5000
#define MOST_MARKS 10000
#define SYNC_BYTES (4 << 20) /* after so many the disk is asked to take them, so that no minute is lost at once */

struct recorder {
    struct recorder_config config;
    struct film *film;
    struct webm *webm; /* NULL before the first picture */
    int video_fd, marks_fd, alive_fd;
    uint32_t generation; /* of the last picture of a series */
    uint64_t last_ms, mark_ms, synced;
    unsigned marks;
    bool any, poster, poster_again, marked;
    struct recorder_state state;
};

int recorder_create(const struct recorder_config *config, struct recorder **ret)
{
    struct recorder *self attr_cleanup(recorder_destroyp) = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct recorder){.config = *config, .video_fd = -1, .marks_fd = -1, .alive_fd = -1};
    self->marks_fd = recording_file_create(config->folder_fd, RECORDING_MARKS);
    self->alive_fd = recording_file_create(config->folder_fd, RECORDING_ALIVE);
    if (self->marks_fd < 0 || self->alive_fd < 0)
        return self->marks_fd < 0 ? self->marks_fd : self->alive_fd;
    int r = config->pictures ? 0 : film_create(&self->film);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct recorder *recorder_destroy(struct recorder *self)
{
    if (self) {
        webm_destroy(self->webm);
        film_destroy(self->film);
        recording_fd_close(self->video_fd);
        recording_fd_close(self->marks_fd);
        recording_fd_close(self->alive_fd);
        free(self);
    }
    return NULL;
}

struct recorder_state recorder_state(const struct recorder *self)
{
    return self->state;
}

static uint64_t ms_of(const struct recorder *self, uint64_t now_us)
{
    return now_us > self->config.now_us ? (now_us - self->config.now_us) / 1000 : 0;
}

/* When the picture was there, which is a little before it is coded. */
static uint64_t picture_ms(const struct recorder *self, const struct picture *picture, uint64_t now_us)
{
    const uint64_t ms = ms_of(self, MIN(picture->frame->captured_us, now_us));
    return self->any && ms <= self->last_ms ? MAX(self->last_ms + 1, ms_of(self, now_us)) : ms;
}

int recorder_alive(struct recorder *self, uint64_t now_us)
{
    uint8_t room[8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    self->state.duration_ms = MAX(self->state.duration_ms, ms_of(self, now_us));
    wire_write_le64(&w, self->state.duration_ms);
    return pwrite(self->alive_fd, room, sizeof room, 0) == (ssize_t)sizeof room ? 0 : -errno;
}

static int put_mark(struct recorder *self, const struct api_recording_mark *mark)
{
    uint8_t room[RECORDING_MARK_SIZE];
    if (self->marks >= MOST_MARKS)
        return 0;
    recording_mark_write(mark, room);
    self->marks++;
    self->state.bytes += sizeof room;
    return fd_write_all(self->marks_fd, room, sizeof room);
}

int recorder_mark(struct recorder *self, enum api_recording_kind kind, uint64_t now_us)
{
    return put_mark(self, &(struct api_recording_mark){.ms = (uint32_t)ms_of(self, now_us), .kind = (uint8_t)kind});
}

static int note_frame(struct recorder *self, uint64_t ms, const struct film_frame *frame)
{
    struct api_recording_mark mark = {.ms = (uint32_t)ms, .kind = API_MARK_CHANGE};
    if (frame->resized && self->any) {
        mark.kind = API_MARK_MODE;
        mark.width = (uint16_t)frame->width;
        mark.height = (uint16_t)frame->height;
    } else if (frame->changed < MUCH || !self->any || (self->marked && ms < self->mark_ms + MARK_PAUSE_MS)) {
        return 0;
    }
    self->marked = true;
    self->mark_ms = ms;
    return put_mark(self, &mark);
}

/* ---- the picture by which it is found again ---- */

static int save_poster(struct recorder *self, const struct picture *picture)
{
    attr_cleanup(frame_unrefp) struct frame *rgb = NULL, *small = NULL;
    _cleanup_free_ uint8_t *bytes = NULL;
    size_t size = 0;
    int width, height;
    int r = csc_frame_to_bgrx(picture->frame, &rgb);
    if (r < 0)
        return r;
    scale_fit(rgb, POSTER_WIDTH, POSTER_WIDTH, &width, &height);
    r = scale_down(rgb, width, height, &small);
    r = r ? r : jpeg_encode(small, POSTER_QUALITY, &bytes, &size);
    r = r ? r : recording_file_replace(self->config.folder_fd, RECORDING_POSTER, bytes, size);
    if (r == 0 && !self->poster)
        self->state.bytes += size;
    return r;
}

static int keep_poster(struct recorder *self, const struct picture *picture, uint64_t ms)
{
    if (self->poster && (self->poster_again || ms < POSTER_AGAIN_MS))
        return 0;
    int r = save_poster(self, picture);
    self->poster_again = self->poster || ms >= POSTER_AGAIN_MS;
    self->poster = true;
    return r;
}

/* ---- a film ---- */

static int begin_film(struct recorder *self, const struct film_frame *frame)
{
    self->video_fd = recording_file_create(self->config.folder_fd, RECORDING_VIDEO);
    if (self->video_fd < 0)
        return self->video_fd;
    const struct webm_file file = recording_webm_file(&self->video_fd);
    const struct webm_track track = {.width = frame->width, .height = frame->height, .colour = frame->colour};
    return webm_create(&file, &track, self->config.wall_us, &self->webm);
}

static int add_frame(struct recorder *self, uint64_t ms, const struct film_frame *frame)
{
    const uint64_t before = self->webm ? webm_size(self->webm) : 0;
    int r = self->webm ? 0 : begin_film(self, frame);
    if (r == 0 && frame->resized)
        webm_resize(self->webm, frame->width, frame->height);
    r = r ? r : webm_frame(self->webm, ms, frame->key, frame->bytes, frame->size);
    if (self->webm)
        self->state.bytes += webm_size(self->webm) - before;
    if (r == 0 && webm_size(self->webm) - self->synced >= SYNC_BYTES) {
        self->synced = webm_size(self->webm);
        r = fdatasync(self->video_fd) < 0 ? -errno : 0;
    }
    return r;
}

static void grow(struct recorder *self, int width, int height)
{
    if ((int64_t)width * height > (int64_t)self->state.width * self->state.height) {
        self->state.width = width;
        self->state.height = height;
    }
}

static int take_frame(struct recorder *self, const struct picture *picture, uint64_t ms)
{
    struct film_frame frame;
    const bool key = !self->webm || webm_wants_key(self->webm, ms);
    int r = film_encode(self->film, picture, self->config.now_us + ms * 1000, key, &frame);
    if (r != 0)
        return r;
    self->state.coarse = frame.coarse;
    r = add_frame(self, ms, &frame);
    r = r ? r : note_frame(self, ms, &frame);
    if (r == 0)
        grow(self, frame.width, frame.height);
    return r;
}

/* ---- a series ---- */

static int take_still(struct recorder *self, const struct picture *picture, uint64_t ms)
{
    attr_cleanup(frame_unrefp) struct frame *rgb = NULL;
    _cleanup_free_ uint8_t *bytes = NULL;
    char name[RECORDING_NAME];
    size_t size = 0;
    if (self->any && picture->generation == self->generation)
        return 1;
    int r = csc_frame_to_bgrx(picture->frame, &rgb);
    r = r ? r : png_encode(rgb, &bytes, &size);
    if (r < 0)
        return r;
    recording_picture_name((uint32_t)ms, name);
    r = recording_file_replace(self->config.folder_fd, name, bytes, size);
    if (r < 0)
        return r;
    self->generation = picture->generation;
    self->state.bytes += size;
    grow(self, picture->frame->width, picture->frame->height);
    return 0;
}

int recorder_take(struct recorder *self, const struct picture *picture, uint64_t now_us)
{
    const uint64_t ms = picture_ms(self, picture, now_us);
    int r = self->config.pictures ? take_still(self, picture, ms) : take_frame(self, picture, ms);
    if (r != 0)
        return r;
    self->last_ms = ms;
    self->any = true;
    self->state.frames++;
    r = keep_poster(self, picture, ms);
    r = r ? r : recorder_alive(self, now_us);
    return r;
}

int recorder_finish(struct recorder *self, uint64_t now_us)
{
    self->state.duration_ms = MAX(self->state.duration_ms, ms_of(self, now_us));
    if (!self->webm)
        return 0;
    const uint64_t before = webm_size(self->webm);
    int r = webm_finish(self->webm, self->state.duration_ms);
    self->state.bytes += webm_size(self->webm) - before;
    self->webm = webm_destroy(self->webm);
    return r < 0 ? r : fdatasync(self->video_fd) < 0 ? -errno : 0;
}
