#include "encode/png.h"

#include <errno.h>
#include <png.h>
#include <string.h>

struct output {
    uint8_t *bytes;
    size_t size, capacity;
};

static void output_write(png_structp png, png_bytep data, size_t size)
{
    struct output *out = png_get_io_ptr(png);
    if (size > out->capacity - out->size) {
        size_t capacity = MAX(out->capacity * 2, out->size + size);
        uint8_t *bytes = realloc(out->bytes, capacity);
        if (!bytes)
            png_error(png, "no memory"); /* jumps */
        out->bytes = bytes;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->size, data, size);
    out->size += size;
}

static void output_flush(png_structp png)
{
    (void)png;
}

static void be_silent(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void jump_back(png_structp png, png_const_charp text)
{
    (void)text;
    png_longjmp(png, 1);
}

/* libpng reports errors by longjmp: nothing that changes after setjmp may live in this function's own variables. */
static int write_png(png_structp png, png_infop info, const struct frame *frame, struct output *out)
{
    if (setjmp(png_jmpbuf(png)))
        return -ENOMEM;
    png_set_write_fn(png, out, output_write, output_flush);
    png_set_IHDR(png, info, (png_uint_32)frame->width, (png_uint_32)frame->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 3);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE | PNG_FILTER_SUB | PNG_FILTER_UP);
    png_write_info(png, info);
    png_set_bgr(png);
    png_set_filler(png, 0, PNG_FILLER_AFTER); /* the X byte is there and is not written */
    for (int y = 0; y < frame->height; y++)
        png_write_row(png, (png_bytep)(uintptr_t)(frame->planes[0].data + (size_t)y * frame->planes[0].stride));
    png_write_end(png, info);
    return 0;
}

int png_encode(const struct frame *frame, uint8_t **ret, size_t *ret_size)
{
    if (frame->fourcc != FOURCC_BGRX)
        return -EINVAL;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, jump_back, be_silent);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    struct output out = {.size = 0};
    int r = info ? write_png(png, info, frame, &out) : -ENOMEM;
    png_destroy_write_struct(&png, &info);
    if (r < 0) {
        free(out.bytes);
        return r;
    }
    *ret = out.bytes;
    *ret_size = out.size;
    return 0;
}
