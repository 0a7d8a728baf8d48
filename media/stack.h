/* From a source to what is exported, with the layers that this kind of medium needs, in this order from below:
 * patience, digest, copy to the library or cache, read-ahead, rate, overlay. The loop's thread. */
#pragma once

#include "media/cache.h"
#include "media/layers.h"
#include "media/library_copy.h"

struct media_stack;

struct media_stack_config {
    uint64_t patience_us;  /* layer_patience; 0 with pauses: for ever */
    uint64_t ask_again_us; /* the same; 0: 3 s where there is a cache, a digest or a copy, else below always answers */
    int given_up;          /* the same */
    uint64_t after_us;     /* the same */
    struct cache *cache;   /* NULL: none (a local file needs none) */
    struct cache_key key;  /* of the cache */
    bool digest;           /* the same file may be given to us again (a browser's). The cache's key must then name
                            * this medium's id: what others have put there has gone by other digests */
    int digest_fd;         /* taken, also when it fails; -1: in memory */
    uint64_t read_ahead;   /* bytes at most; 0: none */
    uint64_t rate;         /* bytes/s; 0: no limit */
    struct library_copy *copy; /* of layer_copy; NULL: none. Owned from then on, also when it fails */
    bool overlay;
    int overlay_fd;                     /* taken on success */
    uint8_t identity[32];               /* of the medium, for the overlay */
    const struct seal_key *overlay_key; /* the overlay is sealed with it; used during the call */
};

enum media_link { MEDIA_LINK_GOOD, MEDIA_LINK_WAITING, MEDIA_LINK_LOST };

struct media_stack_state {
    enum media_link link;
    uint64_t copied;           /* bytes of the copy to the library */
    bool copy_complete;        /* the source is no longer needed */
    uint64_t read_ahead, rate; /* depth and measured bytes/s */
    uint64_t changed;          /* bytes in the overlay */
};

struct media_stack_listener {
    void (*changed)(void *data); /* state's link or copy_complete */
    /* The medium cannot be trusted any more; why: a sentence. Reads fail. */
    void (*fault)(void *data, const char *why);
};

/* Owns source on success, closed with the top. */
int media_stack_create(struct loop *loop, struct worker_pool *io, struct source *source,
                       const struct media_stack_config *config, const struct media_stack_listener *listener, void *data,
                       struct media_stack **ret);
/* The top, for nbd_server_add, which then owns it: closing it ends all layers and the source. The stack itself stays
 * until media_stack_destroy (afterwards nothing is listened to any more). */
struct source *media_stack_top(struct media_stack *self);
/* As layer_patience_replace. */
int media_stack_replace(struct media_stack *self, struct source *source);
/* Whether the source is there although nobody reads, because the machine stands still: true when it answered, in
 * whatever way, since this was last asked. Otherwise it is asked for a few bytes, unless that is under way. */
bool media_stack_answers(struct media_stack *self);
void media_stack_state(const struct media_stack *self, struct media_stack_state *ret);
struct media_stack *media_stack_destroy(struct media_stack *self); /* NULL allowed; returns NULL */
