#include "bench/peers.h"

#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#if HAVE_ZSTD
#include <zstd.h>
#endif

#include "core/attrs.h"

#define TILE 64

struct peers {
    int width, height;
    tjhandle jpeg, jpeg_decoder;
    unsigned long jpeg_size;
    unsigned char *jpeg_bytes;
    uint8_t *tiles, *packed;
    size_t packed_room;
#if HAVE_ZSTD
    ZSTD_CCtx *zstd;
#endif
};

int peers_create(int width, int height, struct peers **ret)
{
    struct peers *self = calloc(1, sizeof *self);
    if (!self)
        return -1;
    size_t size = (size_t)width * (size_t)height * 4;
    self->width = width;
    self->height = height;
    self->jpeg = tjInitCompress();
    self->jpeg_decoder = tjInitDecompress();
    self->jpeg_bytes = malloc(tjBufSize(width, height, TJSAMP_420));
    self->tiles = malloc(size);
#if HAVE_ZSTD
    self->zstd = ZSTD_createCCtx();
    self->packed_room = ZSTD_compressBound(size);
    self->packed = malloc(self->packed_room);
#endif
    *ret = self;
    return 0;
}

struct peers *peers_destroy(struct peers *self)
{
    tjDestroy(self->jpeg);
    tjDestroy(self->jpeg_decoder);
#if HAVE_ZSTD
    ZSTD_freeCCtx(self->zstd);
#endif
    free(self->jpeg_bytes);
    free(self->tiles);
    free(self->packed);
    free(self);
    return NULL;
}

size_t peers_mjpeg(struct peers *self, const uint8_t *frame)
{
    if (tjCompress2(self->jpeg, frame, self->width, self->width * 4, self->height, TJPF_BGRX, &self->jpeg_bytes,
                    &self->jpeg_size, TJSAMP_420, 80, TJFLAG_NOREALLOC) < 0)
        abort();
    return self->jpeg_size;
}

void peers_mjpeg_decode(struct peers *self)
{
    if (tjDecompress2(self->jpeg_decoder, self->jpeg_bytes, self->jpeg_size, self->tiles, self->width, self->width * 4,
                      self->height, TJPF_RGBA, 0) < 0)
        abort();
}

#if HAVE_ZSTD
static bool tile_differs(const struct peers *self, const uint8_t *a, const uint8_t *b, int x, int y)
{
    size_t stride = (size_t)self->width * 4, line = (size_t)MIN(TILE, self->width - x) * 4;
    for (int j = y; j < MIN(y + TILE, self->height); j++)
        if (memcmp(a + (size_t)j * stride + 4 * (size_t)x, b + (size_t)j * stride + 4 * (size_t)x, line) != 0)
            return true;
    return false;
}

static size_t take_tile(struct peers *self, const uint8_t *frame, int x, int y, size_t at)
{
    size_t stride = (size_t)self->width * 4, line = (size_t)MIN(TILE, self->width - x) * 4;
    for (int j = y; j < MIN(y + TILE, self->height); j++, at += line)
        memcpy(self->tiles + at, frame + (size_t)j * stride + 4 * (size_t)x, line);
    return at;
}

size_t peers_zstd_tiles(struct peers *self, const uint8_t *frame, const uint8_t *before)
{
    size_t size = 0;
    for (int y = 0; y < self->height; y += TILE)
        for (int x = 0; x < self->width; x += TILE)
            if (!before || tile_differs(self, frame, before, x, y))
                size = take_tile(self, frame, x, y, size);
    size_t packed = ZSTD_compressCCtx(self->zstd, self->packed, self->packed_room, self->tiles, size, 1);
    if (ZSTD_isError(packed))
        abort();
    return packed;
}
#else
size_t peers_zstd_tiles(struct peers *self, const uint8_t *frame, const uint8_t *before)
{
    (void)self;
    (void)frame;
    (void)before;
    return 0;
}
#endif
