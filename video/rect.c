#include "video/rect.h"

#include "core/attrs.h"

static bool rect_empty(struct rect r)
{
    return r.w <= 0 || r.h <= 0;
}

/* Cuts [start, start + size) to [0, limit) in 64 bits, so that no input overflows. */
static void clip_span(int32_t *start, int32_t *size, int32_t limit)
{
    int64_t from = MAX((int64_t)*start, 0);
    int64_t to = MIN((int64_t)*start + *size, (int64_t)limit);
    *start = (int32_t)(from < to ? from : 0);
    *size = (int32_t)(from < to ? to - from : 0);
}

struct rect rect_clip(struct rect r, int32_t width, int32_t height)
{
    clip_span(&r.x, &r.w, width);
    clip_span(&r.y, &r.h, height);
    return r;
}

struct rect rect_union(struct rect a, struct rect b)
{
    if (rect_empty(a))
        return b;
    if (rect_empty(b))
        return a;
    int64_t x = MIN(a.x, b.x), y = MIN(a.y, b.y);
    int64_t right = MAX((int64_t)a.x + a.w, (int64_t)b.x + b.w);
    int64_t bottom = MAX((int64_t)a.y + a.h, (int64_t)b.y + b.h);
    return (struct rect){
        .x = (int32_t)x,
        .y = (int32_t)y,
        .w = (int32_t)MIN(right - x, INT32_MAX),
        .h = (int32_t)MIN(bottom - y, INT32_MAX),
    };
}

static int64_t rect_area(struct rect r)
{
    return (int64_t)r.w * r.h;
}

/* What the union of a and b covers beyond the two. */
static int64_t rect_waste(struct rect a, struct rect b)
{
    return rect_area(rect_union(a, b)) - rect_area(a) - rect_area(b);
}

void rect_set_add(struct rect_set *self, struct rect r)
{
    if (rect_empty(r))
        return;
    unsigned best = 0;
    int64_t least = INT64_MAX;
    for (unsigned i = 0; i < self->count; i++) {
        int64_t waste = rect_waste(self->rects[i], r);
        if (waste < least) {
            least = waste;
            best = i;
        }
    }
    if (self->count > 0 && (least <= 0 || self->count == RECT_SET_MAX))
        self->rects[best] = rect_union(self->rects[best], r);
    else
        self->rects[self->count++] = r;
}
