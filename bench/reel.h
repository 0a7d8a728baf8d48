/* A recording decoded once for everybody who is measured on it: the frames that differ from the one before, in memory
 * that is backed by an unlinked file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bench/corpus.h"

struct reel {
    struct recording recording;
    int width, height;
    size_t size;     /* bytes of a frame: BGRX, width * 4 bytes a line */
    unsigned frames; /* decoded, repeats included */
    unsigned count;  /* kept: the first one, then those that differ from the one before; room for all of them */
    uint32_t *at;    /* per kept frame: its number in the recording */
    uint8_t *pixels;
    size_t mapped;
};

/* Decodes `frames` frames from `first` on by the folder's decode.sh; frames 0: all. NULL and a word on stderr when that
 * fails. */
struct reel *reel_open(const char *folder, const struct recording *recording, unsigned first, unsigned frames);

/* The generated screen that stands in for recordings: of `frames` frames. */
struct reel *reel_generate(unsigned frames);

struct reel *reel_close(struct reel *self); /* NULL allowed; returns NULL */

static inline const uint8_t *reel_frame(const struct reel *self, unsigned kept)
{
    return self->pixels + self->size * kept;
}

/* The part of the screen that moves: smallest rectangle, aligned to 16 pixels, of the cells that change in at least
 * half of the kept frames. False when there is none. */
struct reel_region {
    int x, y, width, height;
};
bool reel_moving_region(const struct reel *self, struct reel_region *ret);

/* A file below TMPDIR that no name leads to; descriptor, or -1. */
int reel_scratch_file(void);
