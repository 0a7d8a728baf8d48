/* Peers of the network that take what is not theirs (places, memory), and large requests through TLS. The client is
 * OpenSSL's, on the same loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/log.h"
#include "media/nbd_server.h"
#include "media/nbd_tls.h"
#include "media/source_memory.h"
#include "nbd_bytes.h"

#define SIZE ((33u << 20) + 512)
#define LARGEST (32u << 20)
#define KEY "00112233445566778899aabbccddeeff"
#define LIMIT_US 120000000

struct fixture {
    struct loop *loop;
    struct nbd_server *server;
    struct nbd_tls_context *tls;
    struct loop_io *io;
    int listener;
    uint16_t port;
    SSL_CTX *client;
};

struct client {
    struct fixture *f;
    int fd;
    SSL *ssl;
};

static bool admit_identity(void *data, const char *identity, const char *export)
{
    (void)data, (void)export;
    return strcmp(identity, "psk:alice") == 0;
}

static const struct nbd_server_host host = {.admit_identity = admit_identity};

static void on_accept(void *data, int fd, uint32_t events)
{
    struct fixture *f = data;
    (void)events;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer >= 0 && nbd_server_adopt_tls(f->server, peer, f->tls) < 0)
        close(peer);
}

static unsigned use_key(SSL *ssl, const char *hint, char *identity, unsigned identity_size, unsigned char *key,
                        unsigned size)
{
    (void)ssl, (void)hint;
    snprintf(identity, identity_size, "alice");
    for (unsigned i = 0; i < 16 && i < size; i++)
        key[i] = (unsigned char)(i * 0x11);
    return 16;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct source *disk;
    struct nbd_psks psks;
    const char *mistake = NULL;
    char why[200];
    *state = f;
    log_set_level(LOG_ERROR);
    nbd_psks_parse("alice:" KEY "\n", strlen("alice:" KEY "\n"), &psks, &mistake);
    struct nbd_tls_config config = {.psks = &psks};
    if (loop_create(&f->loop) < 0 || nbd_server_create(f->loop, &host, f, &f->server) < 0 ||
        source_memory_create(NULL, SIZE, false, &disk) < 0 || nbd_server_add(f->server, "disk", disk) < 0 ||
        nbd_tls_context_create(&config, &f->tls, why, sizeof why) < 0)
        return -1;
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(f->listener, (struct sockaddr *)&address, size) < 0 || listen(f->listener, 64) < 0 ||
        getsockname(f->listener, (struct sockaddr *)&address, &size) < 0)
        return -1;
    f->port = ntohs(address.sin_port);
    f->client = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_psk_client_callback(f->client, use_key);
    SSL_CTX_set_cipher_list(f->client, "ECDHE-PSK-CHACHA20-POLY1305");
    SSL_CTX_set_mode(f->client, SSL_MODE_ENABLE_PARTIAL_WRITE);
    return loop_io_add(f->loop, f->listener, EPOLLIN, on_accept, f, &f->io);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    nbd_server_destroy(f->server);
    nbd_tls_context_destroy(f->tls);
    loop_io_remove(f->io);
    close(f->listener);
    loop_destroy(f->loop);
    SSL_CTX_free(f->client);
    free(f);
    return 0;
}

/* From an address of the loopback network. */
static int connect_from(struct fixture *f, unsigned last)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + last)};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(f->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void turn(struct fixture *f, unsigned times)
{
    while (times--)
        loop_dispatch(f->loop, 1);
}

/* Did the server close it? What it said is dropped. */
static bool is_over(int fd)
{
    char rest[256];
    ssize_t n;
    while ((n = recv(fd, rest, sizeof rest, MSG_DONTWAIT)) > 0)
        ;
    return n == 0 || errno != EAGAIN;
}

static void in_clear(struct client *c, const void *bytes, size_t size)
{
    assert_int_equal(send(c->fd, bytes, size, MSG_NOSIGNAL), size);
}

static void take_clear(struct client *c, void *room, size_t size)
{
    uint64_t limit = clock_now_us() + LIMIT_US;
    for (size_t at = 0; at < size;) {
        ssize_t n = recv(c->fd, (char *)room + at, size - at, MSG_DONTWAIT);
        assert_true(n > 0 || (n < 0 && errno == EAGAIN && clock_now_us() < limit));
        at += n > 0 ? (size_t)n : 0;
        loop_dispatch(c->f->loop, n > 0 ? 0 : 1);
    }
}

static bool wait_for(struct client *c, int result, uint64_t limit)
{
    int error = SSL_get_error(c->ssl, result);
    loop_dispatch(c->f->loop, 1);
    return (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) && clock_now_us() < limit;
}

static void say(struct client *c, const void *bytes, size_t size)
{
    uint64_t limit = clock_now_us() + LIMIT_US;
    for (size_t at = 0; at < size;) {
        int n = SSL_write(c->ssl, (const char *)bytes + at, (int)(size - at));
        assert_true(n > 0 || wait_for(c, n, limit));
        at += n > 0 ? (size_t)n : 0;
        loop_dispatch(c->f->loop, 0);
    }
}

static void hear(struct client *c, void *room, size_t size)
{
    uint64_t limit = clock_now_us() + LIMIT_US;
    for (size_t at = 0; at < size;) {
        int n = SSL_read(c->ssl, (char *)room + at, (int)(size - at));
        assert_true(n > 0 || wait_for(c, n, limit));
        at += n > 0 ? (size_t)n : 0;
    }
}

/* Into the transmission phase of "disk", by NBD_OPT_EXPORT_NAME. */
static void enter(struct fixture *f, unsigned last, struct client *c)
{
    struct bytes out = {.size = 0};
    uint8_t in[64];
    uint64_t limit = clock_now_us() + LIMIT_US;
    *c = (struct client){.f = f, .fd = connect_from(f, last)};
    put_client_flags(&out, 3);
    put_option(&out, 5, 0);
    in_clear(c, out.data, out.size);
    take_clear(c, in, 18 + 20);
    assert_int_equal(in[18 + 15], 1);
    c->ssl = SSL_new(f->client);
    int flags = fcntl(c->fd, F_GETFL);
    assert_int_equal(fcntl(c->fd, F_SETFL, flags | O_NONBLOCK), 0);
    SSL_set_fd(c->ssl, c->fd);
    for (int r; (r = SSL_connect(c->ssl)) != 1;)
        assert_true(wait_for(c, r, limit));
    out.size = 0;
    put_option(&out, 1, 4);
    put_text(&out, "disk");
    say(c, out.data, out.size);
    hear(c, in, 8 + 2);
}

static void leave(struct client *c)
{
    SSL_free(c->ssl);
    close(c->fd);
}

static void expect_reply(struct client *c, uint32_t error, uint64_t cookie)
{
    struct bytes expected = {.size = 0};
    uint8_t in[16];
    put_reply(&expected, error, cookie);
    hear(c, in, sizeof in);
    assert_memory_equal(in, expected.data, sizeof in);
}

/* --- places --- */

static void strangers_of_one_address_have_few_places(void **state)
{
    struct fixture *f = *state;
    int fds[NBD_MAX_STRANGERS + 3];
    unsigned held = 0;
    struct client friend;
    enter(f, 0, &friend); /* who has proved itself counts as no stranger */
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = connect_from(f, 0);
        turn(f, 3);
    }
    turn(f, 20);
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        held += !is_over(fds[i]);
    assert_int_equal(held, NBD_MAX_STRANGERS);
    struct client other;
    enter(f, 1, &other); /* from elsewhere */
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    turn(f, 20);
    leave(&other);
    enter(f, 0, &other); /* and from there when they have gone */
    leave(&other);
    leave(&friend);
}

