/* Routes and files that the tests of HTTP ask a real server for, through real sockets and TLS. */
#pragma once

#include "tests/unit/transport/harness.h"

static struct harness h;
static struct answer a;

static struct route_call *held;
static unsigned cancelled;
static sem_t got_held, got_cancelled;

static void say_hello(void *context, struct route_call *call)
{
    (void)context;
    char text[512], value[64] = "-";
    route_query(call, "q", value, sizeof value);
    int n = snprintf(text, sizeof text, "%s q=%s body=%.*s peer=%s", call->params[0] ? call->params[0] : "", value,
                     (int)MIN(call->body_size, (size_t)99), (const char *)call->body, call->peer);
    route_reply_header(call, "ETag", "\"hello\"");
    route_reply(call, 200, "text/plain", text, (size_t)n);
}

static void set_cookie(void *context, struct route_call *call)
{
    (void)context;
    route_set_session_cookie(call, "0123456789abcdef");
    route_reply_header(call, "X-Bad", "split\r\nInjected: yes");
    route_reply(call, 204, NULL, NULL, 0);
}

static void on_cancelled(void *data)
{
    struct route_call *call = data;
    cancelled++;
    route_reply_error(call, 500, "gone", "nobody hears this");
    held = NULL;
    sem_post(&got_cancelled);
}

static void hold(void *context, struct route_call *call)
{
    (void)context;
    call->cancelled = on_cancelled;
    call->cancelled_data = call;
    held = call;
    sem_post(&got_held);
}

static void large(void *context, struct route_call *call)
{
    (void)context;
    static char bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + i % 26);
    route_reply(call, 200, "text/plain", bytes, sizeof bytes);
}

#define HUGE_SIZE (12u << 20)

static void huge(void *context, struct route_call *call)
{
    (void)context;
    char *bytes = calloc(1, HUGE_SIZE);
    bytes[HUGE_SIZE - 1] = 'z';
    route_reply(call, 200, "text/plain", bytes, HUGE_SIZE);
    free(bytes);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/huge", ROUTE_PUBLIC, 0, huge),
    ROUTE(ROUTE_GET, "/api/v1/version", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_GET, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_POST, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_PUT, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_DELETE, "/api/v1/hello/{name}", ROUTE_PUBLIC, 0, say_hello),
    ROUTE(ROUTE_POST, "/api/v1/cookie", ROUTE_PUBLIC, 0, set_cookie),
    ROUTE(ROUTE_GET, "/api/v1/held", ROUTE_PUBLIC, 0, hold),
    ROUTE(ROUTE_GET, "/api/v1/large", ROUTE_PUBLIC, 0, large),
    ROUTE(ROUTE_POST, "/api/v1/setup", ROUTE_SETUP, 0, say_hello),
    ROUTE(ROUTE_GET, "/api/v1/session", ROUTE_SESSION, 0, say_hello),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/power", ROUTE_RIGHT, RIGHT_POWER, say_hello),
};
static const struct route_table table = {rows, ARRAY_SIZE(rows), NULL};

static const uint8_t page[200000] = {0x1f, 0x8b, 8};
static const struct site_file files[] = {
    {"/", "text/html; charset=utf-8", "\"page\"", page, 1000},
    {"/big.wasm", "application/wasm", "\"big\"", page, sizeof page},
};

static int start(void **state)
{
    (void)state;
    sem_init(&got_held, 0, 0);
    sem_init(&got_cancelled, 0, 0);
    h.config.site = files;
    h.config.n_site = ARRAY_SIZE(files);
    h.config.tables = &table;
    h.config.n_tables = 1;
    harness_start(&h, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    harness_stop(&h);
    return 0;
}

#define OURS "Origin: https://127.0.0.1:%u\r\n"

static inline const char *ours(void)
{
    static char line[64];
    snprintf(line, sizeof line, OURS, h.port);
    return line;
}
