/* The digests of a medium's blocks, in memory and in a file: a head, then 24 bytes a block. An entry that is cut off or
 * damaged is as if its block had never been read. Any thread, one at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 16
#define DIGEST_HEAD 64u
#define DIGEST_ENTRY 24u

struct digest_book {
    uint64_t n;
    uint8_t (*digests)[DIGEST_SIZE]; /* zeros: not known */
    int fd;                          /* -1: none */
};

/* Takes fd on success. A file of another medium's size is begun anew. -ENOMEM, -EFBIG, -errno. */
int digest_book_open(struct digest_book *self, uint64_t size, uint32_t block, int fd);
void digest_book_close(struct digest_book *self);
/* False: it is known, and differs. What was not known is from now on; *ret_error: it could not be written. */
bool digest_book_admit(struct digest_book *self, uint64_t number, const uint8_t digest[DIGEST_SIZE], int *ret_error);

/* The forms of the file, for its readers. */
void digest_write_head(uint8_t room[DIGEST_HEAD], uint64_t size, uint32_t block);
bool digest_read_head(const void *bytes, size_t length, uint64_t size, uint32_t block);
void digest_write_entry(uint8_t room[DIGEST_ENTRY], uint64_t number, const uint8_t digest[DIGEST_SIZE]);
bool digest_read_entry(const void *bytes, size_t length, uint64_t number, uint8_t ret[DIGEST_SIZE]);
