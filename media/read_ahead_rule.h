/* How far to read ahead, and of whom. Pure: time is a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct source;

#define READ_AHEAD_STREAMS 8          /* sequential readers of one medium that are told apart */
#define READ_AHEAD_PIECE (256u << 10) /* read at a time, and aligned */
#define READ_AHEAD_LEAST (4 * (uint64_t)READ_AHEAD_PIECE)

struct read_ahead_stream {
    uint64_t start, next; /* the reader has had this */
    uint64_t used;        /* count of the last read; 0: free */
    unsigned reads;       /* one behind the other */
};

struct read_ahead_rule {
    uint64_t most;
    uint64_t count;
    struct read_ahead_stream streams[READ_AHEAD_STREAMS];
    uint64_t delivered; /* bytes in all */
    uint64_t rate, rate_at_us;
    uint64_t delay_us, delay_at_us; /* of a read that nothing stood in front of */
    unsigned n_asked;               /* reads of the source, under way */
};

/* When a read of the source began. */
struct read_ahead_mark {
    uint64_t at_us, delivered;
    bool alone;
};

void read_ahead_init(struct read_ahead_rule *self, uint64_t most);
/* A reader wants these bytes. *ret_from, *ret_to: what should be there or on its way by now; false: nothing, it jumps
 * about. */
bool read_ahead_wanted(struct read_ahead_rule *self, uint64_t offset, uint64_t length, uint64_t *ret_from,
                       uint64_t *ret_to);
/* A piece at offset is still of use to a reader. */
bool read_ahead_useful(const struct read_ahead_rule *self, uint64_t offset, uint64_t length);

void read_ahead_asked(struct read_ahead_rule *self, uint64_t now_us, struct read_ahead_mark *ret);
/* bytes 0: it failed. */
void read_ahead_ended(struct read_ahead_rule *self, const struct read_ahead_mark *mark, uint64_t bytes,
                      uint64_t now_us);
/* The delay was measured too long ago, and what is under way would spoil it: ask for nothing until all has come. */
bool read_ahead_drain(const struct read_ahead_rule *self, uint64_t now_us);
/* Bytes for one reader: twice what is on its way when the source is never idle. Once would do if it were measured
 * exactly; and as long as it is the depth that limits the rate, twice lets both grow. */
uint64_t read_ahead_depth(const struct read_ahead_rule *self);

/* layer_read_ahead_create with another clock, for simulations. */
int layer_read_ahead_create_timed(struct source *below, uint64_t most, uint64_t (*now_us)(void), struct source **ret);
