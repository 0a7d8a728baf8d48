#include "encode/lossy.h"

#include <errno.h>
#include <string.h>

#include "encode/cohort.h"
#include "encode/first_look.h"
#include "encode/moving.h"
#include "encode/photo_find.h"
#include "encode/photo_send.h"
#include "encode/stream.h"

/* Photographs that will stay for a while keep their chroma at full resolution: at the same size that is better than a
 * higher quality without. On slower links they are coarser at first; those that are about to change again, everywhere.
 */
static const struct {
    uint64_t rate; /* bytes/s, at least */
    int quality;
} qualities[] = {{500000, 85}, {100000, 75}, {0, 60}};
#define QUALITY_MOVING 75

/* What a JPEG costs whatever is in it; and what it must save to be worth the second sending, exactly. */
#define JPEG_TABLES 640
#define JPEG_WORTH 800
#define CELL_BYTES_FIRST 40 /* of a JPEG, until some were made */

/* An update that has to be larger than the link's share of the moment: for how long it may keep the link. */
#define PHOTO_US 100000
#define PHOTO_BYTES_MIN 2048

#define UNKNOWN_RATE 600000 /* bytes/s */
#define AVOID_US 10000000
#define VIDEO_PERCENT 70 /* of the link: the rest is for text */

struct lossy {
    bool ready; /* the tables fit the view */
    int cells_x, cells_y;
    struct photo_find find;
    struct photo_send send;
    struct moving moving;
    struct stream stream;
    struct first_look first;
    uint8_t *cells;      /* bool or enum moving_change per cell, for the moment */
    uint32_t generation; /* of the last picture whose changes were noted */
    unsigned cell_bytes;
    uint64_t no_video_until_us; /* it has failed, or was of no use */
    bool video_last;            /* the last op was a video frame */
    bool coarse_last;           /* it was part of a coarse first picture */
};

int lossy_create(struct lossy **ret)
{
    struct lossy *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    if (photo_send_init(&self->send) < 0) {
        free(self);
        return -ENOMEM;
    }
    photo_find_init(&self->find);
    moving_init(&self->moving);
    stream_init(&self->stream);
    first_look_init(&self->first);
    self->cell_bytes = CELL_BYTES_FIRST;
    *ret = self;
    return 0;
}

struct lossy *lossy_destroy(struct lossy *self)
{
    if (self) {
        photo_find_finish(&self->find);
        photo_send_finish(&self->send);
        moving_finish(&self->moving);
        stream_finish(&self->stream);
        first_look_finish(&self->first);
        free(self->cells);
        free(self);
    }
    return NULL;
}

void lossy_reset(struct lossy *self)
{
    self->ready = false;
    self->no_video_until_us = 0;
    stream_need_key(&self->stream);
}

void lossy_need_key(struct lossy *self)
{
    stream_need_key(&self->stream);
}

static int fit(struct lossy *self, const struct view *view)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    if (self->ready && self->cells_x == view->cells_x && self->cells_y == view->cells_y)
        return 0;
    free(self->cells);
    self->cells = malloc(cells);
    int r = self->cells ? 0 : -ENOMEM;
    r = r ? r : photo_find_reset(&self->find, cells);
    r = r ? r : moving_reset(&self->moving, view->cells_x, view->cells_y);
    r = r ? r : first_look_reset(&self->first, cells);
    self->cells_x = view->cells_x;
    self->cells_y = view->cells_y;
    self->ready = r == 0;
    return r;
}

static bool may_video(const struct lossy *self, const struct cohort_ask *ask)
{
    return (ask->video_vp8 || ask->video_vp9) && ask->now_us >= self->no_video_until_us;
}

static enum update_payload_kind video_kind(const struct cohort_ask *ask)
{
    return ask->video_vp8 ? UPDATE_VP8 : UPDATE_VP9;
}

static bool is_drawn(const struct lossy *self, const struct picture *picture, size_t cell)
{
    return self->find.hash[cell] == picture->hash[cell] && self->find.kind[cell] == CONTENT_DRAWN;
}

/* Cells of the moving region that change all the time need not be looked at. */
static void mark_moving(struct lossy *self, const struct view *view)
{
    const struct cell_rect r = self->moving.region;
    memset(self->cells, 0, (size_t)view->cells_x * (size_t)view->cells_y);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            self->cells[view_cell(view, x, y)] = moving_keeps_on(&self->moving, view_cell(view, x, y));
}

/* What scrolls is found by the copy search but for a strip: that is no moving region. */
static bool is_scroll(const struct plan *plan, const struct picture *picture)
{
    return 3 * plan->n_wanted < picture->cells_changed;
}

