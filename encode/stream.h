/* The video stream of a cohort: one moving region at a time, coded from what changed since its last frame. */
#pragma once

#include "encode/cell_rect.h"
#include "encode/picture.h"
#include "encode/vpx.h"

#define STREAM_KEY_US 2000000 /* between key frames */

struct stream {
    struct vpx_encoder *encoder; /* NULL: none yet */
    enum update_payload_kind kind;
    struct cell_rect region;
    bool need_key, had_key;
    uint64_t key_us; /* when the last key frame was made */
    uint64_t *coded; /* per cell of the region: the content that its last frame had there */
    uint8_t *active; /* bool per cell of the region */
    size_t room;
    unsigned poor; /* frames in a row that were not worth it, less those that were */
};

void stream_init(struct stream *self);
void stream_finish(struct stream *self);

/* The viewers know nothing of the frames so far. */
void stream_need_key(struct stream *self);

/* Whether a key frame may be made now, and whether the next frame of a region may. */
bool stream_may_key(const struct stream *self, uint64_t now_us);
bool stream_may_encode(const struct stream *self, enum update_payload_kind kind, struct cell_rect region,
                       uint64_t now_us);

/* The last frames became about as large as photographs of the same, as those of a scroll that the encoder does not
 * follow do: something else should be tried. */
bool stream_is_poor(const struct stream *self);

struct stream_frame {
    const uint8_t *bytes; /* until the next one */
    size_t size;
    bool key;
};

/* The next frame, when stream_may_encode. rate: bytes/s it may take. 0, -ENOMEM, or -EIO when the library refuses. */
int stream_encode(struct stream *self, enum update_payload_kind kind, struct cell_rect region,
                  const struct picture *picture, uint64_t now_us, uint64_t rate, struct stream_frame *ret);
