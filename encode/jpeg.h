/* JPEG: whole frames as files for thumbnails and previews, pictures of update bodies to and fro; lossy. Any thread,
 * never the net thread for large pictures. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "video/frame.h"

/* quality 1..100; from 90 on with full colour resolution, below with half of it each way. *ret is the caller's, freed
 * with free(). 0, -ENOMEM, -EINVAL (quality, or a format other than BGRX), or -EIO when the library refuses. */
int jpeg_encode(const struct frame *frame, int quality, uint8_t **ret, size_t *ret_size);

/* Keeps what the library needs, and room for the largest picture so far, from one picture to the next. */
struct jpeg_writer;

int jpeg_writer_create(struct jpeg_writer **ret);                  /* 0 or -ENOMEM */
struct jpeg_writer *jpeg_writer_destroy(struct jpeg_writer *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct jpeg_writer, jpeg_writer_destroy)

/* pixels: BGRX, `stride` bytes a line. full_colour: chroma is not subsampled. *ret is valid until the next call. 0,
 * -ENOMEM, or -EIO when the library refuses. */
struct jpeg_picture {
    const uint8_t *pixels;
    size_t stride;
    int width, height;
};
int jpeg_writer_encode(struct jpeg_writer *self, const struct jpeg_picture *picture, int quality, bool full_colour,
                       const uint8_t **ret, size_t *ret_size);

struct jpeg_reader;

int jpeg_reader_create(struct jpeg_reader **ret);                  /* 0 or -ENOMEM */
struct jpeg_reader *jpeg_reader_destroy(struct jpeg_reader *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct jpeg_reader, jpeg_reader_destroy)

/* To RGBA, width * 4 bytes a line. False: not a JPEG of just this size, or damaged. */
bool jpeg_reader_decode(struct jpeg_reader *self, const uint8_t *bytes, size_t size, int width, int height,
                        uint8_t *rgba);
