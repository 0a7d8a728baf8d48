/* Carries the audit log from the store to outward, for a syslog server. The store is the queue: so many messages are
 * under way at most, and what outward did not give to the server is given again. The loop's thread; the store is read
 * on its own. */
#pragma once

#include "auth/keeper/desk.h"
#include "auth/keeper/errands.h"

struct audit_courier;

/* book outlives it; it is stopped before errands are gone, and destroyed behind the desk. It rests until it has a
 * server. */
int audit_courier_create(struct loop *loop, struct desk *desk, struct book *book, struct errands *errands,
                         struct audit_courier **ret);
/* The server from now on, which is copied; NULL: none. Another one goes on where the last one had come. The book knows
 * already whether there is one (book_use_audit). */
void audit_courier_serve(struct audit_courier *self, const struct errand_syslog *server);
void audit_courier_stop(struct audit_courier *self);                     /* NULL allowed */
struct audit_courier *audit_courier_destroy(struct audit_courier *self); /* NULL allowed; returns NULL */
