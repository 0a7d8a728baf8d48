#include "capture/v4l2_choice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/mjpeg.h"

#define MAX_FORMATS 256
#define MAX_SIZES 256
#define MAX_RATES 64
#define MAX_CANDIDATES 32

/* Sticks offer sizes above what their input takes, blown up; and large raw pictures at rates that are of no use. */
#define LARGEST_AREA (1920u * 1200u)
#define SMOOTH_FPS 24.0
#define MOST_FPS 1000.0 /* more is no rate of pictures: not known then */

struct candidate {
    unsigned kind; /* number in v4l2_kinds */
    unsigned width, height;
    double fps; /* 0: not known */
};

struct candidates {
    struct candidate list[MAX_CANDIDATES];
    unsigned n;
};

static double rate_of(struct v4l2_fract interval)
{
    double rate = interval.numerator ? (double)interval.denominator / interval.numerator : 0;
    return rate <= MOST_FPS ? rate : 0;
}

/* The highest; 0: not known. */
static double best_rate(const struct v4l2_node *node, uint32_t pixelformat, unsigned width, unsigned height)
{
    double best = 0;
    for (unsigned i = 0; i < MAX_RATES; i++) {
        struct v4l2_frmivalenum e = {.index = i, .pixel_format = pixelformat, .width = width, .height = height};
        if (v4l2_call(node, VIDIOC_ENUM_FRAMEINTERVALS, &e) < 0)
            break;
        double rate = rate_of(e.type == V4L2_FRMIVAL_TYPE_DISCRETE ? e.discrete : e.stepwise.min);
        best = MAX(best, rate);
        if (e.type != V4L2_FRMIVAL_TYPE_DISCRETE)
            break;
    }
    return best;
}

static bool is_smooth(const struct candidate *c)
{
    return c->fps == 0 || c->fps >= SMOOTH_FPS;
}

/* A larger picture that is smooth; among those that are not, the faster. */
static bool is_better_size(const struct candidate *a, const struct candidate *b)
{
    if (is_smooth(a) != is_smooth(b))
        return is_smooth(a);
    if (!is_smooth(a))
        return a->fps > b->fps;
    return (uint64_t)a->width * a->height > (uint64_t)b->width * b->height;
}

static bool fits(unsigned width, unsigned height)
{
    return width && height && width <= FRAME_MAX_SIZE && height <= FRAME_MAX_SIZE &&
           (uint64_t)width * height <= LARGEST_AREA;
}

/* Sets size and rate. Without an answer the size stays 0: the driver's. */
static void find_size(const struct v4l2_node *node, struct candidate *c)
{
    uint32_t pixelformat = v4l2_kinds[c->kind].pixelformat;
    for (unsigned i = 0; i < MAX_SIZES; i++) {
        struct v4l2_frmsizeenum e = {.index = i, .pixel_format = pixelformat};
        if (v4l2_call(node, VIDIOC_ENUM_FRAMESIZES, &e) < 0)
            return;
        struct candidate other = {.kind = c->kind, .width = e.discrete.width, .height = e.discrete.height};
        if (e.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
            other.width = MIN(e.stepwise.max_width, 1920);
            other.height = MIN(e.stepwise.max_height, 1080);
        }
        if (!fits(other.width, other.height))
            continue;
        other.fps = best_rate(node, pixelformat, other.width, other.height);
        if (!c->width || is_better_size(&other, c))
            *c = other;
        if (e.type != V4L2_FRMSIZE_TYPE_DISCRETE)
            return;
    }
}

static void tell_offer(struct v4l2_choice *self, const char *name)
{
    size_t at = strlen(self->offered);
    snprintf(self->offered + at, sizeof self->offered - at, "%s%s", at ? " " : "", name);
}

static int number_of(uint32_t pixelformat)
{
    const struct v4l2_kind *kind = v4l2_kind_of(pixelformat);
    return kind ? (int)(kind - v4l2_kinds) : -1;
}

static int list_offers(const struct v4l2_node *node, unsigned width, unsigned height, struct v4l2_choice *choice,
                       struct candidates *ret)
{
    unsigned others = 0;
    for (unsigned i = 0; i < MAX_FORMATS; i++) {
        struct v4l2_fmtdesc e = {.index = i, .type = node->type, .mbus_code = node->by_bus ? node->bus_code : 0};
        int r = v4l2_call(node, VIDIOC_ENUM_FMT, &e);
        if (r == -ENODEV)
            return r;
        if (r < 0)
            break;
        int kind = e.flags & V4L2_FMT_FLAG_EMULATED ? -1 : number_of(e.pixelformat);
        if (kind < 0 || ret->n == MAX_CANDIDATES) {
            others++;
            continue;
        }
        tell_offer(choice, v4l2_kinds[kind].name);
        struct candidate c = {.kind = (unsigned)kind, .width = width, .height = height};
        if (!width)
            find_size(node, &c);
        ret->list[ret->n++] = c;
    }
    if (others) {
        char rest[40];
        snprintf(rest, sizeof rest, "(and %u of no use here)", others);
        tell_offer(choice, rest);
    }
    return 0;
}

/* Wish, then smooth ones of about the largest size, then all others; each time the better pictures first. */
static int rank(const struct candidate *c, uint32_t wanted, uint64_t largest)
{
    int quality = (int)v4l2_n_kinds - (int)c->kind;
    bool large = (uint64_t)c->width * c->height * 10 >= largest * 9;
    int class = wanted && v4l2_kinds[c->kind].fourcc == wanted ? 3 : is_smooth(c) && large ? 2 : is_smooth(c) ? 1 : 0;
    return class * 1000 + quality;
}