static void who_comes_through_tls_is_bounded_too(void **state)
{
    struct fixture *f = *state;
    struct client friends[NBD_MAX_PER_EXPORT];
    for (unsigned i = 0; i < ARRAY_SIZE(friends); i++)
        enter(f, 0, &friends[i]);
    int fds[NBD_MAX_PER_ADDRESS - NBD_MAX_PER_EXPORT];
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = connect_from(f, 0);
    turn(f, 30);
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        assert_false(is_over(fds[i]));
    int one_more = connect_from(f, 0);
    turn(f, 20);
    assert_true(is_over(one_more));
    close(one_more);
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(friends); i++)
        leave(&friends[i]);
}

/* All places taken from many addresses: the oldest stranger gives way, who has proved itself does not. */
static void silence_keeps_nobody_out(void **state)
{
    enum { ADDRESSES = 5 };
    struct fixture *f = *state;
    int fds[ADDRESSES][NBD_MAX_STRANGERS];
    struct client friend, late;
    struct bytes out = {.size = 0};
    uint8_t in[512];
    enter(f, 0, &friend);
    for (unsigned a = 0; a < ADDRESSES; a++)
        for (unsigned i = 0; i < NBD_MAX_STRANGERS; i++) {
            fds[a][i] = connect_from(f, 2 + a);
            turn(f, 3);
        }
    turn(f, 20);
    assert_true(is_over(fds[0][0]));
    assert_false(is_over(fds[ADDRESSES - 1][NBD_MAX_STRANGERS - 1]));
    enter(f, 1, &late);
    put_request(&out, 0, 0, 7, 0, sizeof in);
    say(&friend, out.data, out.size);
    expect_reply(&friend, 0, 7);
    hear(&friend, in, sizeof in);
    say(&late, out.data, out.size);
    expect_reply(&late, 0, 7);
    hear(&late, in, sizeof in);
    for (unsigned a = 0; a < ADDRESSES; a++)
        for (unsigned i = 0; i < NBD_MAX_STRANGERS; i++)
            close(fds[a][i]);
    leave(&friend);
    leave(&late);
}

