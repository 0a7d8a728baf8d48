#include "usbgadget/big_cd_blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

int big_cd_blocks_init(struct big_cd_blocks *self)
{
    memset(self, 0, sizeof *self);
    nbd_client_init(&self->client);
    self->room = malloc((size_t)BIG_CD_CHUNKS * BIG_CD_CHUNK);
    return self->room ? 0 : -ENOMEM;
}

void big_cd_blocks_finish(struct big_cd_blocks *self)
{
    big_cd_blocks_remove(self);
    free(self->room);
    self->room = NULL;
}

void big_cd_blocks_insert(struct big_cd_blocks *self, int fd, uint64_t size)
{
    big_cd_blocks_remove(self);
    nbd_client_open(&self->client, fd);
    self->size = size;
}

void big_cd_blocks_remove(struct big_cd_blocks *self)
{
    nbd_client_close(&self->client);
    memset(self->chunks, 0, sizeof self->chunks);
    self->size = self->at = self->end = self->ahead_to = 0;
    self->ahead = 0;
}

void big_cd_blocks_lose(struct big_cd_blocks *self)
{
    nbd_client_close(&self->client);
    for (unsigned i = 0; i < BIG_CD_CHUNKS; i++)
        if (self->chunks[i].state == CHUNK_ASKED)
            self->chunks[i].state = CHUNK_WANTED;
}

static void ask(struct big_cd_blocks *self, unsigned i)
{
    struct big_cd_chunk *chunk = &self->chunks[i];
    chunk->state = CHUNK_WANTED;
    if (self->client.fd < 0)
        return;
    chunk->state = CHUNK_ASKED;
    nbd_client_read(&self->client, i, chunk->offset, chunk->length, self->room + (size_t)i * BIG_CD_CHUNK);
}

void big_cd_blocks_reconnect(struct big_cd_blocks *self, int fd)
{
    big_cd_blocks_lose(self);
    nbd_client_open(&self->client, fd);
    for (unsigned i = 0; i < BIG_CD_CHUNKS; i++)
        if (self->chunks[i].state == CHUNK_WANTED)
            ask(self, i);
}

static int find(const struct big_cd_blocks *self, uint64_t at)
{
    for (unsigned i = 0; i < BIG_CD_CHUNKS; i++) {
        const struct big_cd_chunk *chunk = &self->chunks[i];
        if (chunk->state != CHUNK_EMPTY && at >= chunk->offset && at - chunk->offset < chunk->length)
            return (int)i;
    }
    return -1;
}

/* Not on its way, and not in front of us. */
static bool may_go(const struct big_cd_blocks *self, const struct big_cd_chunk *chunk)
{
    if (chunk->state == CHUNK_ASKED)
        return false; /* its bytes will be written here */
    bool in_front = chunk->offset + chunk->length > self->at && chunk->offset < self->ahead_to;
    return chunk->state == CHUNK_EMPTY || !in_front;
}

/* The one that was used longest ago, or -1. */
static int find_room(const struct big_cd_blocks *self)
{
    int best = -1;
    for (unsigned i = 0; i < BIG_CD_CHUNKS; i++)
        if (may_go(self, &self->chunks[i]) && (best < 0 || self->chunks[i].used < self->chunks[best].used))
            best = (int)i;
    return best;
}

/* The bytes from `at` on are asked for, where they are not here or on their way. Where they end; 0: no room now. */
static uint64_t want(struct big_cd_blocks *self, uint64_t at, uint64_t end, bool needed)
{
    int i = find(self, at);
    if (i >= 0 && needed && self->chunks[i].state == CHUNK_FAILED && !self->chunks[i].needed)
        self->chunks[i].state = CHUNK_EMPTY, i = -1; /* failed when nobody needed it: tried once more */
    if (i < 0) {
        if ((i = find_room(self)) < 0)
            return 0;
        self->chunks[i] = (struct big_cd_chunk){.offset = at, .length = (uint32_t)MIN(end - at, BIG_CD_CHUNK)};
        ask(self, (unsigned)i);
    }
    self->chunks[i].needed |= needed;
    self->chunks[i].used = ++self->uses;
    return self->chunks[i].offset + self->chunks[i].length;
}

/* As much of the read as there is room for, and then ahead of it. */
static void want_more(struct big_cd_blocks *self)
{
    uint64_t limit = MIN(self->size, self->end + (uint64_t)self->ahead * BIG_CD_CHUNK);
    limit = MIN(limit, self->at + (uint64_t)BIG_CD_AHEAD * BIG_CD_CHUNK);
    if (self->ahead_to < self->at)
        self->ahead_to = self->at;
    while (self->ahead_to < limit) {
        bool needed = self->ahead_to < self->end;
        uint64_t to = needed ? MIN(self->end, limit) : limit;
        bool ends_here = to == self->size || (needed && to == self->end);
        if (to - self->ahead_to < BIG_CD_CHUNK && !ends_here)
            return; /* whole chunks, or the many small reads of a host become as many small requests */
        uint64_t next = want(self, self->ahead_to, to, needed);
        if (!next)
            return;
        self->ahead_to = next;
    }
}

void big_cd_blocks_begin(struct big_cd_blocks *self, uint64_t at, uint64_t end)
{
    bool follows = at == self->end && self->end;
    self->ahead = follows ? MIN(self->ahead ? self->ahead * 2 : 1, (unsigned)BIG_CD_AHEAD) : 0;
    if (!follows)
        self->ahead_to = at;
    self->at = at;
    self->end = end;
    want_more(self);
}

int big_cd_blocks_next(struct big_cd_blocks *self, const uint8_t **ret)
{
    if (!want(self, self->at, self->end, true))
        return 0;
    int i = find(self, self->at);
    if (i < 0)
        return 0;
    struct big_cd_chunk *chunk = &self->chunks[i];
    if (chunk->state == CHUNK_FAILED) {
        chunk->state = CHUNK_EMPTY;
        return -EIO;
    }
    if (chunk->state != CHUNK_READY)
        return 0;
    uint64_t skip = self->at - chunk->offset, left = chunk->length - skip;
    *ret = self->room + (size_t)i * BIG_CD_CHUNK + skip;
    return (int)MIN(left, self->end - self->at);
}

void big_cd_blocks_advance(struct big_cd_blocks *self, uint32_t n)
{
    self->at += n;
    want_more(self);
}

static void on_done(void *data, unsigned request, int error)
{
    struct big_cd_blocks *self = data;
    self->chunks[request].state = error ? CHUNK_FAILED : CHUNK_READY;
}

int big_cd_blocks_run(struct big_cd_blocks *self, bool *moved)
{
    return self->client.fd < 0 ? 0 : nbd_client_run(&self->client, on_done, self, moved);
}
