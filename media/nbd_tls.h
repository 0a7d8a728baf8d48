/* TLS 1.2 and 1.3 below the NBD protocol: who is at the other end is proved by a pre-shared key (RFC 4279, RFC 8446),
 * or by a certificate that an authority of the owner's choice signed. Both ends are proved, always; nothing is resumed,
 * so a key that is withdrawn is withdrawn. Ciphers with forward secrecy only. Non-blocking, on the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "media/nbd_psk.h"

#define NBD_IDENTITY_MAX 160 /* with the NUL: "psk:alice", "cert:backup.example.org" */

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct nbd_tls_context;
struct nbd_tls;

struct nbd_tls_config {
    const struct nbd_psks *psks; /* copied; NULL: no keys */
    /* Ours, and who vouches for clients, in PEM; all three or none. */
    const char *certificate; /* with its chain behind it */
    struct evp_pkey_st *key; /* shared: its count goes up */
    const char *client_authority;
};

/* -EINVAL with a sentence in why, -ENOMEM. */
int nbd_tls_context_create(const struct nbd_tls_config *config, struct nbd_tls_context **ret, char *why,
                           size_t why_size);
/* Another certificate of ours from the next connection on; nothing changes where none was given. -EINVAL: it cannot be
 * used, and the former stays. */
int nbd_tls_context_set_certificate(struct nbd_tls_context *self, const char *certificate, struct evp_pkey_st *key);
/* Connections that are there keep what they need. NULL allowed; returns NULL. */
struct nbd_tls_context *nbd_tls_context_destroy(struct nbd_tls_context *self);

/* Server's side. fd stays the caller's and must outlive it. -ENOMEM. */
int nbd_tls_create(struct nbd_tls_context *context, int fd, struct nbd_tls **ret);
struct nbd_tls *nbd_tls_destroy(struct nbd_tls *self); /* NULL allowed; returns NULL. Says good-bye if it can */

/* 0: done; 1: call it again when the socket is ready for nbd_tls_events; -EPROTO: it failed (nbd_tls_why). */
int nbd_tls_handshake(struct nbd_tls *self);
const char *nbd_tls_why(const struct nbd_tls *self);      /* valid as long as self */
const char *nbd_tls_identity(const struct nbd_tls *self); /* after the handshake */

/* As recv and sendmsg, but -errno: -EAGAIN, -EPROTO ...; 0: the peer said good-bye, or closed. What send took is taken,
 * even if some of it waits here (nbd_tls_unsent) for the next call; n may be 0. */
ssize_t nbd_tls_receive(struct nbd_tls *self, void *room, size_t size);
ssize_t nbd_tls_send(struct nbd_tls *self, const struct iovec *pieces, unsigned n);
bool nbd_tls_unsent(const struct nbd_tls *self);
bool nbd_tls_pending(const struct nbd_tls *self); /* bytes are here that the socket will not announce */
uint32_t nbd_tls_events(const struct nbd_tls *self);
