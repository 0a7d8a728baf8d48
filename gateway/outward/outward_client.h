/* The gateway's side of outward: media from other machines. Net thread. */
#pragma once

#include "gateway/outward/outward_wire.h"
#include "media/source.h"

struct outward_client;
struct outward_medium;

struct outward_medium_listener {
    /* why: sentence. OUTWARD_GOOD after a restart of outward, too: then `source` was called before. */
    void (*link)(void *data, enum outward_link link, const char *why);
    /* outward was started again and the job opened anew: this source takes the old one's place (the receiver's; the old
     * one answers -ENOTCONN). Its size and validator are the old ones; what differs is told as OUTWARD_CHANGED. */
    void (*source)(void *data, struct source *source);
};

int outward_client_create(struct loop *loop, struct outward_client **ret);
/* Media that are still open are let go of here; outward keeps their jobs for the next gateway (OUTWARD_KEEP_S). NULL
 * allowed; returns NULL. */
struct outward_client *outward_client_destroy(struct outward_client *self);
/* A channel, at first and after each restart of outward. Takes fd. */
int outward_client_connect(struct outward_client *self, int fd);

/* source: the receiver's. error < 0: `opened` is NULL, why a sentence. Never called before outward_open returned. */
typedef void outward_opened_fn(void *data, int error, const char *why, const struct outward_opened *opened,
                               struct source *source);
/* token all zeros: a new job, named by *ret_token; else one of an earlier gateway (from the drives' notes), for which
 * the spec holds no credentials: -ESTALE when outward does not have it any more and it needed some. */
int outward_client_open(struct outward_client *self, const struct medium_spec *spec, uint8_t token[OUTWARD_TOKEN_SIZE],
                        const struct outward_medium_listener *listener, outward_opened_fn *done, void *data,
                        struct outward_medium **ret);
/* Asks for a few bytes of one that is away, so that its link is told when it is there again although nobody reads. */
void outward_client_probe(struct outward_medium *medium);
/* Forgets the credentials. The source is closed by its owner. */
void outward_client_close(struct outward_medium *medium);
