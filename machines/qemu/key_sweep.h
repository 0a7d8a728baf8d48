/* Keys that the guest may still hold although they are up. QEMU's keyboards queue 16 events and drop what comes then,
 * and drop everything while the machine is stopped; the display's own filter afterwards swallows a release of a key
 * that it believes up. So a guest that stalls while somebody types can lose a release for ever.
 *
 * When no key is held and none has changed for a second, each key that was used lately is released again by the
 * monitor, which filters nothing, a few at a time so that they fit the queue; and once more after 2, 4 ... 64 s,
 * because a guest that still stalls loses these too. To a guest that has the key up, a release is nothing; but firmware
 * that sets its keyboard up takes one for the keyboard's answer, and has none then. So what a former process may have
 * pressed is released only where the machine's start was not seen. Net thread. */
#pragma once

#include "core/loop.h"
#include "machines/qemu/qmp.h"

#define KEY_SWEEP_REST_US 1000000
#define KEY_SWEEP_LONGEST_US 64000000 /* the last pause between two sweeps */

struct key_sweep;

/* press_again: a key of this usage was pressed while its release was on the way, and must be pressed once more. */
typedef void key_sweep_press_fn(void *data, uint16_t usage);
int key_sweep_create(struct loop *loop, struct qmp *qmp, key_sweep_press_fn *press_again, void *data,
                     struct key_sweep **ret);
/* After the monitor was destroyed. NULL allowed; returns NULL. */
struct key_sweep *key_sweep_destroy(struct key_sweep *self);

void key_sweep_key(struct key_sweep *self, uint16_t usage, bool down);
void key_sweep_all_up(struct key_sweep *self);   /* everything was released */
void key_sweep_attached(struct key_sweep *self); /* the first time nobody knows what a former process pressed */
/* What the monitor told: "RESUME" begins the sweeps anew; after "RESET" nothing but what is held is down. */
void key_sweep_event(struct key_sweep *self, const char *name);
