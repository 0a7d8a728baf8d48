/* A body that is not collected: its handler runs on the headers, then gets it in pieces, as fast as it asks for them.
 * While it is busy a little is read ahead, then libwebsockets is told to read no more, and TCP slows the peer down.
 * libwebsockets reads at most 16 KiB of one socket in a round, so that one body never stands in front of a key. */
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/request.h"

#define STASH_SIZE 65536
#define STASH_FULL (STASH_SIZE - 16384) /* what one read may still bring must fit */
#define PAUSE_MS 60000
#define TICK_US (5 * 1000000u) /* below the 15 s that libwebsockets itself allows a body to pause */

static uint64_t pause_us(const struct request *self)
{
    unsigned ms = self->server->config.body_pause_ms;
    return (uint64_t)(ms ? ms : PAUSE_MS) * 1000;
}

static bool waits_for_peer(const struct request *self)
{
    if (self->phase == REQUEST_REPLYING)
        return !self->pulled || self->piece_size;
    return self->more && !self->stash_size;
}

/* A slow reader may take long for what libwebsockets and the kernel hold already. */
static void look_at_output(struct request *self, uint64_t now)
{
    int unsent = 0;
    ioctl(lws_get_socket_fd(self->connection->wsi), SIOCOUTQ, &unsent);
    if (unsent != self->unsent || !waits_for_peer(self))
        self->progress_us = now;
    self->unsent = unsent;
}

static void on_tick(void *data)
{
    struct request *self = data;
    struct connection *connection = self->connection;
    uint64_t now = clock_now_us();
    if (self->phase == REQUEST_REPLYING)
        look_at_output(self, now);
    bool session_ended = self->call.session && self->call.session->ended;
    if (session_ended || (waits_for_peer(self) && now - self->progress_us >= pause_us(self))) {
        log_info("http", "%s: given up: %s", self->peer,
                 session_ended ? "its session has ended" : "the peer neither sent nor took anything for too long");
        request_kill(connection);
        return;
    }
    if (self->server->keeper && self->call.session && !self->call.session->local)
        keeper_client_touch(self->server->keeper, self->call.session); /* who sends or takes is not idle */
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
    loop_timer_arm_in(self->tick, MIN((uint64_t)TICK_US, pause_us(self) / 4));
}

bool request_start_tick(struct request *self)
{
    self->progress_us = clock_now_us();
    if (!self->tick && loop_timer_add(self->server->loop, on_tick, self, &self->tick) < 0)
        return false;
    loop_timer_arm_in(self->tick, MIN((uint64_t)TICK_US, pause_us(self) / 4));
    return true;
}

int request_say_continue(struct request *self)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    uint8_t room[LWS_PRE + sizeof text];
    if (!self->continue_wanted)
        return 0;
    self->continue_wanted = false;
    memcpy(room + LWS_PRE, text, sizeof text - 1);
    return lws_write(self->connection->wsi, room + LWS_PRE, sizeof text - 1, LWS_WRITE_HTTP) < 0 ? -1 : 0;
}

int request_stream_begin(struct request *self)
{
    self->call.body_length = self->body_left = self->unread;
    lws_rx_flow_control(self->connection->wsi, 0);
    lws_set_timeout(self->connection->wsi, NO_PENDING_TIMEOUT, 0);
    if (!request_start_tick(self))
        return -1;
    request_dispatch(self);
    if (!self->body_left && self->phase != REQUEST_REPLYING)
        request_watch_leaving(self->connection);
    return 0;
}

static void give(struct request *self, const void *bytes, size_t size)
{
    self->more = false;
    self->giving = true;
    self->body_left -= size;
    self->server->statistics.request_bytes += size;
    self->call.on_body->piece(self->call.on_body_data, bytes, size);
    self->giving = false;
}

static void give_stash(struct request *self)
{
    uint8_t *bytes = take(self->stash);
    size_t size = self->stash_size;
    self->stash_size = 0;
    give(self, bytes, size);
    if (self->stash)
        free(bytes);
    else
        self->stash = bytes;
}

/* Gives what there is and is wanted; then reads on, or not. A reply inside one of the handler's functions ends it. */
static void go_on(struct request *self)
{
    while (self->phase == REQUEST_HANDLER && self->more && self->stash_size)
        give_stash(self);
    if (self->phase != REQUEST_HANDLER)
        return;
    if (self->more && !self->body_left) {
        self->more = false;
        self->body_ended = true;
        loop_timer_disarm(self->tick);
        request_watch_leaving(self->connection);
        self->call.on_body->end(self->call.on_body_data);
        return;
    }
    if (self->more)
        self->progress_us = clock_now_us();
    lws_rx_flow_control(self->connection->wsi, self->unread && self->stash_size <= STASH_FULL);
}

void request_stream_open(struct request *self)
{
    if (self->phase != REQUEST_HANDLER || !self->connection || !self->call.on_body)
        return;
    if (!self->stash_size && self->unread && request_say_continue(self) < 0) {
        request_kill(self->connection);
        return;
    }
    self->more = true;
    go_on(self);
}

void request_stream_more(struct request *self)
{
    if (self->phase != REQUEST_HANDLER || !self->connection || self->body_ended)
        return;
    self->more = true;
    if (!self->giving)
        go_on(self);
}

int request_stream_body(struct request *self, const void *bytes, size_t size)
{
    if (!size || self->phase == REQUEST_REPLYING)
        return 0; /* answered already: what still comes is thrown away */
    self->progress_us = clock_now_us();
    if (size > self->body_left - self->stash_size || (self->call.session && self->call.session->ended))
        return -1;
    if (self->more && !self->stash_size) {
        give(self, bytes, size);
        go_on(self);
        return 0;
    }
    if (size > STASH_SIZE - self->stash_size || (!self->stash && !(self->stash = malloc(STASH_SIZE))))
        return -1;
    memcpy(self->stash + self->stash_size, bytes, size);
    self->stash_size += size;
    if (self->stash_size > STASH_FULL || !self->call.on_body)
        lws_rx_flow_control(self->connection->wsi, 0);
    return 0;
}

bool request_stream_broken(struct request *self)
{
    if (self->phase != REQUEST_HANDLER || !self->streaming || !self->call.on_body || self->body_ended)
        return false;
    self->call.on_body->broken(self->call.on_body_data); /* may reply, which destroys it */
    return true;
}

/* Headers that libwebsockets knows are told by number, others by name. */
static int find_token(const char *name)
{
    const unsigned char *text;
    for (int token = 0; (text = lws_token_to_string((enum lws_token_indexes)token)); token++)
        if (!strcmp((const char *)text, name))
            return token;
    return -1;
}

bool request_header_copy(struct request *self, const char *name, char *room, size_t size)
{
    struct lws *wsi = self->connection ? self->connection->wsi : NULL;
    int token = wsi && size ? find_token(name) : -1;
    if (!wsi || !size)
        return false;
    if (token < 0)
        return lws_hdr_custom_copy(wsi, room, (int)size, name, (int)strlen(name)) >= 0;
    int total = lws_hdr_total_length(wsi, (enum lws_token_indexes)token);
    int first = lws_hdr_copy_fragment(wsi, room, (int)size, (enum lws_token_indexes)token, 0);
    if (total > 0 && first == total)
        return true;
    room[0] = 0; /* absent, too long, or there is more than the first one */
    return false;
}
