/* The page's module: one canvas, room for one body and for the pictures that the browser decoded for it, the cell
 * cache, and update_apply. No C library: what the compiler calls by itself (memcpy and the like) becomes single
 * instructions by -mbulk-memory. Nothing is imported. */
#include "encode/body_check.h"
#include "encode/update_apply.h"
#include "video/csc.h"

#define EXPORT(name) __attribute__((export_name(name)))

#define WASM_PAGE 65536u
#define SIZE_MAX_PIXELS 8192u /* FRAME_MAX_SIZE */
#define SLOTS_SIZE ((size_t)UPDATE_SLOTS * UPDATE_CELL_PIXELS * 4)

extern unsigned char __heap_base;

static struct update_applier applier;
static uint8_t slot_state[UPDATE_SLOTS];
static uint8_t *shown; /* RGBA: the canvas's own pixels, or what a YUV canvas converts to */
static uint8_t *images_start;
static struct update_payload payloads[UPDATE_MAX_PAYLOADS];
static int n_payloads;
static struct update_image images[UPDATE_MAX_PAYLOADS];
static struct update_dirty last_dirty;
static uint32_t hash_words[2];

/* What the page reads of a payload (decoder.js). */
_Static_assert(sizeof(struct update_payload) == 20 && offsetof(struct update_payload, stream) == 4 &&
                   offsetof(struct update_payload, key) == 5 && offsetof(struct update_payload, width) == 6 &&
                   offsetof(struct update_payload, height) == 8 && offsetof(struct update_payload, offset) == 12 &&
                   offsetof(struct update_payload, size) == 16,
               "decoder.js knows where these are");

static uint8_t *aligned(uint8_t *at)
{
    return (uint8_t *)(((uintptr_t)at + 15) & ~(uintptr_t)15);
}

/* In this order: the body, the slots, which outlive canvases, the canvas's lossy flags, its pixels, what they convert
 * to, decoded pictures. So a canvas of another size moves nothing that is to be kept. */
static uint8_t *body_start(void)
{
    return aligned(&__heap_base);
}

static uint8_t *slots_start(void)
{
    return body_start() + UPDATE_BODY_MAX;
}

static bool reach(const uint8_t *end)
{
    size_t have = __builtin_wasm_memory_size(0) * WASM_PAGE;
    return (uintptr_t)end <= have ||
           __builtin_wasm_memory_grow(0, ((uintptr_t)end - have + WASM_PAGE - 1) / WASM_PAGE) != SIZE_MAX;
}

static void forget_images(void)
{
    n_payloads = 0;
    for (int i = 0; i < UPDATE_MAX_PAYLOADS; i++)
        images[i] = (struct update_image){.layout = UPDATE_IMAGE_NONE};
}

static void fill_words(uint8_t *at, size_t size, uint32_t word)
{
    uint32_t *words = (uint32_t *)at;
    for (size_t i = 0; i < size / 4; i++)
        words[i] = word;
}

/* U, Y, V, X to R, G, B, 255, as they lie in memory. The compiler makes it four at a time where the module may have
 * vectors: a third of the time for a whole frame. */
static void show_row(const uint32_t *from, uint32_t *to, int count, const struct csc *c)
{
    const struct csc csc = *c; /* it cannot be changed through `to` */
    for (int i = 0; i < count; i++) {
        uint32_t rgb = csc_to_rgb(&csc, __builtin_bswap32(from[i]) >> 8);
        to[i] = __builtin_bswap32(rgb) >> 8 | UINT32_C(0xFF000000);
    }
}

static void show(int x, int y, int w, int h)
{
    const struct update_canvas *canvas = &applier.canvas;
    if (canvas->colour == COLOUR_RGB)
        return;
    for (int row = y; row < y + h; row++) {
        size_t at = (size_t)row * (size_t)canvas->width + (size_t)x;
        show_row((const uint32_t *)canvas->pixels + at, (uint32_t *)shown + at, w, csc_of(canvas->colour));
    }
}

/* A black canvas; the offset of its pixels as they are to be shown, RGBA, or 0 when there is no memory or the size is
 * none of ours. colour: enum colour of video/csc.h. */
EXPORT("canvas_create") uint8_t *canvas_create(uint32_t width, uint32_t height, uint32_t colour)
{
    struct update_canvas *canvas = &applier.canvas;
    *canvas = (struct update_canvas){.width = 0};
    last_dirty.count = 0;
    forget_images();
    if (width - 1 >= SIZE_MAX_PIXELS || height - 1 >= SIZE_MAX_PIXELS || colour >= COLOUR_COUNT)
        return NULL;
    size_t cells = (size_t)update_cells((int)width) * (size_t)update_cells((int)height);
    size_t size = (size_t)width * height * 4;
    uint8_t *lossy = slots_start() + SLOTS_SIZE, *pixels = aligned(lossy + cells);
    shown = colour == COLOUR_RGB ? pixels : aligned(pixels + size);
    images_start = aligned(shown + size);
    if (!reach(images_start))
        return NULL;
    fill_words(pixels, size, UINT32_C(0xFF000000));
    for (size_t i = 0; i < cells; i++)
        lossy[i] = 0;
    *canvas = (struct update_canvas){
        .pixels = pixels, .width = (int)width, .height = (int)height, .colour = (uint8_t)colour, .lossy = lossy};
    applier.slots = (struct update_slots){.pixels = (uint32_t *)slots_start(), .state = slot_state};
    update_applier_begin(&applier);
    show(0, 0, (int)width, (int)height);
    return shown;
}

