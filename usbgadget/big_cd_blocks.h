/* The medium's bytes as the target reads them: from front to back, so that what comes next is asked for ahead of time,
 * in several requests. Bytes are of the medium that is in, or they are not given out. Never blocks; inside big_cd. */
#pragma once

#include "usbgadget/nbd_client.h"

#define BIG_CD_CHUNK 65536u
#define BIG_CD_CHUNKS NBD_CLIENT_REQUESTS
#define BIG_CD_AHEAD 12 /* chunks, at most */

enum big_cd_chunk_state { CHUNK_EMPTY, CHUNK_WANTED, CHUNK_ASKED, CHUNK_READY, CHUNK_FAILED };

struct big_cd_blocks {
    struct nbd_client client;
    uint64_t size; /* of the medium in bytes; 0: none */
    struct big_cd_chunk {
        enum big_cd_chunk_state state;
        uint64_t offset;
        uint32_t length;
        bool needed;   /* by the read that runs; else asked for ahead of time */
        uint64_t used; /* when */
    } chunks[BIG_CD_CHUNKS];
    uint8_t *room; /* BIG_CD_CHUNKS * BIG_CD_CHUNK */
    uint64_t uses;
    uint64_t at, end;  /* the read that runs */
    uint64_t ahead_to; /* asked for up to here */
    unsigned ahead;    /* chunks; grows while reads follow each other */
};

int big_cd_blocks_init(struct big_cd_blocks *self); /* -ENOMEM */
void big_cd_blocks_finish(struct big_cd_blocks *self);

void big_cd_blocks_insert(struct big_cd_blocks *self, int fd, uint64_t size);
void big_cd_blocks_remove(struct big_cd_blocks *self);
/* What was asked for and not answered is asked for again when the next socket is there. */
void big_cd_blocks_lose(struct big_cd_blocks *self);
void big_cd_blocks_reconnect(struct big_cd_blocks *self, int fd);

/* A read begins; both ends are in the medium. */
void big_cd_blocks_begin(struct big_cd_blocks *self, uint64_t at, uint64_t end);
/* The next bytes of it: how many (they stay until the next call of anything), 0: not here yet, -EIO: not to be had. */
int big_cd_blocks_next(struct big_cd_blocks *self, const uint8_t **ret);
void big_cd_blocks_advance(struct big_cd_blocks *self, uint32_t n);

/* Sends and receives. As nbd_client_run; 0 also without a socket. */
int big_cd_blocks_run(struct big_cd_blocks *self, bool *moved);
