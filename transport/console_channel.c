/* The life of a console websocket: HELLO with its ticket, then messages in, until either side ends it. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/viewer.h"

#define HELLO_US (10 * 1000000u)
#define END_S 3 /* for END to reach a viewer that may not be reading any more */
#define SEND_BUFFER (1 << 20)
#define UNSENT_LOW 16384 /* the socket asks for more only when less than this waits in the kernel */
#define DEAD_MS 35000
#define STATS_US 1000000u

/* Few unsent bytes in the kernel: a picture that waits there can no longer be replaced by a newer one. */
static void set_socket(int fd)
{
    const struct {
        int level, option, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_LOW},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, DEAD_MS},
        {SOL_SOCKET, SO_SNDBUF, SEND_BUFFER},
    };
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof options[i].value);
}

static void protocol_error(struct viewer *self, const char *why)
{
    self->server->statistics.protocol_errors++;
    log_warn("console", "%s: viewer %u sent %s", self->connection->peer, self->number, why);
    char text[160];
    snprintf(text, sizeof text, "The console protocol was broken by %s.", why);
    viewer_close(self, VIEWER_END_PROTOCOL, text);
}

/* The gateway lets go of the viewer: its keys are released, whatever becomes of the socket. */
static void release(struct viewer *self)
{
    struct console_viewer *handle = take(self->handle);
    if (handle)
        self->server->config.console->close(handle);
}

static void on_timer(void *data)
{
    struct viewer *self = data;
    if (!self->closing) {
        protocol_error(self, "no HELLO within 10 s");
        return;
    }
    release(self);
    lws_set_timeout(self->wsi, PENDING_TIMEOUT_USER_OK, END_S);
}

static int viewer_create(struct connection *connection, struct lws *wsi)
{
    struct server *server = connection->server;
    struct viewer *self = calloc(1, sizeof *self);
    if (!self)
        return -1;
    self->server = server;
    self->connection = connection;
    self->wsi = wsi;
    if (!upgrade_target(wsi, UPGRADE_CONSOLE, self->target, sizeof self->target) ||
        loop_timer_add(server->loop, on_timer, self, &self->timer) < 0) {
        free(self);
        return -1;
    }
    if (++server->last_viewer == 0)
        server->last_viewer = 1;
    self->number = server->last_viewer;
    flow_init(&self->flow);
    self->next = server->viewers;
    self->link = &server->viewers;
    if (self->next)
        self->next->link = &self->next;
    server->viewers = self;
    server->statistics.viewers = ++server->n_viewers;
    connection->viewer = self;
    loop_timer_arm_in(self->timer, HELLO_US);
    set_socket(lws_get_socket_fd(wsi));
    return 0;
}

void viewer_gone(struct connection *connection)
{
    struct viewer *self = take(connection->viewer);
    if (!self)
        return;
    self->closing = true;
    release(self);
    viewer_drop_update(self);
    loop_timer_remove(self->timer);
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    self->server->statistics.viewers = --self->server->n_viewers;
    auth_session_unref(self->session);
    free(self);
}

static bool may(struct viewer *self, uint32_t rights)
{
    const struct server_config *config = &self->server->config;
    return config->may(config->may_context, self->session, rights, self->target);
}

static void open_console(struct viewer *self, const struct console_message *m)
{
    const struct server_config *config = &self->server->config;
    bool may_type = may(self, RIGHT_INPUT);
    self->may_type = may_type && !m->hello.view_only;
    self->knows_seats = m->hello.capabilities & CONSOLE_CAN_SEATS;
    self->knows_viewers = m->hello.capabilities & CONSOLE_CAN_VIEWERS;
    self->knows_recording = m->hello.capabilities & CONSOLE_CAN_RECORDING;
    struct console_hello said = {.view_only = !self->may_type,
                                 .jpeg = m->hello.capabilities & CONSOLE_CAN_JPEG,
                                 .vp8 = m->hello.capabilities & CONSOLE_CAN_VP8,
                                 .vp9 = m->hello.capabilities & CONSOLE_CAN_VP9,
                                 .last_viewer = m->hello.last_viewer,
                                 .last_sequence = m->hello.last_sequence};
    memcpy(said.page, m->hello.page, sizeof said.page);
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_WELCOME);
    console_write_welcome(&w, may_type, self->number);
    outbox_put(&self->outbox, OUTBOX_WELCOME, &w);

    struct console_viewer *handle = NULL;
    int r = config->console->open(config->console_context, self->target, self->session, &said, self, &handle);
    if (r < 0) {
        char why[UPGRADE_MAX_TARGET + 64];
        snprintf(why, sizeof why, r == -ENOENT ? "There is no target %s." : "The console of %s cannot be opened now.",
                 self->target);
        viewer_close(self, r == -ENOENT ? VIEWER_END_TARGET : VIEWER_END_GONE, why);
        return;
    }
    self->handle = handle;
    log_info("console", "%s: %s views %s as viewer %u", self->connection->peer, self->session->user, self->target,
             self->number);
    if (self->hidden)
        config->console->hidden(handle, true);
    lws_callback_on_writable(self->wsi);
}

static void hello(struct viewer *self, const struct console_message *m)
{
    loop_timer_disarm(self->timer);
    self->session = auth_tickets_redeem(self->server->tickets, m->hello.ticket, self->target, clock_boot_us());
    self->hidden = m->hello.hidden;
    if (!self->session || !auth_session_alive(self->session))
        viewer_close(self, VIEWER_END_TICKET, "The ticket is not valid, or not any more; ask for a new one.");
    else if (!may(self, RIGHT_VIEW))
        viewer_close(self, VIEWER_END_RIGHTS, "You may not view this target.");
    else
        open_console(self, m);
}

