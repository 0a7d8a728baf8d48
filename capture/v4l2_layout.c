#include "capture/v4l2_layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/mjpeg.h"
#include "video/csc.h"

#define EXACT "exact RGB"
#define HALF_CHROMA "colour for two pixels"
#define QUARTER_CHROMA "colour for four pixels"

const struct v4l2_kind v4l2_kinds[] = {
    {V4L2_PIX_FMT_XBGR32, FOURCC_BGRX, 1, 1, 8, 0, 0, "XR24", EXACT},
    {V4L2_PIX_FMT_ABGR32, FOURCC_BGRX, 1, 1, 8, 0, 0, "AR24", EXACT},
    {V4L2_PIX_FMT_BGR32, FOURCC_BGRX, 1, 1, 8, 0, 0, "BGR4", EXACT},
    {V4L2_PIX_FMT_BGR24, FOURCC_BGR24, 1, 1, 6, 0, 0, "BGR3", EXACT},
    {V4L2_PIX_FMT_RGB24, FOURCC_RGB24, 1, 1, 6, 0, 0, "RGB3", EXACT},
    {V4L2_PIX_FMT_YUV444M, FOURCC_444P, 3, 3, 2, 2, 0, "YM24", "colour for each pixel"},
    {V4L2_PIX_FMT_YUYV, FOURCC_YUYV, 1, 1, 4, 0, 0, "YUYV", HALF_CHROMA},
    {V4L2_PIX_FMT_UYVY, FOURCC_UYVY, 1, 1, 4, 0, 0, "UYVY", HALF_CHROMA},
    {V4L2_PIX_FMT_NV16, FOURCC_NV16, 2, 1, 2, 2, 0, "NV16", HALF_CHROMA},
    {V4L2_PIX_FMT_NV16M, FOURCC_NV16, 2, 2, 2, 2, 0, "NM16", HALF_CHROMA},
    {V4L2_PIX_FMT_YUV422P, FOURCC_422P, 3, 1, 2, 1, 0, "422P", HALF_CHROMA},
    {V4L2_PIX_FMT_YUV422M, FOURCC_422P, 3, 3, 2, 1, 0, "YM16", HALF_CHROMA},
    {V4L2_PIX_FMT_NV12, FOURCC_NV12, 2, 1, 2, 2, 1, "NV12", QUARTER_CHROMA},
    {V4L2_PIX_FMT_NV12M, FOURCC_NV12, 2, 2, 2, 2, 1, "NM12", QUARTER_CHROMA},
    {V4L2_PIX_FMT_YUV420, FOURCC_YU12, 3, 1, 2, 1, 1, "YU12", QUARTER_CHROMA},
    {V4L2_PIX_FMT_YUV420M, FOURCC_YU12, 3, 3, 2, 1, 1, "YM12", QUARTER_CHROMA},
    {V4L2_PIX_FMT_MJPEG, FOURCC_MJPG, 0, 1, 0, 0, 0, "MJPG", "compressed in the device, not exact"},
    {V4L2_PIX_FMT_JPEG, FOURCC_MJPG, 0, 1, 0, 0, 0, "JPEG", "compressed in the device, not exact"},
};
const unsigned v4l2_n_kinds = ARRAY_SIZE(v4l2_kinds);

const struct v4l2_kind *v4l2_kind_of(uint32_t pixelformat)
{
    for (unsigned i = 0; i < v4l2_n_kinds; i++)
        if (v4l2_kinds[i].pixelformat == pixelformat)
            return &v4l2_kinds[i];
    return NULL;
}

uint8_t v4l2_colour(bool yuv, int height, uint32_t colorspace, uint32_t ycbcr_enc, uint32_t quantization)
{
    if (!yuv)
        return COLOUR_RGB;
    bool known = colorspace != V4L2_COLORSPACE_DEFAULT && colorspace != V4L2_COLORSPACE_RAW;
    uint32_t space = known ? colorspace : height >= 720 ? V4L2_COLORSPACE_REC709 : V4L2_COLORSPACE_SMPTE170M;
    uint32_t matrix = ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT ? V4L2_MAP_YCBCR_ENC_DEFAULT(space) : ycbcr_enc;
    uint32_t range =
        quantization == V4L2_QUANTIZATION_DEFAULT ? V4L2_MAP_QUANTIZATION_DEFAULT(false, space, matrix) : quantization;
    bool full = range == V4L2_QUANTIZATION_FULL_RANGE;
    switch (matrix) {
    case V4L2_YCBCR_ENC_709:
    case V4L2_YCBCR_ENC_XV709:
    case V4L2_YCBCR_ENC_BT2020: /* the nearest of those we have; computers do not send the last three */
    case V4L2_YCBCR_ENC_BT2020_CONST_LUM:
    case V4L2_YCBCR_ENC_SMPTE240M:
        return full ? COLOUR_BT709_FULL : COLOUR_BT709_LIMITED;
    default:
        return full ? COLOUR_BT601_FULL : COLOUR_BT601_LIMITED;
    }
}

