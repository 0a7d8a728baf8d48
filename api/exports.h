/* What is given out on the network by NBD (docs/nbd.md): grants of one image to one identity each. The gateway's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_EXPORTS_MAX 64

struct api_export {
    char name[64];      /* letters, digits, dots, dashes, underscores: part of an nbds:// address */
    char image[256];    /* of the library */
    char identity[160]; /* "psk:NAME" or "cert:COMMON NAME": who has it */
    bool read_only;
    /* As it is now; of no meaning in `add`. */
    bool usable;
    char why[512]; /* a sentence when it is not */
    unsigned connections;
    uint64_t bytes_read, bytes_written;
};

/* As api_done_fn. */
typedef void api_export_done_fn(void *data, int error, const char *why);

struct api_exports_ops {
    size_t (*list)(void *context, struct api_export *room, size_t n); /* sorted as they were given */
    /* done once, perhaps before it returns. -EEXIST, -ENOSPC, -EINVAL (a field), -ENOENT and others of library_open,
     * -EBUSY: the image is in use and cannot be had in this way too. */
    void (*add)(void *context, const struct api_export *export, api_export_done_fn *done, void *data);
    int (*remove)(void *context, const char *name); /* connections end at once. -ENOENT, -errno: it would come back */
};