static void note_changes(struct lossy *self, const struct plan *plan, const struct view *view,
                         const struct picture *picture, uint64_t now_us)
{
    bool scroll = is_scroll(plan, picture);
    for (int y = 0; y < view->cells_y; y++)
        for (int x = 0; x < view->cells_x; x++) {
            size_t i = view_cell(view, x, y);
            if (!plan->wanted[i])
                self->cells[i] = picture->changed_in[i] == picture->generation ? MOVING_FOUND : MOVING_STILL;
            else if (self->cells[i])
                self->cells[i] = MOVING_SOFT;
            else
                self->cells[i] = is_drawn(self, picture, i) || (scroll && !cell_rect_has(self->moving.region, x, y))
                                     ? MOVING_DRAWN
                                     : MOVING_SOFT;
        }
    moving_note(&self->moving, self->cells, now_us, stream_may_key(&self->stream, now_us));
    self->generation = picture->generation;
}

/* What has changed often of late is no gradient of a page, even if it looks like one. */
static bool is_hasty(const struct lossy *self, const struct picture *picture, size_t cell)
{
    return moving_is_hasty(&self->moving, cell) && !is_drawn(self, picture, cell);
}

static void mark_photos(struct lossy *self, struct plan *plan, const struct view *view, const struct picture *picture)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    struct photo_sum sum = photo_find_areas(&self->find, plan, view, picture);
    for (size_t i = 0; i < cells; i++)
        if (plan->wanted[i] && !self->find.photo[i] && is_hasty(self, picture, i)) {
            self->find.photo[i] = 1;
            sum.cells++;
            sum.bytes += self->find.cost[i];
        }
    if (sum.bytes < JPEG_TABLES + JPEG_WORTH + (size_t)sum.cells * self->cell_bytes)
        return;
    for (size_t i = 0; i < cells; i++)
        if (self->find.photo[i])
            plan->kind[i] = PLAN_PHOTO;
}

/* In the moving region all is video but what was drawn there just now. When its frame has to wait for a key frame, it
 * is served as photographs. */
static void mark_region(struct lossy *self, struct plan *plan, const struct view *view, const struct picture *picture,
                        const struct cohort_ask *ask)
{
    const struct cell_rect r = self->moving.region;
    bool ready = may_video(self, ask) && stream_may_encode(&self->stream, video_kind(ask), r, ask->now_us);
    enum plan_kind kind = ready ? PLAN_VIDEO : ask->jpeg ? PLAN_PHOTO : PLAN_TEXT;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            size_t i = view_cell(view, x, y);
            if (moving_keeps_on(&self->moving, i) || !is_drawn(self, picture, i))
                plan->kind[i] = (uint8_t)kind;
        }
}

void lossy_classify(struct lossy *self, struct plan *plan, const struct view *view, const struct picture *picture,
                    const struct cohort_ask *ask)
{
    memset(plan->kind, PLAN_TEXT, (size_t)view->cells_x * (size_t)view->cells_y);
    if ((!ask->jpeg && !may_video(self, ask)) || plan->n_wanted == 0 || fit(self, view) < 0)
        return;
    mark_moving(self, view);
    photo_find_judge(&self->find, plan, view, picture, self->cells);
    if (picture->generation != self->generation)
        note_changes(self, plan, view, picture, ask->now_us);
    if (ask->jpeg && first_look_wants(&self->first, plan, self->find.cost, ask->rate)) {
        memset(plan->kind, PLAN_PHOTO, (size_t)view->cells_x * (size_t)view->cells_y);
        return;
    }
    if (ask->jpeg)
        mark_photos(self, plan, view, picture);
    if (self->moving.region.w > 0)
        mark_region(self, plan, view, picture, ask);
}

static void only(struct plan *plan, const struct view *view, const uint8_t *cells)
{
    plan->n_wanted = 0;
    for (size_t i = 0; i < (size_t)view->cells_x * (size_t)view->cells_y; i++) {
        plan->wanted[i] = plan->wanted[i] && cells[i];
        plan->n_wanted += plan->wanted[i];
    }
}

void lossy_classify_rest(struct lossy *self, struct plan *plan, const struct view *view, const struct picture *picture,
                         const struct cohort_ask *ask)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    unsigned drawn = 0, coarse = 0;
    memset(plan->kind, PLAN_TEXT, cells);
    if (fit(self, view) < 0)
        return;
    first_look_end(&self->first);
    photo_find_judge(&self->find, plan, view, picture, NULL);
    photo_find_areas(&self->find, plan, view, picture);
    for (size_t i = 0; i < cells; i++) {
        self->cells[i] = plan->wanted[i] && !self->find.photo[i];
        drawn += self->cells[i];
    }
    for (size_t i = 0; i < cells && drawn == 0 && ask->jpeg; i++) {
        self->cells[i] = plan->wanted[i] && first_look_has(&self->first, i, picture->hash[i]);
        coarse += self->cells[i];
    }
    if (drawn == 0 && coarse > 0)
        memset(plan->kind, PLAN_PHOTO, cells);
    if (drawn + coarse > 0)
        only(plan, view, self->cells);
}

