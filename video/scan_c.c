/* The reference: what the other scan kernels must equal, and what processors without them run. It goes cell by cell
 * through struct cell_block, so that it shares nothing with the vector kernels but the layout. */
#include <string.h>

#include "core/attrs.h"
#include "video/scan.h"

static int cells_of(const struct cell_row *row)
{
    return (row->width + CELL_SIZE - 1) / CELL_SIZE;
}

static bool lines_differ(const uint8_t *a, size_t as, const uint8_t *b, size_t bs, size_t bytes, int lines)
{
    for (int y = 0; y < lines; y++)
        if (memcmp(a + (size_t)y * as, b + (size_t)y * bs, bytes) != 0)
            return true;
    return false;
}

static bool blocks_differ(const struct cell_layout *layout, const struct cell_row *a, const struct cell_row *b, int i)
{
    struct cell_block ba, bb;
    cell_block_take(layout, a, i, &ba);
    cell_block_take(layout, b, i, &bb);
    return memcmp(ba.bytes, bb.bytes, sizeof ba.bytes) != 0;
}

/* Bytes that nobody sees may make cells seem to differ, never the other way round; so only those that seem to are
 * looked at closely. */
static void diff(const struct cell_layout *layout, const struct cell_row *a, const struct cell_row *b, uint8_t *changed)
{
    for (int i = 0; i < cells_of(a); i++) {
        int width = MIN(CELL_SIZE, a->width - i * CELL_SIZE);
        changed[i] = 0;
        for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++) {
            size_t at = (size_t)i * layout->bytes[p];
            if (lines_differ(a->plane[p] + at, a->stride[p], b->plane[p] + at, b->stride[p],
                             cell_layout_line_bytes(layout, p, width), cell_layout_lines(layout, p, a->height)))
                changed[i] = 1;
        }
        if (changed[i] && (layout->fourth_unseen || layout->lone_luma >= 0))
            changed[i] = blocks_differ(layout, a, b, i);
    }
}

static void hash(const struct cell_key *key, const struct cell_layout *layout, const struct cell_row *row,
                 uint64_t *ret)
{
    const int words = (int)cell_block_plane(layout, CELL_ROW_PLANES) / 4;
    for (int i = 0; i < cells_of(row); i++) {
        struct cell_block block;
        cell_block_take(layout, row, i, &block);
        uint64_t nh[2] = {0, 0};
        for (int w = 0; w < words; w += 2) {
            const uint8_t *p = block.bytes + 4 * w;
            uint32_t first = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
            uint32_t second = (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
            for (int k = 0; k < 2; k++)
                nh[k] += (uint64_t)(uint32_t)(first + key->nh[k][w]) * (uint32_t)(second + key->nh[k][w + 1]);
        }
        ret[i] = cell_hash_fold(key, nh, MIN(CELL_SIZE, row->width - i * CELL_SIZE), row->height);
    }
}

/* Hashing without vectors takes longer than the memory does. */
#define SCAN_TABLE(suffix, b0, b1, b2, unseen)                                                                         \
    const struct scan_ops scan_c_##suffix = {                                                                          \
        .name = "c-" #suffix,                                                                                          \
        .bytes = {(b0), (b1), (b2)},                                                                                   \
        .fourth_unseen = (unseen),                                                                                     \
        .by_hash = false,                                                                                              \
        .diff = diff,                                                                                                  \
        .hash = hash,                                                                                                  \
    }

SCAN_TABLE(4x, 64, 0, 0, true);
SCAN_TABLE(3, 48, 0, 0, false);
SCAN_TABLE(2, 32, 0, 0, false);
SCAN_TABLE(1_1, 16, 16, 0, false);
SCAN_TABLE(1_h_h, 16, 8, 8, false);
SCAN_TABLE(1_1_1, 16, 16, 16, false);
