/* One connection to a syslog server over TLS, kept up while there is something to say. */
#include "auth/outward/syslog.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/log.h"

#define QUEUE 512 /* messages; more than a keeper gives without an answer */
#define AGAIN_LEAST_US 1000000ull
#define AGAIN_MOST_US 30000000ull
#define PATIENCE_US 10000000ull /* for connecting and the handshake, and for a server that takes nothing */
#define TELL_US 1000000ull

struct message {
    size_t size; /* with its framing */
    char bytes[ERRAND_MAX_SYSLOG + 8];
};

struct lookup {
    struct syslog_out *out; /* NULL: gone */
    char host[254], port[8];
    struct addrinfo *list;
    int error;
};

struct syslog_out {
    struct loop *loop;
    struct worker_pool *resolver;
    syslog_out_state_fn *state;
    void *data;
    struct errand_syslog server;
    enum { IDLE, LOOKING, CONNECTING, SHAKING, UP } stage;
    struct lookup *lookup;
    struct addrinfo *addresses, *address; /* all, and the one that is tried */
    int fd;
    struct loop_io *io;
    SSL_CTX *context;
    SSL *ssl;
    struct loop_timer *again, *patience, *tell;
    uint64_t backoff_us;
    bool waiting; /* for the timer that tries again */
    struct message *queue[QUEUE];
    unsigned first, n;
    size_t written; /* of the first message */
    struct errand_syslog_state told;
    bool untold;
};

static void connect_next(struct syslog_out *self);

/* ---- telling ---- */

static void on_tell(void *data)
{
    struct syslog_out *self = data;
    if (!self->untold)
        return;
    self->untold = false;
    loop_timer_arm_in(self->tell, TELL_US);
    self->state(self->data, &self->told);
}

static void tell(struct syslog_out *self, bool soon)
{
    bool waiting = self->untold;
    self->untold = true;
    if (soon || !waiting)
        loop_timer_arm_in(self->tell, soon ? 0 : TELL_US / 4);
}

static void tell_reached(struct syslog_out *self, bool reached, const char *why)
{
    self->told.reached = reached;
    snprintf(self->told.why, sizeof self->told.why, "%s", why);
    tell(self, true);
}

/* ---- the connection ---- */

static void disconnect(struct syslog_out *self)
{
    self->io = loop_io_remove(self->io);
    SSL_free(self->ssl); /* without close_notify: framing tells what was whole */
    self->ssl = NULL;
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
    self->written = 0; /* the first message goes whole again */
    self->stage = IDLE;
    loop_timer_disarm(self->patience);
}

static void give_up(struct syslog_out *self, const char *why)
{
    disconnect(self);
    if (self->addresses)
        freeaddrinfo(self->addresses);
    self->addresses = self->address = NULL;
    loop_timer_arm_in(self->again, self->backoff_us);
    self->waiting = true;
    self->backoff_us = MIN(2 * self->backoff_us, AGAIN_MOST_US);
    tell_reached(self, false, why);
}

static void fail(struct syslog_out *self, const char *why)
{
    bool was_up = self->stage == UP;
    disconnect(self);
    self->address = was_up || !self->address ? NULL : self->address->ai_next;
    if (self->address)
        connect_next(self);
    else
        give_up(self, why);
}

/* What OpenSSL says, as one sentence. */
static void fail_tls(struct syslog_out *self, const char *what)
{
    char why[256];
    long verdict = self->ssl ? SSL_get_verify_result(self->ssl) : X509_V_OK;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    if (verdict != X509_V_OK)
        reason = X509_verify_cert_error_string(verdict);
    snprintf(why, sizeof why, "%s: %.200s", what, reason ? reason : "the connection broke");
    ERR_clear_error();
    fail(self, why);
}

static void want(struct syslog_out *self, int code)
{
    uint32_t events = EPOLLIN;
    if (code == SSL_ERROR_WANT_WRITE)
        events |= EPOLLOUT;
    loop_io_set_events(self->io, events);
}

/* False: it broke, and self may be connecting again. */
static bool settle(struct syslog_out *self, int result, const char *what)
{
    int code = SSL_get_error(self->ssl, result);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
        want(self, code);
        return true;
    }
    fail_tls(self, what);
    return false;
}

/* ---- messages ---- */

