/* The file of an overlay: head, boot, live map, two safe maps, then the changed blocks, each at its own place.
 *
 *   page 0            head: what it is over. Never written again.
 *   page 1            boot: the boot that the live map is of.
 *   n pages           live map: written after the blocks it tells of, before a write is answered. Good after kill -9,
 *                     because the page cache has everything; after a power cut nobody knows which of it reached the
 *                     disk, so then it is not looked at.
 *   2 x n pages       safe maps: a flush syncs the blocks, writes each page that has changed into that one of its two
 *                     places that is older, and syncs again. One of the two is always whole.
 *
 * Each page has a check (media/overlay_page.h). The changed blocks are sealed (media/seal.h); which they are is not
 * hidden, as the file's holes tell it anyway. What is here blocks. */
#pragma once

#include "media/overlay_page.h"

#define OVERLAY_PURPOSE "overlay" /* of the seal */

uint64_t overlay_pages(uint64_t size);
uint64_t overlay_at_live(uint64_t page);
uint64_t overlay_at_safe(uint64_t n_pages, unsigned which, uint64_t page);
uint64_t overlay_at_block(uint64_t n_pages, uint64_t block);

struct overlay_file {
    int fd;
    struct seal *seal;
    uint64_t size, n_pages;
    struct overlay_page *live; /* as it is to be now */
    uint64_t *safe_sequence;   /* of the newer safe copy of each page; which is the older: its lowest bit */
    bool *unsafe;              /* the page's safe copies lack something */
};

/* fd stays the caller's when it fails: as overlay_read_head, -EFBIG, -ESTALE: of another medium, -EKEYREJECTED: sealed
 * with another key, -EUCLEAN: both copies of a page are damaged. boot NULL: not known. */
int overlay_file_open(struct overlay_file *self, int fd, uint64_t size, const uint8_t identity[OVERLAY_ID_SIZE],
                      const struct seal_key *key, const uint8_t *boot);
void overlay_file_close(struct overlay_file *self);
bool overlay_file_has(const struct overlay_file *self, uint64_t block);
void overlay_file_set(struct overlay_file *self, uint64_t block, bool has);
uint64_t overlay_file_count(const struct overlay_file *self);