static void acked(struct viewer *self, const struct console_message *m)
{
    uint64_t now = clock_now_us();
    if (flow_ack(&self->flow, m->ack.sequence, m->ack.received_us, m->ack.painted_us, now) < 0) {
        protocol_error(self, "an ACK for an update that is not on its way");
        return;
    }
    if (now - self->stats_us >= STATS_US) {
        self->stats_us = now;
        self->stats.round_trip_us = flow_rtt_us(&self->flow);
        self->stats.rate = (uint32_t)MIN(flow_rate(&self->flow), (uint64_t)UINT32_MAX);
        struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_STATS);
        console_write_stats(&w, &self->stats);
        outbox_put(&self->outbox, OUTBOX_STATS, &w);
        lws_callback_on_writable(self->wsi);
    }
    viewer_pull(self);
}

static void pong(struct viewer *self, uint32_t value)
{
    struct wire_writer w = outbox_begin(&self->outbox, OUTBOX_PONG);
    console_write_pong(&w, value);
    outbox_put(&self->outbox, OUTBOX_PONG, &w);
    lws_callback_on_writable(self->wsi);
}

static void set_visible(struct viewer *self, bool visible)
{
    self->hidden = !visible;
    self->server->config.console->hidden(self->handle, self->hidden);
    self->pulled_budget = 0; /* what was asked for before it was hidden is asked for again */
    viewer_pull(self);
}

/* Who types is not idle. */
static void touch(const struct viewer *self)
{
    if (self->server->keeper && !self->session->local)
        keeper_client_touch(self->server->keeper, self->session);
}

static void input(struct viewer *self, const struct console_message *m)
{
    const struct console_ops *ops = self->server->config.console;
    if (!self->may_type)
        return;
    touch(self);
    switch (m->type) {
    case CONSOLE_KEY:
        ops->key(self->handle, m->key.usage, m->key.down);
        break;
    case CONSOLE_POINTER_ABS:
        ops->pointer_absolute(self->handle, m->absolute.buttons, m->absolute.x, m->absolute.y, m->absolute.wheel,
                              m->absolute.pan);
        break;
    case CONSOLE_POINTER_REL:
        ops->pointer_relative(self->handle, m->relative.buttons, m->relative.dx, m->relative.dy, m->relative.wheel,
                              m->relative.pan);
        break;
    case CONSOLE_RELEASE_ALL:
        ops->release_all(self->handle);
        break;
    default:
        break;
    }
}

static void dispatch(struct viewer *self, const struct console_message *m)
{
    switch (m->type) {
    case CONSOLE_ACK:
        acked(self, m);
        break;
    case CONSOLE_PING:
        pong(self, m->ping);
        break;
    case CONSOLE_VISIBLE:
        set_visible(self, m->visible);
        break;
    case CONSOLE_WATCH:
        self->watching = m->watch;
        break;
    case CONSOLE_REFRESH:
        self->server->config.console->refresh(self->handle);
        break;
    case CONSOLE_SEAT_REQUEST:
    case CONSOLE_SEAT_ANSWER:
        touch(self);
        self->server->config.console->seat(self->handle, m->seat.act, m->seat.request);
        break;
    default:
        input(self, m);
        break;
    }
}

static void message(struct viewer *self)
{
    struct console_message m;
    const char *why = console_parse(self->in, self->in_size, &m);
    self->server->statistics.messages_in++;
    if (!why && (m.type == CONSOLE_HELLO) != !self->session)
        why = self->session ? "a second HELLO" : "a message in front of HELLO";
    if (why) {
        protocol_error(self, why);
        return;
    }
    lws_validity_confirmed(self->wsi);
    if (m.type == CONSOLE_HELLO) {
        hello(self, &m);
        return;
    }
    dispatch(self, &m);
    if (self->handle && !self->closing)
        self->server->config.console->alive(self->handle, flow_rtt_us(&self->flow));
}

/* Bytes of a message, as they come: a part of a frame, a frame of several. */
static void receive(struct viewer *self, const void *bytes, size_t size)
{
    if (self->closing)
        return;
    if (lws_is_first_fragment(self->wsi))
        self->in_size = 0;
    if (!lws_frame_is_binary(self->wsi)) {
        protocol_error(self, "a message that is not binary");
        return;
    }
    if (size > sizeof self->in - self->in_size) {
        protocol_error(self, "a message above 512 bytes");
        return;
    }
    memcpy(self->in + self->in_size, bytes, size);
    self->in_size += size;
    if (lws_is_final_fragment(self->wsi) && !lws_remaining_packet_payload(self->wsi)) {
        message(self);
        self->in_size = 0;
    }
}

int console_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    struct connection *connection;
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
        connection = connection_of(wsi);
        break;
    default:
        return 0;
    }
    if (!connection)
        return -1;
    struct viewer *viewer = connection->viewer;
    if (reason == LWS_CALLBACK_ESTABLISHED)
        return viewer ? -1 : viewer_create(connection, wsi);
    if (reason == LWS_CALLBACK_RECEIVE) {
        if (viewer)
            receive(viewer, in, size);
        return viewer ? 0 : -1;
    }
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
        return viewer ? viewer_write(viewer) : -1;
    viewer_gone(connection);
    return 0;
}
