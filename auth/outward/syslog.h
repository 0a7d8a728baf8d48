/* Audit heads to a syslog server: RFC 5424 messages over TLS, framed by RFC 5425. The keeper sends the server's
 * settings with each message, so that outward keeps none; the connection is kept as long as they stay the same. The
 * loop's thread: names are looked up and TLS is spoken without ever blocking it. */
#pragma once

#include "auth/errand_wire.h"
#include "core/loop.h"
#include "core/worker.h"

struct syslog_out;

/* After a connection was made, was lost or could not be made, and when the counts have changed, at most once a second.
 * Never called inside syslog_out_send. */
typedef void syslog_out_state_fn(void *data, const struct errand_syslog_state *state);

/* resolver: where getaddrinfo may block; it and the loop outlive the object. */
int syslog_out_create(struct loop *loop, struct worker_pool *resolver, syslog_out_state_fn *state, void *data,
                      struct syslog_out **ret);
/* What waits is lost. NULL allowed; returns NULL. */
struct syslog_out *syslog_out_destroy(struct syslog_out *self);
DEFINE_CLEANUP(struct syslog_out, syslog_out_destroy)

/* Queued, a bounded number; what does not fit is counted as lost. message: without its framing. */
void syslog_out_send(struct syslog_out *self, const struct errand_syslog *server, const void *message, size_t size);
