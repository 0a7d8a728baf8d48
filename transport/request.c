/* Takes a request in: headers checked, body collected up to its bound. Whatever is refused here is answered and the
 * connection closed after it, for the rest of the peer's bytes can no longer be trusted to be where it says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/base_path.h"
#include "transport/request.h"
#include "transport/request_text.h"

#define BODY_US (60 * 1000000u)
#define REQUEST_MAX_STREAM (INT64_MAX / 16)

static struct request *request_create(struct connection *connection)
{
    struct request *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->server = connection->server;
    self->connection = connection;
    peer_of_headers(connection, connection->wsi, self->peer, sizeof self->peer);
    self->call.query = self->query;
    self->call.body = (const uint8_t *)"";
    self->call.if_none_match = self->if_none_match;
    self->call.if_match = self->if_match;
    self->call.cookie_token = self->cookie_token;
    self->call.device_token = self->device_token;
    self->call.agent = self->agent;
    self->call.peer = self->peer;
    self->call.base = connection->session ? "" : base_path_of(connection->server);
    self->call.local = connection->session != NULL;
    self->call.connected_us = connection->session ? 0 : connection->since_us;
    self->close_after = connection->since_us <= connection->server->retired_us;
    self->call.reply = &request_reply_ops;
    connection->request = self;
    connection->server->statistics.requests++;
    return self;
}

void request_destroy(struct request *self)
{
    if (self->connection)
        self->connection->request = NULL;
    request_unclaim(self);
    auth_session_unref(self->call.session);
    loop_timer_remove(self->tick);
    /* passwords, cookies, what was answered to them */
    if (self->body)
        explicit_bzero(self->body, self->body_size);
    if (self->reply)
        explicit_bzero(self->reply + LWS_PRE, self->reply_size);
    free(self->body);
    free(self->stash);
    free(self->piece);
    free(self->chain);
    free(self->reply);
    explicit_bzero(self, sizeof *self);
    free(self);
}

void request_refuse(struct request *self, int status, const char *code, const char *message)
{
    log_info("http", "%s: refused with %d: %s", self->peer, status, message);
    self->close_after = true;
    route_reply_error(&self->call, status, code, "%s", message);
}

/* A header that may stand once only: repeated ones arrive joined by commas, which no check here lets pass. Nor does a
 * NUL, behind which something else could stand than what is looked at. */
static bool copy_header(struct lws *wsi, enum lws_token_indexes token, char *room, int size)
{
    room[0] = 0;
    int n = lws_hdr_copy(wsi, room, size, token);
    return n >= 0 && (size_t)n == strlen(room);
}

static bool read_method(struct request *self, struct lws *wsi, enum lws_token_indexes *ret_uri)
{
    static const struct {
        enum lws_token_indexes token;
        enum route_method method;
        bool head;
    } methods[] = {
        {WSI_TOKEN_GET_URI, ROUTE_GET, false},         {WSI_TOKEN_HEAD_URI, ROUTE_GET, true},
        {WSI_TOKEN_POST_URI, ROUTE_POST, false},       {WSI_TOKEN_PUT_URI, ROUTE_PUT, false},
        {WSI_TOKEN_PATCH_URI, ROUTE_PATCH, false},     {WSI_TOKEN_DELETE_URI, ROUTE_DELETE, false},
        {WSI_TOKEN_OPTIONS_URI, ROUTE_OPTIONS, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        if (lws_hdr_total_length(wsi, methods[i].token)) {
            self->method = methods[i].method;
            self->head = self->call.head = methods[i].head;
            *ret_uri = methods[i].token;
            return true;
        }
    return false;
}

static bool read_path(struct request *self, struct lws *wsi, enum lws_token_indexes uri)
{
    char path[REQUEST_MAX_PATH];
    int length = lws_hdr_copy_fragment(wsi, path, sizeof path, uri, 0);
    return length > 0 && request_reencode(path, (size_t)length, false, self->path, sizeof self->path);
}

static bool read_query(struct request *self, struct lws *wsi)
{
    char pair[REQUEST_MAX_QUERY];
    size_t at = 0;
    for (int i = 0;; i++) {
        int n = lws_hdr_copy_fragment(wsi, pair, sizeof pair, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (n < 0)
            return i || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS) == 0;
        if (i && at + 1 < sizeof self->query)
            self->query[at++] = '&';
        if (!request_reencode(pair, (size_t)n, true, self->query + at, sizeof self->query - at))
            return false;
        at += strlen(self->query + at);
    }
}

/* Cookie headers are read one by one: libwebsockets would join them without a separator. */
static void read_cookie(struct lws *wsi, const char *name, char room[AUTH_TOKEN_HEX + 1])
{
    char cookie[2048];
    for (int i = 0, n; (n = lws_hdr_copy_fragment(wsi, cookie, sizeof cookie, WSI_TOKEN_HTTP_COOKIE, i)) >= 0; i++)
        if ((size_t)n == strlen(cookie) && request_cookie(cookie, name, room, AUTH_TOKEN_HEX + 1))
            return;
    room[0] = 0;
}

/* Who asks, as far as the request says so itself. */
static void read_credentials(struct request *self, struct lws *wsi)
{
    char header[AUTH_API_TOKEN_MAX + 16];
    bool below = *self->call.base;
    read_cookie(wsi, below ? ROUTE_COOKIE_BELOW : ROUTE_COOKIE, self->cookie_token);
    read_cookie(wsi, below ? ROUTE_DEVICE_COOKIE_BELOW : ROUTE_DEVICE_COOKIE, self->device_token);
    self->authorization = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION) > 0;
    if (self->authorization && copy_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, header, sizeof header))
        request_bearer(header, self->bearer);
    explicit_bzero(header, sizeof header);
    char agent[512];
    int n = lws_hdr_copy(wsi, agent, sizeof agent, WSI_TOKEN_HTTP_USER_AGENT);
    if (n > 0)
        request_agent(agent, self->agent, sizeof self->agent);
}

