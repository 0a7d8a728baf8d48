/* What others do with a changed frame. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct peers;

int peers_create(int width, int height, struct peers **ret);
struct peers *peers_destroy(struct peers *self);

/* Bytes of the frame (BGRX, width * 4 bytes a line) as JPEG of quality 80 with 4:2:0. */
size_t peers_mjpeg(struct peers *self, const uint8_t *frame);

/* Decodes what peers_mjpeg made last to BGRX. */
void peers_mjpeg_decode(struct peers *self);

/* Bytes of the 64x64 tiles that differ from the frame before, in one zstd stream of level 1; NULL: all of them. 0 when
 * built without zstd. The search for the tiles is a memcmp a line. */
size_t peers_zstd_tiles(struct peers *self, const uint8_t *frame, const uint8_t *before);
