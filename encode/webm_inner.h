/* What writing and repairing share. */
#pragma once

#include "encode/webm_ebml.h"
#include "encode/webm_write.h"

#define WEBM_HEAD_MAX 512
#define WEBM_SEEK_SIZE 21           /* bytes of a Seek with numbers of full length */
#define WEBM_DURATION_SIZE 11       /* of Duration as a double */
#define WEBM_CLUSTER_HEAD 18        /* name, size, Timestamp of 4 bytes */
#define WEBM_BLOCK_HEAD 9           /* name, size of 4 bytes, track, time, flags */
#define WEBM_BLOCK_MAX (1u << 27)   /* bytes of one frame */
#define WEBM_RELATIVE_MAX INT16_MAX /* ms from a cluster's begin */

struct webm_cue {
    uint32_t ms;
    uint64_t cluster; /* its place in the file */
};

struct webm {
    struct webm_file file;
    uint64_t at; /* where the next byte goes */

    /* Places in the head whose values come later. */
    uint64_t segment_size, segment, seek_cues, duration, pixels, display;
    int width, height; /* the largest; 0: the head's are right */

    uint64_t cluster; /* the open one's place; 0: none */
    uint32_t cluster_ms, last_ms;
    bool any; /* a frame was written */
    uint32_t frames;

    struct webm_cue *cues;
    size_t n_cues, room_cues;
};

/* The head as it stands while the file is written; its places are then known. Its length. */
size_t webm_build_head(struct webm *self, const struct webm_track *track, uint64_t wall_us,
                       uint8_t room[static WEBM_HEAD_MAX]);
int webm_patch_size(struct webm *self, uint64_t at, uint64_t size);
int webm_add_cue(struct webm *self, uint32_t ms, uint64_t cluster);
int webm_close_cluster(struct webm *self);
