/* What pages that lost their connection still hold in their cell caches, until they come back: bound to session, page
 * and viewer number of one target. Pure; time is an argument. */
#pragma once

#include "encode/slots.h"
#include "transport/console.h"

#define CONSOLE_SLOTS_MAX 16       /* of a target */
#define CONSOLE_SLOTS_OF_SESSION 3 /* of them; an older one makes room */
#define CONSOLE_SLOTS_LIFE_US 600000000u

struct console_slots_entry {
    struct slot_record *record; /* NULL: the entry is free */
    uint64_t session, kept_us;
    uint32_t viewer, acked;
    uint8_t page[16];
};

struct console_slots { /* all zero: empty */
    struct console_slots_entry entry[CONSOLE_SLOTS_MAX];
};

void console_slots_finish(struct console_slots *self);

/* Takes the record. acked: sequence number of the last update that it speaks of. */
void console_slots_keep(struct console_slots *self, uint64_t session, uint32_t viewer, const uint8_t *page,
                        uint32_t acked, struct slot_record *record, uint64_t now_us);
/* The record of the page that says so in its hello, which is then gone; or NULL. */
struct slot_record *console_slots_take(struct console_slots *self, uint64_t session, const struct console_hello *hello,
                                       uint64_t now_us);
void console_slots_erase(struct console_slots *self, uint64_t session);