/* Where a body of this size is to be put, or 0 when no body is that large. Valid until canvas_create. */
EXPORT("body_room") uint8_t *body_room(uint32_t size)
{
    return size <= UPDATE_BODY_MAX && reach(slots_start()) ? body_start() : NULL;
}

/* The check of the body in the room; -1 when no body is that large. What it says goes before all that is done below. */
EXPORT("body_check") int check_of_body(uint32_t size)
{
    return size <= UPDATE_BODY_MAX && reach(slots_start()) ? body_check(body_start(), size) : -1;
}

/* The body in the room: how many payloads it has (payloads() tells which), or -1: malformed so far, or asking for more
 * pixels than a body may paint. */
EXPORT("scan") int scan(uint32_t size)
{
    const struct update_canvas *canvas = &applier.canvas;
    uint64_t pixels = 0, limit = (uint64_t)update_cells(canvas->width) * (uint64_t)update_cells(canvas->height) *
                                 UPDATE_CELL_PIXELS * UPDATE_MAX_PAINT;
    forget_images();
    int n = canvas->pixels && size <= UPDATE_BODY_MAX ? update_scan(body_start(), size, payloads) : -1;
    for (int i = 0; i < n; i++)
        pixels += (uint64_t)payloads[i].width * payloads[i].height;
    if (n < 0 || pixels > limit)
        return -1;
    return n_payloads = n;
}

EXPORT("payloads") const struct update_payload *payload_list(void)
{
    return payloads;
}

/* Room for the decoded picture of payload `index` of the body that was scanned last, in this enum update_image_layout;
 * to be asked for in rising order. 0: no such payload, or no memory. Valid until the next scan. */
EXPORT("image_room") uint8_t *image_room(uint32_t index, uint32_t layout)
{
    if (index >= (uint32_t)n_payloads || (layout != UPDATE_IMAGE_RGBA && layout != UPDATE_IMAGE_I420))
        return NULL;
    uint8_t *at = images_start;
    for (uint32_t i = 0; i < index; i++)
        at = aligned(at + update_image_size(images[i].layout, payloads[i].width, payloads[i].height));
    size_t size = update_image_size((enum update_image_layout)layout, payloads[index].width, payloads[index].height);
    if (!reach(at + size))
        return NULL;
    images[index] = (struct update_image){.layout = (enum update_image_layout)layout, .pixels = at};
    return at;
}

/* Applies the body in the room: 1, or 0 when it is malformed; the canvas is then not to be trusted. One with payloads
 * has been scanned, and its pictures put into their rooms. */
EXPORT("update") int update(uint32_t size)
{
    last_dirty.count = 0;
    bool good = applier.canvas.pixels && size <= UPDATE_BODY_MAX &&
                update_apply(&applier, body_start(), size, images, &last_dirty);
    forget_images();
    for (uint32_t i = 0; good && i < last_dirty.count; i++)
        show(last_dirty.rects[i].x, last_dirty.rects[i].y, last_dirty.rects[i].w, last_dirty.rects[i].h);
    return good;
}

EXPORT("dirty") const struct update_dirty *dirty(void)
{
    return &last_dirty;
}

/* One byte per cell, rows of (width + 15) / 16: 1 for those whose pixels are inexact. */
EXPORT("lossy_map") const uint8_t *lossy_map(void)
{
    return applier.canvas.lossy;
}

/* Nothing of what was ever on a screen stays in this memory: slots empty, no canvas, every byte zero. */
EXPORT("erase") void erase(void)
{
    size_t end = __builtin_wasm_memory_size(0) * WASM_PAGE;
    canvas_create(0, 0, 0);
    tile_decoder_reset(&applier.tiles);
    for (size_t i = 0; i < UPDATE_SLOTS; i++)
        slot_state[i] = UPDATE_SLOT_EMPTY;
    __builtin_memset(body_start(), 0, end - (uintptr_t)body_start());
}

/* The slots alone. */
EXPORT("slots_erase") void slots_erase(void)
{
    for (size_t i = 0; i < UPDATE_SLOTS; i++)
        slot_state[i] = UPDATE_SLOT_EMPTY;
    if (reach(slots_start() + SLOTS_SIZE))
        __builtin_memset(slots_start(), 0, SLOTS_SIZE);
}

static const uint32_t *words_of(uint64_t value)
{
    hash_words[0] = (uint32_t)value;
    hash_words[1] = (uint32_t)(value >> 32);
    return hash_words;
}

/* FNV-1a, 64 bits, over the first three bytes of all pixels of the canvas; lower word first. For tests. */
EXPORT("canvas_hash") const uint32_t *canvas_hash(void)
{
    const struct update_canvas *canvas = &applier.canvas;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t size = (size_t)canvas->width * (size_t)canvas->height * 4;
    for (size_t i = 0; i < size; i++)
        if (i % 4 != 3)
            hash = (hash ^ canvas->pixels[i]) * UINT64_C(0x100000001b3);
    return words_of(hash);
}

/* csc_digest (video/csc.h), but through the very function that shows a canvas; lower word first. For tests. */
EXPORT("csc_digest") const uint32_t *colour_digest(uint32_t colour)
{
    uint64_t sum = UINT64_C(0xCBF29CE484222325);
    uint32_t from[256], to[256];
    for (uint32_t pixel = 0; pixel < 1u << 24; pixel += 256) {
        for (uint32_t i = 0; i < 256; i++)
            from[i] = __builtin_bswap32((pixel + i) << 8);
        show_row(from, to, 256, csc_of(colour));
        for (uint32_t i = 0; i < 256; i++)
            sum = (sum ^ __builtin_bswap32(to[i]) >> 8) * UINT64_C(0x100000001B3);
    }
    return words_of(sum);
}
