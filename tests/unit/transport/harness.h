/* A real server over TLS on a loopback port, in a thread of its own, and clients that speak to it byte by byte. Header
 * only: each test program takes what it needs. */
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/server.h"
#include "transport/statistics.h"

#define HANG_MS 120000

/* ---- the server ---- */

struct harness {
    pthread_t thread;
    struct loop *loop;
    struct server *server;
    struct loop_wake *wake;
    struct loop_io *tcp_io, *local_io;
    int tcp, local, code;
    bool stopped, keep_loop;
    uint16_t port;
    char local_name[64];
    EVP_PKEY *key;
    char *certificate;
    sem_t started, ran;
    void (*call)(struct harness *, void *);
    void *call_data;
    struct server_config config;
};

attr_unused static void harness_make_certificate(struct harness *h)
{
    h->key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    assert_non_null(h->key);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600 * 24);
    X509_set_pubkey(x, h->key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    assert_true(X509_sign(x, h->key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x);
    char *text;
    long n = BIO_get_mem_data(bio, &text);
    h->certificate = strndup(text, (size_t)n);
    BIO_free(bio);
    X509_free(x);
}

static void harness_on_tcp(void *data, int fd, uint32_t events)
{
    struct harness *h = data;
    (void)events;
    int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer >= 0)
        server_accept_tcp(h->server, peer);
}

static void harness_on_local(void *data, int fd, uint32_t events)
{
    struct harness *h = data;
    (void)events;
    int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer >= 0)
        server_accept_local(h->server, peer);
}

static void harness_on_wake(void *data)
{
    struct harness *h = data;
    h->call(h, h->call_data);
    sem_post(&h->ran);
}

/* Runs fn on the server's thread and waits for it. */
attr_unused static void harness_call(struct harness *h, void (*fn)(struct harness *, void *), void *data)
{
    h->call = fn;
    h->call_data = data;
    loop_wake_signal(h->wake);
    while (sem_wait(&h->ran) < 0)
        continue;
}

static void *harness_thread(void *data)
{
    struct harness *h = data;
    sem_post(&h->started);
    h->code = server_run(h->server);
    return NULL;
}

static void harness_listen(struct harness *h)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof in;
    h->tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(h->tcp, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(h->tcp, 64), 0);
    assert_int_equal(getsockname(h->tcp, (struct sockaddr *)&in, &size), 0);
    h->port = ntohs(in.sin_port);

    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(h->local_name, sizeof h->local_name, "lightsout-test-%d-%u", (int)getpid(), h->port);
    memcpy(un.sun_path + 1, h->local_name, strlen(h->local_name));
    h->local = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(h->local, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(listen(h->local, 8), 0);
}

static bool harness_may(void *context, const struct auth_session *session, uint32_t rights, const char *target)
{
    (void)context;
    return auth_session_may(session, rights, target) && (!target || strcmp(target, "forbidden") != 0);
}

/* Fill h->config before; names, port and `may` are set here, and without a keeper a certificate. A loop that h->loop
 * names stays the caller's. */
attr_unused static void harness_start(struct harness *h, struct keeper_client *keeper)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "kvm.example"};
    harness_listen(h);
    if (!keeper)
        harness_make_certificate(h);
    h->keep_loop = h->loop != NULL;
    if (!h->loop)
        assert_int_equal(loop_create(&h->loop), 0);
    h->config.public_names = names;
    h->config.n_public_names = ARRAY_SIZE(names);
    h->config.port = h->port;
    h->config.may = harness_may;
    h->config.local_uid = (uint32_t)getuid();
    h->config.tls_certificate = h->certificate;
    h->config.tls_key = h->key;
    assert_int_equal(server_create(h->loop, keeper, &h->config, &h->server), 0);
    assert_int_equal(loop_io_add(h->loop, h->tcp, EPOLLIN, harness_on_tcp, h, &h->tcp_io), 0);
    assert_int_equal(loop_io_add(h->loop, h->local, EPOLLIN, harness_on_local, h, &h->local_io), 0);
    assert_int_equal(loop_wake_add(h->loop, harness_on_wake, h, &h->wake), 0);
    server_set_needs_setup(h->server, false);
    sem_init(&h->started, 0, 0);
    sem_init(&h->ran, 0, 0);
    assert_int_equal(pthread_create(&h->thread, NULL, harness_thread, h), 0);
    while (sem_wait(&h->started) < 0)
        continue;
}

static void harness_do_stop(struct harness *h, void *data)
{
    (void)data;
    server_stop(h->server, 7);
}

