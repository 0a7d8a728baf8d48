/* The drives of a target from inside. For gateway/drive*.c. */
#pragma once

#include "gateway/drives/drive_notes.h"
#include "gateway/drives/drives.h"
#include "gateway/outward/outward_client.h"
#include "media/stack.h"

/* What of a drive's medium is served: the source, the layers above it and who brings the bytes. */
struct drive_offer {
    bool exported;             /* the note's export */
    struct media_stack *stack; /* NULL: the source is exported as it is */
    struct outward_medium *outward;
    struct media_stream *stream; /* who brings it now; NULL: nobody, or another origin */
    bool used;                   /* counted in the library as in use */
    bool copying, copied;
    uint64_t copy_done;
    bool absent;    /* nobody brings it, or outward says that it is away */
    bool changed;   /* for ever: it is not what it was */
    char away[256]; /* sentence: why */
};

/* What the target does with it, looked at once a second. */
struct drive_activity {
    uint64_t requests, bytes; /* as of the last look */
    uint64_t looked_us, busy_us;
    uint64_t rate;
};

/* What was told of a medium that is away. */
struct drive_loss {
    uint64_t since_us; /* 0: it is there */
    bool told, told_lost;
    uint64_t resume_us, resume_pause_us; /* a machine that stands still is tried again */
};

/* One drive: what the REST faces see is `drive`, which asks the machine's and adds what only we know. */
struct slot {
    struct drive drive; /* first member */
    struct drives *owner;
    unsigned index;
    struct drive *inner; /* the machine's */
    struct drive_note note;
    struct drive_offer offer;
    struct drive_activity activity;
    struct drive_loss loss;
    struct drive_export *exporting; /* of its overlay; NULL */
    struct insertion *job;          /* under way, of those that somebody asked for */
    uint64_t fetch_again_us;        /* a source that was not there after a restart; 0 and UINT64_MAX: not */
    bool busy;                      /* an insertion is under way */
    bool told_in;                   /* the machine has said that the medium is in */
    char fault[256], firmware[200], remark[256];
};

struct drives {
    struct gateway_target *target;
    struct nbd_server *nbd;
    struct slot slots[DRIVES_MAX];
    struct loop_timer *tick;
    void (*lost)(void *data);
    void *lost_data;
    bool known; /* the machine has said what its drives hold */
    bool stopped;
    unsigned asked; /* answers of pools that are still to come */
    char notes_path[CONFIG_PATH_MAX + 128];
};

/* drives.c */
void drives_save(struct drives *self);
void slot_forget(struct slot *self); /* what was in it is out */
void slot_changed(struct slot *self);
/* One line for people, who: NULL is the gateway itself. */
void slot_audit(const struct slot *self, const char *what, const char *detail);
/* An event of the target; what: its second argument, why: the third, or NULL. The drive is the first. */
void slot_note(const struct slot *self, enum target_event_id id, const char *what, const char *why);

/* drive_port.c */
extern const struct drive_ops slot_ops;
enum drive_link slot_link(const struct slot *self);

/* drive_insert.c: from a wish to a source */
struct slot *drives_slot(struct drives *self, unsigned drive);
/* Offers what the note says again. */
void slot_offer_again(struct slot *self, const struct drive_note *note);
/* A medium from the notes goes into a drive that is known to be empty, as soon as it is offered. */
void slot_restore(struct slot *self);

/* drive_offer.c: from a source to an export. source is ours in any case; why: 256 bytes, a sentence when < 0. */
int slot_offer(struct slot *self, struct source *source, const struct drive_note *note, char *why);
void slot_withdraw(struct slot *self);
/* It is there again: source takes the old one's place (taken with 0 only), or NULL: the same one. */
int slot_back(struct slot *self, struct source *source);
void slot_away(struct slot *self, const char *why);
void slot_fault(void *data, const char *why);
void slot_look_at_firmware(struct slot *self);

/* drive_watch.c: once a second */
void drives_watch(struct drives *self); /* there is something to look at */
int drives_watch_create(struct drives *self);
void slot_link_changed(struct slot *self);

/* drive_files.c: files of what was written, and of what was read */
int slot_overlay_open(const struct slot *self, const struct drive_note *note); /* descriptor or -errno */
void slot_overlay_drop(const struct slot *self);                               /* one that is not kept */
int slot_digest_open(const struct slot *self, const struct drive_note *note);
void slot_digest_drop(const struct slot *self);
void drive_files_sweep(const struct drives *self); /* of media that are nowhere any more */

/* drive_export.c */
void slot_export_stop(struct slot *self);
