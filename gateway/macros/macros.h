/* The macros of one target: kept in STATE/gateway/NAME.macros, and at most one of them running. Net thread. */
#pragma once

#include "api/macros.h"
#include "gateway/gateway.h"
#include "manage/seat.h"

#define MACROS_MAX 64
#define MACROS_BYTES (256 * 1024) /* of all of them, as they are written down */

struct macros;

/* Reads what is kept. A file that cannot be read gives none, and is left alone until the next change. */
int macros_create(struct gateway_target *target, struct macros **ret);
struct macros *macros_destroy(struct macros *self); /* stops first; NULL allowed; returns NULL */

extern const struct api_macros_ops gateway_macros_ops;

/* What may end a run at once; NULL allowed. Rights are looked at by every step too. */
void macros_seat_moved(struct macros *self, const struct seat_news *news);
void macros_stop(struct macros *self);
void macros_let_go(struct macros *self);        /* a gesture of the pointer as well: the target goes */
bool macros_run_now(const struct macros *self); /* one runs */
