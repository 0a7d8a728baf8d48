#include "media/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "core/attrs.h"

#define ZSTD_WINDOW_LOG 27 /* 128 MiB */

struct unpack_ops {
    int (*init)(struct unpack *self);
    /* One run of the decoder, moving in and out. 0: more of one of them; 1: the end as far as is known; -errno. */
    int (*run)(struct unpack *self, struct unpack_step *step);
    void (*finish)(struct unpack *self);
};

struct unpack {
    const struct unpack_ops *ops;
    unsigned ratio;
    uint64_t taken, given;
    bool begun; /* inside of a member or frame */
    bool padding;
    union {
        z_stream gzip;
        lzma_stream xz;
        ZSTD_DCtx *zstd;
    };
};

static int gzip_init(struct unpack *self)
{
    return inflateInit2(&self->gzip, 15 + 16) == Z_OK ? 0 : -ENOMEM;
}

static void skip_zeros(struct unpack_step *step)
{
    while (step->in_size && !*step->in) {
        step->in++;
        step->in_size--;
    }
}

/* Between members: another one, or zeros up to the end (RFC 1952 is silent; tapes and disks leave them). */
static int gzip_between(struct unpack *self, struct unpack_step *step)
{
    if (step->in_size && !*step->in)
        self->padding = true;
    if (self->padding)
        skip_zeros(step);
    if (!step->in_size)
        return step->last ? 1 : 0;
    if (self->padding)
        return -EBADMSG;
    self->begun = true;
    return inflateReset(&self->gzip) == Z_OK ? 0 : -EBADMSG;
}

static int gzip_run(struct unpack *self, struct unpack_step *step)
{
    z_stream *z = &self->gzip;
    if (!self->begun && self->taken) {
        int r = gzip_between(self, step);
        if (r || !self->begun)
            return r;
    }
    self->begun = true;
    const uInt in = (uInt)MIN(step->in_size, (size_t)1 << 30), out = (uInt)MIN(step->out_size, (size_t)1 << 30);
    z->next_in = (Bytef *)step->in;
    z->avail_in = in;
    z->next_out = step->out;
    z->avail_out = out;
    int r = inflate(z, Z_NO_FLUSH);
    step->in += in - z->avail_in;
    step->in_size -= in - z->avail_in;
    step->out += out - z->avail_out;
    step->out_size -= out - z->avail_out;
    if (r == Z_STREAM_END) {
        self->begun = false;
        return !step->in_size && step->last ? 1 : 0;
    }
    return r == Z_OK || r == Z_BUF_ERROR ? 0 : r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static void gzip_finish(struct unpack *self)
{
    inflateEnd(&self->gzip);
}

static int xz_init(struct unpack *self)
{
    self->xz = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_stream_decoder(&self->xz, UNPACK_MEMORY, LZMA_CONCATENATED) == LZMA_OK ? 0 : -ENOMEM;
}

static int xz_run(struct unpack *self, struct unpack_step *step)
{
    lzma_stream *xz = &self->xz;
    xz->next_in = step->in;
    xz->avail_in = step->in_size;
    xz->next_out = step->out;
    xz->avail_out = step->out_size;
    lzma_ret r = lzma_code(xz, step->last ? LZMA_FINISH : LZMA_RUN);
    step->in = xz->next_in;
    step->in_size = xz->avail_in;
    step->out = xz->next_out;
    step->out_size = xz->avail_out;
    switch (r) {
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* nothing to do with what is there: our caller knows whether that is the end */
        return 0;
    case LZMA_STREAM_END:
        return 1;
    case LZMA_MEMLIMIT_ERROR:
        return -EFBIG;
    case LZMA_MEM_ERROR:
        return -ENOMEM;
    default:
        return -EBADMSG;
    }
}

static void xz_finish(struct unpack *self)
{
    lzma_end(&self->xz);
}

static int zstd_init(struct unpack *self)
{
    self->zstd = ZSTD_createDCtx();
    if (!self->zstd)
        return -ENOMEM;
    return ZSTD_isError(ZSTD_DCtx_setParameter(self->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)) ? -EINVAL : 0;
}

static int zstd_run(struct unpack *self, struct unpack_step *step)
{
    if (!self->begun && !step->in_size)
        return step->last && self->taken ? 1 : 0;
    ZSTD_inBuffer in = {.src = step->in, .size = step->in_size};
    ZSTD_outBuffer out = {.dst = step->out, .size = step->out_size};
    const size_t r = ZSTD_decompressStream(self->zstd, &out, &in);
    step->in += in.pos;
    step->in_size -= in.pos;
    step->out += out.pos;
    step->out_size -= out.pos;
    if (ZSTD_isError(r)) {
        const ZSTD_ErrorCode code = ZSTD_getErrorCode(r);
        return code == ZSTD_error_frameParameter_windowTooLarge ? -EFBIG
               : code == ZSTD_error_memory_allocation           ? -ENOMEM
                                                                : -EBADMSG;
    }
    self->begun = r != 0;
    return r == 0 && !step->in_size && step->last ? 1 : 0;
}

static void zstd_finish(struct unpack *self)
{
    ZSTD_freeDCtx(self->zstd);
}

static const struct unpack_ops gzip_ops = {gzip_init, gzip_run, gzip_finish};
static const struct unpack_ops xz_ops = {xz_init, xz_run, xz_finish};
static const struct unpack_ops zstd_ops = {zstd_init, zstd_run, zstd_finish};

enum image_format unpack_format(const uint8_t *bytes, size_t size)
{
    static const struct {
        enum image_format format;
        size_t size;
        uint8_t magic[6];
    } known[] = {{IMAGE_GZIP, 3, {0x1f, 0x8b, 8}},
                 {IMAGE_XZ, 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
                 {IMAGE_ZSTD, 4, {0x28, 0xb5, 0x2f, 0xfd}}};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (size >= known[i].size && !memcmp(bytes, known[i].magic, known[i].size))
            return known[i].format;
    return IMAGE_UNKNOWN;
}

int unpack_create(enum image_format format, unsigned ratio, struct unpack **ret)
{
    const struct unpack_ops *ops = format == IMAGE_GZIP   ? &gzip_ops
                                   : format == IMAGE_XZ   ? &xz_ops
                                   : format == IMAGE_ZSTD ? &zstd_ops
                                                          : NULL;
    if (!ops)
        return -EINVAL;
    struct unpack *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->ops = ops;
    self->ratio = ratio;
    int r = ops->init(self);
    if (r < 0) {
        unpack_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct unpack *unpack_destroy(struct unpack *self)
{
    if (self)
        self->ops->finish(self);
    free(self);
    return NULL;
}

static bool grows_too_much(const struct unpack *self)
{
    uint64_t most;
    if (self->given <= UNPACK_GRACE || mul_overflows(self->taken, (uint64_t)self->ratio, &most))
        return false;
    return self->given > most;
}

int unpack_run(struct unpack *self, struct unpack_step *step)
{
    for (;;) {
        const size_t in = step->in_size, out = step->out_size;
        int r = self->ops->run(self, step);
        self->taken += in - step->in_size;
        self->given += out - step->out_size;
        if (r == 0 && grows_too_much(self))
            return -E2BIG;
        if (r == 1 && step->in_size)
            return -EBADMSG;
        if (r || !step->out_size)
            return r;
        if (in == step->in_size && out == step->out_size) {
            /* it can do nothing more with what is there */
            if (step->last)
                return -EBADMSG;
            return step->in_size ? -EBADMSG : 0;
        }
        if (!step->in_size && !step->last)
            return 0;
    }
}
