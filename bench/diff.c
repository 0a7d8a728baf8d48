/* Finding that nothing changed, in each capture format and in both ways: against the picture before, and by keyed
 * hashes of the newest alone; the peer is memcmp over two pictures of the same size. The pictures rotate over more
 * memory than the machine keeps in its caches, the three take turns, and what counts is the fastest of many turns: it
 * is the one that others on the machine disturbed least. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/rows.h"
#include "core/attrs.h"
#include "core/cpu.h"
#include "video/scan.h"

#define MEMORY ((size_t)340 << 20)
#define RUNS 300
#define WIDTH 1920
#define HEIGHT 1080

static struct frame frame_at(const struct cell_layout *layout, const uint8_t *bytes)
{
    struct frame frame = {.width = WIDTH, .height = HEIGHT, .fourcc = layout->fourcc};
    for (int p = 0; p < CELL_ROW_PLANES; p++) {
        frame.planes[p].stride = cell_layout_line_bytes(layout, p, WIDTH);
        frame.planes[p].data = bytes;
        bytes += frame.planes[p].stride * (size_t)cell_layout_lines(layout, p, HEIGHT);
    }
    return frame;
}

static size_t frame_size(const struct cell_layout *layout)
{
    size_t size = 0;
    for (int p = 0; p < CELL_ROW_PLANES; p++)
        size += cell_layout_line_bytes(layout, p, WIDTH) * (size_t)cell_layout_lines(layout, p, HEIGHT);
    return size;
}

#define CELLS (WIDTH / CELL_SIZE)

static double diff_ms(const struct scan_ops *ops, const struct cell_layout *layout, const uint8_t *a, const uint8_t *b)
{
    struct frame fa = frame_at(layout, a), fb = frame_at(layout, b);
    uint8_t changed[CELLS];
    double start = thread_ms();
    for (int cy = 0; cy * CELL_SIZE < HEIGHT; cy++) {
        struct cell_row ra = cell_row_of(layout, &fa, 0, cy, CELLS), rb = cell_row_of(layout, &fb, 0, cy, CELLS);
        ops->diff(layout, &ra, &rb, changed);
        if (memchr(changed, 1, CELLS))
            abort(); /* they are equal */
    }
    return thread_ms() - start;
}

static double hash_ms(const struct scan_ops *ops, const struct cell_layout *layout, const uint8_t *a)
{
    struct frame frame = frame_at(layout, a);
    uint64_t hash[2][CELLS];
    double start = thread_ms();
    for (int cy = 0; cy * CELL_SIZE < HEIGHT; cy++) {
        struct cell_row row = cell_row_of(layout, &frame, 0, cy, CELLS);
        ops->hash(cell_hash_key(), layout, &row, hash[cy & 1]);
        if (cy > 1 && (cy + 1) * CELL_SIZE <= HEIGHT && memcmp(hash[0], hash[1], sizeof hash[0]) != 0)
            abort(); /* every cell is the same */
    }
    return thread_ms() - start;
}

static double memcmp_ms(const uint8_t *a, const uint8_t *b, size_t size)
{
    double start = thread_ms();
    if (memcmp(a, b, size) != 0)
        abort();
    return thread_ms() - start;
}

/* The default has the plain name; the others say which kernel and which way they are. */
static void print(const char *name, const struct scan_ops *ops, const char *way, bool chosen, double ours, double peer)
{
    char recording[64];
    if (chosen)
        snprintf(recording, sizeof recording, "unchanged-1080p-%s", name);
    else
        snprintf(recording, sizeof recording, "unchanged-1080p-%s-%s-%s", name, ops->name, way);
    row_print("diff", recording, "frame_ms", "ms", ours, "memcmp", peer);
}

static void run(const char *name, uint32_t fourcc, uint8_t *memory)
{
    const struct cell_layout *layout = cell_layout_of(fourcc);
    const size_t size = frame_size(layout), pairs = MEMORY / size / 6;
    for (const struct scan_ops *const *at = scan_ops_all; *at; at++) {
        const struct scan_ops *ops = *at;
        if (!scan_ops_serve(ops, layout) || (ops->needs & ~cpu_features()))
            continue;
        double diff = 1e9, hash = 1e9, peer = 1e9;
        for (size_t i = 0; i < RUNS; i++) {
            const uint8_t *frames = memory + i % pairs * 6 * size;
            diff = MIN(diff, diff_ms(ops, layout, frames, frames + size));
            peer = MIN(peer, memcmp_ms(frames + 2 * size, frames + 3 * size, size));
            hash = MIN(hash, hash_ms(ops, layout, frames + 4 * size));
        }
        bool best = ops == scan_ops_find(layout, cpu_features());
        print(name, ops, "diff", best && !ops->by_hash, diff, peer);
        print(name, ops, "hash", best && ops->by_hash, hash, peer);
    }
}

int main(void)
{
    uint8_t *memory = malloc(MEMORY);
    if (!memory) {
        fprintf(stderr, "bench-diff: %zu MB of memory are needed\n", MEMORY >> 20);
        return 1;
    }
    memset(memory, 0x5A, MEMORY);
    run("bgrx", FOURCC_BGRX, memory);
    run("yuyv", FOURCC_YUYV, memory);
    run("nv12", FOURCC_NV12, memory);
    run("nv16", FOURCC_NV16, memory);
    run("yu12", FOURCC_YU12, memory);
    run("422p", FOURCC_422P, memory);
    run("444p", FOURCC_444P, memory);
    run("rgb24", FOURCC_RGB24, memory);
    free(memory);
    return 0;
}