/* What single- and multi-planar answers have in common. */
struct answer {
    uint32_t width, height, pixelformat, field, colorspace, ycbcr_enc, quantization;
    unsigned memories;
    uint32_t line[V4L2_MAX_MEMORIES], size[V4L2_MAX_MEMORIES];
};

static struct answer answer_of(const struct v4l2_format *format)
{
    const struct v4l2_pix_format *pix = &format->fmt.pix;
    if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE)
        return (struct answer){pix->width,          pix->height,     pix->pixelformat,  pix->field,
                               pix->colorspace,     pix->ycbcr_enc,  pix->quantization, 1,
                               {pix->bytesperline}, {pix->sizeimage}};
    const struct v4l2_pix_format_mplane *mp = &format->fmt.pix_mp;
    struct answer a = {mp->width,     mp->height,       mp->pixelformat, mp->field, mp->colorspace,
                       mp->ycbcr_enc, mp->quantization, mp->num_planes,  {0},       {0}};
    for (unsigned i = 0; i < V4L2_MAX_MEMORIES; i++) {
        a.line[i] = mp->plane_fmt[i].bytesperline;
        a.size[i] = mp->plane_fmt[i].sizeimage;
    }
    return a;
}

static size_t line_bytes(const struct v4l2_kind *kind, unsigned plane, int width)
{
    if (plane == 0 && kind->group != 4)
        return (size_t)width * (kind->group / 2);
    return (((size_t)width + 1) / 2) * (plane ? kind->chroma : kind->group);
}

static size_t plane_lines(const struct v4l2_kind *kind, unsigned plane, int height)
{
    return plane && kind->halved ? ((size_t)height + 1) / 2 : (size_t)height;
}

/* 0: the driver does not say, lines have no padding. In one memory the lines of all planes are padded alike, those
 * with half the samples by half as much (V4L2, "Planar YUV formats"). */
static size_t stride_of(const struct v4l2_kind *kind, const struct answer *a, unsigned plane, int width)
{
    if (kind->memories > 1 || plane == 0)
        return a->line[plane] ? a->line[plane] : line_bytes(kind, plane, width);
    if (!a->line[0])
        return line_bytes(kind, plane, width);
    return (size_t)a->line[0] * kind->chroma / kind->group;
}

static int say(char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    return -EINVAL;
}

static int place_planes(const struct answer *a, struct v4l2_layout *self, char *why, size_t why_size)
{
    const struct v4l2_kind *kind = self->kind;
    size_t end[V4L2_MAX_MEMORIES] = {0}; /* of the planes so far, padding included */
    for (unsigned p = 0; p < kind->planes; p++) {
        struct v4l2_place *place = &self->planes[p];
        size_t line = line_bytes(kind, p, self->width), lines = plane_lines(kind, p, self->height);
        place->memory = kind->memories > 1 ? p : 0;
        place->offset = end[place->memory];
        place->stride = stride_of(kind, a, p, self->width);
        if (place->stride < line)
            return say(why, why_size, "The driver's lines are shorter than its pictures are wide.");
        end[place->memory] = place->offset + place->stride * lines;
        self->used[place->memory] = place->offset + place->stride * (lines - 1) + line;
    }
    return 0;
}

int v4l2_layout_read(const struct v4l2_format *format, struct v4l2_layout *ret, char *why, size_t why_size)
{
    struct answer a = answer_of(format);
    struct v4l2_layout self = {.kind = v4l2_kind_of(a.pixelformat)};
    if (!self.kind || self.kind->memories != a.memories)
        return say(why, why_size, "The driver chose a pixel format that is not taken.");
    if (a.width < 1 || a.height < 1 || a.width > FRAME_MAX_SIZE || a.height > FRAME_MAX_SIZE) {
        snprintf(why, why_size, "%ux%u pixels: at most %dx%d are taken.", a.width, a.height, FRAME_MAX_SIZE,
                 FRAME_MAX_SIZE);
        return -EINVAL;
    }
    if (a.field != V4L2_FIELD_NONE && a.field != V4L2_FIELD_ANY)
        return say(why, why_size, "Interlaced pictures are not taken: set a progressive mode in the target.");
    self.width = (int)a.width;
    self.height = (int)a.height;
    bool yuv =
        self.kind->fourcc != FOURCC_BGRX && self.kind->fourcc != FOURCC_BGR24 && self.kind->fourcc != FOURCC_RGB24;
    self.colour = v4l2_colour(yuv, self.height, a.colorspace, a.ycbcr_enc, a.quantization);
    self.memories = self.kind->memories;
    self.used[0] = 1; /* MJPEG, which has no planes */
    int r = place_planes(&a, &self, why, why_size);
    for (unsigned m = 0; m < self.memories && r == 0; m++) {
        self.sizes[m] = a.size[m];
        if (self.sizes[m] < self.used[m])
            r = say(why, why_size, "The driver's images are smaller than its pictures.");
    }
    if (r == 0)
        *ret = self;
    return r;
}
