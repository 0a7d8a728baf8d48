#include "bench/yuv.h"

#include <libyuv.h>

void yuv_from_bgrx(const uint8_t *pixels, size_t stride, int width, int height, const struct yuv *to)
{
    ARGBToI420(pixels, (int)stride, to->data[0], to->stride[0], to->data[1], to->stride[1], to->data[2], to->stride[2],
               width, height);
}

void yuv_to_bgrx(const struct yuv *from, int width, int height, uint8_t *pixels)
{
    I420ToARGBMatrixFilter(from->data[0], from->stride[0], from->data[1], from->stride[1], from->data[2],
                           from->stride[2], pixels, width * 4, &kYuvI601Constants, width, height, kFilterBilinear);
}

size_t yuv_lay_out(uint8_t *bytes, int width, int height, struct yuv *ret)
{
    size_t luma = (size_t)width * (size_t)height;
    int half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    size_t chroma = (size_t)half_width * (size_t)half_height;
    *ret =
        (struct yuv){.data = {bytes, bytes + luma, bytes + luma + chroma}, .stride = {width, half_width, half_width}};
    return luma + 2 * chroma;
}
