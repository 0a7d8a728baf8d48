/* Bounded reading and writing of bytes (STYLE rule 21). A reader that ran short turns `bad`, gives zeros from then on
 * and never moves past its end, so a parser may read all its fields and check once. Header-only and free of the C
 * library, because the page's WASM module uses it too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static inline struct wire_reader wire_reader_init(const void *bytes, size_t size)
{
    return (struct wire_reader){.at = (const uint8_t *)bytes, .left = size};
}

/* n bytes in place, or NULL (and bad). Valid as long as the underlying bytes. */
static inline const uint8_t *wire_read_bytes(struct wire_reader *r, size_t n)
{
    if (r->bad || n > r->left) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += n;
    r->left -= n;
    return p;
}

static inline uint8_t wire_read_u8(struct wire_reader *r)
{
    const uint8_t *p = wire_read_bytes(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t wire_read_le16(struct wire_reader *r)
{
    const uint8_t *p = wire_read_bytes(r, 2);
    return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

static inline uint32_t wire_read_le32(struct wire_reader *r)
{
    const uint8_t *p = wire_read_bytes(r, 4);
    return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static inline uint64_t wire_read_le64(struct wire_reader *r)
{
    uint64_t low = wire_read_le32(r);
    return low | (uint64_t)wire_read_le32(r) << 32;
}

static inline uint16_t wire_read_be16(struct wire_reader *r)
{
    const uint8_t *p = wire_read_bytes(r, 2);
    return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t wire_read_be32(struct wire_reader *r)
{
    const uint8_t *p = wire_read_bytes(r, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t wire_read_be64(struct wire_reader *r)
{
    uint64_t high = wire_read_be32(r);
    return high << 32 | wire_read_be32(r);
}

/* The next n bytes as a reader of their own. */
static inline struct wire_reader wire_read_sub(struct wire_reader *r, size_t n)
{
    const uint8_t *p = wire_read_bytes(r, n);
    return (struct wire_reader){.at = p, .left = p ? n : 0, .bad = !p};
}

/* True when everything was read and nothing ran short. */
static inline bool wire_read_complete(const struct wire_reader *r)
{
    return !r->bad && r->left == 0;
}

/* Writes into room of fixed size; what does not fit turns it `full` and is dropped whole. */
struct wire_writer {
    uint8_t *start, *at;
    size_t left;
    bool full;
};

static inline struct wire_writer wire_writer_init(void *room, size_t size)
{
    return (struct wire_writer){.start = (uint8_t *)room, .at = (uint8_t *)room, .left = size};
}

static inline size_t wire_written(const struct wire_writer *w)
{
    return (size_t)(w->at - w->start);
}

/* Room for n bytes to be filled by the caller, or NULL (and full). */
static inline uint8_t *wire_write_room(struct wire_writer *w, size_t n)
{
    if (w->full || n > w->left) {
        w->full = true;
        return NULL;
    }
    uint8_t *p = w->at;
    w->at += n;
    w->left -= n;
    return p;
}

static inline void wire_write_bytes(struct wire_writer *w, const void *bytes, size_t n)
{
    uint8_t *p = wire_write_room(w, n);
    if (p)
        for (size_t i = 0; i < n; i++)
            p[i] = ((const uint8_t *)bytes)[i];
}

static inline void wire_write_u8(struct wire_writer *w, uint8_t v)
{
    uint8_t *p = wire_write_room(w, 1);
    if (p)
        p[0] = v;
}

static inline void wire_write_le16(struct wire_writer *w, uint16_t v)
{
    uint8_t *p = wire_write_room(w, 2);
    if (p) {
        p[0] = (uint8_t)v;
        p[1] = (uint8_t)(v >> 8);
    }
}

static inline void wire_write_le32(struct wire_writer *w, uint32_t v)
{
    uint8_t *p = wire_write_room(w, 4);
    for (int i = 0; p && i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void wire_write_le64(struct wire_writer *w, uint64_t v)
{
    uint8_t *p = wire_write_room(w, 8);
    for (int i = 0; p && i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void wire_write_be16(struct wire_writer *w, uint16_t v)
{
    uint8_t *p = wire_write_room(w, 2);
    if (p) {
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
    }
}

static inline void wire_write_be32(struct wire_writer *w, uint32_t v)
{
    uint8_t *p = wire_write_room(w, 4);
    for (int i = 0; p && i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void wire_write_be64(struct wire_writer *w, uint64_t v)
{
    uint8_t *p = wire_write_room(w, 8);
    for (int i = 0; p && i < 8; i++)
        p[i] = (uint8_t)(v >> (56 - 8 * i));
}
