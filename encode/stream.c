#include "encode/stream.h"

#include <errno.h>
#include <string.h>

#include "encode/planes.h"

/* Quantizers that give 41 to 42 dB on camera pictures. */
#define BEST_VP8 20
#define BEST_VP9 32

/* Bytes a changed cell: at more than this it is no use when quality is low nevertheless; at more than that, anyway. */
#define POOR_BYTES 10
#define POOR_QUANTIZER 40
#define POOR_BYTES_ANYWAY 25
#define POOR_FRAMES 4

void stream_init(struct stream *self)
{
    *self = (struct stream){.encoder = NULL};
}

void stream_finish(struct stream *self)
{
    vpx_encoder_destroy(self->encoder);
    free(self->coded);
    free(self->active);
    stream_init(self);
}

void stream_need_key(struct stream *self)
{
    self->need_key = true;
}

bool stream_may_key(const struct stream *self, uint64_t now_us)
{
    return !self->had_key || now_us - self->key_us >= STREAM_KEY_US;
}

static bool goes_on(const struct stream *self, enum update_payload_kind kind, struct cell_rect region)
{
    return self->encoder && !self->need_key && self->kind == kind && memcmp(&self->region, &region, sizeof region) == 0;
}

bool stream_may_encode(const struct stream *self, enum update_payload_kind kind, struct cell_rect region,
                       uint64_t now_us)
{
    return goes_on(self, kind, region) || stream_may_key(self, now_us);
}

static int make_room(struct stream *self, size_t cells)
{
    if (cells <= self->room)
        return 0;
    free(self->coded);
    free(self->active);
    self->coded = malloc(cells * sizeof self->coded[0]);
    self->active = malloc(cells);
    self->room = self->coded && self->active ? cells : 0;
    return self->room ? 0 : -ENOMEM;
}

static int begin(struct stream *self, enum update_payload_kind kind, struct cell_rect region)
{
    if (self->encoder && self->kind == kind && self->region.w == region.w && self->region.h == region.h) {
        self->region = region;
        return 0;
    }
    self->encoder = vpx_encoder_destroy(self->encoder);
    self->kind = kind;
    self->region = region;
    int r = make_room(self, (size_t)region.w * (size_t)region.h);
    return r ? r : vpx_encoder_create(kind, region.w, region.h, &self->encoder);
}

static struct planes planes_at(struct stream *self, int x, int y)
{
    struct planes ret = {0};
    for (int i = 0; i < 3; i++) {
        int side = i ? UPDATE_CELL / 2 : UPDATE_CELL;
        ret.data[i] = vpx_encoder_plane(self->encoder, i, &ret.stride[i]);
        ret.data[i] += (size_t)(y * side) * ret.stride[i] + (size_t)(x * side);
    }
    return ret;
}

/* Takes over what has changed since the last frame, in runs of cells; returns how many. */
static unsigned take_changes(struct stream *self, const struct picture *picture, bool all)
{
    unsigned n = 0;
    for (int y = 0; y < self->region.h; y++) {
        const uint64_t *hash =
            picture->hash + (size_t)(self->region.y + y) * (size_t)picture->cells_x + (size_t)self->region.x;
        uint64_t *coded = self->coded + (size_t)y * (size_t)self->region.w;
        uint8_t *active = self->active + (size_t)y * (size_t)self->region.w;
        for (int x = 0; x < self->region.w; x++) {
            active[x] = all || coded[x] != hash[x];
            coded[x] = hash[x];
            n += active[x];
        }
        for (int x = 0, run; x < self->region.w; x += run + 1) {
            for (run = 0; x + run < self->region.w && active[x + run]; run++)
                ;
            struct planes to = planes_at(self, x, y);
            if (run > 0)
                planes_take_cells(&to, picture->frame, self->region.x + x, self->region.y + y, run);
        }
    }
    return n;
}

bool stream_is_poor(const struct stream *self)
{
    return self->poor >= POOR_FRAMES;
}

static void judge_frame(struct stream *self, size_t size, unsigned cells)
{
    bool poor = size > (size_t)cells * POOR_BYTES_ANYWAY ||
                (size > (size_t)cells * POOR_BYTES && vpx_encoder_quantizer(self->encoder) > POOR_QUANTIZER);
    if (poor && self->poor < POOR_FRAMES)
        self->poor++;
    else if (!poor && self->poor > 0)
        self->poor--;
}

int stream_encode(struct stream *self, enum update_payload_kind kind, struct cell_rect region,
                  const struct picture *picture, uint64_t now_us, uint64_t rate, struct stream_frame *ret)
{
    bool key = !goes_on(self, kind, region);
    int r = key ? begin(self, kind, region) : 0;
    if (r < 0)
        return r;
    unsigned cells = take_changes(self, picture, key);
    struct vpx_ask ask = {.key = key,
                          .now_us = now_us,
                          .rate = (uint32_t)MIN(rate, 50000000u),
                          .best = kind == UPDATE_VP9 ? BEST_VP9 : BEST_VP8,
                          .active = self->active};
    r = vpx_encoder_encode(self->encoder, &ask, &ret->bytes, &ret->size);
    if (r < 0) {
        self->encoder = vpx_encoder_destroy(self->encoder);
        return r;
    }
    if (key)
        self->poor = 0;
    else
        judge_frame(self, ret->size, cells);
    if (key) {
        self->need_key = false;
        self->had_key = true;
        self->key_us = now_us;
    }
    ret->key = key;
    return 0;
}
