/* The parts of an audience, for audience*.c only. */
#pragma once

#include "encode/audience.h"

/* How a canvas is made. */
struct audience_mode {
    int width, height; /* 0: there is no canvas */
    uint32_t fourcc;
    uint8_t colour;
};

struct audience_group {
    struct audience *audience;
    struct audience_group *next;
    struct audience_member *members;
    unsigned n;

    struct cohort *cohort;
    struct audience_mode mode; /* of the members' canvases */
    bool working;              /* a job has the cohort */
    unsigned read;             /* jobs that read its view for a chase */
    bool anew;                 /* the canvases are void: what is being made is of no use */
    bool fresh;                /* nothing was sent since MODE */
    bool video;                /* may have moving regions encoded as video */

    struct audience_group *goal; /* it is being brought to that one's view */
    bool urgent;                 /* since its place is needed */
    uint64_t goal_us;            /* since when */

    uint64_t due_us;                   /* an update has been due since; 0: none is */
    uint64_t sent_us;                  /* the last update */
    uint64_t interval_us;              /* between updates when there is something to send, smoothed */
    uint64_t lacked_us;                /* when a member's credit was last missing; 0: never */
    uint64_t window_us;                /* of the members' held_us */
    uint64_t apart_until_us, apart_us; /* it has just left another one, or failed to come to it */
    uint64_t retry_us;                 /* an encode came to nothing: not again before */
    uint64_t wake_us;
    unsigned turn;
};

struct audience_member {
    struct audience *audience;
    struct audience_member *next_of_all;
    struct audience_group *group; /* NULL: it has no canvas */
    struct audience_member *next; /* of the group */
    void *viewer;
    bool jpeg, vp8, vp9;
    struct slot_record *record; /* while it is in no group */

    bool hidden, pulling;
    size_t budget;
    uint64_t pulled_us; /* since when it is pulling */
    uint64_t sent_us;   /* its last update */
    uint64_t held_us;   /* how long the others have waited for it alone, in this window */

    uint32_t given;  /* updates, in all */
    uint32_t since;  /* of them since it came to the group */
    uint32_t number; /* the cohort's, of the last one */

    bool refresh; /* is owed one */
    uint64_t refreshed_us;
};

struct audience {
    const struct audience_ops *ops;
    void *context;
    struct slot_table *slots;
    struct audience_group *groups;
    struct audience_member *all;
    uint64_t key_us;
    uint64_t grouped_us; /* when likeness was looked at last */
    unsigned turn;
    struct audience_statistics statistics;
};

/* audience_group.c: who goes with whom. */
int group_create(struct audience *audience, struct audience_group **ret); /* without members */
void group_drop_if_empty(struct audience_group *self);                    /* it may be gone after this */
void member_add(struct audience_member *self, struct audience_group *group);
void member_remove(struct audience_member *self); /* keeps what its slots hold */
void group_merge(struct audience_group *self);    /* its members become those of its goal; it is gone */
/* Finds a cohort for a member without one; it stays without when there is no place yet. */
void member_place(struct audience_member *self, uint64_t now_us);
/* A new cohort for it alone, that goes on from where its canvas is. */
void member_split(struct audience_member *self, uint64_t now_us);
/* Cohorts that are like each other set out to become one. */
void audience_group_like(struct audience *self, uint64_t now_us);
void group_give_up(struct audience_group *self, uint64_t now_us);
/* It waits for another one that needs to come to it. */
bool group_holds_for_chaser(const struct audience_group *self, uint64_t now_us);
struct slot_record *member_record(const struct audience_member *self);

/* audience_work.c: encodes. */
void group_advance(struct audience_group *self, const struct picture *picture, uint64_t now_us);

/* audience_pace.c: whom a cohort waits for. */
uint64_t group_rate(const struct audience_group *self); /* of the slowest; 0: not known */
bool group_is_bound(const struct audience_group *self, uint64_t now_us);
/* Members are missing: one that cannot follow leaves. When to look again. */
uint64_t group_wait(struct audience_group *self, uint64_t now_us);
/* All are there: notes who was the last. */
void group_note_last(struct audience_group *self, uint64_t now_us);