static unsigned mark_kind(struct lossy *self, const struct plan *plan, const struct view *view, enum plan_kind kind)
{
    unsigned n = 0;
    for (size_t i = 0; i < (size_t)view->cells_x * (size_t)view->cells_y; i++) {
        self->cells[i] = plan->wanted[i] && plan->kind[i] == kind;
        n += self->cells[i];
    }
    return n;
}

/* Cells that are about to change again go first, and by themselves, because they are worth less. */
static bool mark_hasty(struct lossy *self, const struct view *view)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    bool some = false;
    for (size_t i = 0; i < cells && !some; i++)
        some = self->cells[i] && moving_is_hasty(&self->moving, i);
    for (size_t i = 0; i < cells && some; i++)
        self->cells[i] = self->cells[i] && moving_is_hasty(&self->moving, i);
    return some;
}

static void learn(struct lossy *self, unsigned cells, size_t bytes)
{
    unsigned each = (unsigned)((bytes > JPEG_TABLES ? bytes - JPEG_TABLES : 0) / cells);
    self->cell_bytes = (3 * self->cell_bytes + each + 2) / 4;
}

static int quality_for(uint64_t rate)
{
    size_t i = 0;
    while (rate > 0 && rate < qualities[i].rate)
        i++;
    return qualities[i].quality;
}

static int send_photo(struct lossy *self, const struct view *view, const struct picture *picture,
                      const struct cohort_ask *ask, struct update_writer *writer, struct cell_rect *rects)
{
    struct photo_order order = {.cells = self->cells, .quality = quality_for(ask->rate), .full_colour = true};
    unsigned cells;
    size_t bytes;
    if (first_look_is_on(&self->first)) {
        order.quality = first_look_quality(&self->first, ask->rate, &order.cells_most);
        order.full_colour = false;
    } else {
        size_t most = MAX(MAX(ask->budget, (size_t)(ask->rate * PHOTO_US / 1000000)), (size_t)PHOTO_BYTES_MIN);
        order.cells_most = (unsigned)((most - JPEG_TABLES) / self->cell_bytes) + 1;
        if (mark_hasty(self, view)) {
            order.quality = MIN(order.quality, QUALITY_MOVING);
            order.full_colour = false;
        }
    }
    int n = photo_send_write(&self->send, &order, view, picture, writer, rects, LOSSY_RECTS, &cells, &bytes);
    if (n <= 0)
        return n;
    self->coarse_last = first_look_is_on(&self->first);
    if (self->coarse_last) {
        first_look_sent(&self->first, view, picture, rects, n, cells, bytes);
    } else {
        first_look_better(&self->first, view, rects, n);
        learn(self, cells, bytes);
    }
    return n;
}

/* Photographs for a while. */
static void avoid_video(struct lossy *self, uint64_t now_us)
{
    self->no_video_until_us = now_us + AVOID_US;
    stream_need_key(&self->stream);
}

static int send_video(struct lossy *self, const struct view *view, const struct picture *picture,
                      const struct cohort_ask *ask, struct update_writer *writer, struct cell_rect *rects)
{
    const struct cell_rect region = self->moving.region;
    uint64_t rate = (ask->rate ? ask->rate : UNKNOWN_RATE) * VIDEO_PERCENT / 100;
    struct stream_frame frame;
    int r = stream_encode(&self->stream, video_kind(ask), region, picture, ask->now_us, rate, &frame);
    if (r == -ENOMEM)
        return r;
    if (r < 0 || frame.size + UPDATE_PAYLOAD_OP_MAX(LOSSY_RECTS) > update_writer_room(writer)) {
        avoid_video(self, ask->now_us);
        return 0;
    }
    if (stream_is_poor(&self->stream))
        avoid_video(self, ask->now_us);
    int n = cut_rectangles(self->cells, view, 0, UINT32_MAX, rects, LOSSY_RECTS);
    struct update_video video = {.kind = video_kind(ask), .key = frame.key, .region = region};
    update_write_video(writer, &video, frame.bytes, frame.size, rects, (unsigned)n);
    return n;
}

int lossy_encode(struct lossy *self, const struct plan *plan, const struct view *view, const struct picture *picture,
                 const struct cohort_ask *ask, struct update_writer *writer, struct cell_rect *rects)
{
    if (fit(self, view) < 0)
        return -ENOMEM;
    bool photo_first = self->video_last && mark_kind(self, plan, view, PLAN_PHOTO) > 0;
    self->video_last = !photo_first && mark_kind(self, plan, view, PLAN_VIDEO) > 0;
    if (self->video_last)
        return send_video(self, view, picture, ask, writer, rects);
    return mark_kind(self, plan, view, PLAN_PHOTO) > 0 ? send_photo(self, view, picture, ask, writer, rects) : 0;
}

bool lossy_is_worth_keeping(const struct lossy *self)
{
    return !self->video_last && !self->coarse_last;
}
