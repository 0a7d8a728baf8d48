/* A TCP connection to a name: resolved on a thread, each address judged before it is connected to and once more when it
 * stands. The loop's thread. */
#pragma once

#include "media/outward/remote.h"

struct dial;

/* fd is the receiver's; error < 0: why is a sentence (-EPERM: no address may be connected to; else worth another try).
 * Once, never before dial_start returned. */
typedef void dial_done_fn(void *data, int error, const char *why, int fd);

int dial_start(struct loop *loop, const struct remote_settings *settings, const char *host, const char *port,
               dial_done_fn *done, void *data, struct dial **ret);
struct dial *dial_cancel(struct dial *self); /* done is not called; NULL allowed; returns NULL */
