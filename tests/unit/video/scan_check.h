/* Scan kernels: every level gives what the reference gives, in each format, on odd sizes, cut cells and strides,
 * without touching a byte outside the lines. Free of cmocka, because it runs under an emulator of other processors too.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cpu.h"
#include "video/noise_measure.h"
#include "video/scan.h"

#define SCAN_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static const uint32_t scan_check_formats[] = {FOURCC_BGRX, FOURCC_YUYV, FOURCC_UYVY, FOURCC_NV12,  FOURCC_NV16,
                                              FOURCC_YU12, FOURCC_422P, FOURCC_444P, FOURCC_RGB24, FOURCC_BGR24};

static uint64_t scan_check_seed = 88172645463325252u;

static inline uint32_t scan_check_rnd(uint32_t limit)
{
    scan_check_seed ^= scan_check_seed << 13;
    scan_check_seed ^= scan_check_seed >> 7;
    scan_check_seed ^= scan_check_seed << 17;
    return (uint32_t)(scan_check_seed >> 32) % limit;
}

/* A plane whose last byte is right before, or whose first is right behind, a page that nobody may touch. */
struct scan_check_plane {
    uint8_t *map, *bytes;
    size_t mapped, size;
};

static inline struct scan_check_plane scan_check_plane(size_t size, bool at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
    struct scan_check_plane p = {.mapped = room + 2 * page, .size = size};
    p.map = mmap(NULL, p.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SCAN_CHECK(p.map != MAP_FAILED && mprotect(p.map + page, room, PROT_READ | PROT_WRITE) == 0);
    p.bytes = p.map + page + (at_end ? room - size : 0);
    return p;
}

struct scan_check_picture {
    struct scan_check_plane planes[CELL_ROW_PLANES];
    struct cell_row row;
};

static inline struct scan_check_picture scan_check_picture(const struct cell_layout *layout, int width, int height,
                                                           size_t spare, bool at_end)
{
    struct scan_check_picture p = {.row = {.width = width, .height = height}};
    for (int i = 0; i < CELL_ROW_PLANES && layout->bytes[i]; i++) {
        size_t line = cell_layout_line_bytes(layout, i, width), lines = (size_t)cell_layout_lines(layout, i, height);
        p.row.stride[i] = line + spare;
        p.planes[i] = scan_check_plane(p.row.stride[i] * (lines - 1) + line, at_end);
        p.row.plane[i] = p.planes[i].bytes;
        for (size_t k = 0; k < p.planes[i].size; k++)
            p.planes[i].bytes[k] = (uint8_t)scan_check_rnd(256);
    }
    return p;
}

static inline void scan_check_free(struct scan_check_picture *p)
{
    for (int i = 0; i < CELL_ROW_PLANES; i++)
        if (p->planes[i].map)
            munmap(p->planes[i].map, p->planes[i].mapped);
}

static inline bool scan_check_allowed(uint32_t needs)
{
    return (needs & ~cpu_features()) == 0;
}

/* What is seen of a byte, by a rule written apart from the kernels'. */
static inline bool scan_check_seen(const struct cell_layout *layout, int plane, size_t at, size_t stride, int width)
{
    size_t x = at % stride;
    if (x >= cell_layout_line_bytes(layout, plane, width))
        return false;
    if (layout->fourcc == FOURCC_BGRX)
        return x % 4 != 3;
    if (layout->fourcc == FOURCC_YUYV)
        return x % 2 || x / 2 < (size_t)width;
    if (layout->fourcc == FOURCC_UYVY)
        return x % 2 == 0 || x / 2 < (size_t)width;
    return true;
}

static inline void scan_check_size(const struct cell_layout *layout, int width, int height, size_t spare)
{
    bool at_end = scan_check_rnd(2);
    struct scan_check_picture a = scan_check_picture(layout, width, height, spare, at_end);
    struct scan_check_picture b = scan_check_picture(layout, width, height, spare, at_end);
    uint8_t wanted[FRAME_MAX_SIZE / CELL_SIZE + 1] = {0}, got[FRAME_MAX_SIZE / CELL_SIZE + 1];
    static uint64_t ha[FRAME_MAX_SIZE / CELL_SIZE + 1], hb[FRAME_MAX_SIZE / CELL_SIZE + 1], ref[2048];
    for (int p = 0; p < CELL_ROW_PLANES; p++)
        if (a.planes[p].bytes)
            memcpy(b.planes[p].bytes, a.planes[p].bytes, a.planes[p].size);
    for (uint32_t n = scan_check_rnd(5); n > 0; n--) {
        int p = (int)scan_check_rnd(layout->bytes[2] ? 3 : layout->bytes[1] ? 2 : 1);
        size_t at = scan_check_rnd((uint32_t)a.planes[p].size);
        b.planes[p].bytes[at] ^= (uint8_t)(1u << scan_check_rnd(8));
        size_t cell = at % a.row.stride[p] / layout->bytes[p];
        if (scan_check_seen(layout, p, at, a.row.stride[p], width) && a.planes[p].bytes[at] != b.planes[p].bytes[at])
            wanted[cell] = 1;
    }
    const int cells = (width + CELL_SIZE - 1) / CELL_SIZE;
    bool have = false;
    for (int i = 0; scan_ops_all[i]; i++) {
        const struct scan_ops *ops = scan_ops_all[i];
        if (!scan_ops_serve(ops, layout) || !scan_check_allowed(ops->needs))
            continue;
        memset(got, 0xEE, sizeof got);
        ops->diff(layout, &a.row, &b.row, got);
        ops->hash(cell_hash_key(), layout, &a.row, ha);
        ops->hash(cell_hash_key(), layout, &b.row, hb);
        for (int c = 0; c < cells; c++) {
            /* two flips may have met in one bit: then the bytes decide, by way of the hashes and the reference */
            SCAN_CHECK(got[c] <= wanted[c]);
            SCAN_CHECK((ha[c] != hb[c]) == got[c]);
            SCAN_CHECK(!have || ref[c] == ha[c]);
        }
        SCAN_CHECK(got[cells] == 0xEE);
        memcpy(ref, ha, (size_t)cells * sizeof ha[0]);
        have = true;
    }
    SCAN_CHECK(have);
    scan_check_free(&a);
    scan_check_free(&b);
}

static inline void scan_check_sizes(void)
{
    for (size_t f = 0; f < ARRAY_SIZE(scan_check_formats); f++) {
        const struct cell_layout *layout = cell_layout_of(scan_check_formats[f]);
        for (int width = 1; width <= 83; width++)
            for (int height = 1; height <= CELL_SIZE; height++)
                scan_check_size(layout, width, height, scan_check_rnd(2) ? 0 : scan_check_rnd(40));
        for (int i = 0; i < 12; i++)
            scan_check_size(layout, 1 + (int)scan_check_rnd(FRAME_MAX_SIZE), 1 + (int)scan_check_rnd(CELL_SIZE),
                            scan_check_rnd(40));
        scan_check_size(layout, FRAME_MAX_SIZE, CELL_SIZE, 0);
    }
}

/* Each bit of a cell, alone: seen or not seen, alike by every kernel and in both ways. */
static inline void scan_check_bits(void)
{
    for (size_t f = 0; f < ARRAY_SIZE(scan_check_formats); f++) {
        const struct cell_layout *layout = cell_layout_of(scan_check_formats[f]);
        for (int width = 13; width <= 16; width += 3) {
            struct scan_check_picture a = scan_check_picture(layout, width, 16, 0, true);
            struct scan_check_picture b = scan_check_picture(layout, width, 16, 0, true);
            for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++)
                memcpy(b.planes[p].bytes, a.planes[p].bytes, a.planes[p].size);
            for (int i = 0; scan_ops_all[i]; i++) {
                const struct scan_ops *ops = scan_ops_all[i];
                if (!scan_ops_serve(ops, layout) || !scan_check_allowed(ops->needs))
                    continue;
                uint64_t plain, other;
                ops->hash(cell_hash_key(), layout, &a.row, &plain);
                for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++)
                    for (size_t bit = 0; bit < 8 * b.planes[p].size; bit++) {
                        bool seen = scan_check_seen(layout, p, bit / 8, b.row.stride[p], width);
                        uint8_t changed = 9;
                        b.planes[p].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        ops->diff(layout, &a.row, &b.row, &changed);
                        ops->hash(cell_hash_key(), layout, &b.row, &other);
                        b.planes[p].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        SCAN_CHECK(changed == seen);
                        SCAN_CHECK((other != plain) == seen);
                    }
            }
            scan_check_free(&a);
            scan_check_free(&b);
        }
    }
}

