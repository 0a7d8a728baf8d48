#include "encode/webm_write.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/webm_inner.h"
#include "video/csc.h"

#define APP "lightsout"
#define EPOCH_2001_US 978307200000000ll /* EBML's dates count from 2001 on */
#define FIRST_ROOM 64
#define CUE_SIZE 23
#define CUES_AT_A_TIME 64
#define LAST_SHOWN_MS 40 /* of a repetition in front of the end */

/* VP9: a frame that shows what the reference of number 0 holds, which is the last frame (profile 0, section 6.2). */
static const uint8_t shown_again = 0x88;

static void write_ebml_head(struct wire_writer *w)
{
    uint8_t *size = ebml_begin(w, EBML_HEAD);
    ebml_write_u8(w, EBML_VERSION, 1);
    ebml_write_u8(w, EBML_READ_VERSION, 1);
    ebml_write_u8(w, EBML_MAX_ID, 4);
    ebml_write_u8(w, EBML_MAX_SIZE, 8);
    ebml_write_text(w, EBML_DOC_TYPE, "webm");
    ebml_write_u8(w, EBML_DOC_VERSION, 4);
    ebml_write_u8(w, EBML_DOC_READ_VERSION, 2);
    ebml_end(w, size);
}

static void write_seek(struct wire_writer *w, uint32_t id, uint64_t position)
{
    uint8_t *size = ebml_begin(w, WEBM_SEEK);
    ebml_write_u32(w, WEBM_SEEK_ID, id);
    ebml_write_u64(w, WEBM_SEEK_POSITION, position);
    ebml_end(w, size);
}

/* What stands behind it is known: positions count from the Segment's first byte. */
static void write_seek_head(struct webm *self, struct wire_writer *w, uint64_t tracks)
{
    const uint64_t info = 5 + 3 * WEBM_SEEK_SIZE;
    uint8_t *size = ebml_begin(w, WEBM_SEEK_HEAD);
    write_seek(w, WEBM_INFO, info);
    write_seek(w, WEBM_TRACKS, tracks);
    self->seek_cues = wire_written(w);
    ebml_write_void(w, WEBM_SEEK_SIZE);
    ebml_end(w, size);
}

static void write_info(struct webm *self, struct wire_writer *w, uint64_t wall_us)
{
    uint8_t *size = ebml_begin(w, WEBM_INFO);
    ebml_write_id(w, WEBM_TIMESTAMP_SCALE);
    ebml_write_size1(w, 3);
    wire_write_bytes(w, "\x0F\x42\x40", 3); /* 1000000 ns: times are milliseconds */
    self->duration = wire_written(w);
    ebml_write_void(w, WEBM_DURATION_SIZE);
    ebml_write_u64(w, WEBM_DATE, (uint64_t)(((int64_t)wall_us - EPOCH_2001_US) * 1000));
    ebml_write_text(w, WEBM_MUXING_APP, APP);
    ebml_write_text(w, WEBM_WRITING_APP, APP);
    ebml_end(w, size);
}

/* Numbers of ITU-T H.273. Chroma is the mean of four pixels, so it stands between them. */
static void write_colour(struct wire_writer *w, uint8_t colour)
{
    const bool bt709 = colour == COLOUR_BT709_LIMITED || colour == COLOUR_BT709_FULL;
    const bool full = colour == COLOUR_BT601_FULL || colour == COLOUR_BT709_FULL;
    uint8_t *size = ebml_begin(w, WEBM_COLOUR);
    ebml_write_u8(w, WEBM_MATRIX, bt709 ? 1 : 6);
    ebml_write_u8(w, WEBM_BITS, 8);
    ebml_write_u8(w, WEBM_CHROMA_HALF_X, 1);
    ebml_write_u8(w, WEBM_CHROMA_HALF_Y, 1);
    ebml_write_u8(w, WEBM_CHROMA_SITE_X, 2);
    ebml_write_u8(w, WEBM_CHROMA_SITE_Y, 2);
    ebml_write_u8(w, WEBM_RANGE, full ? 2 : 1);
    ebml_write_u8(w, WEBM_TRANSFER, 13);
    ebml_write_u8(w, WEBM_PRIMARIES, 1);
    ebml_end(w, size);
}

static void write_tracks(struct webm *self, struct wire_writer *w, const struct webm_track *track)
{
    uint8_t *tracks = ebml_begin(w, WEBM_TRACKS);
    uint8_t *entry = ebml_begin(w, WEBM_TRACK);
    ebml_write_u8(w, WEBM_TRACK_NUMBER, 1);
    ebml_write_u8(w, WEBM_TRACK_UID, 1);
    ebml_write_u8(w, WEBM_TRACK_TYPE, 1);
    ebml_write_u8(w, WEBM_LACING, 0);
    ebml_write_text(w, WEBM_CODEC, "V_VP9");
    uint8_t *video = ebml_begin(w, WEBM_VIDEO);
    self->pixels = wire_written(w);
    ebml_write_u16(w, WEBM_PIXEL_WIDTH, (uint16_t)track->width);
    ebml_write_u16(w, WEBM_PIXEL_HEIGHT, (uint16_t)track->height);
    self->display = wire_written(w);
    ebml_write_u16(w, WEBM_DISPLAY_WIDTH, (uint16_t)track->width);
    ebml_write_u16(w, WEBM_DISPLAY_HEIGHT, (uint16_t)track->height);
    write_colour(w, track->colour);
    ebml_end(w, video);
    ebml_end(w, entry);
    ebml_end(w, tracks);
}