/* --- large and slow --- */

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static void the_largest_write_and_read(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct bytes out = {.size = 0};
    uint8_t *bytes = malloc(LARGEST), *got = malloc(LARGEST);
    assert_true(bytes && got);
    for (size_t i = 0; i < LARGEST; i++)
        bytes[i] = byte_at(i);
    enter(f, 0, &c);
    put_request(&out, 0, 1, 1, 512, LARGEST);
    say(&c, out.data, out.size);
    say(&c, bytes, LARGEST);
    expect_reply(&c, 0, 1);
    /* one byte more is refused when all of it has come, and the connection goes on */
    out.size = 0;
    put_request(&out, 0, 1, 2, 0, LARGEST + 1);
    say(&c, out.data, out.size);
    say(&c, bytes, LARGEST);
    say(&c, bytes, 1);
    expect_reply(&c, 22, 2);
    out.size = 0;
    put_request(&out, 0, 0, 3, 512, LARGEST);
    say(&c, out.data, out.size);
    expect_reply(&c, 0, 3);
    hear(&c, got, LARGEST);
    assert_memory_equal(bytes, got, LARGEST);
    leave(&c);
    free(bytes);
    free(got);
}

/* Who asks for much and takes nothing is not served beyond its budget; others are, and what it asked for is right when
 * it is taken at last. */
static void a_slow_reader(void **state)
{
    enum { PIECE = 256 << 10, N = 200 };
    struct fixture *f = *state;
    struct client slow, other;
    struct bytes out = {.size = 0};
    struct nbd_export_stats stats;
    uint8_t *bytes = malloc(PIECE);
    assert_non_null(bytes);
    for (size_t i = 0; i < PIECE; i++)
        bytes[i] = byte_at(i);
    enter(f, 0, &slow);
    enter(f, 1, &other);
    put_request(&out, 0, 1, 1, 0, PIECE);
    say(&other, out.data, out.size);
    say(&other, bytes, PIECE);
    expect_reply(&other, 0, 1);
    out.size = 0;
    for (unsigned i = 0; i < N; i++)
        put_request(&out, 0, 0, i, 0, PIECE);
    say(&slow, out.data, out.size);
    turn(f, 300);
    assert_true(nbd_server_stats(f->server, "disk", &stats));
    /* what the kernel's buffers of the two sockets took, the budget, and the last request */
    assert_true(stats.bytes_read < (uint64_t)N * PIECE * 3 / 4);
    out.size = 0;
    put_request(&out, 0, 0, 2, 0, PIECE);
    say(&other, out.data, out.size);
    expect_reply(&other, 0, 2);
    hear(&other, bytes, PIECE);
    for (unsigned i = 0; i < N; i++) {
        uint8_t in[1000];
        expect_reply(&slow, 0, i);
        for (size_t at = 0; at < PIECE; at += sizeof in) {
            size_t n = MIN(sizeof in, PIECE - at);
            hear(&slow, in, n);
            assert_memory_equal(in, bytes + at, n);
        }
    }
    leave(&slow);
    leave(&other);
    free(bytes);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(strangers_of_one_address_have_few_places),
        T(who_comes_through_tls_is_bounded_too),
        T(silence_keeps_nobody_out),
        T(the_largest_write_and_read),
        T(a_slow_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
