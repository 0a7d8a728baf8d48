/* The scan kernels written once over vectors; a file for an instruction set defines these before it includes this one
 * and gets a scan_ops table for each layout:
 *
 *   SCAN_ISA, SCAN_NEEDS, VEC_UNITS (16-byte units in a vector), BY_HASH_n (scan_ops.by_hash of each table)
 *   vec, struct nh
 *   vec_zero(), vec_load(p), vec_load_part(p, units): the rest 0
 *   vec_gather(p, stride, per_line, unit): units `unit` to unit + VEC_UNITS - 1 of a cell whose lines have per_line
 *   vec_or_xor(seen, a, b), vec_visible(v): without each fourth byte, vec_units(v): bit i set when unit i is not 0
 *   nh_zero(), nh_add(nh, words, key0, key1), nh_sums(nh, ret) */
#include <string.h>

#include "core/attrs.h"

#define always_inline static inline __attribute__((always_inline))
#define VEC_BYTES (VEC_UNITS * CELL_ROW_UNIT)
#define MAX_VECS (FRAME_MAX_SIZE * 4 / VEC_BYTES)

/* Bits in which `lines` lines differ, by columns. Lines are read from left to right over all cells, the order in which
 * memory is fastest; four at a time, so that what was seen is loaded and stored only four times a row of cells. */
always_inline void see_lines(const uint8_t *a, size_t as, const uint8_t *b, size_t bs, size_t bytes, int lines,
                             vec *seen)
{
    const size_t vecs = bytes / VEC_BYTES;
    const unsigned rest = (unsigned)(bytes % VEC_BYTES / CELL_ROW_UNIT);
    int y = 0;
    for (; y + 4 <= lines; y += 4, a += 4 * as, b += 4 * bs) {
        for (size_t i = 0; i < vecs; i++) {
            const uint8_t *pa = a + i * VEC_BYTES, *pb = b + i * VEC_BYTES;
            vec v = vec_or_xor(seen[i], vec_load(pa), vec_load(pb));
            vec w = vec_or_xor(vec_zero(), vec_load(pa + as), vec_load(pb + bs));
            v = vec_or_xor(v, vec_load(pa + 2 * as), vec_load(pb + 2 * bs));
            w = vec_or_xor(w, vec_load(pa + 3 * as), vec_load(pb + 3 * bs));
            seen[i] = vec_or_xor(v, w, vec_zero());
        }
        for (int k = 0; rest && k < 4; k++)
            seen[vecs] = vec_or_xor(seen[vecs], vec_load_part(a + (size_t)k * as + vecs * VEC_BYTES, rest),
                                    vec_load_part(b + (size_t)k * bs + vecs * VEC_BYTES, rest));
    }
    for (; y < lines; y++, a += as, b += bs) {
        for (size_t i = 0; i < vecs; i++)
            seen[i] = vec_or_xor(seen[i], vec_load(a + i * VEC_BYTES), vec_load(b + i * VEC_BYTES));
        if (rest)
            seen[vecs] = vec_or_xor(seen[vecs], vec_load_part(a + vecs * VEC_BYTES, rest),
                                    vec_load_part(b + vecs * VEC_BYTES, rest));
    }
}

/* From columns to cells. */
always_inline void mark(const vec *seen, size_t bytes, int per_cell, bool fourth_unseen, uint8_t *changed)
{
    const unsigned units = (unsigned)(bytes / CELL_ROW_UNIT);
    vec any = vec_zero();
    for (unsigned u = 0; u < units; u += VEC_UNITS)
        any = vec_or_xor(any, seen[u / VEC_UNITS], vec_zero());
    if (!vec_units(fourth_unseen ? vec_visible(any) : any))
        return;
    for (unsigned u = 0; u < units; u += VEC_UNITS) {
        vec v = seen[u / VEC_UNITS];
        unsigned bits = vec_units(fourth_unseen ? vec_visible(v) : v);
        for (unsigned k = 0; bits; k++, bits >>= 1)
            if (bits & 1)
                changed[(u + k) / (unsigned)per_cell] = 1;
    }
}

always_inline void diff(const struct cell_layout *layout, const struct cell_row *a, const struct cell_row *b,
                        uint8_t *changed, int units0, int units1, bool fourth_unseen)
{
    const int whole = a->width / CELL_SIZE, units[CELL_ROW_PLANES] = {units0, units1};
    vec seen[MAX_VECS];
    memset(changed, 0, (size_t)whole);
    for (int p = 0; p < CELL_ROW_PLANES && units[p]; p++) {
        size_t bytes = (size_t)whole * (size_t)units[p] * CELL_ROW_UNIT;
        memset(seen, 0, (bytes + VEC_BYTES - 1) / VEC_BYTES * sizeof seen[0]);
        see_lines(a->plane[p], a->stride[p], b->plane[p], b->stride[p], bytes, cell_layout_lines(layout, p, a->height),
                  seen);
        mark(seen, bytes, units[p], fourth_unseen, changed);
    }
    if (a->width % CELL_SIZE) {
        struct cell_block ba, bb;
        cell_block_take(layout, a, whole, &ba);
        cell_block_take(layout, b, whole, &bb);
        changed[whole] = memcmp(ba.bytes, bb.bytes, sizeof ba.bytes) != 0;
    }
}

