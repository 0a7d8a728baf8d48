/* A reader of WebM files that knows nothing of how ours are written: elements by their names, wherever they stand, with
 * sizes of any length. */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define READER_MAX 4096

struct reader_block {
    uint64_t ms, cluster; /* cluster: where that begins, from the Segment's first byte */
    bool key, first;      /* of its cluster */
    const uint8_t *bytes;
    size_t size;
};

struct reader_cue {
    uint64_t ms, cluster;
};

struct webm_read {
    char type[16], codec[16], app[32];
    bool unknown; /* the Segment's size */
    uint64_t segment, scale, width, height, display_width, display_height, matrix, range, transfer, primaries,
        seek_cues, cues_at;
    double duration;
    uint64_t cluster_ms, cluster;
    bool first;
    struct reader_block blocks[READER_MAX];
    size_t n_blocks;
    struct reader_cue cues[READER_MAX];
    size_t n_cues;
    uint32_t seek_id;
    bool bad;
};

static inline uint64_t reader_number(const uint8_t *p, uint64_t size)
{
    uint64_t value = 0;
    while (size--)
        value = value << 8 | *p++;
    return value;
}

static inline int reader_length(uint8_t byte)
{
    int n = 1;
    for (; n <= 8 && !(byte & (0x100 >> n)); n++)
        ;
    return n;
}

static inline void reader_text(char *to, size_t room, const uint8_t *p, uint64_t size)
{
    size = size < room - 1 ? size : room - 1;
    memcpy(to, p, size);
    to[size] = 0;
}

static inline void reader_block(struct webm_read *f, const uint8_t *p, uint64_t size)
{
    if (size < 5 || p[0] != 0x81 || f->n_blocks == READER_MAX) {
        f->bad = true;
        return;
    }
    f->blocks[f->n_blocks++] = (struct reader_block){.ms = f->cluster_ms + (uint64_t)(int16_t)(p[1] << 8 | p[2]),
                                                     .cluster = f->cluster,
                                                     .key = p[3] & 0x80,
                                                     .first = f->first,
                                                     .bytes = p + 4,
                                                     .size = size - 4};
    f->first = false;
}

static inline bool reader_is_master(uint32_t id)
{
    static const uint32_t masters[] = {0x1A45DFA3, 0x18538067, 0x114D9B74, 0x4DBB,     0x1549A966, 0x1654AE6B, 0xAE,
                                       0xE0,       0x55B0,     0x1F43B675, 0x1C53BB6B, 0xBB,       0xB7};
    for (size_t i = 0; i < sizeof masters / sizeof masters[0]; i++)
        if (masters[i] == id)
            return true;
    return false;
}

static inline void reader_value(struct webm_read *f, uint32_t id, const uint8_t *p, uint64_t size)
{
    const uint64_t n = size <= 8 ? reader_number(p, size) : 0;
    switch (id) {
    case 0x4282:
        reader_text(f->type, sizeof f->type, p, size);
        break;
    case 0x86:
        reader_text(f->codec, sizeof f->codec, p, size);
        break;
    case 0x5741:
        reader_text(f->app, sizeof f->app, p, size);
        break;
    case 0x2AD7B1:
        f->scale = n;
        break;
    case 0xB0:
        f->width = n;
        break;
    case 0xBA:
        f->height = n;
        break;
    case 0x54B0:
        f->display_width = n;
        break;
    case 0x54BA:
        f->display_height = n;
        break;
    case 0x55B1:
        f->matrix = n;
        break;
    case 0x55B9:
        f->range = n;
        break;
    case 0x55BA:
        f->transfer = n;
        break;
    case 0x55BB:
        f->primaries = n;
        break;
    case 0x53AB:
        f->seek_id = (uint32_t)n;
        break;
    case 0x53AC:
        if (f->seek_id == 0x1C53BB6B)
            f->seek_cues = n;
        break;
    case 0x4489:
        memcpy(&f->duration, &n, sizeof n);
        break;
    case 0xE7:
        f->cluster_ms = n;
        break;
    case 0xA3:
        reader_block(f, p, size);
        break;
    case 0xB3:
        f->cues[f->n_cues].ms = n;
        break;
    case 0xF1:
        f->cues[f->n_cues++].cluster = n;
        break;
    default:
        break;
    }
}

/* Elements of p..end. What is cut at the end is left out. */
static inline void reader_elements(struct webm_read *f, const uint8_t *base, const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        const uint8_t *at = p;
        int n = reader_length(*p);
        if (n > 4 || p + n >= end)
            return;
        const uint32_t id = (uint32_t)reader_number(p, (uint64_t)n);
        p += n;
        n = reader_length(*p);
        if (n > 8 || p + n > end)
            return;
        const uint64_t mask = n == 8 ? 0x00FFFFFFFFFFFFFFull : (1ull << (7 * n)) - 1;
        uint64_t size = reader_number(p, (uint64_t)n) & mask;
        const bool unknown = size == mask;
        p += n;
        if (id == 0x18538067) {
            f->segment = (uint64_t)(p - base);
            f->unknown = unknown;
        }
        if (id == 0x1C53BB6B)
            f->cues_at = (uint64_t)(at - base) - f->segment;
        if (id == 0x1F43B675) {
            f->cluster = (uint64_t)(at - base) - f->segment;
            f->first = true;
        }
        if (unknown || size > (uint64_t)(end - p)) {
            if (!reader_is_master(id))
                return;
            size = (uint64_t)(end - p);
        }
        if (unknown && id == 0x1F43B675) {
            continue; /* its children follow, and the next cluster stands on our level */
        }
        if (reader_is_master(id))
            reader_elements(f, base, p, p + size);
        else
            reader_value(f, id, p, size);
        p += size;
    }
}

static inline void webm_read(struct webm_read *f, const uint8_t *bytes, size_t size)
{
    memset(f, 0, sizeof *f);
    reader_elements(f, bytes, bytes, bytes + size);
}
