/* Routes whose bodies and answers are long: a sink that takes what comes, one that takes it when it is told to, sources
 * of any length, in time and late. */
#pragma once

#include "tests/unit/transport/harness.h"

static struct harness h;
static struct answer a;

/* What byte n of every long body is. */
static uint8_t pattern(uint64_t n)
{
    return (uint8_t)(n * 7 + (n >> 8) * 13 + (n >> 16));
}

static void fill(uint8_t *bytes, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = pattern(offset + i);
}

static bool is_pattern(const uint8_t *bytes, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != pattern(offset + i))
            return false;
    return true;
}

/* ---- sinks ---- */

struct sink {
    struct route_call *call;
    uint64_t taken;
    unsigned pieces;
    size_t largest;
    bool by_hand, wrong, ended, broken;
};

static struct sink sink;
static sem_t sink_opened, sink_ended;

static void sink_piece(void *data, const void *bytes, size_t size)
{
    struct sink *self = data;
    self->wrong |= !is_pattern(bytes, self->taken, size) || self->ended || self->broken;
    self->taken += size;
    self->pieces++;
    self->largest = MAX(self->largest, size);
    if (!self->by_hand)
        route_body_more(self->call);
}

static void sink_reply(struct sink *self)
{
    char text[128];
    int n = snprintf(text, sizeof text, "%llu%s", (unsigned long long)self->taken, self->wrong ? " wrong" : "");
    route_reply(self->call, 200, "text/plain", text, (size_t)n);
}

static void sink_end(void *data)
{
    struct sink *self = data;
    self->ended = true;
    sink_reply(self);
    sem_post(&sink_ended);
}

static void sink_broken(void *data)
{
    struct sink *self = data;
    self->broken = true;
    route_reply_error(self->call, 500, "gone", "nobody hears this");
    sem_post(&sink_ended);
}

static const struct route_body sink_body = {sink_piece, sink_end, sink_broken};

static void open_sink(struct route_call *call, bool by_hand)
{
    sink = (struct sink){.call = call, .by_hand = by_hand};
    call->on_body = &sink_body;
    call->on_body_data = &sink;
    sem_post(&sink_opened);
}

static void put_sink(void *context, struct route_call *call)
{
    (void)context;
    open_sink(call, false);
}

static void put_slowly(void *context, struct route_call *call)
{
    (void)context;
    open_sink(call, true);
}

static void put_refused(void *context, struct route_call *call)
{
    (void)context;
    route_reply_error(call, 403, "no", "not here");
}

attr_unused static void more_of_it(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    route_body_more(sink.call);
}

attr_unused static void answer_sink(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    sink_reply(&sink);
}

static void tell_headers(void *context, struct route_call *call)
{
    (void)context;
    char text[600], offset[8] = "-", type[40] = "-", range[40] = "-";
    bool fits = route_request_header(call, "upload-offset:", offset, sizeof offset);
    route_request_header(call, "content-type:", type, sizeof type);
    route_request_header(call, "range:", range, sizeof range);
    int n = snprintf(text, sizeof text, "offset=%s%s type=%s range=%s length=%llu head=%d", offset, fits ? "" : "!",
                     type, range, (unsigned long long)call->body_length, call->head);
    route_reply_header(call, "X-Told", text);
    route_reply(call, 200, "text/plain", text, (size_t)n);
}

/* ---- sources ---- */

struct source {
    struct route_call *call;
    uint64_t at, cut;
    size_t room;
    unsigned pulls, ended;
    bool by_hand;
};

static struct source source;
static sem_t source_pulled, source_ended;

static void bring(struct source *self, size_t size)
{
    static uint8_t bytes[1 << 16];
    assert_true(size <= sizeof bytes);
    fill(bytes, self->at, size);
    self->at += size;
    route_reply_piece(self->call, bytes, size);
}

static void source_pull(void *data, size_t room)
{
    struct source *self = data;
    self->room = room;
    self->pulls++;
    if (self->by_hand)
        sem_post(&source_pulled);
    else if (self->cut && self->at >= self->cut)
        route_reply_piece(self->call, NULL, 0);
    else
        bring(self, room > 1000 ? room - self->pulls % 1000 : room); /* pieces need not be full */
}

static void on_source_ended(void *data)
{
    struct source *self = data;
    self->ended++;
    sem_post(&source_ended);
}

static const struct route_source source_ops = {source_pull, on_source_ended};

static void get_source(void *context, struct route_call *call)
{
    (void)context;
    char size[32] = "0", cut[32] = "0", late[4];
    route_query(call, "size", size, sizeof size);
    route_query(call, "cut", cut, sizeof cut);
    source = (struct source){.call = call, .cut = strtoull(cut, NULL, 10)};
    source.by_hand = route_query(call, "late", late, sizeof late);
    route_reply_header(call, "ETag", "\"source\"");
    route_reply_stream(call, 200, "application/octet-stream", strtoull(size, NULL, 10), &source_ops, &source);
}

attr_unused static void bring_it(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    bring(&source, source.room);
}

static const struct route rows[] = {
    ROUTE_STREAM(ROUTE_PUT, "/api/v1/sink", ROUTE_PUBLIC, 0, put_sink),
    ROUTE_STREAM(ROUTE_PATCH, "/api/v1/slow", ROUTE_PUBLIC, 0, put_slowly),
    ROUTE_STREAM(ROUTE_POST, "/api/v1/refused", ROUTE_PUBLIC, 0, put_refused),
    ROUTE_STREAM(ROUTE_POST, "/api/v1/mine", ROUTE_SESSION, 0, put_sink),
    ROUTE_STREAM(ROUTE_POST, "/api/v1/headers", ROUTE_PUBLIC, 0, tell_headers),
    ROUTE_STREAM(ROUTE_GET, "/api/v1/headers", ROUTE_PUBLIC, 0, tell_headers),
    ROUTE_STREAM(ROUTE_OPTIONS, "/api/v1/headers", ROUTE_PUBLIC, 0, tell_headers),
    ROUTE(ROUTE_GET, "/api/v1/source", ROUTE_PUBLIC, 0, get_source),
    ROUTE(ROUTE_GET, "/api/v1/version", ROUTE_PUBLIC, 0, tell_headers),
};
static const struct route_table table = {rows, ARRAY_SIZE(rows), NULL};

static int start(void **state)
{
    (void)state;
    sem_init(&sink_opened, 0, 0);
    sem_init(&sink_ended, 0, 0);
    sem_init(&source_pulled, 0, 0);
    sem_init(&source_ended, 0, 0);
    h.config.tables = &table;
    h.config.n_tables = 1;
    h.config.body_pause_ms = 2000;
    harness_start(&h, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    harness_stop(&h);
    return 0;
}

attr_unused static void say_head(struct client *c, const char *method, const char *path, uint64_t length,
                                 const char *more)
{
    client_say(c, "%s %s HTTP/1.1\r\nHost: localhost:%u\r\nContent-Length: %llu\r\n%s\r\n", method, path, h.port,
               (unsigned long long)length, more);
}

/* False when the connection broke. */
attr_unused static bool say_body(struct client *c, uint64_t from, uint64_t to)
{
    static uint8_t bytes[50000];
    for (uint64_t at = from; at < to;) {
        size_t n = (size_t)MIN(to - at, (uint64_t)sizeof bytes);
        fill(bytes, at, n);
        if (!client_write(c, bytes, n))
            return false;
        at += n;
    }
    return true;
}
