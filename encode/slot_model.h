/* What ops on slots name, coded: which cells of a rectangle take part, and which slots (docs/update-format.md,
 * "Slots"). The same functions code and decode, told by `encoding`. What was shown teaches what will be: lines of text
 * repeat their letters and columns, and what a window uncovers comes back in the order in which it was first shown. No
 * C library here. */
#pragma once

#include "encode/range_coder.h"
#include "encode/update_format.h"

#define SLOT_NONE UPDATE_SLOTS
#define SLOT_PAIRS 4096
#define SLOT_GUESSES 5
#define SLOT_TRUST_MAX 7

/* A slot that came in some place before, and how often it has come there since. */
struct slot_guess {
    uint16_t slot;
    uint8_t trust, tag;
};

struct slot_model {
    struct range_prob part[2][4];                               /* show, fill; by what the neighbours do */
    struct range_prob hit[SLOT_GUESSES][SLOT_TRUST_MAX + 1];    /* guess by guess */
    struct range_prob next;                                     /* of a fill: the slot behind the last one */
    struct range_prob tree[UPDATE_SLOTS];                       /* a slot's bits, the highest first */
    struct slot_guess pair[SLOT_PAIRS];                         /* behind two others */
    struct slot_guess right[UPDATE_SLOTS], below[UPDATE_SLOTS]; /* beside one other */
    uint32_t fill;                                              /* the slot behind the last one filled */
    uint16_t above[UPDATE_COLUMNS_MAX];                         /* in the op at hand */
    bool part_above[UPDATE_COLUMNS_MAX];
};

static inline void slot_probs_init(struct range_prob *probs, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        probs[i] = (struct range_prob){.fast = 32768, .slow = 32768};
}

static inline void slot_model_init(struct slot_model *self)
{
    slot_probs_init(&self->part[0][0], 8);
    slot_probs_init(&self->hit[0][0], SLOT_GUESSES * (SLOT_TRUST_MAX + 1));
    slot_probs_init(&self->next, 1);
    slot_probs_init(self->tree, UPDATE_SLOTS);
    for (unsigned i = 0; i < SLOT_PAIRS; i++)
        self->pair[i] = (struct slot_guess){.slot = SLOT_NONE};
    for (unsigned i = 0; i < UPDATE_SLOTS; i++)
        self->right[i] = self->below[i] = (struct slot_guess){.slot = SLOT_NONE};
    self->fill = 0;
}

/* One op's walk over its rectangle. */
struct slot_walk {
    struct slot_model *model;
    struct range_coder *range;
    unsigned kind; /* 0 show, 1 fill */
    unsigned left, left2;
    bool part_left;
};

RANGE_INLINE struct slot_walk slot_walk_begin(struct slot_model *model, struct range_coder *range, unsigned kind,
                                              unsigned columns)
{
    for (unsigned i = 0; i < columns; i++) {
        model->above[i] = SLOT_NONE;
        model->part_above[i] = false;
    }
    return (struct slot_walk){.model = model, .range = range, .kind = kind};
}

RANGE_INLINE void slot_walk_row(struct slot_walk *self)
{
    self->left = self->left2 = SLOT_NONE;
    self->part_left = false;
}

/* Whether the cell in this column takes part. */
RANGE_INLINE bool slot_walk_part(struct slot_walk *self, unsigned column, bool part, const bool encoding)
{
    struct slot_model *m = self->model;
    part = range_bit(self->range, &m->part[self->kind][2 * self->part_left + m->part_above[column]], part, encoding);
    self->part_left = m->part_above[column] = part;
    if (!part) {
        self->left2 = self->left = SLOT_NONE;
        m->above[column] = SLOT_NONE;
    }
    return part;
}

RANGE_INLINE void slot_guess_learn(struct slot_guess *guess, unsigned slot, uint8_t tag)
{
    if (guess->slot == slot && guess->tag == tag)
        guess->trust += guess->trust < SLOT_TRUST_MAX;
    else
        *guess = (struct slot_guess){.slot = (uint16_t)slot, .tag = tag};
}

RANGE_INLINE unsigned slot_spell(struct slot_walk *self, unsigned slot, const bool encoding)
{
    unsigned node = 1;
    for (unsigned top = UPDATE_SLOTS >> 1; top > 0; top >>= 1)
        node = node << 1 | range_bit(self->range, &self->model->tree[node], slot & top, encoding);
    return node - UPDATE_SLOTS;
}

/* The slot shown in this column. */
RANGE_INLINE unsigned slot_walk_show(struct slot_walk *self, unsigned column, unsigned slot, const bool encoding)
{
    struct slot_model *m = self->model;
    unsigned left = self->left, above = m->above[column], tried[SLOT_GUESSES], found = SLOT_NONE;
    uint32_t h = (left * 0x9E3779B1u + self->left2 * 0x85EBCA6Bu) * 0x2C1B3C6Du;
    struct slot_guess *pair = &m->pair[h >> 20], none = {.slot = SLOT_NONE};
    uint8_t tag = (uint8_t)(h >> 12);
    struct slot_guess guesses[SLOT_GUESSES] = {
        pair->tag == tag ? *pair : none,
        left != SLOT_NONE ? m->right[left] : none,
        above != SLOT_NONE ? m->below[above] : none,
        left != SLOT_NONE ? (struct slot_guess){.slot = (uint16_t)((left + 1) % UPDATE_SLOTS)} : none,
        {.slot = (uint16_t)above},
    };
    for (unsigned i = 0; i < SLOT_GUESSES && found == SLOT_NONE; i++) {
        bool new = guesses[i].slot != SLOT_NONE;
        for (unsigned k = 0; k < i; k++)
            new = new &&tried[k] != guesses[i].slot;
        tried[i] = guesses[i].slot;
        if (new &&range_bit(self->range, &m->hit[i][guesses[i].trust], encoding && slot == tried[i], encoding))
            found = tried[i];
    }
    if (found == SLOT_NONE)
        found = slot_spell(self, slot, encoding);
    slot_guess_learn(pair, found, tag);
    if (left != SLOT_NONE)
        slot_guess_learn(&m->right[left], found, 0);
    if (above != SLOT_NONE)
        slot_guess_learn(&m->below[above], found, 0);
    self->left2 = left;
    self->left = found;
    m->above[column] = (uint16_t)found;
    return found;
}

/* The slot filled next. */
RANGE_INLINE unsigned slot_walk_fill(struct slot_walk *self, unsigned slot, const bool encoding)
{
    struct slot_model *m = self->model;
    if (range_bit(self->range, &m->next, encoding && slot == m->fill, encoding))
        slot = m->fill;
    else
        slot = range_even(self->range, slot, 14, encoding);
    m->fill = (slot + 1) % UPDATE_SLOTS;
    return slot;
}
