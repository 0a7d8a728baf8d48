/* Which of the wanted cells show photographs. What a cell looks like is remembered by its content, so that each content
 * is judged once and neighbours that stand still have their say. */
#pragma once

#include "encode/content.h"
#include "encode/plan.h"
#include "encode/view.h"

struct photo_find {
    uint64_t *hash; /* per cell: the content that has been judged */
    uint8_t *kind;  /* enum content_kind */
    uint16_t *cost; /* bytes, to code it exactly */
    uint8_t *photo; /* bool per cell: one, by itself and by what is around it */
    uint32_t *queue;
    size_t room;
};

void photo_find_init(struct photo_find *self);
void photo_find_finish(struct photo_find *self);
int photo_find_reset(struct photo_find *self, size_t cells); /* 0 or -ENOMEM */

/* Judges the wanted cells; skip (bool per cell; NULL: none) says which ones need not be: they count as drawn. */
void photo_find_judge(struct photo_find *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, const uint8_t *skip);

/* Then finds the photographs among them. Small ones are icons and count as drawn. */
struct photo_sum {
    unsigned cells, bytes; /* bytes: to code them exactly */
};
struct photo_sum photo_find_areas(struct photo_find *self, const struct plan *plan, const struct view *view,
                                  const struct picture *picture);
