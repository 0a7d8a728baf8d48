/* The pages of an overlay's file (media/overlay_file.h) as bytes. Each has a check; all of them are hostile input. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/seal.h"

#define OVERLAY_BLOCK 4096u
#define OVERLAY_ID_SIZE 32
#define OVERLAY_BOOT_SIZE 16
#define OVERLAY_MAP_BYTES 4064u /* of a page's 4096: a bit for each block */
#define OVERLAY_MAP_BLOCKS (8ull * OVERLAY_MAP_BYTES)
#define OVERLAY_SIZE_MAX (2ull << 40) /* its maps take 64 MiB then */

struct overlay_page {
    uint64_t sequence; /* of writing; 0: never written, no bit is set */
    uint8_t bits[OVERLAY_MAP_BYTES];
};

/* What an overlay's file says of itself. */
struct overlay_head {
    uint64_t size; /* of the medium */
    uint8_t identity[OVERLAY_ID_SIZE];
    uint8_t id[SEAL_ID_SIZE], check[SEAL_CHECK_SIZE]; /* media/seal.h */
};
void overlay_write_head(uint8_t room[OVERLAY_BLOCK], const struct overlay_head *head);
/* 0; -ENODATA: nothing was written here yet; -EINVAL: no overlay; -EPROTONOSUPPORT: one of a release that did not seal
 * (then *ret is filled but for id and check: media/overlay_adopt.h). */
int overlay_read_head(const void *bytes, size_t length, struct overlay_head *ret);
void overlay_write_boot(uint8_t room[OVERLAY_BLOCK], const uint8_t boot[OVERLAY_BOOT_SIZE]);
bool overlay_read_boot(const void *bytes, size_t length, uint8_t ret_boot[OVERLAY_BOOT_SIZE]);
void overlay_write_page(uint8_t room[OVERLAY_BLOCK], uint64_t number, const struct overlay_page *page);
/* A page of zeros is one without bits. False: damaged. */
bool overlay_read_page(const void *bytes, size_t length, uint64_t number, struct overlay_page *ret);
