/* The clients' cell caches, as the server numbers them. One slot_table per screen says which content each slot number
 * stands for now; it is filled by whichever cohort codes a cell. A slot_set per cohort says which of these fills all of
 * its viewers have really received, and when.
 *
 * A table may be used by several workers at once (it has a lock, taken once per call, never per cell); a set belongs to
 * its cohort. */
#pragma once

#include "encode/plan.h"
#include "encode/update_write.h"
#include "encode/view.h"

struct slot_table;

int slot_table_create(struct slot_table **ret);
struct slot_table *slot_table_ref(struct slot_table *self);
struct slot_table *slot_table_unref(struct slot_table *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct slot_table, slot_table_unref)

struct slot_set {
    struct slot_table *table;
    uint32_t *version;   /* per slot: the fill that the viewers have, 0 none */
    uint32_t *filled_at; /* per slot: the cohort's update that brought it */
    int32_t *found;      /* per cell of the picture, by slot_set_look: its slot, or -1 */
    uint8_t *lossy;      /* per cell of these, bool: the slot holds something like it */
    uint64_t *unfilled;  /* per cell: the hash of what was coded there and is in no slot yet; 0: nothing */
    size_t room;
};

int slot_set_init(struct slot_set *self, struct slot_table *table); /* keeps a reference; 0 or -ENOMEM */
void slot_set_finish(struct slot_set *self);
void slot_set_clear(struct slot_set *self); /* the viewers have nothing any more */

/* Of one table: self holds what other holds. */
void slot_set_copy(struct slot_set *self, const struct slot_set *other);

/* The viewers of both are now one cohort: what either lacks, self lacks. */
void slot_set_intersect(struct slot_set *self, const struct slot_set *other);

/* For a viewer that comes back and has applied the cohort's updates up to `update`: what it holds for certain. The
 * record is charged to the session that holds it. 0 or -ENOMEM. */
struct slot_record; /* 64 KiB */
int slot_set_record(const struct slot_set *self, uint32_t update, struct slot_record **ret);
struct slot_record *slot_record_destroy(struct slot_record *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct slot_record, slot_record_destroy)
void slot_set_restore(struct slot_set *self, const struct slot_record *record);

/* Finds the wanted whole cells whose content stands in a slot that the viewers have. 0 or -ENOMEM. */
int slot_set_look(struct slot_set *self, const struct plan *plan, const struct view *view,
                  const struct picture *picture);

/* The next rectangle for a show op: self->found has the slots, and is negative for cells that are not shown. It holds
 * at most `most` cells that are, and at least one. *at is 0 before the first call. False: no more. */
bool slot_set_next(const struct slot_set *self, const struct view *view, unsigned most, uint32_t *at,
                   struct cell_rect *ret);

/* Takes out the next run of cells that such an op has shown, all of them exact or all lossy; false: no more. */
bool slot_set_take_run(struct slot_set *self, const struct view *view, struct cell_rect rect, struct cell_rect *ret,
                       bool *ret_lossy);

/* Writes the fill ops for what the update `update` has coded: coded[cell] is not 0 for cells that were (and that are as
 * the view now says, exactly or not). A few cells wait until there are more, as long as the view does not change there.
 * At most `room` bytes. Content that was lossy and is exact now gets another version of its slot; lossy content never
 * takes the place of exact. */
void slot_set_fill(struct slot_set *self, const struct view *view, const uint8_t *coded, uint32_t update, size_t room,
                   struct update_writer *writer);
