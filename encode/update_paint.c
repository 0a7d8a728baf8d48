#include "encode/update_paint.h"

#include "video/csc.h"

#define CELLS_MAX 512 /* in a row of a canvas: 8192 pixels */

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

struct update_area update_area(const struct update_canvas *canvas, int cx, int cy, int cw, int ch)
{
    struct update_area area = {.cx = cx, .cy = cy, .cw = cw, .ch = ch, .x = cx * UPDATE_CELL, .y = cy * UPDATE_CELL};
    area.w = min_int(cw * UPDATE_CELL, canvas->width - area.x);
    area.h = min_int(ch * UPDATE_CELL, canvas->height - area.y);
    return area;
}

static uint8_t *pixel_at(const struct update_canvas *canvas, int x, int y)
{
    return canvas->pixels + 4 * ((size_t)y * (size_t)canvas->width + (size_t)x);
}

static uint8_t *lossy_at(const struct update_canvas *canvas, int cx, int cy)
{
    return canvas->lossy + (size_t)cy * (size_t)update_cells(canvas->width) + (size_t)cx;
}

void update_paint_mark(const struct update_canvas *canvas, const struct update_area *area, bool lossy)
{
    for (int cy = area->cy; cy < area->cy + area->ch; cy++)
        for (int cx = area->cx; cx < area->cx + area->cw; cx++)
            *lossy_at(canvas, cx, cy) = lossy;
}

static void put(uint8_t *to, unsigned r, unsigned g, unsigned b)
{
    to[0] = (uint8_t)r;
    to[1] = (uint8_t)g;
    to[2] = (uint8_t)b;
    to[3] = 255;
}

void update_paint_solid(const struct update_canvas *canvas, const struct update_area *area, const uint8_t *rgb)
{
    for (int y = area->y; y < area->y + area->h; y++) {
        uint8_t *to = pixel_at(canvas, area->x, y);
        for (int x = 0; x < area->w; x++, to += 4)
            put(to, rgb[0], rgb[1], rgb[2]);
    }
    update_paint_mark(canvas, area, false);
}

static bool any_lossy(const struct update_canvas *canvas, int x, int y, int w, int h)
{
    for (int cy = y / UPDATE_CELL; cy <= (y + h - 1) / UPDATE_CELL; cy++)
        for (int cx = x / UPDATE_CELL; cx <= (x + w - 1) / UPDATE_CELL; cx++)
            if (*lossy_at(canvas, cx, cy))
                return true;
    return false;
}

/* Row by row in the direction of the movement: then only a row itself could be read after it was written. */
static void copy_lossy(const struct update_canvas *canvas, const struct update_area *area, int dx, int dy)
{
    uint8_t row[CELLS_MAX];
    for (int i = 0; i < area->ch; i++) {
        int cy = area->cy + (dy < 0 ? area->ch - 1 - i : i);
        int y = cy * UPDATE_CELL, h = min_int(UPDATE_CELL, canvas->height - y);
        for (int k = 0; k < area->cw; k++) {
            int x = (area->cx + k) * UPDATE_CELL, w = min_int(UPDATE_CELL, canvas->width - x);
            row[k] = any_lossy(canvas, x + dx, y + dy, w, h);
        }
        __builtin_memcpy(lossy_at(canvas, area->cx, cy), row, (size_t)area->cw);
    }
}

void update_paint_copy(const struct update_canvas *canvas, const struct update_area *area, int dx, int dy)
{
    bool upwards = dy < 0; /* the source lies above: begin with the lowest line */
    for (int i = 0; i < area->h; i++) {
        int y = area->y + (upwards ? area->h - 1 - i : i);
        __builtin_memmove(pixel_at(canvas, area->x, y), pixel_at(canvas, area->x + dx, y + dy), 4 * (size_t)area->w);
    }
    copy_lossy(canvas, area, dx, dy);
}

void update_paint_fill(const struct update_canvas *canvas, const struct update_slots *slots, int cx, int cy,
                       unsigned slot)
{
    uint32_t *to = slots->pixels + (size_t)slot * UPDATE_CELL_PIXELS;
    for (int y = 0; y < UPDATE_CELL; y++, to += UPDATE_CELL)
        __builtin_memcpy(to, pixel_at(canvas, cx * UPDATE_CELL, cy * UPDATE_CELL + y), 4 * UPDATE_CELL);
    slots->state[slot] = *lossy_at(canvas, cx, cy) ? UPDATE_SLOT_LOSSY : UPDATE_SLOT_EXACT;
}

void update_paint_show(const struct update_canvas *canvas, const struct update_slots *slots, int cx, int cy,
                       unsigned slot)
{
    const uint32_t *from = slots->pixels + (size_t)slot * UPDATE_CELL_PIXELS;
    for (int y = 0; y < UPDATE_CELL; y++, from += UPDATE_CELL)
        __builtin_memcpy(pixel_at(canvas, cx * UPDATE_CELL, cy * UPDATE_CELL + y), from, 4 * UPDATE_CELL);
    *lossy_at(canvas, cx, cy) = slots->state[slot] == UPDATE_SLOT_LOSSY;
}

static void put_rgb(uint8_t *to, uint8_t colour, uint32_t rgb)
{
    if (colour != COLOUR_RGB)
        rgb = csc_from_rgb(csc_of(colour), rgb);
    put(to, rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255);
}

void update_paint_image(const struct update_canvas *canvas, const struct update_image *image, int width, int height,
                        int cx, int cy, int ix, int iy)
{
    struct update_area area = update_area(canvas, cx, cy, 1, 1);
    const uint8_t *luma = image->pixels, *u = luma + (size_t)width * (size_t)height;
    const uint8_t *v = u + (size_t)(width / 2) * (size_t)(height / 2);
    for (int y = 0; y < area.h; y++) {
        uint8_t *to = pixel_at(canvas, area.x, area.y + y);
        for (int x = 0; x < area.w; x++, to += 4) {
            size_t at = (size_t)(iy + y) * (size_t)width + (size_t)(ix + x);
            size_t chroma = (size_t)((iy + y) / 2) * (size_t)(width / 2) + (size_t)((ix + x) / 2);
            if (image->layout == UPDATE_IMAGE_RGBA) {
                const uint8_t *p = image->pixels + 4 * at;
                put_rgb(to, canvas->colour, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
            } else if (canvas->colour != COLOUR_RGB) {
                put(to, u[chroma], luma[at], v[chroma]);
            } else {
                put_rgb(to, COLOUR_RGB,
                        csc_to_rgb(csc_of(COLOUR_BT601_FULL),
                                   (uint32_t)u[chroma] << 16 | (uint32_t)luma[at] << 8 | v[chroma]));
            }
        }
    }
    update_paint_mark(canvas, &area, true);
}