static void sort(struct candidates *self, uint32_t wanted)
{
    uint64_t largest = 0;
    for (unsigned i = 0; i < self->n; i++)
        if (is_smooth(&self->list[i]))
            largest = MAX(largest, (uint64_t)self->list[i].width * self->list[i].height);
    for (unsigned i = 1; i < self->n; i++) {
        struct candidate c = self->list[i];
        unsigned k = i;
        for (; k && rank(&self->list[k - 1], wanted, largest) < rank(&c, wanted, largest); k--)
            self->list[k] = self->list[k - 1];
        self->list[k] = c;
    }
}

static void ask_for(struct v4l2_format *format, const struct candidate *c)
{
    uint32_t pixelformat = v4l2_kinds[c->kind].pixelformat;
    if (format->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
        struct v4l2_pix_format_mplane *mp = &format->fmt.pix_mp;
        *mp = (struct v4l2_pix_format_mplane){.width = c->width ? c->width : mp->width,
                                              .height = c->height ? c->height : mp->height,
                                              .pixelformat = pixelformat,
                                              .num_planes = v4l2_kinds[c->kind].memories,
                                              .field = V4L2_FIELD_NONE};
        return;
    }
    struct v4l2_pix_format *pix = &format->fmt.pix;
    *pix = (struct v4l2_pix_format){.width = c->width ? c->width : pix->width,
                                    .height = c->height ? c->height : pix->height,
                                    .pixelformat = pixelformat,
                                    .field = V4L2_FIELD_NONE};
}

/* Devices that have a rate of their own, not the signal's, are set to their best. */
static void ask_rate(const struct v4l2_node *node, const struct candidate *c)
{
    if (c->fps == 0)
        return;
    struct v4l2_streamparm p = {.type = node->type};
    p.parm.capture.timeperframe = (struct v4l2_fract){1000, (uint32_t)(c->fps * 1000 + 0.5)};
    v4l2_call(node, VIDIOC_S_PARM, &p);
}

static int try_candidate(const struct v4l2_node *node, const struct candidate *c, struct v4l2_choice *ret)
{
    struct v4l2_format format = {.type = node->type};
    struct v4l2_layout layout;
    int r = v4l2_call(node, VIDIOC_G_FMT, &format);
    if (r < 0)
        return r;
    ask_for(&format, c);
    r = v4l2_call(node, VIDIOC_S_FMT, &format);
    if (r == 0)
        r = v4l2_layout_read(&format, &layout, ret->why, sizeof ret->why);
    if (r == 0 && layout.kind != &v4l2_kinds[c->kind]) /* drivers put another one in the place of what they lack */
        r = -EINVAL;
    if (r == 0 && node->has_timings && c->width &&
        ((unsigned)layout.width != c->width || (unsigned)layout.height != c->height)) {
        snprintf(ret->why, sizeof ret->why, "The driver gives pictures of %dx%d for a signal of %ux%u.", layout.width,
                 layout.height, c->width, c->height);
        r = -EINVAL;
    }
    if (r < 0)
        return r;
    ask_rate(node, c);
    ret->layout = layout;
    ret->fps = c->fps;
    return 0;
}

static void explain(struct v4l2_choice *self, const struct candidate *c, uint32_t wanted, uint32_t failed)
{
    const struct v4l2_kind *kind = &v4l2_kinds[c->kind];
    char wish[80] = "", name[5], rate[48] = "";
    v4l2_text(name, sizeof name, &wanted, 4);
    if (wanted && kind->fourcc != wanted)
        snprintf(wish, sizeof wish, "%s is configured, but not to be had here. ", name);
    if (c->fps > 0)
        snprintf(rate, sizeof rate, ", %g pictures a second", c->fps);
    snprintf(self->why, sizeof self->why, "%s%s: %s%s%s", wish, kind->name,
             wanted && kind->fourcc == wanted ? "as configured, " : "the best of what is offered, ", kind->quality,
             rate);
    if (failed) {
        size_t at = strlen(self->why);
        snprintf(self->why + at, sizeof self->why - at, "; better ones could not be started");
    }
}

int v4l2_choose(const struct v4l2_node *node, uint32_t wanted, uint32_t failed, unsigned width, unsigned height,
                struct v4l2_choice *ret)
{
    struct candidates candidates = {.n = 0};
    memset(ret, 0, sizeof *ret);
    int r = list_offers(node, width, height, ret, &candidates);
    if (r < 0)
        return r;
    sort(&candidates, wanted);
    for (unsigned i = 0; i < candidates.n; i++) {
        const struct candidate *c = &candidates.list[i];
        if (failed >> c->kind & 1)
            continue;
        r = try_candidate(node, c, ret);
        if (r == -ENODEV || r == -EBUSY)
            return r;
        if (r == 0) {
            explain(ret, c, wanted, failed);
            return 0;
        }
    }
    if (failed)
        snprintf(ret->why, sizeof ret->why, "%s could not be started in any of its formats.", node->card);
    else if (!ret->why[0])
        snprintf(ret->why, sizeof ret->why, "%s offers no pixel format that is taken (%.120s).", node->card,
                 ret->offered[0] ? ret->offered : "none at all");
    return -EINVAL;
}
