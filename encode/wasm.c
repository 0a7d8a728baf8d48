/* The page's module: one canvas, room for one body, its cell cache, and update_apply. No C library: what the compiler
 * calls by itself (memcpy and the like) becomes single instructions by -mbulk-memory. Nothing is imported. */
#include "encode/update_apply.h"
#include "video/csc.h"

#define EXPORT(name) __attribute__((export_name(name)))

#define WASM_PAGE 65536u
#define SIZE_MAX_PIXELS 8192u /* FRAME_MAX_SIZE */

extern unsigned char __heap_base;

static struct update_applier applier;
static uint8_t slot_state[UPDATE_SLOTS];
static struct update_dirty last_dirty;
static uint32_t hash_words[2];

/* The body has its place first, the canvas behind it, so that a canvas of another size moves nothing else. */
static uint8_t *body_start(void)
{
    return (uint8_t *)(((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15);
}

static bool reach(uintptr_t end)
{
    size_t have = __builtin_wasm_memory_size(0) * WASM_PAGE;
    return end <= have || __builtin_wasm_memory_grow(0, (end - have + WASM_PAGE - 1) / WASM_PAGE) != SIZE_MAX;
}

#define SLOTS_SIZE ((size_t)UPDATE_SLOTS * UPDATE_CELL_PIXELS * 4)

/* Behind the body the slots, which outlive canvases, then the canvas: its lossy flags and its pixels. */
static uint8_t *slots_start(void)
{
    return body_start() + UPDATE_BODY_MAX;
}

/* A black canvas; the offset of its RGBA pixels, or 0 when there is no memory or the size is none of ours. colour: enum
 * colour of video/csc.h. */
EXPORT("canvas_create") uint8_t *canvas_create(uint32_t width, uint32_t height, uint32_t colour)
{
    struct update_canvas *canvas = &applier.canvas;
    *canvas = (struct update_canvas){.width = 0};
    last_dirty.count = 0;
    if (width - 1 >= SIZE_MAX_PIXELS || height - 1 >= SIZE_MAX_PIXELS || colour >= COLOUR_COUNT)
        return NULL;
    size_t cells = (size_t)update_cells((int)width) * (size_t)update_cells((int)height);
    uint8_t *lossy = slots_start() + SLOTS_SIZE, *pixels = lossy + ((cells + 15) & ~(size_t)15);
    size_t size = (size_t)width * height * 4;
    if (!reach((uintptr_t)pixels + size))
        return NULL;
    for (size_t i = 0; i < size; i += 4) {
        pixels[i] = pixels[i + 1] = pixels[i + 2] = 0;
        pixels[i + 3] = 255;
    }
    for (size_t i = 0; i < cells; i++)
        lossy[i] = 0;
    *canvas = (struct update_canvas){
        .pixels = pixels, .width = (int)width, .height = (int)height, .colour = (uint8_t)colour, .lossy = lossy};
    applier.slots = (struct update_slots){.pixels = (uint32_t *)slots_start(), .state = slot_state};
    update_applier_begin(&applier);
    return pixels;
}

/* Where a body of this size is to be put, or 0 when no body is that large. Valid until canvas_create. */
EXPORT("body_room") uint8_t *body_room(uint32_t size)
{
    return size <= UPDATE_BODY_MAX && reach((uintptr_t)body_start() + UPDATE_BODY_MAX) ? body_start() : NULL;
}

/* Applies the body in the room: 1, or 0 when it is malformed; the canvas is then not to be trusted. */
EXPORT("update") int update(uint32_t size)
{
    static const struct update_image images[UPDATE_MAX_PAYLOADS];
    last_dirty.count = 0;
    return applier.canvas.pixels && size <= UPDATE_BODY_MAX &&
           update_apply(&applier, body_start(), size, images, &last_dirty);
}

EXPORT("dirty") const struct update_dirty *dirty(void)
{
    return &last_dirty;
}

/* FNV-1a, 64 bits, over R, G, B of all pixels; lower word first. For tests. */
EXPORT("canvas_hash") const uint32_t *canvas_hash(void)
{
    const struct update_canvas *canvas = &applier.canvas;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t size = (size_t)canvas->width * (size_t)canvas->height * 4;
    for (size_t i = 0; i < size; i++)
        if (i % 4 != 3)
            hash = (hash ^ canvas->pixels[i]) * UINT64_C(0x100000001b3);
    hash_words[0] = (uint32_t)hash;
    hash_words[1] = (uint32_t)(hash >> 32);
    return hash_words;
}
