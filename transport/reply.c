/* Writes an answer: the head by our own hand (libwebsockets would add headers of its own), then the body in pieces, one
 * write for each time the socket can take one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/request.h"
#include "transport/request_text.h"
#include "transport/tls_client.h"

#define HEAD_SIZE 1024 /* status line and fixed headers, besides the security headers */
#define REPLY_S 30     /* a peer that takes nothing for so long is given up */
#define PIECE_SIZE 16384

static const char close_line[] = "Connection: close\r\n";

static struct request *request_of(struct route_call *call)
{
    return container_of(call, struct request, call);
}

static bool clean_header(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

void reply_header(struct route_call *call, const char *name, const char *value)
{
    struct request *self = request_of(call);
    size_t left = sizeof self->headers - self->headers_size;
    if (!clean_header(name) || !clean_header(value)) {
        log_warn("http", "%s: the header %s of the answer was left out: control characters", self->peer, name);
        return;
    }
    int n = snprintf(self->headers + self->headers_size, left, "%s: %s\r\n", name, value);
    if (n < 0 || (size_t)n >= left) {
        log_warn("http", "%s: the header %s of the answer was left out: too long", self->peer, name);
        self->headers[self->headers_size] = 0;
        return;
    }
    self->headers_size += (size_t)n;
    if (!strcasecmp(name, "etag"))
        snprintf(self->etag, sizeof self->etag, "%s", value);
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return status < 400 ? "Done" : "Error";
}

static int write_head(const struct request *self, char *room, size_t size, int status, const char *content_type,
                      uint64_t length, const char *security)
{
    char date[64], type[160] = "", body_length[48] = "";
    time_t now = time(NULL);
    struct tm t;
    gmtime_r(&now, &t);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &t);
    if (content_type)
        snprintf(type, sizeof type, "Content-Type: %s\r\n", content_type);
    if (status != 204 && status != 304)
        snprintf(body_length, sizeof body_length, "Content-Length: %llu\r\n", (unsigned long long)length);
    return snprintf(room, size, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s%s%s\r\n", status, reason(status), date, type,
                    body_length, self->close_after ? close_line : "", security, self->headers);
}

bool reply_prepare(struct request *self, int status, const char *content_type, const void *body, size_t copied,
                   uint64_t size, const char *security)
{
    size_t head_room = HEAD_SIZE + strlen(security) + self->headers_size + sizeof close_line; /* or later */
    if (self->unread)
        self->close_after = true; /* before its body has come: where the next request begins is no longer known */
    self->reply = malloc(LWS_PRE + head_room + copied);
    if (!self->reply)
        return false;
    char *head = (char *)self->reply + LWS_PRE;
    int n = write_head(self, head, head_room, status, content_type, size, security);
    assert(n > 0 && (size_t)n + sizeof close_line < head_room);
    if (copied)
        memcpy(head + n, body, copied);
    self->reply_size = (size_t)n + copied;
    return true;
}

void reply_start(struct request *self)
{
    self->phase = REQUEST_REPLYING;
    request_unwatch(self->connection);
    lws_set_timeout(self->connection->wsi, PENDING_TIMEOUT_HTTP_CONTENT, REPLY_S);
    request_want_write(self->connection);
}

