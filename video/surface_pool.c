#include "video/surface_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/attrs.h"

/* Up to this many pixels a rectangle is compared before it counts as damage: sources repaint a blinking cursor's cell
 * at each tick, and an unchanged screen must cost nothing further on. */
#define COMPARE_PIXELS 32768

/* What pool and surfaces share; lives until the last of them is gone. */
struct hub {
    struct ref ref;
    pthread_mutex_t lock;
    unsigned generation; /* surfaces of an older one are freed when they come back */
    bool starved;
    void (*returned)(void *data);
    void *data;
};

struct surface {
    struct frame frame;
    struct hub *hub;
    unsigned generation;
    bool out; /* under the hub's lock */
    uint8_t *pixels;
    size_t size;
    struct rect_set missed; /* what changed in the picture while this surface was not drawn to; the drawing thread's */
};

struct surface_pool {
    struct hub *hub;
    unsigned max, n;
    struct surface *surfaces[SURFACE_POOL_MAX];
    struct surface *back;
    struct frame *latest; /* newest published one, held so that others can catch up from it */
    int width, height;
    size_t stride;
    struct rect_set damage;
};

static void hub_unref(struct hub *hub)
{
    if (!ref_put(&hub->ref))
        return;
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

static void surface_free(struct surface *s)
{
    if (s->pixels)
        munmap(s->pixels, s->size);
    hub_unref(s->hub);
    free(s);
}

static void surface_release(struct frame *frame)
{
    struct surface *s = container_of(frame, struct surface, frame);
    struct hub *hub = s->hub;
    pthread_mutex_lock(&hub->lock);
    bool old = s->generation != hub->generation;
    s->out = false;
    if (!old && hub->starved) {
        hub->starved = false;
        if (hub->returned)
            hub->returned(hub->data);
    }
    pthread_mutex_unlock(&hub->lock);
    if (old)
        surface_free(s);
}

static struct rect whole(const struct surface_pool *self)
{
    return (struct rect){0, 0, self->width, self->height};
}

static struct surface *surface_new(struct surface_pool *self)
{
    struct surface *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->size = self->stride * (size_t)self->height;
    void *pixels = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pixels == MAP_FAILED) {
        free(s);
        return NULL;
    }
    ref_get(&self->hub->ref);
    s->hub = self->hub;
    s->generation = self->hub->generation;
    s->pixels = pixels;
    rect_set_add(&s->missed, whole(self));
    self->surfaces[self->n++] = s;
    return s;
}

static uint64_t area(const struct rect_set *set)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < set->count; i++)
        sum += (uint64_t)set->rects[i].w * (uint64_t)set->rects[i].h;
    return sum;
}

/* A surface that nobody holds, the one with least to catch up on; NULL when all are out or memory is. *ret_error. */
static struct surface *take_free(struct surface_pool *self, int *ret_error)
{
    struct surface *best = NULL;
    pthread_mutex_lock(&self->hub->lock);
    for (unsigned i = 0; i < self->n; i++) {
        struct surface *s = self->surfaces[i];
        if (s != self->back && !s->out && (!best || area(&s->missed) < area(&best->missed)))
            best = s;
    }
    self->hub->starved = !best && self->n == self->max;
    pthread_mutex_unlock(&self->hub->lock);
    *ret_error = -EAGAIN;
    if (!best && self->n < self->max) {
        best = surface_new(self);
        *ret_error = -ENOMEM;
    }
    return best;
}

/* Lets go of everything of the present size. */
static void retire(struct surface_pool *self)
{
    self->latest = frame_unref(self->latest);
    struct surface *idle[SURFACE_POOL_MAX];
    unsigned n = 0;
    pthread_mutex_lock(&self->hub->lock);
    self->hub->generation++;
    self->hub->starved = false;
    for (unsigned i = 0; i < self->n; i++)
        if (!self->surfaces[i]->out)
            idle[n++] = self->surfaces[i];
    pthread_mutex_unlock(&self->hub->lock);
    for (unsigned i = 0; i < n; i++)
        surface_free(idle[i]);
    self->n = 0;
    self->back = NULL;
    self->width = self->height = 0;
    self->damage.count = 0;
}

int surface_pool_create(unsigned surfaces, void (*returned)(void *data), void *data, struct surface_pool **ret)
{
    if (surfaces < SURFACE_POOL_MIN || surfaces > SURFACE_POOL_MAX)
        return -EINVAL;
    _cleanup_free_ struct surface_pool *self = calloc(1, sizeof *self);
    struct hub *hub = calloc(1, sizeof *hub);
    if (!self || !hub) {
        free(hub);
        return -ENOMEM;
    }
    ref_init(&hub->ref);
    pthread_mutex_init(&hub->lock, NULL);
    hub->returned = returned;
    hub->data = data;
    self->hub = hub;
    self->max = surfaces;
    *ret = take(self);
    return 0;
}

struct surface_pool *surface_pool_destroy(struct surface_pool *self)
{
    if (!self)
        return NULL;
    retire(self);
    pthread_mutex_lock(&self->hub->lock);
    self->hub->returned = NULL;
    pthread_mutex_unlock(&self->hub->lock);
    hub_unref(self->hub);
    free(self);
    return NULL;
}

