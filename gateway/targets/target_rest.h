/* Screens that nobody looks at: a test card's thread ends and its pictures are freed after a while, until somebody
 * watches or wants a picture as a file. Other screens rest by themselves (capture/v4l2), or cost nothing while their
 * picture stands still. Net thread. */
#pragma once

#include "gateway/gateway.h"

struct target_rest;

/* After the feed, which is at rest from the start; for a test card alone, else nothing is made. */
int target_rest_create(struct gateway_target *target, struct target_rest **ret);
struct target_rest *target_rest_destroy(struct target_rest *self); /* NULL allowed; returns NULL */

/* The functions below take a target without one, too. */
void target_rest_watched(struct gateway_target *target); /* it has other viewers, or is recorded now */
/* go(data) now, or as soon as there is a picture to look at (or it is clear that none comes). Exactly once. */
void target_rest_when_seen(struct gateway_target *target, void (*go)(void *data), void *data);
void target_rest_picture(struct gateway_target *target); /* the feed has something new */
void target_rest_let_go(struct gateway_target *target);  /* nobody waits any longer */