size_t webm_build_head(struct webm *self, const struct webm_track *track, uint64_t wall_us,
                       uint8_t room[static WEBM_HEAD_MAX])
{
    uint8_t measured[128];
    struct wire_writer info = wire_writer_init(measured, sizeof measured);
    write_info(self, &info, wall_us);
    struct wire_writer w = wire_writer_init(room, WEBM_HEAD_MAX);
    write_ebml_head(&w);
    ebml_write_id(&w, WEBM_SEGMENT);
    self->segment_size = wire_written(&w);
    ebml_write_size8(&w, EBML_UNKNOWN);
    self->segment = wire_written(&w);
    write_seek_head(self, &w, 5 + 3 * WEBM_SEEK_SIZE + wire_written(&info));
    write_info(self, &w, wall_us);
    write_tracks(self, &w, track);
    assert(!w.full && !info.full);
    self->at = wire_written(&w);
    return self->at;
}

int webm_create(const struct webm_file *file, const struct webm_track *track, uint64_t wall_us, struct webm **ret)
{
    struct webm *self attr_cleanup(webm_destroyp) = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->file = *file;
    webm_resize(self, track->width, track->height);
    uint8_t head[WEBM_HEAD_MAX];
    size_t size = webm_build_head(self, track, wall_us, head);
    int r = file->write(file->data, 0, head, size);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct webm *webm_destroy(struct webm *self)
{
    if (self)
        free(self->cues);
    free(self);
    return NULL;
}

void webm_resize(struct webm *self, int width, int height)
{
    if ((int64_t)width * height <= (int64_t)self->width * self->height)
        return;
    self->width = width;
    self->height = height;
}

uint64_t webm_size(const struct webm *self)
{
    return self->at;
}

uint32_t webm_frames(const struct webm *self)
{
    return self->frames;
}

uint64_t webm_last_ms(const struct webm *self)
{
    return self->last_ms;
}

bool webm_wants_key(const struct webm *self, uint64_t ms)
{
    return !self->cluster || ms >= self->cluster_ms + (uint64_t)WEBM_CLUSTER_MS;
}

int webm_add_cue(struct webm *self, uint32_t ms, uint64_t cluster)
{
    if (self->n_cues == self->room_cues) {
        size_t room = self->room_cues ? 2 * self->room_cues : FIRST_ROOM;
        struct webm_cue *cues = reallocarray(self->cues, room, sizeof *cues);
        if (!cues)
            return -ENOMEM;
        self->cues = cues;
        self->room_cues = room;
    }
    self->cues[self->n_cues++] = (struct webm_cue){.ms = ms, .cluster = cluster};
    return 0;
}

static int put(struct webm *self, const void *bytes, size_t size)
{
    int r = self->file.write(self->file.data, self->at, bytes, size);
    if (r == 0)
        self->at += size;
    return r;
}

/* Into what is written already. */
static int patch(struct webm *self, uint64_t at, const struct wire_writer *w)
{
    return w->full ? -EINVAL : self->file.write(self->file.data, at, w->start, wire_written(w));
}

int webm_patch_size(struct webm *self, uint64_t at, uint64_t size)
{
    uint8_t room[8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ebml_write_size8(&w, size);
    return patch(self, at, &w);
}

int webm_close_cluster(struct webm *self)
{
    const uint64_t cluster = self->cluster;
    self->cluster = 0;
    return cluster ? webm_patch_size(self, cluster + 4, self->at - cluster - 12) : 0;
}

static int begin_cluster(struct webm *self, uint32_t ms)
{
    uint8_t room[WEBM_CLUSTER_HEAD];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    int r = webm_close_cluster(self);
    if (r < 0)
        return r;
    ebml_write_id(&w, WEBM_CLUSTER);
    ebml_write_size8(&w, EBML_UNKNOWN);
    ebml_write_u32(&w, WEBM_TIMESTAMP, ms);
    const uint64_t at = self->at;
    r = put(self, room, sizeof room);
    if (r < 0)
        return r;
    self->cluster = at;
    self->cluster_ms = ms;
    return 0;
}

static int put_block(struct webm *self, uint32_t ms, bool key, const void *bytes, size_t size)
{
    uint8_t room[WEBM_BLOCK_HEAD];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ebml_write_id(&w, WEBM_BLOCK);
    ebml_write_size4(&w, (uint32_t)size + 4);
    wire_write_u8(&w, 0x81); /* track 1 */
    wire_write_be16(&w, (uint16_t)(ms - self->cluster_ms));
    wire_write_u8(&w, key ? 0x80 : 0);
    int r = put(self, room, sizeof room);
    return r ? r : put(self, bytes, size);
}

/* begins: a cluster of its own. What cannot be written whole is cut off again. */
static int put_frame(struct webm *self, uint64_t ms, bool begins, bool key, const void *bytes, size_t size)
{
    const uint64_t at = self->at;
    const bool open = self->cluster != 0 && !begins;
    int r = begins ? begin_cluster(self, (uint32_t)ms) : 0;
    r = r ? r : put_block(self, (uint32_t)ms, key, bytes, size);
    r = r || !key ? r : webm_add_cue(self, (uint32_t)ms, self->cluster);
    if (r < 0) {
        self->at = at;
        if (!open)
            self->cluster = 0;
        self->file.cut(self->file.data, at);
        return r;
    }
    self->last_ms = (uint32_t)ms;
    self->any = true;
    self->frames++;
    return 0;
}

static bool in_order(const struct webm *self, uint64_t ms)
{
    return ms < WEBM_MAX_MS && (!self->any || ms > self->last_ms);
}

int webm_frame(struct webm *self, uint64_t ms, bool key, const void *bytes, size_t size)
{
    if (!in_order(self, ms) || !size || size > WEBM_BLOCK_MAX || (!key && webm_wants_key(self, ms)))
        return -EINVAL;
    return put_frame(self, ms, key, key, bytes, size);
}

int webm_repeat(struct webm *self, uint64_t ms)
{
    if (!self->any || !in_order(self, ms))
        return -EINVAL;
    const bool begins = !self->cluster || ms - self->cluster_ms > WEBM_RELATIVE_MAX;
    return put_frame(self, ms, begins, false, &shown_again, 1);
}

static void write_cue(struct wire_writer *w, const struct webm *self, const struct webm_cue *cue)
{
    uint8_t *point = ebml_begin(w, WEBM_CUE);
    ebml_write_u32(w, WEBM_CUE_TIME, cue->ms);
    uint8_t *where = ebml_begin(w, WEBM_CUE_WHERE);
    ebml_write_u8(w, WEBM_CUE_TRACK, 1);
    ebml_write_u64(w, WEBM_CUE_CLUSTER, cue->cluster - self->segment);
    ebml_end(w, where);
    ebml_end(w, point);
}

static int put_cues(struct webm *self)
{
    uint8_t room[CUE_SIZE * CUES_AT_A_TIME];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ebml_write_id(&w, WEBM_CUES);
    ebml_write_size8(&w, (uint64_t)CUE_SIZE * self->n_cues);
    int r = put(self, room, wire_written(&w));
    for (size_t i = 0; r == 0 && i < self->n_cues;) {
        w = wire_writer_init(room, sizeof room);
        for (size_t n = 0; n < CUES_AT_A_TIME && i < self->n_cues; n++)
            write_cue(&w, self, &self->cues[i++]);
        r = w.full ? -EINVAL : put(self, room, wire_written(&w));
    }
    return r;
}

static int patch_seek(struct webm *self, uint64_t cues)
{
    uint8_t room[WEBM_SEEK_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_seek(&w, WEBM_CUES, cues - self->segment);
    return patch(self, self->seek_cues, &w);
}

static int patch_duration(struct webm *self, uint64_t ms)
{
    uint8_t room[WEBM_DURATION_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    const double value = (double)ms;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    ebml_write_u64(&w, WEBM_DURATION, bits);
    return patch(self, self->duration, &w);
}

static int patch_pixels(struct webm *self, uint64_t at, uint32_t width_id, uint32_t height_id)
{
    uint8_t room[10];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (!self->width)
        return 0;
    ebml_write_u16(&w, width_id, (uint16_t)self->width);
    ebml_write_u16(&w, height_id, (uint16_t)self->height);
    return patch(self, at, &w);
}

/* Without room for them it goes without. */
static int add_cues(struct webm *self)
{
    const uint64_t end = self->at;
    int r = put_cues(self);
    if (r == 0)
        return patch_seek(self, end);
    self->at = end;
    return self->file.cut(self->file.data, end);
}

int webm_finish(struct webm *self, uint64_t duration_ms)
{
    if (self->any && duration_ms > self->last_ms + (uint64_t)LAST_SHOWN_MS)
        (void)webm_repeat(self, duration_ms - LAST_SHOWN_MS); /* no room: it ends with its last frame */
    int r = webm_close_cluster(self);
    r = r ? r : add_cues(self);
    r = r ? r : patch_pixels(self, self->pixels, WEBM_PIXEL_WIDTH, WEBM_PIXEL_HEIGHT);
    r = r ? r : patch_pixels(self, self->display, WEBM_DISPLAY_WIDTH, WEBM_DISPLAY_HEIGHT);
    r = r ? r : patch_duration(self, duration_ms > self->last_ms ? duration_ms : self->last_ms);
    /* the size last: until it is there, the file counts as one that was cut */
    return r ? r : webm_patch_size(self, self->segment_size, self->at - self->segment);
}
