#include "replica/replica.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/body_check.h"
#include "encode/jpeg.h"
#include "encode/vpx.h"

/* One of the page's video decoders. */
struct stream {
    struct vpx_decoder *decoder; /* NULL: waits for a key frame */
    enum update_payload_kind kind;
};

struct replica {
    struct update_applier applier;
    struct update_dirty dirty;
    struct jpeg_reader *jpeg;
    struct stream streams[UPDATE_STREAMS];
    uint8_t *images[UPDATE_MAX_PAYLOADS]; /* decoded payloads */
    size_t image_room[UPDATE_MAX_PAYLOADS];
    uint8_t body[UPDATE_BODY_MAX];
};

int replica_create(struct replica **ret)
{
    struct replica *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->applier.slots.pixels = malloc((size_t)UPDATE_SLOTS * UPDATE_CELL_PIXELS * 4);
    self->applier.slots.state = calloc(UPDATE_SLOTS, 1);
    if (!self->applier.slots.pixels || !self->applier.slots.state || jpeg_reader_create(&self->jpeg) < 0) {
        replica_destroy(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

static void forget_streams(struct replica *self)
{
    for (int i = 0; i < UPDATE_STREAMS; i++)
        self->streams[i].decoder = vpx_decoder_destroy(self->streams[i].decoder);
}

struct replica *replica_destroy(struct replica *self)
{
    if (self) {
        forget_streams(self);
        jpeg_reader_destroy(self->jpeg);
        for (int i = 0; i < UPDATE_MAX_PAYLOADS; i++)
            free(self->images[i]);
        free(self->applier.slots.pixels);
        free(self->applier.slots.state);
        free(self->applier.canvas.pixels);
        free(self->applier.canvas.lossy);
        free(self);
    }
    return NULL;
}

int replica_mode(struct replica *self, int width, int height, uint8_t colour)
{
    struct update_canvas *canvas = &self->applier.canvas;
    free(canvas->pixels);
    free(canvas->lossy);
    *canvas = (struct update_canvas){.width = width, .height = height, .colour = colour};
    canvas->pixels = calloc((size_t)width * (size_t)height, 4);
    canvas->lossy = calloc((size_t)update_cells(width) * (size_t)update_cells(height), 1);
    if (!canvas->pixels || !canvas->lossy)
        return -ENOMEM;
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        canvas->pixels[4 * i + 3] = 255;
    update_applier_begin(&self->applier);
    forget_streams(self);
    return 0;
}

/* No picture is larger than what a body may paint. */
static uint8_t *image_room(struct replica *self, int at, const struct update_payload *payload, size_t size)
{
    const struct update_canvas *canvas = &self->applier.canvas;
    size_t cells = (size_t)update_cells(canvas->width) * (size_t)update_cells(canvas->height);
    if ((size_t)payload->width * payload->height > cells * UPDATE_CELL_PIXELS * UPDATE_MAX_PAINT)
        return NULL;
    if (size > self->image_room[at]) {
        free(self->images[at]);
        self->images[at] = malloc(size);
        self->image_room[at] = self->images[at] ? size : 0;
    }
    return self->images[at];
}

static bool decode_video(struct replica *self, const struct update_payload *payload, const uint8_t *bytes, uint8_t *to)
{
    struct stream *stream = &self->streams[payload->stream];
    if (payload->key && (!stream->decoder || stream->kind != payload->kind)) {
        stream->decoder = vpx_decoder_destroy(stream->decoder);
        stream->kind = payload->kind;
        if (vpx_decoder_create(payload->kind, &stream->decoder) < 0)
            return false;
    }
    return stream->decoder && stream->kind == payload->kind &&
           vpx_decoder_decode(stream->decoder, bytes, payload->size, payload->width, payload->height, to);
}

static bool decode(struct replica *self, int at, const struct update_payload *payload, const uint8_t *body,
                   struct update_image *ret)
{
    enum update_image_layout layout = payload->kind == UPDATE_JPEG ? UPDATE_IMAGE_RGBA : UPDATE_IMAGE_I420;
    uint8_t *to = image_room(self, at, payload, update_image_size(layout, payload->width, payload->height));
    const uint8_t *bytes = body + payload->offset;
    bool good = to && (payload->kind == UPDATE_JPEG
                           ? jpeg_reader_decode(self->jpeg, bytes, payload->size, payload->width, payload->height, to)
                           : decode_video(self, payload, bytes, to));
    *ret = (struct update_image){good ? layout : UPDATE_IMAGE_NONE, to};
    return good;
}

bool replica_apply(struct replica *self, const uint8_t *body, size_t size)
{
    struct update_payload payloads[UPDATE_MAX_PAYLOADS];
    struct update_image images[UPDATE_MAX_PAYLOADS] = {{UPDATE_IMAGE_NONE, NULL}};
    int n = update_scan(body, size, payloads);
    for (int i = 0; i < n; i++)
        if (!decode(self, i, &payloads[i], body, &images[i]))
            return false;
    return n >= 0 && update_apply(&self->applier, body, size, images, &self->dirty);
}

static size_t join(struct replica *self, struct packet *const *pieces, unsigned n_pieces)
{
    size_t size = 0;
    for (unsigned i = 0; i < n_pieces; i++) {
        if (size + pieces[i]->size <= sizeof self->body)
            memcpy(self->body + size, pieces[i]->data, pieces[i]->size);
        size += pieces[i]->size;
    }
    return size;
}

bool replica_check_packets(struct replica *self, struct packet *const *pieces, unsigned n_pieces, uint16_t check)
{
    size_t size = join(self, pieces, n_pieces);
    return size <= sizeof self->body && body_check(self->body, size) == check;
}

bool replica_apply_packets(struct replica *self, struct packet *const *pieces, unsigned n_pieces)
{
    size_t size = join(self, pieces, n_pieces);
    for (unsigned i = 0; i < n_pieces; i++)
        packet_unref(pieces[i]);
    return size <= sizeof self->body && replica_apply(self, self->body, size);
}

const struct update_canvas *replica_canvas(const struct replica *self)
{
    return &self->applier.canvas;
}

const struct update_dirty *replica_dirty(const struct replica *self)
{
    return &self->dirty;
}