/* Another page may make a browser send requests here. Browsers tell where a changing request comes from; what is
 * neither told nor sent by a browser (no Sec-Fetch-Site either) comes from a script of the cookie's owner. */
static bool origin_is_ours(struct request *self, struct lws *wsi)
{
    char origin[AUTHORITY_MAX], site[32];
    if (!copy_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin))
        return false;
    if (origin[0])
        return authority_match_origin(&self->server->authority, origin);
    int n = lws_hdr_custom_copy(wsi, site, sizeof site, "sec-fetch-site:", 15);
    return n <= 0 || !strcmp(site, "same-origin");
}

static bool check_names(struct request *self, struct lws *wsi)
{
    char host[AUTHORITY_MAX];
    if (self->call.local)
        return true;
    if (!copy_header(wsi, WSI_TOKEN_HOST, host, sizeof host) ||
        authority_match_host(&self->server->authority, host, false) < 0) {
        request_refuse(self, 421, "wrong-host",
                       "The gateway is not known under this name; use one of its public names, or add this one to "
                       "'public-names' in its configuration.");
        return false;
    }
    if (self->method != ROUTE_GET && !origin_is_ours(self, wsi)) {
        request_refuse(self, 403, "bad-origin",
                       "Requests that change something are only taken from the gateway's own pages.");
        return false;
    }
    return true;
}

/* -1 after a refusal, else the body's length. libwebsockets would take a chunked body's framing for content, and a
 * negative length for a large one. */
static int64_t check_length(struct request *self, struct lws *wsi, int64_t limit)
{
    char text[32];
    bool present = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0 ||
        (!present && (self->method == ROUTE_POST || self->method == ROUTE_PUT || self->method == ROUTE_PATCH))) {
        request_refuse(self, 411, "length-required",
                       "Send the body with a Content-Length; chunked bodies are not taken.");
        return -1;
    }
    if (!present)
        return 0;
    int64_t length = copy_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text, sizeof text)
                         ? request_content_length(text, REQUEST_MAX_STREAM)
                         : -1;
    self->unread = (uint64_t)MAX(length, 0);
    if (length == -2 || length > limit)
        request_refuse(self, 413, "too-large", "The body is larger than 65536 bytes.");
    else if (length < 0)
        request_refuse(self, 400, "bad-length", "The Content-Length is not a number.");
    return length < 0 || length > limit ? -1 : length;
}

static bool check_type(struct request *self, struct lws *wsi)
{
    char type[128];
    if (copy_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof type) && request_is_json(type))
        return true;
    request_refuse(self, 415, "not-json", "Send the body as 'Content-Type: application/json'.");
    return false;
}

/* While a request is answered libwebsockets does not look at its socket: it would be woken again and again by bytes
 * that it does not read. What matters meanwhile is watched here: that the peer leaves, and that the socket takes more.
 */
