/* The unix socket that local clients of the NBD server come in by. For nbd_server.c. */
#pragma once

#include "core/loop.h"

struct nbd_listener;

typedef void nbd_listener_fn(void *data, int fd); /* takes fd */

/* As nbd_server_listen. */
int nbd_listener_create(struct loop *loop, const char *path, nbd_listener_fn *accepted, void *data,
                        struct nbd_listener **ret);
struct nbd_listener *nbd_listener_destroy(struct nbd_listener *self); /* NULL allowed; returns NULL */
