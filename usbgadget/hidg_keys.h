/* Key changes that wait for the target: a bounded queue, one report for each change or for those that were given
 * together, and what to say first after the target configured us anew. For the keyboard and for consumer keys alike.
 * Pure.
 *
 * Every press that is accepted keeps room for its release, so a release always fits. A report says a whole state, so it
 * may be sent twice; whether the last one before a reset arrived, nobody can know, and nobody needs to: the first thing
 * said afterwards is all-up and then the state which that report had. */
#pragma once

#include "usbgadget/hidg.h"
#include "usbgadget/input.h"
#include "usbgadget/keyboard.h"

#define HIDG_KEYS_MAX 256 /* changes; a typist's buffer of 128 strokes, for a target that polls late */

struct consumer_keys {
    uint16_t down[HIDG_CONSUMER_KEYS]; /* usages of page 0x0C, 0: free */
};

union key_state {
    struct keyboard keyboard;
    struct consumer_keys consumer;
};

enum hidg_again { HIDG_AGAIN_NOTHING, HIDG_AGAIN_UP, HIDG_AGAIN_STATE };

struct hidg_keys {
    bool consumer;
    union key_state now;    /* with all that was accepted */
    union key_state sent;   /* as of the last report given to the kernel */
    union key_state before; /* as of the one before, while the last one can be unsaid */
    unsigned unsay;         /* changes that the last report took, 0: it cannot be unsaid */
    uint16_t ring[HIDG_KEYS_MAX];
    unsigned first, n;
    enum hidg_again again;
};

void hidg_keys_init(struct hidg_keys *self, bool consumer);

/* usage: without INPUT_CONSUMER. 0: queued, or nothing changes by it; -EAGAIN: no room, nothing is kept (presses only);
 * -EINVAL: no such key. */
int hidg_keys_key(struct hidg_keys *self, uint16_t usage, bool down);
/* The same with up to INPUT_CHANGES_MAX changes, which go into one report: all of them or none. */
int hidg_keys_keys(struct hidg_keys *self, const struct input_change *changes, unsigned n);

/* The next report (KEYBOARD_REPORT_SIZE or HIDG_CONSUMER_SIZE bytes), false: none. It stays the next one until
 * hidg_keys_sent says that the kernel has it. */
bool hidg_keys_next(const struct hidg_keys *self, uint8_t *ret);
void hidg_keys_sent(struct hidg_keys *self);

/* The target configured us anew: all-up, the state of the last report, then what waits. */
void hidg_keys_restart(struct hidg_keys *self);
/* Before restart: the last report is to be said in its turn again, because the one before it may be lost as well. */
void hidg_keys_unsay(struct hidg_keys *self);
/* What waits is too old to be typed: only the state that is true now is left of it. */
void hidg_keys_collapse(struct hidg_keys *self);
/* Everything up: presses that wait are dropped, releases that wait go first. */
void hidg_keys_release_all(struct hidg_keys *self);

unsigned hidg_keys_reports(const struct hidg_keys *self); /* that wait, as far as is known */
bool hidg_keys_any_down(const struct hidg_keys *self);
