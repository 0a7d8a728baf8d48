/* Small messages waiting for one viewer's socket. Each kind has one place, in which a newer message replaces an older
 * one: a viewer that does not read costs this struct and nothing more. Messages leave in the order in which they were
 * last put. Pure. */
#pragma once

#include <stdbool.h>

#include "transport/console_wire.h"

#define OUTBOX_HEADROOM 16 /* in front of each message, for the websocket's header */
#define OUTBOX_SMALL 40
#define OUTBOX_LARGE (4 + CONSOLE_MAX_TEXT)
#define OUTBOX_LONGEST (4 + CONSOLE_VIEWERS_MAX * (11 + CONSOLE_ASKER_NAME + CONSOLE_VIEWER_ADDRESS))

enum outbox_kind {
    OUTBOX_WELCOME,
    OUTBOX_MODE,
    OUTBOX_LEDS,
    OUTBOX_PONG,
    OUTBOX_STATS,
    OUTBOX_CHANGED,
    OUTBOX_POINTER_MODE,
    OUTBOX_SEAT, /* from here on with texts */
    OUTBOX_RECORDING,
    OUTBOX_NO_PICTURE,
    OUTBOX_END,
    OUTBOX_VIEWERS, /* the longest */
    OUTBOX_UPDATE,  /* a place in the order only: the update's bytes are not kept here */
    OUTBOX_KINDS
};

struct outbox {
    enum outbox_kind order[OUTBOX_KINDS];
    unsigned n;
    uint16_t size[OUTBOX_KINDS];
    uint8_t small[OUTBOX_SEAT][OUTBOX_HEADROOM + OUTBOX_SMALL];
    uint8_t large[OUTBOX_VIEWERS - OUTBOX_SEAT][OUTBOX_HEADROOM + OUTBOX_LARGE];
    uint8_t longest[OUTBOX_HEADROOM + OUTBOX_LONGEST];
};

/* A writer on the kind's place; outbox_put then takes what it wrote and moves the kind to the end of the order. */
struct wire_writer outbox_begin(struct outbox *self, enum outbox_kind kind);
void outbox_put(struct outbox *self, enum outbox_kind kind, const struct wire_writer *w);

void outbox_mark_update(struct outbox *self);
void outbox_drop(struct outbox *self, enum outbox_kind kind);
bool outbox_holds(const struct outbox *self, enum outbox_kind kind);

/* The oldest kind, removed from the order; its bytes (OUTBOX_HEADROOM writable ones in front) stay until the next put
 * of the kind. False when there is none. *ret_bytes NULL for OUTBOX_UPDATE. */
bool outbox_take(struct outbox *self, enum outbox_kind *ret_kind, uint8_t **ret_bytes, size_t *ret_size);
