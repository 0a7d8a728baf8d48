/* What outward does for the keeper (auth/errand_wire.h). The loop's thread; directories are asked on threads of their
 * own. */
#pragma once

#include "core/loop.h"
#include "core/worker.h"

struct outward_errands;

/* lost: the keeper's channel broke; may be NULL. */
int outward_errands_create(struct loop *loop, void (*lost)(void *data), void *data, struct outward_errands **ret);
/* Waits for directories that are being asked, some seconds at most. NULL allowed; returns NULL. */
struct outward_errands *outward_errands_destroy(struct outward_errands *self);
DEFINE_CLEANUP(struct outward_errands, outward_errands_destroy)

/* A channel to a keeper, in place of the one before. Takes fd, also on failure. */
int outward_errands_connect(struct outward_errands *self, int fd);
