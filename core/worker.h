/* Thread pool: `work` runs on a pool thread and touches only what it was given (STYLE rule 19); `done` then runs on the
 * loop's thread. */
#pragma once

#include "core/loop.h"

struct worker_pool;

typedef void worker_fn(void *data);

int worker_pool_create(struct loop *loop, const char *name, unsigned threads, struct worker_pool **ret);

/* Waits for running work, then calls the `done` of every job that was handed in: jobs that had not begun are done
 * without having worked. Allowed inside a `done`. NULL allowed; returns NULL. */
struct worker_pool *worker_pool_destroy(struct worker_pool *self);
DEFINE_CLEANUP(struct worker_pool, worker_pool_destroy)

/* On the loop's thread. Jobs begin in the order handed in. done may be NULL. -ENOMEM when there is no room, -ESHUTDOWN
 * from a `done` that runs while the pool is destroyed; neither function is then called. */
int worker_pool_submit(struct worker_pool *self, worker_fn *work, worker_fn *done, void *data);
