/* VP8 and VP9, made and read back: the only file that knows libvpx. Pictures are I420, both sides multiples of 16. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "encode/update_format.h"

struct vpx_encoder;

/* columns, rows: in cells. 0 or -ENOMEM (whatever the library refuses). */
int vpx_encoder_create(enum update_payload_kind kind, int columns, int rows, struct vpx_encoder **ret);
struct vpx_encoder *vpx_encoder_destroy(struct vpx_encoder *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct vpx_encoder, vpx_encoder_destroy)

/* For recordings: VP9 of a whole screen, of any size up to 65535, tuned for text. `colour` is written into the stream.
 * The planes have room for whole cells, of which width x height pixels are coded. worst: the coarsest quantizer, 0..63.
 */
struct vpx_screen {
    int width, height;
    uint8_t colour; /* enum colour: not COLOUR_RGB */
    unsigned worst;
};
int vpx_encoder_create_screen(const struct vpx_screen *screen, struct vpx_encoder **ret);

/* The picture to be coded, filled in by the caller: planes 0 to 2 are Y, U, V. What is not written stays as it was. */
uint8_t *vpx_encoder_plane(struct vpx_encoder *self, int plane, size_t *ret_stride);

struct vpx_ask {
    bool key;
    uint64_t now_us;       /* rises from frame to frame */
    uint32_t rate;         /* bytes/s, kept to by coarser quantizers than `best` */
    unsigned best;         /* quantizer 0..63 */
    const uint8_t *active; /* bool per cell: all others stay as the last frame has them; NULL: all. Not with a key */
};

/* *ret is valid until the next call. 0 or -EIO (the encoder is then of no use any more). */
int vpx_encoder_encode(struct vpx_encoder *self, const struct vpx_ask *ask, const uint8_t **ret, size_t *ret_size);

/* That of the last frame, 0..63. */
unsigned vpx_encoder_quantizer(struct vpx_encoder *self);

struct vpx_decoder;

int vpx_decoder_create(enum update_payload_kind kind, struct vpx_decoder **ret); /* 0 or -ENOMEM */
struct vpx_decoder *vpx_decoder_destroy(struct vpx_decoder *self);               /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct vpx_decoder, vpx_decoder_destroy)

/* The next frame, to planes Y, U, V without padding. False: damaged, or not of just this size. */
bool vpx_decoder_decode(struct vpx_decoder *self, const uint8_t *bytes, size_t size, int width, int height,
                        uint8_t *planes);
