/* A cohort: viewers of like rate that share one view, one plan and one entropy context, so that one encode serves them
 * all. (For now a cohort has one viewer.) It knows what its viewers' canvases hold and makes the update that brings
 * them nearer to the newest picture.
 *
 * Threads: cohort_encode may run on a worker; everything else on the net thread, and never while an encode of the same
 * cohort runs. */
#pragma once

#include "encode/picture.h"
#include "video/packet.h"

struct cohort;

int cohort_create(struct cohort **ret);
struct cohort *cohort_destroy(struct cohort *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct cohort, cohort_destroy)

/* Forgets the view: the next update is for a blank (black) canvas of the picture's size. */
void cohort_reset(struct cohort *self);

/* True when the view differs from the picture (an update would not be empty). Cheap. */
bool cohort_wants(const struct cohort *self, const struct picture *picture);

struct cohort_update {
    struct packet *pieces[PACKET_MAX_PIECES]; /* the caller's references */
    unsigned n_pieces;
    size_t bytes;
    bool complete;        /* the view now equals the picture, exactly */
    uint64_t captured_us; /* of the picture */
    unsigned cells, cells_copied, cells_solid;
};

/* Makes one update of about `budget` bytes at most (at least one tile, at most what PACKET_MAX_PIECES hold) from the
 * view towards the picture and moves the view. A picture of another size than the view's resets the view first: the
 * caller has told the viewers the new mode before. n_pieces is 0 when nothing differs. 0 or -ENOMEM (the view is then
 * reset). */
int cohort_encode(struct cohort *self, const struct picture *picture, size_t budget, struct cohort_update *ret);

/* What the view claims of one cell, for tests. Only after an encode of a picture that has this cell. */
uint64_t cohort_cell_hash(const struct cohort *self, int cx, int cy);
