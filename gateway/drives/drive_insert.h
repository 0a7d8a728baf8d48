/* An insertion from its beginning to its end. For gateway/drive*.c. */
#pragma once

#include "gateway/drives/drives_internal.h"
#include "media/folder_disk.h"

struct insertion {
    struct slot *slot;
    struct drive_note note;
    int kind;                       /* as asked: < 0 by what it is */
    bool again;                     /* from the notes */
    struct outward_medium *outward; /* until it is the offer's */
    struct media_stream *stream;
    target_done_fn *done;
    void *data;
};

/* The drive is busy with it from now on. NULL: done was called. */
struct insertion *insertion_new(struct drives *drives, unsigned drive, const struct medium_spec *spec,
                                target_done_fn *done, void *data);
/* Its source is there (taken): it is offered, and goes into the machine. usual: the kind, if none was asked for. */
void insertion_go_on(struct insertion *job, enum drive_kind usual, struct source *source);
void insertion_fail(struct insertion *job, int error, const char *why);

/* drive_fetch.c: media that another process fetches, or a peer brings */
int insertion_fetch(struct insertion *job, const struct medium_spec *spec);
/* Offers what the note says, waiting for its source. */
void insertion_wait(struct slot *slot, const struct drive_note *note);
/* Somebody wants the drive, and its insertion waits for an answer from elsewhere. False: it cannot be stopped. */
bool insertion_cancel(struct slot *slot);
void slot_fetch_again(struct slot *slot, uint64_t now_us);
