#include "bench/resent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELL 16

void resent_init(struct resent *self, const struct reel *reel, const struct reel *clean)
{
    *self = (struct resent){.reel = reel, .clean = clean, .next = 1};
    if (!clean)
        return;
    self->cells_x = (reel->width + CELL - 1) / CELL;
    self->cells_y = (reel->height + CELL - 1) / CELL;
    size_t cells = (size_t)self->cells_x * (size_t)self->cells_y;
    self->painted = calloc(cells, 1);
    self->changed_at = calloc(cells, sizeof self->changed_at[0]);
    if (!self->painted || !self->changed_at)
        abort();
}

void resent_finish(struct resent *self)
{
    free(self->painted);
    free(self->changed_at);
}

static void note_changes(struct resent *self, unsigned kept)
{
    const uint8_t *now = reel_frame(self->clean, kept), *before = reel_frame(self->clean, kept - 1);
    size_t stride = (size_t)self->clean->width * 4;
    for (int y = 0; y < self->clean->height; y++) {
        for (int cx = 0; cx < self->cells_x; cx++) {
            size_t at = (size_t)y * stride + (size_t)cx * CELL * 4, line = stride - (size_t)cx * CELL * 4;
            if (memcmp(now + at, before + at, line < CELL * 4 ? line : CELL * 4) != 0)
                self->changed_at[y / CELL * self->cells_x + cx] = self->clean->at[kept];
        }
    }
}

void resent_begin(struct resent *self, unsigned kept)
{
    if (!self->clean)
        return;
    self->frame = self->reel->at[kept];
    while (self->next < self->clean->count && self->clean->at[self->next] <= self->frame)
        note_changes(self, self->next++);
    memset(self->painted, 0, (size_t)self->cells_x * (size_t)self->cells_y);
}

void resent_note(struct resent *self, const struct update_dirty *dirty)
{
    for (uint32_t i = 0; self->clean && i < dirty->count; i++)
        for (int cy = dirty->rects[i].y / CELL; cy * CELL < dirty->rects[i].y + dirty->rects[i].h; cy++)
            for (int cx = dirty->rects[i].x / CELL; cx * CELL < dirty->rects[i].x + dirty->rects[i].w; cx++)
                self->painted[cy * self->cells_x + cx] = 1;
}

void resent_end(struct resent *self)
{
    unsigned fps = self->reel->recording.fps;
    if (!self->clean || self->frame < fps)
        return;
    for (int i = 0; i < self->cells_x * self->cells_y; i++) {
        if (self->changed_at[i] + fps / 2 > self->frame)
            continue;
        self->cells++;
        self->sent += self->painted[i];
    }
}

double resent_percent(const struct resent *self)
{
    return self->cells > 0 ? 100 * self->sent / self->cells : NAN;
}