static void on_socket(void *data, int fd, uint32_t events)
{
    struct connection *connection = data;
    (void)fd;
    request_unwatch(connection);
    if (events & EPOLLOUT) {
        lws_rx_flow_control(connection->wsi, 1);
        lws_callback_on_writable(connection->wsi);
    } else {
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
}

static void watch(struct connection *connection, uint32_t events)
{
    request_unwatch(connection);
    int r = loop_io_add(connection->server->loop, lws_get_socket_fd(connection->wsi), events, on_socket, connection,
                        &connection->watch);
    if (r < 0) {
        log_warn("http", "%s: given up: %s", connection->peer, strerror(-r));
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
}

void request_unwatch(struct connection *connection)
{
    connection->watch = loop_io_remove(connection->watch);
}

void request_want_write(struct connection *connection)
{
    bool choked = lws_send_pipe_choked(connection->wsi);
    lws_rx_flow_control(connection->wsi, !choked);
    if (choked)
        watch(connection, EPOLLOUT);
    else
        lws_callback_on_writable(connection->wsi);
}

/* The request is whole: no more is read from the peer until it is answered. Otherwise what it pipelines would be taken
 * for the body's end once more, or wake the thread again and again without being read. */
static int serve(struct request *self)
{
    struct connection *connection = self->connection;
    lws_rx_flow_control(connection->wsi, 0);
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
    request_dispatch(self);
    if (self->phase != REQUEST_REPLYING)
        watch(connection, EPOLLRDHUP);
    return 0;
}

void request_watch_leaving(struct connection *connection)
{
    lws_rx_flow_control(connection->wsi, 0);
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
    watch(connection, EPOLLRDHUP);
}

void request_kill(struct connection *connection)
{
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/* A body that is collected before its handler runs. */
static int collect(struct request *self, size_t length)
{
    self->body_expected = length;
    self->deadline_us = clock_now_us() + BODY_US;
    if (!length)
        return serve(self);
    self->body = malloc(length + 1);
    return self->body && request_say_continue(self) >= 0 ? 0 : -1;
}

static void read_expectation(struct request *self, struct lws *wsi)
{
    char text[32];
    copy_header(wsi, WSI_TOKEN_HTTP_EXPECT, text, sizeof text);
    self->continue_wanted = !strcasecmp(text, "100-continue");
}

int request_begin(struct connection *connection)
{
    struct lws *wsi = connection->wsi;
    enum lws_token_indexes uri;
    struct request *self = connection->request ? NULL : request_create(connection);
    if (!self)
        return -1;
    if (!read_method(self, wsi, &uri)) {
        request_refuse(self, 405, "bad-method", "The gateway knows GET, HEAD, POST, PUT, PATCH and DELETE.");
        return 0;
    }
    if (!request_claim_peer(self) || !check_names(self, wsi))
        return 0;
    if (!read_path(self, wsi, uri) || !read_query(self, wsi)) {
        request_refuse(self, 414, "too-long", "The address is too long.");
        return 0;
    }
    if (base_path_answered(self))
        return 0;
    self->streaming = request_is_stream(self);
    int64_t length = check_length(self, wsi, self->streaming ? REQUEST_MAX_STREAM : ROUTE_MAX_BODY);
    if (length < 0 || (length > 0 && !self->streaming && !check_type(self, wsi)))
        return 0;
    copy_header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, self->if_none_match, sizeof self->if_none_match);
    copy_header(wsi, WSI_TOKEN_HTTP_IF_MATCH, self->if_match, sizeof self->if_match);
    read_credentials(self, wsi);
    read_expectation(self, wsi);
    return self->streaming ? request_stream_begin(self) : collect(self, (size_t)length);
}

int request_body(struct connection *connection, const void *bytes, size_t size)
{
    struct request *self = connection->request;
    if (!self)
        return linger_body(connection, size);
    self->unread -= MIN(size, self->unread);
    if (self->streaming)
        return request_stream_body(self, bytes, size);
    if (self->phase != REQUEST_BODY || !size)
        return 0; /* refused already: the rest of it is thrown away */
    if (size > self->body_expected - self->body_size || clock_now_us() > self->deadline_us)
        return -1;
    memcpy(self->body + self->body_size, bytes, size);
    self->body_size += size;
    self->server->statistics.request_bytes += size;
    return 0;
}

int request_body_end(struct connection *connection)
{
    struct request *self = connection->request;
    if (!self)
        return connection->lingering ? -1 : 0;
    if (self->streaming || self->phase != REQUEST_BODY)
        return 0;
    if (self->body_size != self->body_expected)
        return -1;
    self->body[self->body_size] = 0;
    self->call.body = self->body;
    self->call.body_size = self->body_size;
    return serve(self);
}

void request_peer_gone(struct connection *connection)
{
    struct request *self = connection->request;
    request_unwatch(connection);
    if (!self)
        return;
    connection->request = NULL;
    self->connection = NULL;
    self->tick = loop_timer_remove(self->tick);
    reply_end_source(self);
    if (self->phase == REQUEST_BODY || self->phase == REQUEST_REPLYING)
        request_destroy(self);
    else if (request_stream_broken(self))
        return;
    else if (self->phase == REQUEST_HANDLER && self->call.cancelled)
        self->call.cancelled(self->call.cancelled_data); /* may reply, which destroys it */
}
