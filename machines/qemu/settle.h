/* When a picture that arrives in pieces is whole. Pure; time is a parameter.
 *
 * QEMU sends each display tick as one Scanout (whole by itself) or as any number of Updates, and no end mark. A text
 * mode begins with Updates of another size than the last Scanout's; the true size is only known on the other
 * connection. So Updates are published after a barrier: the size is asked on the main connection (answered between two
 * ticks), then the listener connection is pinged (answered behind everything that QEMU queued before). When nothing
 * came in between, all pieces of the tick are there. When the size is another one, the listener must be registered
 * again, which makes QEMU send one whole Scanout. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum settle_action {
    SETTLE_WAIT,     /* nothing to do before the next input or deadline */
    SETTLE_ASK_SIZE, /* ask for the size, then call settle_size with this serial */
    SETTLE_PING,     /* ping, then call settle_pong with this serial */
    SETTLE_PUBLISH,
    SETTLE_REGISTER, /* register the listener again; nothing is published before its Scanout */
};

enum settle_phase { SETTLE_IDLE, SETTLE_ASKING, SETTLE_SIZED, SETTLE_PINGING, SETTLE_DONE };

struct settle {
    enum settle_phase phase;
    uint32_t serial;
    bool damaged; /* something came since the last publish */
    bool loose;   /* ... by Updates */
    bool outside; /* one of them did not fit the picture */
    bool stale;   /* the size is known to be wrong: only a Scanout helps */
    bool size_known;
    int width, height; /* as answered */
    unsigned pieces, pieces_at_start, restarts;
    uint64_t deadline_us;
};

/* A barrier that takes longer is given up, and what is there is published. */
#define SETTLE_LIMIT_US 100000
#define SETTLE_RESTARTS 4

void settle_scanout(struct settle *self);
void settle_update(struct settle *self, bool fits);
void settle_size(struct settle *self, uint32_t serial, int width, int height); /* width 0: could not be told */
void settle_pong(struct settle *self, uint32_t serial);

/* Nothing more is there to read: what now, with a picture of this size. After SETTLE_PUBLISH the caller publishes or
 * tries again with the same call later. */
enum settle_action settle_next(struct settle *self, int width, int height, uint64_t now_us);
void settle_published(struct settle *self);
void settle_reset(struct settle *self); /* a new listener connection, which begins with a Scanout */