int surface_pool_resize(struct surface_pool *self, int width, int height)
{
    if (width < 1 || height < 1 || width > FRAME_MAX_SIZE || height > FRAME_MAX_SIZE)
        return -EINVAL;
    retire(self);
    self->width = width;
    self->height = height;
    self->stride = ((size_t)width * 4 + 63) & ~(size_t)63;
    self->back = surface_new(self);
    if (!self->back) {
        self->width = self->height = 0;
        return -ENOMEM;
    }
    self->back->missed.count = 0;
    rect_set_add(&self->damage, whole(self));
    return 0;
}

int surface_pool_width(const struct surface_pool *self)
{
    return self->width;
}

int surface_pool_height(const struct surface_pool *self)
{
    return self->height;
}

static void copy_rows(uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride, size_t bytes, int rows)
{
    for (int y = 0; y < rows; y++)
        memcpy(to + (size_t)y * to_stride, from + (size_t)y * from_stride, bytes);
}

static void catch_up(struct surface_pool *self, struct rect r)
{
    size_t at = (size_t)r.y * self->stride + (size_t)r.x * 4;
    copy_rows(self->back->pixels + at, self->stride, self->latest->planes[0].data + at, self->stride, (size_t)r.w * 4,
              r.h);
}

static bool contains(struct rect outer, struct rect r)
{
    return r.x >= outer.x && r.y >= outer.y && r.x + r.w <= outer.x + outer.w && r.y + r.h <= outer.y + outer.h;
}

static bool intersects(struct rect a, struct rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/* Makes it right to write r into the drawing surface: what was missed there comes first, unless r covers it. What is
 * still missed afterwards does not touch r. compare: the old pixels inside r are wanted. */
static void prepare(struct surface_pool *self, struct rect r, bool compare)
{
    struct rect_set *missed = &self->back->missed;
    unsigned kept = 0;
    for (unsigned i = 0; i < missed->count; i++) {
        struct rect m = missed->rects[i];
        if (!intersects(m, r))
            missed->rects[kept++] = m;
        else if (compare || !contains(r, m))
            catch_up(self, m);
    }
    missed->count = kept;
}

/* Shrinks r to the rows that differ from pixels; *ret_pixels follows. */
static struct rect differing_rows(const struct surface_pool *self, struct rect r, const uint8_t *pixels, size_t stride,
                                  const uint8_t **ret_pixels)
{
    const uint8_t *have = self->back->pixels + (size_t)r.y * self->stride + (size_t)r.x * 4;
    size_t bytes = (size_t)r.w * 4;
    while (r.h > 0 && !memcmp(have, pixels, bytes)) {
        have += self->stride;
        pixels += stride;
        r.y++;
        r.h--;
    }
    while (r.h > 0 && !memcmp(have + (size_t)(r.h - 1) * self->stride, pixels + (size_t)(r.h - 1) * stride, bytes))
        r.h--;
    *ret_pixels = pixels;
    return r;
}

void surface_pool_put(struct surface_pool *self, struct rect r, const uint8_t *pixels, size_t stride)
{
    assert(self->back && r.x >= 0 && r.y >= 0 && r.w > 0 && r.h > 0 && contains(whole(self), r));
    bool compare = (int64_t)r.w * r.h <= COMPARE_PIXELS;
    prepare(self, r, compare);
    if (compare)
        r = differing_rows(self, r, pixels, stride, &pixels);
    if (r.h == 0)
        return;
    uint8_t *to = self->back->pixels + (size_t)r.y * self->stride + (size_t)r.x * 4;
    copy_rows(to, self->stride, pixels, stride, (size_t)r.w * 4, r.h);
    rect_set_add(&self->damage, r);
}

bool surface_pool_is_damaged(const struct surface_pool *self)
{
    return self->damage.count > 0;
}

/* The frame of the drawing surface, with one reference for the caller and one for `latest`. */
static struct frame *dress(struct surface_pool *self, uint64_t captured_us)
{
    struct surface *s = self->back;
    s->frame = (struct frame){
        .width = self->width,
        .height = self->height,
        .fourcc = FOURCC_BGRX,
        .planes[0] = {.data = s->pixels, .stride = self->stride},
        .captured_us = captured_us,
        .hints_valid = self->latest != NULL,
        .hints = self->damage,
        .release = surface_release,
    };
    ref_init(&s->frame.ref);
    return frame_ref(&s->frame);
}

int surface_pool_publish(struct surface_pool *self, bool always, uint64_t captured_us, struct frame **ret)
{
    int error;
    if (!self->back || (!self->damage.count && !always))
        return 1;
    struct surface *next = take_free(self, &error);
    if (!next)
        return error;
    for (unsigned i = 0; i < self->back->missed.count; i++)
        catch_up(self, self->back->missed.rects[i]);
    self->back->missed.count = 0;

    struct frame *frame = dress(self, captured_us);
    for (unsigned i = 0; i < self->n; i++)
        for (unsigned k = 0; k < self->damage.count && self->surfaces[i] != self->back; k++)
            rect_set_add(&self->surfaces[i]->missed, self->damage.rects[k]);
    self->damage.count = 0;
    pthread_mutex_lock(&self->hub->lock);
    self->back->out = true;
    pthread_mutex_unlock(&self->hub->lock);
    frame_unref(self->latest);
    self->latest = frame;
    self->back = next;
    *ret = frame;
    return 0;
}
