/* The supervisor's side of one start of a process that a service manager runs: what it needs is handed over, then it
 * says who it is. */
#pragma once

#include "core/loop.h"

#include <sys/types.h>

struct unit_link;

/* pid: the process that took over, or -errno (-ETIMEDOUT: its unit does not start). Called once; the link may be
 * destroyed inside. */
typedef void unit_answer_fn(void *data, pid_t pid);

/* folder: where the units' sockets are. fds stay the caller's. 0 or -errno. */
int unit_link_create(struct loop *loop, const char *folder, const char *role, const int *fds, unsigned n,
                     unit_answer_fn *answer, void *data, struct unit_link **ret);
struct unit_link *unit_link_destroy(struct unit_link *self); /* NULL allowed; returns NULL */
