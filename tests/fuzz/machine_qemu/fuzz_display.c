/* What a display may send: pictures and pieces with any numbers, published and held in any order. */
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "machines/qemu/canvas.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HELD 4

/* A small number mostly, any number sometimes. */
static uint32_t number(struct wire_reader *r)
{
    uint8_t kind = wire_read_u8(r);
    return kind < 200 ? kind : kind < 240 ? wire_read_le16(r) : wire_read_le32(r);
}

/* An allocation of exactly this size, so that a sanitizer sees a read past its end. */
static uint8_t *pixels(struct wire_reader *r, size_t *ret_size)
{
    uint32_t wanted = number(r);
    size_t size = MIN(wanted, 1u << 20);
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes)
        abort();
    memset(bytes, wire_read_u8(r), size);
    *ret_size = size;
    return bytes;
}

static void check(const struct frame *frame)
{
    for (unsigned i = 0; i < frame->hints.count; i++) {
        struct rect r = frame->hints.rects[i];
        if (r.x < 0 || r.y < 0 || r.w <= 0 || r.h <= 0 || r.x + r.w > frame->width || r.y + r.h > frame->height)
            abort();
    }
    /* the last pixel is there */
    volatile uint8_t last =
        frame->planes[0].data[(size_t)(frame->height - 1) * frame->planes[0].stride + (size_t)frame->width * 4 - 1];
    (void)last;
}

static void draw(struct canvas *canvas, struct wire_reader *r, bool whole)
{
    size_t size;
    uint32_t n[6];
    for (int i = 0; i < 6; i++)
        n[i] = number(r);
    uint32_t format = wire_read_u8(r) % 8 ? CANVAS_X8R8G8B8 : n[5];
    uint32_t stride = wire_read_u8(r) % 4 ? n[whole ? 0 : 2] * 4 : n[4];
    uint8_t *bytes = pixels(r, &size);
    if (whole)
        canvas_scanout(canvas, n[0], n[1], stride, format, bytes, size);
    else
        canvas_update(canvas, (int32_t)n[0], (int32_t)n[1], (int32_t)n[2], (int32_t)n[3], stride, format, bytes, size);
    free(bytes);
}

static void settle(struct canvas *canvas, struct wire_reader *r, struct frame **held)
{
    struct frame *frame;
    uint8_t slot = wire_read_u8(r) % HELD;
    switch (canvas_next(canvas, wire_read_u8(r) * 1000u)) {
    case SETTLE_ASK_SIZE:
        settle_size(&canvas->settle, canvas->settle.serial - wire_read_u8(r) % 2, (int)number(r), (int)number(r));
        return;
    case SETTLE_PING:
        settle_pong(&canvas->settle, canvas->settle.serial);
        return;
    case SETTLE_PUBLISH:
        if (surface_pool_publish(canvas->pool, wire_read_u8(r) % 2, 0, &frame) != 0)
            return;
        settle_published(&canvas->settle);
        check(frame);
        frame_unref(held[slot]);
        held[slot] = frame;
        return;
    case SETTLE_REGISTER:
        settle_reset(&canvas->settle);
        return;
    case SETTLE_WAIT:
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader r = wire_reader_init(data, size);
    struct canvas canvas = {0};
    struct frame *held[HELD] = {0};
    if (surface_pool_create(3, NULL, NULL, &canvas.pool) < 0)
        return 0;
    while (!r.bad && r.left) {
        uint8_t op = wire_read_u8(&r) % 8;
        if (op < 2)
            draw(&canvas, &r, true);
        else if (op < 5)
            draw(&canvas, &r, false);
        else
            settle(&canvas, &r, held);
    }
    surface_pool_destroy(canvas.pool);
    for (int i = 0; i < HELD; i++)
        frame_unref(held[i]);
    return 0;
}
