/* What the outward process does: jobs, each one medium of another machine, served over the sockets that the gateway
 * sends. A job outlives its gateway for a while, waiting for the next one to adopt it by its token. One gateway
 * at a time. The loop's thread. */
#pragma once

#include "gateway/outward/outward_wire.h"
#include "media/outward/remote.h"

#define OUTWARD_MAX_JOBS 160 /* 32 targets with 4 drives, and some that are changed just now */

struct outward_jobs;

/* settings outlives it. keep_us: for so long (OUTWARD_KEEP_S, but in tests). lost: the gateway's channel broke; may be
 * NULL. */
int outward_jobs_create(struct loop *loop, const struct remote_settings *settings, uint64_t keep_us,
                        void (*lost)(void *data), void *data, struct outward_jobs **ret);
/* Sources may need some more turns of the loop to end. NULL allowed; returns NULL. */
struct outward_jobs *outward_jobs_destroy(struct outward_jobs *self);

/* A channel to a gateway, in place of the one before. Takes fd. */
int outward_jobs_connect(struct outward_jobs *self, int fd);

unsigned outward_jobs_count(const struct outward_jobs *self);
