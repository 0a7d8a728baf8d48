/* The libwebsockets context: its settings, the vhosts, adoption of sockets and of core/loop. The settings each have a
 * reason, and most of them close a hole of version 4.1.6: HTTP/1.1 only by ALPN (its HTTP/2 has memory errors), no
 * extensions, header size limits, writes that go out without a copy. No best-practice header set: it would add a second
 * content security policy, which forbids WASM. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "transport/console_wire.h"
#include "transport/media_wire.h"
#include "transport/server_internal.h"

#define HEADER_BYTES 8192
#define HANDSHAKE_S 15 /* also: how long a body may pause */
#define KEEPALIVE_S 60
#define MEDIA_RX_SIZE 16384
#define PING_S 20 /* a silent websocket is pinged after this ... */
#define DEAD_S 35 /* ... and closed after this */

const uint32_t transport_bucket_us[TRANSPORT_BUCKETS - 1] = {50, 100, 250, 500, 1000, 2000, 5000, 20000};

static uint64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t server_callback_begin(struct server *self)
{
    return self->callback_depth++ ? 0 : thread_cpu_ns();
}

void server_callback_end(struct server *self, uint64_t began_ns)
{
    if (--self->callback_depth)
        return;
    uint64_t us = (thread_cpu_ns() - began_ns) / 1000;
    unsigned bucket = 0;
    while (bucket < TRANSPORT_BUCKETS - 1 && us > transport_bucket_us[bucket])
        bucket++;
    self->statistics.callbacks[bucket]++;
    if (us > self->statistics.callback_longest_us)
        self->statistics.callback_longest_us = us;
}

static int timed(lws_callback_function *callback, struct lws *wsi, enum lws_callback_reasons reason, void *user,
                 void *in, size_t size)
{
    struct server *server = server_of(wsi);
    uint64_t began = server_callback_begin(server);
    int r = callback(wsi, reason, user, in, size);
    server_callback_end(server, began);
    return r;
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    return timed(http_callback, wsi, reason, user, in, size);
}

static int on_console(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    return timed(console_callback, wsi, reason, user, in, size);
}

static int on_media(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    return timed(media_callback, wsi, reason, user, in, size);
}

/* core/loop's epoll descriptor inside libwebsockets' poll set. */
static int dispatch_loop(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    (void)user, (void)in, (void)size;
    struct server *server = server_of(wsi);
    if (reason == LWS_CALLBACK_RAW_RX_FILE)
        loop_dispatch(server->loop, 0);
    return 0;
}

static int on_loop(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    return timed(dispatch_loop, wsi, reason, user, in, size);
}

/* per_session_data_size is not 0 because libwebsockets reports the end of a binding only to protocols that have some.
 */
#define MEDIA_PROTOCOL                                                                                                 \
    {                                                                                                                  \
        .name = MEDIA_SUBPROTOCOL, .callback = on_media, .per_session_data_size = 8, .rx_buffer_size = MEDIA_RX_SIZE   \
    }

static const struct lws_protocols tls_protocols[] = {
    {.name = "http", .callback = on_http, .per_session_data_size = 8, .tx_packet_size = SERVER_WRITE_SIZE},
    {.name = CONSOLE_SUBPROTOCOL,
     .callback = on_console,
     .per_session_data_size = 8,
     .rx_buffer_size = 1024,
     .tx_packet_size = SERVER_WRITE_SIZE},
    MEDIA_PROTOCOL,
    {0},
};

static const struct lws_protocols local_protocols[] = {
    {.name = "http", .callback = on_http, .per_session_data_size = 8, .tx_packet_size = SERVER_WRITE_SIZE},
    {.name = "loop", .callback = on_loop, .per_session_data_size = 8},
    MEDIA_PROTOCOL,
    {0},
};

static void log_line(int level, const char *line)
{
    char text[512];
    snprintf(text, sizeof text, "%s", line);
    text[strcspn(text, "\n")] = 0;
    log_write(level == LLL_ERR ? LOG_WARN : LOG_DEBUG, "lws", "%s", text);
}

/* port: none of the two listens. They differ because libwebsockets takes a request's vhost from its Host header, among
 * those of the same port: a request by TLS must never become one of the local socket. */
static struct lws_vhost *create_vhost(struct server *self, const char *name, int port,
                                      const struct lws_protocols *protocols, uint64_t options)
{
    static const lws_retry_bo_t idle = {.secs_since_valid_ping = PING_S, .secs_since_valid_hangup = DEAD_S};
    struct lws_context_creation_info info = {
        .port = port,
        .vhost_name = name,
        .protocols = protocols,
        .options = options,
        .alpn = "http/1.1",
        .keepalive_timeout = KEEPALIVE_S,
        .timeout_secs_ah_idle = HANDSHAKE_S,
        .retry_and_idle_policy = &idle,
    };
    return lws_create_vhost(self->context, &info);
}

/* A duplicate, because libwebsockets closes what it adopted. */
static int adopt_loop(struct server *self)
{
    int fd = fcntl(loop_fd(self->loop), F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    lws_sock_file_fd_type descriptor = {.filefd = fd};
    if (!lws_adopt_descriptor_vhost(self->local_vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, "loop", NULL)) {
        close(fd);
        return -ENOMEM;
    }
    return 0;
}

int server_context_create(struct server *self)
{
    lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .alpn = "http/1.1",
        .timeout_secs = HANDSHAKE_S,
        .max_http_header_data = HEADER_BYTES,
        .pt_serv_buf_size = LWS_PRE + 16384, /* a whole TLS record at a time: a part that stays counts as unread */
        .fd_limit_per_thread = SERVER_MAX_CONNECTIONS + SERVER_LOCAL + 8,
        .server_string = "lightsout",
        .user = self,
    };
    self->context = lws_create_context(&info);
    if (!self->context)
        return -ENOMEM;
    self->local_vhost = create_vhost(self, "local", CONTEXT_PORT_NO_LISTEN, local_protocols, 0);
    self->tls_vhost = create_vhost(self, "tls", CONTEXT_PORT_NO_LISTEN_SERVER, tls_protocols,
                                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX);
    if (!self->local_vhost || !self->tls_vhost)
        return -EINVAL;
    return adopt_loop(self);
}

void server_context_destroy(struct server *self)
{
    if (self->context)
        lws_context_destroy(self->context);
    self->context = NULL;
}
