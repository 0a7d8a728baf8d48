#include "machines/qemu/canvas.h"

#include <errno.h>

int canvas_check(int64_t x, int64_t y, int64_t w, int64_t h, uint32_t stride, uint32_t format, size_t size)
{
    if (x < 0 || y < 0 || w <= 0 || h <= 0)
        return -EPROTO;
    if (x > FRAME_MAX_SIZE || y > FRAME_MAX_SIZE || w > FRAME_MAX_SIZE - x || h > FRAME_MAX_SIZE - y)
        return -ERANGE;
    if (format != CANVAS_X8R8G8B8 && format != CANVAS_A8R8G8B8)
        return -ENOTSUP;
    if (stride < (uint64_t)w * 4 || size < (uint64_t)stride * (uint64_t)(h - 1) + (uint64_t)w * 4)
        return -EPROTO;
    return 0;
}

int canvas_scanout(struct canvas *self, uint32_t width, uint32_t height, uint32_t stride, uint32_t format,
                   const uint8_t *bytes, size_t size)
{
    int r = canvas_check(0, 0, width, height, stride, format, size);
    if (r < 0)
        return r;
    struct rect whole = {0, 0, (int32_t)width, (int32_t)height};
    if (whole.w != surface_pool_width(self->pool) || whole.h != surface_pool_height(self->pool))
        r = surface_pool_resize(self->pool, whole.w, whole.h);
    if (r < 0)
        return r;
    surface_pool_put(self->pool, whole, bytes, stride);
    settle_scanout(&self->settle);
    return 0;
}

int canvas_update(struct canvas *self, int32_t x, int32_t y, int32_t w, int32_t h, uint32_t stride, uint32_t format,
                  const uint8_t *bytes, size_t size)
{
    int r = canvas_check(x, y, w, h, stride, format, size);
    if (r < 0)
        return r;
    bool fits = x + w <= surface_pool_width(self->pool) && y + h <= surface_pool_height(self->pool);
    if (fits)
        surface_pool_put(self->pool, (struct rect){x, y, w, h}, bytes, stride);
    /* A piece that changes nothing (a text cursor's cell at each tick) needs no barrier, unless it may be the first
     * strip of another text mode. */
    bool may_begin_mode = x == 0 && y == 0 && w >= 256;
    if (!fits || may_begin_mode || surface_pool_is_damaged(self->pool))
        settle_update(&self->settle, fits);
    return 0;
}

enum settle_action canvas_next(struct canvas *self, uint64_t now_us)
{
    return settle_next(&self->settle, surface_pool_width(self->pool), surface_pool_height(self->pool), now_us);
}