static inline void scan_check_noise(void)
{
    uint8_t a[CELL_PIXELS * 4], b[CELL_PIXELS * 4];
    for (int round = 0; round < 2000; round++) {
        const uint32_t spread = 1 + scan_check_rnd(round % 3 ? 9 : 255);
        for (size_t i = 0; i < sizeof a; i++) {
            a[i] = (uint8_t)scan_check_rnd(256);
            b[i] = (uint8_t)(a[i] + (scan_check_rnd(40) ? 0 : scan_check_rnd(spread)));
        }
        const int lines = 1 + (int)scan_check_rnd(16), limit = (int)scan_check_rnd(40);
        struct noise_measure want, got;
        noise_c.measure(a, 64, b, 64, lines, limit, &want);
        for (int i = 0; noise_ops_all[i]; i++) {
            if (!scan_check_allowed(noise_ops_all[i]->needs))
                continue;
            memset(&got, 0xEE, sizeof got);
            noise_ops_all[i]->measure(a, 64, b, 64, lines, limit, &got);
            SCAN_CHECK(memcmp(&want, &got, sizeof got) == 0);
        }
        uint32_t squares = 0, far = 0;
        for (int i = 0; i < lines * 64; i++) {
            int d = abs(a[i] - b[i]);
            squares += (uint32_t)(MIN(d, NOISE_CLAMP) * MIN(d, NOISE_CLAMP));
            far |= (uint32_t)(d > limit) << i / 64;
        }
        SCAN_CHECK(want.squares == squares && want.outlier_lines == far);
    }
}