attr_unused static void harness_stop(struct harness *h)
{
    if (!h->stopped)
        harness_call(h, harness_do_stop, NULL);
    pthread_join(h->thread, NULL);
    assert_int_equal(h->code, 7);
    server_destroy(h->server);
    loop_wake_remove(h->wake);
    loop_io_remove(h->tcp_io);
    loop_io_remove(h->local_io);
    if (!h->keep_loop)
        loop_destroy(h->loop);
    close(h->tcp);
    close(h->local);
    EVP_PKEY_free(h->key);
    free(h->certificate);
    sem_destroy(&h->started);
    sem_destroy(&h->ran);
}

/* ---- a client ---- */

struct client {
    int fd;
    SSL_CTX *context;
    SSL *ssl; /* NULL: plain */
};

attr_unused static struct client client_plain(struct harness *h)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(h->port)};
    struct client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct timeval limit = {.tv_sec = HANG_MS / 1000};
    setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(c.fd, (struct sockaddr *)&in, sizeof in), 0);
    return c;
}

attr_unused static struct client client_local(struct harness *h)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct client c = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct timeval limit = {.tv_sec = HANG_MS / 1000};
    setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    memcpy(un.sun_path + 1, h->local_name, strlen(h->local_name));
    assert_int_equal(connect(c.fd, (struct sockaddr *)&un, sizeof un), 0);
    return c;
}