static void pop(struct syslog_out *self)
{
    free(self->queue[self->first]);
    self->first = (self->first + 1) % QUEUE;
    self->n--;
}

static void pump(struct syslog_out *self)
{
    while (self->stage == UP && self->n) {
        const struct message *message = self->queue[self->first];
        ERR_clear_error();
        int r = SSL_write(self->ssl, message->bytes + self->written, (int)(message->size - self->written));
        if (r <= 0) {
            settle(self, r, "The syslog server takes nothing");
            return;
        }
        loop_timer_arm_in(self->patience, PATIENCE_US);
        self->written += (size_t)r;
        if (self->written < message->size)
            continue;
        self->written = 0;
        self->told.given++;
        pop(self);
        tell(self, false);
    }
    if (self->stage == UP) {
        loop_timer_disarm(self->patience);
        loop_io_set_events(self->io, EPOLLIN);
    }
}

/* A server has nothing to say (RFC 5425 section 4.3): what comes is TLS's own, or the end. */
static bool drain(struct syslog_out *self)
{
    char room[512];
    ERR_clear_error();
    int r = SSL_read(self->ssl, room, sizeof room);
    if (r > 0)
        return true;
    int code = SSL_get_error(self->ssl, r);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
        return true;
    if (code == SSL_ERROR_ZERO_RETURN)
        fail(self, "The syslog server ended the connection.");
    else
        fail_tls(self, "The syslog server ended the connection");
    return false;
}

static void shake(struct syslog_out *self)
{
    ERR_clear_error();
    int r = SSL_connect(self->ssl);
    if (r != 1) {
        settle(self, r, "TLS with the syslog server failed");
        return;
    }
    self->stage = UP;
    self->backoff_us = AGAIN_LEAST_US;
    loop_timer_disarm(self->patience);
    tell_reached(self, true, "");
    pump(self);
}

static int make_context(struct syslog_out *self)
{
    if (self->context)
        return 0;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool good = context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
    if (good && !self->server.authorities[0])
        good = SSL_CTX_set_default_verify_paths(context) == 1;
    BIO *bio = good && self->server.authorities[0] ? BIO_new_mem_buf(self->server.authorities, -1) : NULL;
    unsigned n = 0;
    X509 *certificate;
    while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        n += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(bio);
    ERR_clear_error();
    if (!good || (self->server.authorities[0] && !n)) {
        SSL_CTX_free(context);
        return -EINVAL;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    self->context = context;
    return 0;
}

/* The name, or the address when that is what was configured. */
static bool expect_name(struct syslog_out *self)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(self->ssl);
    const char *name = self->server.name;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
        return true;
    ERR_clear_error();
    return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 && SSL_set_tlsext_host_name(self->ssl, name) == 1;
}

static void begin_tls(struct syslog_out *self)
{
    if (make_context(self) < 0) {
        give_up(self, "The authorities of audit-syslog-ca cannot be read: give certificates as PEM.");
        return;
    }
    self->ssl = SSL_new(self->context);
    if (!self->ssl || SSL_set_fd(self->ssl, self->fd) != 1 || !expect_name(self)) {
        fail_tls(self, "TLS with the syslog server cannot begin");
        return;
    }
    self->stage = SHAKING;
    shake(self);
}

static void connected(struct syslog_out *self)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    if (!error) {
        begin_tls(self);
        return;
    }
    char why[160];
    snprintf(why, sizeof why, "The syslog server cannot be reached: %s", strerror(error));
    fail(self, why);
}

static void on_io(void *data, attr_unused int fd, uint32_t events)
{
    struct syslog_out *self = data;
    if (self->stage == CONNECTING)
        connected(self);
    else if (self->stage == SHAKING)
        shake(self);
    else if (self->stage == UP && (!(events & ~(uint32_t)EPOLLOUT) || drain(self)))
        pump(self);
}

static void connect_next(struct syslog_out *self)
{
    const struct addrinfo *a = self->address;
    self->fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    self->stage = CONNECTING;
    loop_timer_arm_in(self->patience, PATIENCE_US);
    int r = self->fd < 0                                                               ? -errno
            : connect(self->fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS ? -errno
                                                                                       : 0;
    if (r == 0)
        r = loop_io_add(self->loop, self->fd, EPOLLOUT, on_io, self, &self->io);
    if (r < 0) {
        char why[160];
        snprintf(why, sizeof why, "The syslog server cannot be reached: %s", strerror(-r));
        fail(self, why);
    }
}

/* ---- its name ---- */

static void look(void *data)
{
    struct lookup *lookup = data;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
    lookup->error = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->list);
}

