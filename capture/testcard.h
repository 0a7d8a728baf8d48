/* A screen without hardware: a test picture with a moving box and the picture's number at both ends of the screen. For
 * tests, demonstrations, and a target that has no capture device yet.
 *
 * The number is written as TESTCARD_DIGITS blocks of 16x16 pixels, most significant first, each of one of the 16
 * colours of testcard_colours: at the upper left corner from (0, 0), and again so that it ends at the lower right
 * corner. A picture whose two numbers differ was mixed from two. */
#pragma once

#include "capture/screen.h"

#define TESTCARD_DIGITS 8
#define TESTCARD_BLOCK 16
#define TESTCARD_MIN_WIDTH 128
#define TESTCARD_MIN_HEIGHT 64

extern const uint32_t testcard_colours[16]; /* 0xRRGGBB */

struct testcard_config {
    int width, height; /* pixels, within the limits above and FRAME_MAX_SIZE; 0, 0: 1280x720 */
    unsigned fps;      /* pictures per second, at most 240; 0: 30 */
    uint32_t fourcc;   /* format of the frames, any that is captured (video/cell_row.h); 0: FOURCC_BGRX */
    bool still;        /* one picture, number 1, that never changes */
    bool unwatched;    /* begin as after testcard_set_watched(.., false) */
};

/* -EINVAL: a value out of range; -ENOMEM. */
int testcard_create(const struct testcard_config *config, struct screen **ret);

/* All below: self is a testcard; any thread but the listener's; they take effect with the next picture. */

/* Nobody looks: one picture a second until somebody does. */
void testcard_set_watched(struct screen *self, bool watched);
void testcard_set_still(struct screen *self, bool still);
int testcard_set_size(struct screen *self, int width, int height);
void testcard_size(struct screen *self, int *ret_width, int *ret_height); /* as asked for last */

/* Anything but SCREEN_OK stops the pictures until SCREEN_OK comes again. */
void testcard_set_signal(struct screen *self, enum screen_signal signal, const char *why);

/* Pictures that were left out because all buffers were with their readers. */
uint64_t testcard_dropped(struct screen *self);

/* The fourcc for the word that configurations and command lines use: bgrx, yuyv, uyvy, nv12, rgb24, bgr24, nv16, yu12,
 * 422p or 444p; 0: none of these. Pure; any thread. */
uint32_t testcard_format(const char *word);

/* Reads the number at the upper left (or lower right) of a picture in any format that is captured or made from these
 * (FOURCC_VYUX). False: no number stands there. */
bool testcard_read_number(const struct frame *frame, bool lower, uint32_t *ret);