always_inline void hash_plane(const struct cell_key *key, const uint8_t *p, size_t stride, int per_line, int lines,
                              int first_unit, bool fourth_unseen, struct nh *nh)
{
    const int group = per_line % VEC_UNITS == 0 ? 1 : per_line % 2 == 0 ? VEC_UNITS / 2 : VEC_UNITS; /* lines */
    for (int y = 0; y < lines; y += group, p += (size_t)group * stride) {
        for (int u = 0; u < group * per_line; u += VEC_UNITS) {
            vec v = vec_gather(p, stride, per_line, u);
            const int word = (first_unit + y * per_line + u) * (CELL_ROW_UNIT / 4);
            nh_add(nh, fourth_unseen ? vec_visible(v) : v, key->nh[0] + word, key->nh[1] + word);
        }
    }
}

always_inline void hash_row(const struct cell_key *key, const struct cell_layout *layout, const struct cell_row *row,
                            uint64_t *ret, int units0, int units1, bool fourth_unseen)
{
    const int cells = (row->width + CELL_SIZE - 1) / CELL_SIZE;
    for (int i = 0; i < cells; i++) {
        const int width = MIN(CELL_SIZE, row->width - i * CELL_SIZE), step0 = units0 * CELL_ROW_UNIT;
        const uint8_t *p0 = row->plane[0] + (size_t)i * (size_t)step0, *p1 = NULL;
        size_t stride0 = row->stride[0], stride1 = row->stride[1];
        struct cell_block block;
        if (units1)
            p1 = row->plane[1] + (size_t)i * (size_t)units1 * CELL_ROW_UNIT;
        if (width < CELL_SIZE || row->height < CELL_SIZE) {
            cell_block_take(layout, row, i, &block);
            p0 = block.bytes;
            p1 = block.bytes + CELL_SIZE * step0;
            stride0 = (size_t)step0;
            stride1 = (size_t)units1 * CELL_ROW_UNIT;
        }
        struct nh nh = nh_zero();
        hash_plane(key, p0, stride0, units0, CELL_SIZE, 0, fourth_unseen, &nh);
        if (units1)
            hash_plane(key, p1, stride1, units1, CELL_SIZE / 2, CELL_SIZE * units0, fourth_unseen, &nh);
        uint64_t sums[2];
        nh_sums(&nh, sums);
        ret[i] = cell_hash_fold(key, sums, width, row->height);
    }
}

#define PASTE_(a, b, c) a##_##b##_##c
#define PASTE(a, b, c) PASTE_(a, b, c)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

#define SCAN_TABLE(suffix, u0, u1, unseen, hashed)                                                                     \
    static void PASTE(diff, SCAN_ISA, suffix)(const struct cell_layout *layout, const struct cell_row *a,              \
                                              const struct cell_row *b, uint8_t *changed)                              \
    {                                                                                                                  \
        diff(layout, a, b, changed, u0, u1, unseen);                                                                   \
    }                                                                                                                  \
    static void PASTE(hash, SCAN_ISA, suffix)(const struct cell_key *key, const struct cell_layout *layout,            \
                                              const struct cell_row *row, uint64_t *ret)                               \
    {                                                                                                                  \
        hash_row(key, layout, row, ret, u0, u1, unseen);                                                               \
    }                                                                                                                  \
    const struct scan_ops PASTE(scan, SCAN_ISA, suffix) = {                                                            \
        .name = TEXT(SCAN_ISA) "-" #suffix,                                                                            \
        .units = {u0, u1},                                                                                             \
        .fourth_unseen = unseen,                                                                                       \
        .by_hash = hashed,                                                                                             \
        .needs = SCAN_NEEDS,                                                                                           \
        .diff = PASTE(diff, SCAN_ISA, suffix),                                                                         \
        .hash = PASTE(hash, SCAN_ISA, suffix),                                                                         \
    }

SCAN_TABLE(4x, 4, 0, true, BY_HASH_4X);
SCAN_TABLE(3, 3, 0, false, BY_HASH_3);
SCAN_TABLE(2, 2, 0, false, BY_HASH_2);
SCAN_TABLE(1_1, 1, 1, false, BY_HASH_1_1);