static void looked(void *data)
{
    struct lookup *lookup = data;
    struct syslog_out *self = lookup->out;
    if (self) {
        self->lookup = NULL;
        self->stage = IDLE;
        self->addresses = self->address = take(lookup->list);
        char why[160];
        snprintf(why, sizeof why, "The syslog server's name is not known: %s", gai_strerror(lookup->error));
        if (self->address)
            connect_next(self);
        else
            give_up(self, why);
    }
    if (lookup->list)
        freeaddrinfo(lookup->list);
    free(lookup);
}

static void reach(struct syslog_out *self)
{
    if (self->stage != IDLE || !self->n)
        return;
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup) {
        give_up(self, "There is no memory for a connection to the syslog server.");
        return;
    }
    lookup->out = self;
    lookup->error = EAI_AGAIN;
    memcpy(lookup->host, self->server.host, sizeof lookup->host);
    snprintf(lookup->port, sizeof lookup->port, "%u", self->server.port);
    if (worker_pool_submit(self->resolver, look, looked, lookup) < 0) {
        free(lookup);
        give_up(self, "There is no memory for a connection to the syslog server.");
        return;
    }
    self->lookup = lookup;
    self->stage = LOOKING;
}

static void on_again(void *data)
{
    struct syslog_out *self = data;
    self->waiting = false;
    reach(self);
}

static void on_patience(void *data)
{
    fail(data, "The syslog server does not answer in time.");
}

/* ---- for the keeper's errands ---- */

static void forget_server(struct syslog_out *self)
{
    disconnect(self);
    if (self->lookup)
        self->lookup->out = NULL;
    self->lookup = NULL;
    if (self->addresses)
        freeaddrinfo(self->addresses);
    self->addresses = self->address = NULL;
    SSL_CTX_free(self->context);
    self->context = NULL;
    self->backoff_us = AGAIN_LEAST_US;
    loop_timer_disarm(self->again);
    self->waiting = false;
}

static bool same_server(const struct errand_syslog *a, const struct errand_syslog *b)
{
    return strcmp(a->host, b->host) == 0 && a->port == b->port && strcmp(a->name, b->name) == 0 &&
           strcmp(a->authorities, b->authorities) == 0;
}

void syslog_out_send(struct syslog_out *self, const struct errand_syslog *server, const void *bytes, size_t size)
{
    if (!same_server(server, &self->server)) {
        forget_server(self);
        self->server = *server;
    }
    struct message *message = self->n < QUEUE && size && size <= ERRAND_MAX_SYSLOG ? malloc(sizeof *message) : NULL;
    if (!message) {
        self->told.lost++;
        tell(self, false);
        return;
    }
    int head = snprintf(message->bytes, 8, "%zu ", size); /* octet counting, RFC 5425 section 4.3 */
    memcpy(message->bytes + head, bytes, size);
    message->size = (size_t)head + size;
    self->queue[(self->first + self->n++) % QUEUE] = message;
    if (self->stage == UP)
        pump(self);
    else if (!self->waiting)
        reach(self);
}

int syslog_out_create(struct loop *loop, struct worker_pool *resolver, syslog_out_state_fn *state, void *data,
                      struct syslog_out **ret)
{
    attr_cleanup(syslog_out_destroyp) struct syslog_out *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct syslog_out){
        .loop = loop, .resolver = resolver, .state = state, .data = data, .fd = -1, .backoff_us = AGAIN_LEAST_US};
    int r = loop_timer_add(loop, on_again, self, &self->again);
    if (r >= 0)
        r = loop_timer_add(loop, on_patience, self, &self->patience);
    if (r >= 0)
        r = loop_timer_add(loop, on_tell, self, &self->tell);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct syslog_out *syslog_out_destroy(struct syslog_out *self)
{
    if (!self)
        return NULL;
    if (self->patience)
        forget_server(self);
    while (self->n)
        pop(self);
    loop_timer_remove(self->again);
    loop_timer_remove(self->patience);
    loop_timer_remove(self->tell);
    free(self);
    return NULL;
}
