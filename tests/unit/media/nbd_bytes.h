/* What an NBD client sends, for tests and fuzzers: bytes laid out here by hand, independent of media/nbd_wire.c. */
#pragma once

#include <stdint.h>
#include <string.h>

struct bytes {
    uint8_t data[8192];
    size_t size;
};

static inline void put(struct bytes *b, uint64_t value, unsigned n)
{
    while (n--)
        b->data[b->size++] = n < 8 ? (uint8_t)(value >> (8 * n)) : 0;
}

static inline void put_text(struct bytes *b, const char *text)
{
    memcpy(b->data + b->size, text, strlen(text));
    b->size += strlen(text);
}

static inline void put_client_flags(struct bytes *b, uint32_t flags)
{
    put(b, flags, 4);
}

static inline void put_option(struct bytes *b, uint32_t option, uint32_t size)
{
    put_text(b, "IHAVEOPT");
    put(b, option, 4);
    put(b, size, 4);
}

/* INFO (6) or GO (7) for an export, asking for name and block sizes. */
static inline void put_info(struct bytes *b, uint32_t option, const char *name)
{
    put_option(b, option, (uint32_t)(4 + strlen(name) + 2 + 4));
    put(b, strlen(name), 4);
    put_text(b, name);
    put(b, 2, 2);
    put(b, 1, 2);
    put(b, 3, 2);
}

static inline void put_request(struct bytes *b, unsigned flags, unsigned type, uint64_t cookie, uint64_t offset,
                               uint32_t length)
{
    put(b, 0x25609513, 4);
    put(b, flags, 2);
    put(b, type, 2);
    put(b, cookie, 8);
    put(b, offset, 8);
    put(b, length, 4);
}

/* --- and what a server answers --- */

static inline void put_greeting(struct bytes *b)
{
    put_text(b, "NBDMAGICIHAVEOPT");
    put(b, 3, 2);
}

static inline void put_option_reply(struct bytes *b, uint32_t option, uint32_t type, const void *data, uint32_t size)
{
    put(b, 0x3e889045565a9, 8);
    put(b, option, 4);
    put(b, type, 4);
    put(b, size, 4);
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void put_info_replies(struct bytes *b, uint32_t option, const char *name, uint64_t size, uint16_t flags)
{
    struct bytes info = {.size = 0};
    put(&info, 0, 2);
    put(&info, size, 8);
    put(&info, flags, 2);
    put_option_reply(b, option, 3, info.data, (uint32_t)info.size);
    info.size = 0;
    put(&info, 1, 2);
    put_text(&info, name);
    put_option_reply(b, option, 3, info.data, (uint32_t)info.size);
    info.size = 0;
    put(&info, 3, 2);
    put(&info, 1, 4);
    put(&info, 4096, 4);
    put(&info, 32 << 20, 4);
    put_option_reply(b, option, 3, info.data, (uint32_t)info.size);
    put_option_reply(b, option, 1, NULL, 0);
}

static inline void put_reply(struct bytes *b, uint32_t error, uint64_t cookie)
{
    put(b, 0x67446698, 4);
    put(b, error, 4);
    put(b, cookie, 8);
}

/* The one chunk of a structured reply; data behind it is the caller's. */
static inline void put_chunk(struct bytes *b, unsigned type, uint64_t cookie, uint32_t size)
{
    put(b, 0x668e33ef, 4);
    put(b, 1, 2);
    put(b, type, 2);
    put(b, cookie, 8);
    put(b, size, 4);
}
