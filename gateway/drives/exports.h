/* Images of the library that others may have over the network, by NBD and through TLS only: each to one identity, as it
 * was granted (api/exports.h); off unless the configuration names addresses to listen on. An image that has a grant is
 * open, and in use, all the time. Net thread. */
#pragma once

#include "api/exports.h"
#include "core/worker.h"
#include "media/library.h"
#include "media/nbd_tls.h"

struct exports;

struct exports_config {
    const char *path; /* of the notes of what was granted */
    struct library *library;
    struct worker_pool *io;
    struct nbd_tls_config tls;
};

extern const struct api_exports_ops exports_ops; /* context: struct exports */

/* -EINVAL with the sentence in why: keys or certificates cannot be used. */
int exports_create(struct loop *loop, const struct exports_config *config, struct exports **ret, char *why,
                   size_t why_size);
/* Connections that come in by this listening socket, which stays open until exports_unlisten; those that are there then
 * go on. -ENOSPC. */
#define EXPORTS_DOORS 48
int exports_listen(struct exports *self, int fd);
/* The gateway's certificate is another one; for who comes from now on. 0 or -EINVAL. */
int exports_set_certificate(struct exports *self, const char *certificate, struct evp_pkey_st *key);
void exports_unlisten(struct exports *self, int fd);
/* Ends connections and closes images: before the I/O pool ends. */
void exports_stop(struct exports *self);               /* NULL allowed */
struct exports *exports_destroy(struct exports *self); /* after the library has ended. NULL allowed; returns NULL */
