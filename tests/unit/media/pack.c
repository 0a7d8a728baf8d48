#include "pack.h"

#include <stdlib.h>
#include <string.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#define ZEROS (1u << 20)

struct out {
    uint8_t *bytes;
    size_t size, room;
};

static uint8_t *room_for(struct out *out, size_t more)
{
    if (out->room - out->size < more) {
        out->room = out->size + more + 65536;
        out->bytes = realloc(out->bytes, out->room);
        if (!out->bytes)
            abort();
    }
    return out->bytes + out->size;
}

/* `repeat` times the bytes. */
static void pack_gzip(struct out *out, const uint8_t *bytes, size_t size, uint64_t repeat)
{
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    for (uint64_t i = 0; i < repeat; i++) {
        z.next_in = (uint8_t *)bytes;
        z.avail_in = (uInt)size;
        int r;
        do {
            z.next_out = room_for(out, 65536);
            z.avail_out = 65536;
            r = deflate(&z, i + 1 == repeat ? Z_FINISH : Z_NO_FLUSH);
            out->size += 65536 - z.avail_out;
        } while (z.avail_in || (i + 1 == repeat && r != Z_STREAM_END));
    }
    deflateEnd(&z);
}

static void pack_xz(struct out *out, const uint8_t *bytes, size_t size, uint64_t repeat, bool strong)
{
    lzma_stream xz = LZMA_STREAM_INIT;
    lzma_options_lzma options;
    if (lzma_lzma_preset(&options, 1))
        abort();
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    if (lzma_stream_encoder(&xz, filters, LZMA_CHECK_CRC64) != LZMA_OK)
        abort();
    for (uint64_t i = 0; i < repeat; i++) {
        xz.next_in = bytes;
        xz.avail_in = size;
        lzma_ret r;
        do {
            xz.next_out = room_for(out, 65536);
            xz.avail_out = 65536;
            r = lzma_code(&xz, i + 1 == repeat ? LZMA_FINISH : LZMA_RUN);
            out->size += 65536 - xz.avail_out;
        } while (xz.avail_in || (i + 1 == repeat && r != LZMA_STREAM_END));
    }
    lzma_end(&xz);
    /* The encoder would want gigabytes; a header that says so is enough. Block header: size, flags, filter 0x21, size
     * 1, dictionary; then padding and CRC32. */
    if (strong) {
        uint8_t *header = out->bytes + 12;
        const size_t header_size = (header[0] + 1u) * 4;
        uint8_t *filter = memchr(header + 2, 0x21, header_size);
        filter[2] = 38; /* 2^31 bytes */
        const uint32_t crc = lzma_crc32(header, header_size - 4, 0);
        for (size_t i = 0; i < 4; i++)
            header[header_size - 4 + i] = (uint8_t)(crc >> (8 * i));
    }
}

static void pack_zstd(struct out *out, const uint8_t *bytes, size_t size, uint64_t repeat, bool strong)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    if (strong)
        ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 28);
    else
        ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    for (uint64_t i = 0; i < repeat; i++) {
        ZSTD_inBuffer in = {bytes, size, 0};
        size_t left;
        do {
            ZSTD_outBuffer to = {room_for(out, 65536), 65536, 0};
            left = ZSTD_compressStream2(c, &to, &in, i + 1 == repeat ? ZSTD_e_end : ZSTD_e_continue);
            if (ZSTD_isError(left))
                abort();
            out->size += to.pos;
        } while (in.pos < in.size || (i + 1 == repeat && left));
    }
    ZSTD_freeCCtx(c);
}

static uint8_t *run(enum image_format format, const uint8_t *bytes, size_t size, uint64_t repeat, bool strong,
                    size_t *ret_size)
{
    struct out out = {0};
    if (format == IMAGE_GZIP)
        pack_gzip(&out, bytes, size, repeat);
    else if (format == IMAGE_XZ)
        pack_xz(&out, bytes, size, repeat, strong);
    else
        pack_zstd(&out, bytes, size, repeat + strong, strong); /* when all comes at once it needs no window */
    *ret_size = out.size;
    return out.bytes;
}

uint8_t *pack(enum image_format format, const uint8_t *bytes, size_t size, bool strong, size_t *ret_size)
{
    return run(format, bytes, size, 1, strong, ret_size);
}

uint8_t *pack_bomb(enum image_format format, uint64_t size, size_t *ret_size)
{
    uint8_t *zeros = calloc(1, ZEROS);
    if (!zeros)
        abort();
    uint8_t *packed = run(format, zeros, ZEROS, size / ZEROS, false, ret_size);
    free(zeros);
    return packed;
}
