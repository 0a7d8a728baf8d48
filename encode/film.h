/* Pictures of a screen as frames of VP9, for recordings: only what changed is coded, text stays readable, colours keep
 * their meaning (RGB becomes BT.601 in limited range, which every player takes for granted; a YUV source keeps its
 * own). A picture of another size begins a new stream in the same film: its frame is a key frame of that size, so no
 * mode is scaled to another's. One thread at a time. */
#pragma once

#include "encode/picture.h"

struct film;

int film_create(struct film **ret);           /* 0 or -ENOMEM */
struct film *film_destroy(struct film *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct film, film_destroy)

struct film_frame {
    const uint8_t *bytes; /* valid until the next call */
    size_t size;
    bool key;
    bool resized; /* the first of this size */
    int width, height;
    uint8_t colour;   /* of what is coded */
    unsigned changed; /* cells, in thousandths of the picture, since the frame before */
    bool coarse;      /* it would look better coded once more */
};

/* Pictures of one tracker, in their order, each once or more often; now_us rises. key: it must be a key frame. 0; 1: it
 * is the last picture again, with nothing left to make better, and there is no frame; -ENOMEM, -EIO. */
int film_encode(struct film *self, const struct picture *picture, uint64_t now_us, bool key, struct film_frame *ret);
