/* WebM files with one VP9 track (RFC 9559, RFC 8794; the subset of webmproject.org's container guidelines), written as
 * the pictures come. A file that was cut anywhere plays up to there: Segment and the open Cluster have unknown sizes
 * until they end. webm_finish puts in sizes, duration and cues; webm_repair does it for a file that was cut.
 *
 * Times are milliseconds since the recording began. A cluster is at most WEBM_CLUSTER_MS long and begins with a key
 * frame; only a repetition (webm_repeat) may stand in one of its own. Pure but for the file's functions. One thread at
 * a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"

#define WEBM_CLUSTER_MS 5000
#define WEBM_MAX_MS UINT32_MAX

/* Where the bytes go. All return 0 or -errno, which the calls below forward. */
struct webm_file {
    int (*write)(void *data, uint64_t at, const void *bytes, size_t size);
    int (*cut)(void *data, uint64_t size);
    /* Fewer than `size` bytes at the end. For webm_repair. */
    int (*read)(void *data, uint64_t at, void *room, size_t size, size_t *ret);
    void *data;
};

struct webm_track {
    int width, height; /* 1..65535 */
    uint8_t colour;    /* enum colour (video/csc.h) of what is coded: not COLOUR_RGB */
};

struct webm;

/* Writes the head. wall_us: when it begins, since 1970. */
int webm_create(const struct webm_file *file, const struct webm_track *track, uint64_t wall_us, struct webm **ret);
struct webm *webm_destroy(struct webm *self); /* the file stays as it is; NULL allowed; returns NULL */
DEFINE_CLEANUP(struct webm, webm_destroy)

/* The frame at this time must be a key frame. */
bool webm_wants_key(const struct webm *self, uint64_t ms);
/* A frame of VP9. Its time must rise from frame to frame. After an error what had been written of the frame is cut off
 * again, and the file may still be finished. -EINVAL: the time, or a key frame is missing. */
int webm_frame(struct webm *self, uint64_t ms, bool key, const void *bytes, size_t size);
/* The last frame once more, in one byte: for a player, so that the time in which nothing changed counts. */
int webm_repeat(struct webm *self, uint64_t ms);
/* From the next frame on, which must be a key frame, pictures have this size. Players take it from the frames; the head
 * says the largest. */
void webm_resize(struct webm *self, int width, int height);

/* Ends the file. Where there is no room for cues it ends without (players then look for the place themselves), and 0 is
 * returned all the same. */
int webm_finish(struct webm *self, uint64_t duration_ms);

uint32_t webm_frames(const struct webm *self);  /* repetitions too */
uint64_t webm_size(const struct webm *self);    /* bytes so far */
uint64_t webm_last_ms(const struct webm *self); /* of the last frame; 0 before the first */

/* Takes up a file that was not finished, of which `size` bytes are there: what follows its last whole frame is cut off.
 * Then webm_finish. It must be one of ours; nothing in it is trusted. -ENODATA: there is no frame in it. -EBADMSG: it
 * is none of ours. */
int webm_repair(const struct webm_file *file, uint64_t size, struct webm **ret);
