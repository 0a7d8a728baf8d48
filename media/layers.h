/* Small layers between a medium's source and its export, each a source itself that owns the one below (closes it when
 * it is closed). Same rules as media/source.h: the loop's thread, one `done` each, perhaps before the call returned.
 * media/stack.h puts them together. On failure of a create function `below` stays the caller's. */
#pragma once

#include "core/worker.h"
#include "media/seal.h"
#include "media/source.h"

/* Reads on, as far ahead as the source's delay times its throughput asks for, never beyond `most` bytes; a reader that
 * jumps about gets none. Above a cache, which keeps what was read ahead: below must be a cache or keep blocks itself.
 */
struct read_ahead_statistics {
    uint64_t depth; /* bytes, now */
    uint64_t rate;  /* bytes/s measured; 0: not yet */
    uint32_t delay_us;
};
int layer_read_ahead_create(struct loop *loop, struct source *below, uint64_t most, struct source **ret);
void layer_read_ahead_statistics(const struct source *layer, struct read_ahead_statistics *ret);

/* A short loss is a pause. What below answers with -ENOTCONN, -ETIMEDOUT, -ECONNRESET, -EPIPE or -EAGAIN, or does not
 * answer at all within `ask_again_us`, is kept and asked again, more slowly each time, until patience_us have passed
 * since the request came: then `given_up`. Any other error goes up at once. */
struct patience_config {
    uint64_t patience_us;  /* 0: for ever (the machine pauses, see docs/media.md) */
    uint64_t ask_again_us; /* 0: below always answers */
    int given_up;          /* what ends a request that was given up, -errno; 0: -EIO */
    /* Once one was given up, and until anything is answered, those that follow within twice this time are given this
     * time alone: who asks again at once for what has failed is not to wait twice. 0: each waits as long. */
    uint64_t after_us;
};
struct patience_listener {
    void (*waiting)(void *data, int error); /* the first request waits */
    void (*resumed)(void *data);            /* answers come again */
    void (*lost)(void *data, int error);    /* a request was given up: the target sees a medium error */
};
int layer_patience_create(struct loop *loop, struct source *below, const struct patience_config *config,
                          const struct patience_listener *listener, void *data, struct source **ret);
void layer_patience_set(struct source *layer, const struct patience_config *config);
/* The source is there again: below (of the same size, else -ESTALE) takes the old one's place, which is closed; what
 * waits is asked of it at once. NULL: ask the one that is there again, now. */
int layer_patience_replace(struct source *layer, struct source *below);

/* Keeps a digest (128 bits of SHA-256) of every block that it let through, in fd when one is given (taken on success;
 * read at creation, so that it survives a restart). A known block that differs is -EIO, and told, and so is from then
 * on each read; never data. Reads of parts of a block read the whole block: place a cache above. Read-only. block:
 * power of two, 4096 to 1 MiB. What is summed up is so on the pool. */
struct digest_listener {
    void (*differs)(void *data, uint64_t offset); /* once, until layer_digest_trust */
};
int layer_digest_create(struct source *below, uint32_t block, int fd, struct worker_pool *io,
                        const struct digest_listener *listener, void *data, struct source **ret);
/* There is another file below now: it is believed until it differs. */
void layer_digest_trust(struct source *layer);

/* Copy on write: a writable medium over one that is only read. Changed blocks (4096 bytes) are in the file `fd`
 * (taken on success), with maps of them: after kill -9 all that was answered is there, after a power cut what flushes
 * were answered for. A file that holds an overlay of another medium (identity: of what is below, 32 bytes) is -ESTALE,
 * one that is no overlay -EINVAL, one that was sealed with another key -EKEYREJECTED, one from before there were seals
 * -EPROTONOSUPPORT (media/overlay_adopt.h). A full disk is -ENOSPC for that write, and nothing is lost. Trim gives
 * space back: what is below shows through again. An overlay is exported by reading the layer, and discarded by removing
 * its file.
 */
struct overlay_statistics {
    uint64_t changed; /* bytes that differ from what is below, in whole blocks */
};
int layer_overlay_create(struct source *below, int fd, const uint8_t identity[32], const struct seal_key *key,
                         struct worker_pool *io, struct source **ret);
/* Reads this boot's id, by which kill -9 is told from a power cut, from /proc: to be called once, before a sandbox
 * closes that. Otherwise each end that was not a clean one counts as a power cut. */
void layer_overlay_prepare(void);
void layer_overlay_statistics(const struct source *layer, struct overlay_statistics *ret);

/* At most so many bytes/s up and down together, bursts of a quarter of a second. */
int layer_rate_create(struct loop *loop, struct source *below, uint64_t bytes_per_s, struct source **ret);
void layer_rate_set(struct source *layer, uint64_t bytes_per_s);

/* Faults by a seed, the same ones each time: for tests and for who wants to see how a machine bears them. Chances in
 * 65536. Answers are delayed and come in any order. */
struct fault_plan {
    uint64_t seed;
    uint16_t fail_again; /* -EAGAIN: a short loss */
    uint16_t fail;       /* -EIO */
    uint16_t never;      /* no answer until it is closed */
    uint16_t corrupt;    /* a bit is wrong: what digests must find */
    uint32_t delay_us;   /* at most */
};
int layer_fault_create(struct loop *loop, struct source *below, const struct fault_plan *plan, struct source **ret);
