/* Takes connections from the listeners that the supervisor passed and hands them to the server. */
#pragma once

#include "core/loop.h"

struct accept;
struct server;

/* tcp: n descriptors; control: the local socket. They stay the caller's. */
int accept_create(struct loop *loop, struct server *server, const int *tcp, unsigned n, int control,
                  struct accept **ret);

/* For TLS nothing can be done just now: who connects over TCP waits in the kernel until accept_go_on, 2 s at most. */
void accept_hold(struct accept *self);
void accept_go_on(struct accept *self);

struct accept *accept_destroy(struct accept *self); /* NULL allowed; returns NULL */