static void give_up(struct request *self)
{
    self->phase = REQUEST_REPLYING;
    lws_set_timeout(self->connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void reply_settle(struct request *self, int *status, const char **content_type, uint64_t *size)
{
    if (*status == 200 && self->etag[0] && request_list_has(self->if_none_match, self->etag, true)) {
        *status = 304;
        *content_type = NULL;
        *size = 0;
    }
    if (!strcasestr(self->headers, "cache-control:"))
        reply_header(&self->call, "Cache-Control", "no-store");
}

static void reply_send(struct route_call *call, int status, const char *content_type, const void *body, size_t size)
{
    struct request *self = request_of(call);
    assert(self->phase != REQUEST_REPLYING);
    if (!self->connection) {
        request_destroy(self);
        return;
    }
    uint64_t settled = size;
    reply_settle(self, &status, &content_type, &settled);
    bool with_body = !self->head && status != 204 && status != 304;
    if (reply_prepare(self, status, content_type, body, with_body ? size : 0, settled, api_security_headers))
        reply_start(self);
    else
        give_up(self);
}

static bool reply_request_header(struct route_call *call, const char *name, char *room, size_t size)
{
    return request_header_copy(request_of(call), name, room, size);
}

static void reply_body_more(struct route_call *call)
{
    request_stream_more(request_of(call));
}

static unsigned reply_peer_chain(struct route_call *call, struct route_der *ret, unsigned max, const char **ret_why)
{
    struct request *self = request_of(call);
    if (!self->connection || self->connection->session || self->chain)
        return 0;
    return tls_client_chain(lws_get_ssl(self->connection->wsi), &self->chain, ret, max, ret_why);
}

const struct route_reply_ops request_reply_ops = {
    .peer_chain = reply_peer_chain,
    .header = reply_header,
    .request_header = reply_request_header,
    .body_more = reply_body_more,
    .send_stream = reply_send_stream,
    .piece = reply_piece,
    .send = reply_send,
};

void request_reply_file(struct request *self, const struct site_file *file)
{
    bool same = request_list_has(self->if_none_match, file->etag, true);
    reply_header(&self->call, "ETag", file->etag);
    reply_header(&self->call, "Cache-Control", "no-cache");
    reply_header(&self->call, "Vary", "Accept-Encoding");
    if (!same)
        reply_header(&self->call, "Content-Encoding", "gzip");
    if (!reply_prepare(self, same ? 304 : 200, same ? NULL : file->content_type, NULL, 0, file->gzip_size,
                       site_security_headers)) {
        give_up(self);
        return;
    }
    if (!same && !self->head) {
        self->tail = file->gzip;
        self->tail_size = file->gzip_size;
    }
    reply_start(self);
}

/* True when libwebsockets has already read bytes behind the request. It tells only for all sockets together; mistaking
 * another one's bytes for ours costs a keep-alive. */
static bool more_was_read(struct lws *wsi)
{
    lws_rx_flow_control(wsi, 1); /* sockets that are held back do not count */
    return !lws_service_adjust_timeout(lws_get_context(wsi), 1, 0);
}

/* The head stands already: behind its first line goes one more. A peer that is not told takes the connection for one
 * that it may go on with, and its next request is lost. */
static void say_that_it_ends(struct request *self)
{
    const size_t size = sizeof close_line - 1;
    char *head = (char *)self->reply + LWS_PRE, *second = strchr(head, '\n') + 1;
    if (self->close_after || self->reply_sent || !more_was_read(self->connection->wsi))
        return;
    memmove(second + size, second, self->reply_size - (size_t)(second - head));
    memcpy(second, close_line, size);
    self->reply_size += size;
    self->close_after = true;
}

/* Pipelined requests are not served: version 4.1.6 loops for ever in one with a body that it has buffered when more
 * bytes stand behind it. Nor is such a connection closed politely, for while it waits for the peer's consent the
 * buffered bytes keep the thread awake. */
static int finish(struct connection *connection)
{
    struct lws *wsi = connection->wsi;
    bool close_after = connection->request->close_after;
    uint64_t unread = connection->request->unread;
    reply_end_source(connection->request);
    request_destroy(connection->request);
    if (unread)
        return linger_begin(connection, unread);
    if (more_was_read(wsi)) {
        lws_rx_flow_control(wsi, 0);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        return 0;
    }
    return close_after || lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* The next piece of the answer; NULL when all that is there was written. */
static const uint8_t *next_piece(struct request *self, size_t *ret_size)
{
    if (self->piece_size && self->reply_sent == self->reply_size) {
        *ret_size = self->piece_size;
        self->piece_size = 0;
        return self->piece + LWS_PRE;
    }
    bool head = self->reply_sent < self->reply_size;
    const uint8_t *bytes = head ? self->reply + LWS_PRE : self->tail;
    size_t *sent = head ? &self->reply_sent : &self->tail_sent;
    size_t left = (head ? self->reply_size : self->tail_size) - *sent;
    if (!left)
        return NULL;
    *ret_size = MIN(left, (size_t)PIECE_SIZE);
    bytes += *sent;
    *sent += *ret_size;
    return bytes;
}

int request_write(struct connection *connection)
{
    struct request *self = connection->request;
    struct lws *wsi = connection->wsi;
    if (!self || self->phase != REQUEST_REPLYING)
        return 0;
    say_that_it_ends(self);
    size_t size;
    const uint8_t *piece = next_piece(self, &size);
    if (!piece && self->source_left) {
        reply_wait_for_source(self);
        return 0;
    }
    if (!piece)
        return finish(connection);
    /* HTTP/1.1 has no framing, so libwebsockets writes nothing into or in front of these bytes. */
    if (lws_write(wsi, (uint8_t *)piece, size, LWS_WRITE_HTTP) < 0)
        return -1;
    self->server->statistics.reply_bytes += size;
    self->progress_us = clock_now_us();
    /* At once: a peer that has its answer may send the next request before the socket is looked at again. */
    bool all = self->reply_sent == self->reply_size && self->tail_sent == self->tail_size && !self->source_left;
    if (all && !lws_partial_buffered(wsi))
        return finish(connection);
    reply_pull(self); /* while the socket drains */
    if (self->source_failed)
        return -1;
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, REPLY_S);
    request_want_write(connection);
    return 0;
}
