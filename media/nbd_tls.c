#include "media/nbd_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/attrs.h"
#include "media/nbd_tls_context.h"

#define RECORD 16384 /* the most bytes that one record takes */

struct nbd_tls {
    struct nbd_tls_context *context;
    struct nbd_tls_peer peer; /* the context's callbacks know it */
    SSL *ssl;
    uint32_t events;
    char why[200];
    size_t staged, sent; /* of the record that is on its way out */
    uint8_t record[RECORD];
};

int nbd_tls_create(struct nbd_tls_context *context, int fd, struct nbd_tls **ret)
{
    struct nbd_tls *self = calloc(1, sizeof *self);
    BIO *bio = self ? nbd_tls_socket(fd) : NULL;
    if (!bio || !(self->ssl = nbd_tls_context_session(context, &self->peer))) {
        BIO_free(bio);
        free(self);
        return -ENOMEM;
    }
    self->context = nbd_tls_context_ref(context);
    SSL_set_bio(self->ssl, bio, bio);
    SSL_set_accept_state(self->ssl);
    self->events = EPOLLIN;
    *ret = self;
    return 0;
}

struct nbd_tls *nbd_tls_destroy(struct nbd_tls *self)
{
    if (!self)
        return NULL;
    ERR_clear_error();
    if (SSL_is_init_finished(self->ssl))
        SSL_shutdown(self->ssl);
    ERR_clear_error();
    SSL_free(self->ssl);
    nbd_tls_context_destroy(self->context);
    OPENSSL_cleanse(self, sizeof *self);
    free(self);
    return NULL;
}

static void explain(struct nbd_tls *self, const char *what)
{
    unsigned long error = ERR_peek_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    snprintf(self->why, sizeof self->why, "%s: %s", what, reason ? reason : "the connection broke");
    ERR_clear_error();
}

/* What a call of OpenSSL that moved nothing means. */
static int outcome(struct nbd_tls *self, int result)
{
    switch (SSL_get_error(self->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        self->events = EPOLLIN;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        self->events = EPOLLOUT;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        explain(self, "TLS failed");
        return -EPROTO;
    }
}

int nbd_tls_handshake(struct nbd_tls *self)
{
    ERR_clear_error();
    int r = SSL_do_handshake(self->ssl);
    if (r == 1) {
        if (nbd_tls_peer_name(self->ssl, &self->peer))
            return 0;
        snprintf(self->why, sizeof self->why, "it proved to be nobody whom we know by name");
        return -EPROTO;
    }
    r = outcome(self, r);
    if (r == -EAGAIN)
        return 1;
    if (r == 0)
        explain(self, "it left in the middle of the TLS handshake");
    return -EPROTO;
}

const char *nbd_tls_why(const struct nbd_tls *self)
{
    return self->why;
}

const char *nbd_tls_identity(const struct nbd_tls *self)
{
    return self->peer.name;
}

ssize_t nbd_tls_receive(struct nbd_tls *self, void *room, size_t size)
{
    ERR_clear_error();
    int n = SSL_read(self->ssl, room, (int)MIN(size, (size_t)1 << 30));
    return n > 0 ? n : outcome(self, n);
}

/* 0: the record has left. */
static int send_record(struct nbd_tls *self)
{
    while (self->sent < self->staged) {
        ERR_clear_error();
        int n = SSL_write(self->ssl, self->record + self->sent, (int)(self->staged - self->sent));
        if (n <= 0) {
            int r = outcome(self, n);
            return r ? r : -EPIPE;
        }
        self->sent += (size_t)n;
    }
    self->staged = self->sent = 0;
    return 0;
}

/* Small answers share a record. */
ssize_t nbd_tls_send(struct nbd_tls *self, const struct iovec *pieces, unsigned n)
{
    ssize_t taken = 0;
    int r = send_record(self);
    for (unsigned i = 0; i < n && r == 0; i++) {
        const uint8_t *bytes = pieces[i].iov_base;
        for (size_t at = 0; at < pieces[i].iov_len && r == 0;) {
            size_t fits = MIN(RECORD - self->staged, pieces[i].iov_len - at);
            memcpy(self->record + self->staged, bytes + at, fits);
            self->staged += fits;
            at += fits;
            taken += (ssize_t)fits;
            if (self->staged == RECORD)
                r = send_record(self);
        }
    }
    if (r == 0)
        r = send_record(self);
    return taken || r == 0 || (r == -EAGAIN && n == 0) ? taken : r;
}

bool nbd_tls_unsent(const struct nbd_tls *self)
{
    return self->staged;
}

bool nbd_tls_pending(const struct nbd_tls *self)
{
    return SSL_has_pending(self->ssl);
}

uint32_t nbd_tls_events(const struct nbd_tls *self)
{
    return self->events;
}
