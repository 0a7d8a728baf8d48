/* A cohort: viewers of like rate that share one view, one plan and one entropy context, so that one encode serves them
 * all. It knows what its viewers' canvases hold and makes the updates that bring them nearer to the newest picture.
 *
 * Threads: one call at a time. cohort_encode and cohort_chase may run on a worker, everything else on the net thread,
 * and never while an encode of the same cohort (or a chase after it) runs. */
#pragma once

#include "encode/picture.h"
#include "encode/slots.h"
#include "video/packet.h"

struct cohort;

/* slots: the screen's, shared by its cohorts; NULL: none are used. */
int cohort_create(struct slot_table *slots, struct cohort **ret);
struct cohort *cohort_destroy(struct cohort *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct cohort, cohort_destroy)

/* Forgets the view: the next update is for a blank (black) canvas of the picture's size. The viewers' slots stay. */
void cohort_reset(struct cohort *self);

struct cohort_ask {
    size_t budget;                   /* bytes of this update, about; what is more goes into the next one */
    uint64_t rate;                   /* bytes/s that the slowest of its viewers takes; 0: not known yet */
    uint64_t now_us;                 /* on the clock of the pictures' captured_us */
    uint64_t key_us;                 /* when somebody last pressed a key or button on this screen; 0: never */
    bool jpeg, video_vp8, video_vp9; /* what all its viewers can decode */
};

/* When an update would not be empty: at once (0), or at a later time, when cells that were sent lossily will have
 * rested long enough (never earlier than the time returned); UINT64_MAX: not before the next picture. Cheap. */
#define COHORT_REST_US 150000
uint64_t cohort_due(const struct cohort *self, const struct picture *picture, uint64_t now_us);

enum cohort_update_kind {
    COHORT_TEXT,   /* exact: copies, slots, tiles */
    COHORT_PHOTO,  /* lossy cells as JPEG */
    COHORT_VIDEO,  /* a frame of a moving region */
    COHORT_SETTLE, /* cells that were lossy become exact */
};

struct cohort_update {
    struct packet *pieces[PACKET_MAX_PIECES]; /* the caller's references */
    unsigned n_pieces;
    size_t bytes;
    enum cohort_update_kind kind;
    bool complete;        /* the view now equals the picture, exactly */
    uint16_t check;       /* of all bytes of its pieces (body_check.h) */
    uint32_t number;      /* of this cohort's updates: 1, 2, 3 ... */
    uint64_t captured_us; /* of the picture */
    unsigned cells, cells_copied, cells_shown, cells_solid, cells_lossy;
};

/* Makes one update of about ask->budget bytes at most (at least one cell, at most what PACKET_MAX_PIECES hold) from the
 * view towards the picture and moves the view. A picture of another size or colour than the view's resets the view
 * first: the caller has told the viewers the new mode before. n_pieces is 0 when there is nothing to send now. All
 * updates reach all viewers in order; one that does not is followed by cohort_reset and a new mode for all. 0 or
 * -ENOMEM (the view is then reset). */
int cohort_encode(struct cohort *self, const struct picture *picture, const struct cohort_ask *ask,
                  struct cohort_update *ret);

/* Joining: the viewers of `self` come to `other`. First self's view is brought to other's, by updates like those of
 * cohort_encode, made from what other's view holds (n_pieces 0: they are alike now). Then, without any encode of
 * either in between, cohort_join makes the viewers of self viewers of `other`; self is of no use any more. The context
 * of other is reset, which costs its viewers nothing visible. -EINVAL: they are of different size. */
int cohort_chase(struct cohort *self, const struct cohort *other, const struct cohort_ask *ask,
                 struct cohort_update *ret);
bool cohort_is_like(const struct cohort *self, const struct cohort *other);
void cohort_join(struct cohort *other, const struct cohort *self);

/* Parting: a new cohort for viewers of `from` that go on alone: their canvases and slots as they are now. Costs them
 * what teaching tiles anew costs. 0 or -ENOMEM. */
int cohort_split(const struct cohort *from, struct cohort **ret);

/* What the viewers' slots hold, for a viewer that leaves and comes back. */
struct slot_set *cohort_slots(struct cohort *self);

/* What the view claims of one cell, for tests. Only after an encode of a picture that has this cell. */
uint64_t cohort_cell_hash(const struct cohort *self, int cx, int cy);
bool cohort_cell_is_exact(const struct cohort *self, int cx, int cy);
