/* The 64x64 tiles that differ from the frame before, as BGRX in one zstd stream of level 1 a frame. Exact. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "bench/peer.h"
#include "bench/psnr.h"
#include "bench/rows.h"
#include "core/attrs.h"

#define TILE 64

static bool tile_differs(const struct reel *reel, unsigned frame, int x, int y)
{
    const uint8_t *a = reel_frame(reel, frame), *b = reel_frame(reel, frame - 1);
    size_t stride = (size_t)reel->width * 4, line = (size_t)MIN(TILE, reel->width - x) * 4;
    for (int j = y; j < MIN(y + TILE, reel->height); j++)
        if (memcmp(a + (size_t)j * stride + 4 * (size_t)x, b + (size_t)j * stride + 4 * (size_t)x, line) != 0)
            return true;
    return false;
}

static size_t take_tile(const struct reel *reel, unsigned frame, int x, int y, uint8_t *to)
{
    size_t stride = (size_t)reel->width * 4, line = (size_t)MIN(TILE, reel->width - x) * 4, size = 0;
    for (int j = y; j < MIN(y + TILE, reel->height); j++, size += line)
        memcpy(to + size, reel_frame(reel, frame) + (size_t)j * stride + 4 * (size_t)x, line);
    return size;
}

static size_t gather(const struct reel *reel, unsigned frame, uint8_t *tiles)
{
    size_t size = 0;
    for (int y = 0; y < reel->height; y += TILE)
        for (int x = 0; x < reel->width; x += TILE)
            if (tile_differs(reel, frame, x, y))
                size += take_tile(reel, frame, x, y, tiles + size);
    return size;
}

static bool run(const struct reel *reel, struct peer_result *ret)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    size_t room = ZSTD_compressBound(reel->size);
    uint8_t *tiles = malloc(reel->size), *packed = malloc(room);
    bool good = zstd && tiles && packed;
    *ret = (struct peer_result){.psnr_db = PSNR_EXACT, .p50_ms = rows_none()};
    for (unsigned i = 1; good && i < reel->count; i++) {
        double start = thread_ms();
        size_t size = ZSTD_compressCCtx(zstd, packed, room, tiles, gather(reel, i, tiles), 1);
        ret->cpu_ms += thread_ms() - start;
        ret->bytes += (double)size;
        good = !ZSTD_isError(size);
    }
    ret->cpu_ms /= reel->count - 1;
    ret->bytes /= reel->count - 1;
    ZSTD_freeCCtx(zstd);
    free(tiles);
    free(packed);
    return good;
}

const struct peer peer_zstd = {"zstd1-tiles", run, false};