/* alpn: in wire form, NULL for none. */
attr_unused static struct client client_tls_alpn(struct harness *h, const char *alpn)
{
    struct client c = client_plain(h);
    c.context = SSL_CTX_new(TLS_client_method());
    c.ssl = SSL_new(c.context);
    if (alpn)
        SSL_set_alpn_protos(c.ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    SSL_set_fd(c.ssl, c.fd);
    assert_int_equal(SSL_connect(c.ssl), 1);
    return c;
}

attr_unused static struct client client_tls(struct harness *h)
{
    return client_tls_alpn(h, NULL);
}

attr_unused static void client_close(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    close(c->fd);
    *c = (struct client){.fd = -1};
}

attr_unused static bool client_write(struct client *c, const void *bytes, size_t size)
{
    if (c->ssl)
        return !size || SSL_write(c->ssl, bytes, (int)size) == (int)size;
    return send(c->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

attr_unused static void client_say(struct client *c, const char *format, ...) attr_printf(2, 3);
attr_unused static void client_say(struct client *c, const char *format, ...)
{
    char text[16384];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof text);
    client_write(c, text, (size_t)n);
}

/* As many as there are, up to size; 0 at the end or an error, -1 when nothing came in time. */
attr_unused static ssize_t client_read(struct client *c, void *room, size_t size)
{
    ssize_t n = c->ssl ? SSL_read(c->ssl, room, (int)size) : recv(c->fd, room, size, 0);
    if (n > 0)
        return n;
    if (c->ssl ? SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ : n < 0 && errno == EAGAIN)
        return -1;
    return 0;
}

attr_unused static bool client_read_exactly(struct client *c, void *room, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = client_read(c, (char *)room + at, size - at);
        assert_int_not_equal(n, -1);
        if (n == 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* True when the server closed the connection (and said nothing more). */
attr_unused static bool client_at_end(struct client *c)
{
    char waste[4096];
    ssize_t n = client_read(c, waste, sizeof waste);
    assert_int_not_equal(n, -1);
    return n == 0;
}

/* ---- HTTP ---- */

struct answer {
    int status; /* 0: hung up before an answer */
    char head[4096];
    char body[1 << 17];
    size_t body_size;
};

attr_unused static const char *answer_header(const struct answer *a, const char *name)
{
    static char value[1024];
    char find[64];
    snprintf(find, sizeof find, "\r\n%s: ", name);
    const char *at = strcasestr(a->head, find);
    if (!at)
        return NULL;
    at += strlen(find);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

attr_unused static void client_answer(struct client *c, struct answer *a, bool head_only)
{
    size_t n = 0;
    *a = (struct answer){0};
    while (n < 4 || memcmp(a->head + n - 4, "\r\n\r\n", 4) != 0) {
        assert_true(n + 1 < sizeof a->head);
        if (!client_read_exactly(c, a->head + n, 1))
            return;
        n++;
    }
    assert_int_equal(sscanf(a->head, "HTTP/1.%*d %d", &a->status), 1);
    const char *length = answer_header(a, "Content-Length");
    a->body_size = length && !head_only ? strtoul(length, NULL, 10) : 0;
    assert_true(a->body_size < sizeof a->body);
    assert_true(client_read_exactly(c, a->body, a->body_size));
    a->body[a->body_size] = 0;
}

/* One request on an open connection; more: header lines, each with its \r\n. */
attr_unused static int client_request(struct harness *h, struct client *c, const char *method, const char *path,
                                      const char *more, const char *body, struct answer *a)
{
    char length[96] = "";
    if (body)
        snprintf(length, sizeof length, "Content-Length: %zu\r\nContent-Type: application/json\r\n", strlen(body));
    client_say(c, "%s %s HTTP/1.1\r\nHost: localhost:%u\r\n%s%s\r\n%s", method, path, h->port, length, more,
               body ? body : "");
    client_answer(c, a, !strcmp(method, "HEAD"));
    return a->status;
}

/* The same on a connection of its own. */
attr_unused static int request_once(struct harness *h, const char *method, const char *path, const char *more,
                                    const char *body, struct answer *a)
{
    struct client c = client_tls(h);
    int status = client_request(h, &c, method, path, more, body, a);
    client_close(&c);
    return status;
}

/* ---- websocket ---- */

attr_unused static int ws_open(struct harness *h, struct client *c, const char *path, const char *protocol,
                               struct answer *a)
{
    *c = client_tls(h);
    client_say(c,
               "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nOrigin: https://localhost:%u\r\nConnection: Upgrade\r\n"
               "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
               "Sec-WebSocket-Protocol: %s\r\n\r\n",
               path, h->port, h->port, protocol);
    client_answer(c, a, true);
    return a->status;
}

/* A masked frame. opcode with 0x80 for the last fragment. */
attr_unused static bool ws_send(struct client *c, uint8_t opcode, const void *bytes, size_t size)
{
    uint8_t frame[70000];
    static const uint8_t mask[4] = {1, 2, 3, 4};
    size_t n = 0;
    frame[n++] = opcode;
    if (size < 126) {
        frame[n++] = 0x80 | (uint8_t)size;
    } else {
        frame[n++] = 0x80 | 126;
        frame[n++] = (uint8_t)(size >> 8);
        frame[n++] = (uint8_t)size;
    }
    memcpy(frame + n, mask, 4);
    n += 4;
    for (size_t i = 0; i < size; i++)
        frame[n++] = ((const uint8_t *)bytes)[i] ^ mask[i & 3];
    return client_write(c, frame, n);
}

attr_unused static bool ws_send_message(struct client *c, const void *bytes, size_t size)
{
    return ws_send(c, 0x82, bytes, size);
}

struct ws_frame {
    uint8_t opcode;
    bool last;
    size_t size;
    uint8_t bytes[66000];
};

attr_unused static bool ws_read_frame(struct client *c, struct ws_frame *f)
{
    uint8_t head[2], length[8];
    if (!client_read_exactly(c, head, 2))
        return false;
    f->opcode = head[0] & 0x0f;
    f->last = head[0] & 0x80;
    f->size = head[1] & 0x7f;
    unsigned extra = f->size == 126 ? 2 : f->size == 127 ? 8 : 0;
    if (extra) {
        assert_true(client_read_exactly(c, length, extra));
        f->size = 0;
        for (unsigned i = 0; i < extra; i++)
            f->size = f->size << 8 | length[i];
    }
    assert_true(f->size <= sizeof f->bytes);
    return client_read_exactly(c, f->bytes, f->size);
}

struct ws_message {
    unsigned frames;
    uint16_t close_code; /* when this is the close frame; size is then 0 */
    size_t size;
    uint8_t bytes[1 << 20];
};

/* The next whole message; pings are answered. False: the connection ended without a close frame. */
attr_unused static bool ws_read(struct client *c, struct ws_message *m)
{
    static struct ws_frame f;
    m->frames = 0;
    m->size = 0;
    m->close_code = 0;
    do {
        if (!ws_read_frame(c, &f))
            return false;
        if (f.opcode == 9)
            ws_send(c, 0x8a, f.bytes, f.size);
        if (f.opcode == 8) {
            m->close_code = f.size >= 2 ? (uint16_t)(f.bytes[0] << 8 | f.bytes[1]) : 1005;
            return true;
        }
        if (f.opcode >= 8) {
            f.last = false;
            continue;
        }
        assert_int_equal(f.opcode, m->frames ? 0 : 2);
        assert_true(m->size + f.size <= sizeof m->bytes);
        memcpy(m->bytes + m->size, f.bytes, f.size);
        m->size += f.size;
        m->frames++;
    } while (!f.last);
    return true;
}

/* A ticket by the local socket, which needs no login. */
attr_unused static void get_ticket(struct harness *h, const char *target, char room[33])
{
    static struct answer a;
    char path[256];
    struct client c = client_local(h);
    snprintf(path, sizeof path, "/api/v1/targets/%s/ticket", target);
    assert_int_equal(client_request(h, &c, "POST", path, "", "", &a), 200);
    client_close(&c);
    assert_int_equal(sscanf(a.body, "{\"ticket\":\"%32[0-9a-f]\"", room), 1);
}
