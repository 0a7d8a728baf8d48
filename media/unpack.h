/* gzip (RFC 1952), xz (format 1.0.4) and Zstandard (RFC 8878) with bounds: memory, growth, and nothing behind the end.
 * Several members or frames one behind the other are one image. Pure; one thread at a time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "media/recognise.h"

#define UNPACK_MEMORY (160ull << 20) /* of a decoder at most: xz -9 takes 65 MiB, zstd --long 128 MiB */
#define UNPACK_GRACE (256ull << 20)  /* bytes that may come out whatever went in */

struct unpack;

/* By the first bytes; IMAGE_UNKNOWN: none of the three. */
enum image_format unpack_format(const uint8_t *bytes, size_t size);

/* ratio: more than so many times what went in, and more than UNPACK_GRACE, is refused. -ENOMEM, -EINVAL: a format that
 * is none of the three. */
int unpack_create(enum image_format format, unsigned ratio, struct unpack **ret);
struct unpack *unpack_destroy(struct unpack *self); /* NULL allowed; returns NULL */

struct unpack_step {
    const uint8_t *in; /* moves on */
    size_t in_size;
    bool last;    /* nothing comes behind `in` */
    uint8_t *out; /* moves on */
    size_t out_size;
};

/* Unpacks until out is full or in is empty. 0: go on with more of what ran out; 1: the end was reached, all is well.
 * -EBADMSG: broken, cut short, or something stands behind the end; -EFBIG: needs more memory than UNPACK_MEMORY;
 * -E2BIG: grows too much; -ENOMEM. */
int unpack_run(struct unpack *self, struct unpack_step *step);
