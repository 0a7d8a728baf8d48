/* Takes connections from the listeners that the supervisor passed and hands them to the server. */
#pragma once

#include "core/loop.h"

struct accept;
struct server;

/* control: the local socket. Descriptors stay the caller's. */
int accept_create(struct loop *loop, struct server *server, int control, struct accept **ret);

/* Listeners of the page; those that came in before one is taken away stay. -ENOSPC. */
int accept_listen(struct accept *self, int fd);
void accept_unlisten(struct accept *self, int fd);

/* For TLS nothing can be done just now: who connects over TCP waits in the kernel until accept_go_on, 2 s at most. */
void accept_hold(struct accept *self);
void accept_go_on(struct accept *self);

struct accept *accept_destroy(struct accept *self); /* NULL allowed; returns NULL */
