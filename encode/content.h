/* What a cell's pixels look like: a piece of a photograph, or something drawn, that must be exact. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Counts of pixels, of CONTENT_PIXELS that are looked at, each beside the one to its left and the one above. */
#define CONTENT_PIXELS 240
struct content {
    uint8_t repeats; /* the same as one of them: drawn things repeat */
    uint8_t strokes; /* the same as one of them, sharply off the other: edges of what was drawn */
    uint8_t steps;   /* off by more than computed and dithered gradients are */
    uint8_t bumps;   /* that do not go on evenly, as even steep gradients do */
    uint8_t jumps;   /* well off both: what costs much to code exactly */
    uint8_t sharp;   /* sharply off one of them */
    uint8_t grain;   /* slightly off both, and not evenly: noise, and what a lossy codec leaves around edges */
};

/* A whole cell, four bytes a pixel, the last of which is not looked at. */
struct content content_of(const uint8_t *pixels, size_t stride);

enum content_kind {
    CONTENT_DRAWN,  /* text, lines, areas */
    CONTENT_SMOOTH, /* a computed gradient, or a soft part of a photograph: what is around it decides */
    CONTENT_PHOTO,
};
enum content_kind content_kind(const struct content *content);

/* What the cell will take when it is coded exactly, in bytes; a rough guess. */
unsigned content_exact_bytes(const struct content *content);
