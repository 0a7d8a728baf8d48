/* The life of a media websocket: HELLO with its ticket, then questions out and answers in, until either side ends it.
 * What it costs is bounded: questions by their number, answers by what was asked, and nothing but HELLO's few bytes
 * before its sender is known. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/media_peer.h"

#define HELLO_US (10 * 1000000u)
#define END_S 3 /* for END to reach a peer that may not be reading any more */
#define DEAD_MS 35000
#define PEERS_OF_SESSION 8

static void protocol_error(struct media_peer *self, const char *why)
{
    char text[160];
    self->server->statistics.protocol_errors++;
    log_warn("media", "%s: the owner of a file sent %s", self->connection->peer, why);
    snprintf(text, sizeof text, "The media protocol was broken by %s.", why);
    media_peer_end(self, MEDIA_END_PROTOCOL, text);
}

static void release(struct media_peer *self)
{
    struct media_stream *handle = take(self->handle);
    if (handle)
        self->server->config.media->close(handle, self->orderly);
}

static void on_timer(void *data)
{
    struct media_peer *self = data;
    if (!self->closing) {
        protocol_error(self, "no HELLO within 10 s");
        return;
    }
    release(self);
    lws_set_timeout(self->wsi, PENDING_TIMEOUT_USER_OK, END_S);
}

static int peer_create(struct connection *connection, struct lws *wsi)
{
    struct server *server = connection->server;
    struct media_peer *self = calloc(1, sizeof *self);
    if (!self)
        return -1;
    self->server = server;
    self->connection = connection;
    self->wsi = wsi;
    if (!upgrade_target(wsi, UPGRADE_MEDIA, self->target, sizeof self->target) ||
        loop_timer_add(server->loop, on_timer, self, &self->timer) < 0) {
        free(self);
        return -1;
    }
    self->next = server->media_peers;
    self->link = &server->media_peers;
    if (self->next)
        self->next->link = &self->next;
    server->media_peers = self;
    server->n_media_peers++;
    connection->media = self;
    loop_timer_arm_in(self->timer, HELLO_US);
    int one = 1, dead_ms = DEAD_MS, fd = lws_get_socket_fd(wsi);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* of no use, and no harm, on the local socket */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof dead_ms);
    return 0;
}

void media_peer_gone(struct connection *connection)
{
    struct media_peer *self = take(connection->media);
    if (!self)
        return;
    self->closing = true;
    release(self);
    loop_timer_remove(self->timer);
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    self->server->n_media_peers--;
    auth_session_unref(self->session);
    free(self->in);
    free(self);
}

static unsigned peers_of(const struct media_peer *self)
{
    unsigned n = 0;
    for (const struct media_peer *p = self->server->media_peers; p; p = p->next)
        n += p->session && p->session->id == self->session->id && p->session->local == self->session->local;
    return n;
}

static void open_stream(struct media_peer *self, const struct media_hello *hello)
{
    const struct server_config *config = &self->server->config;
    struct medium_spec spec = {
        .origin = MEDIUM_STREAM,
        .image = hello->name,
        .kind = (int)hello->kind - 1,
        .read_only = !hello->writable,
        .overlay = hello->overlay,
        .boot_once = hello->boot_once,
        .copy = hello->copy,
        .rate = hello->rate,
        .who = self->session->user,
        .size = hello->size,
        .modified_ms = hello->modified_ms,
    };
    char why[MEDIA_MAX_TEXT] = "";
    struct media_stream *handle = NULL;
    memcpy(spec.id, hello->id, sizeof spec.id);
    log_info("media", "%s: %s brings a file for drive %u of %s", self->connection->peer, self->session->user,
             hello->drive, self->target);
    int r = config->media->open(config->media_context, self->target, hello->drive, self->session, &spec, self, why,
                                sizeof why, &handle);
    if (r >= 0) {
        self->handle = handle;
        return;
    }
    if (!why[0])
        snprintf(why, sizeof why,
                 r == -ENOENT ? "There is no target %.200s, or it has no such drive."
                              : "Drive of target %.200s cannot be filled now.",
                 self->target);
    media_peer_end(self, MEDIA_END_REFUSED, why);
}

/* Who it is: a ticket tells, or the local socket itself. */
static struct auth_session *find_session(struct media_peer *self, const char *ticket)
{
    if (self->connection->session)
        return auth_session_ref(self->connection->session);
    return auth_tickets_redeem(self->server->media_tickets, ticket, self->target, clock_boot_us());
}

static void hello(struct media_peer *self, const struct media_hello *said)
{
    const struct server_config *config = &self->server->config;
    self->said_hello = true;
    loop_timer_disarm(self->timer);
    self->session = find_session(self, said->ticket);
    if (!self->session || !auth_session_alive(self->session)) {
        media_peer_end(self, MEDIA_END_REFUSED, "The ticket is not valid, or not any more; ask for a new one.");
    } else if (!config->may(config->may_context, self->session, RIGHT_MEDIA, self->target)) {
        media_peer_end(self, MEDIA_END_REFUSED, "You may not insert media into this target's drives.");
    } else if (said->copy && !config->may(config->may_context, self->session, RIGHT_LIBRARY, NULL)) {
        media_peer_end(self, MEDIA_END_REFUSED, "You may not copy files to the library; insert it without a copy.");
    } else if (peers_of(self) > PEERS_OF_SESSION) {
        media_peer_end(self, MEDIA_END_REFUSED, "This session brings too many files already; withdraw one of them.");
    } else if (!(self->in = malloc(MEDIA_MAX_MESSAGE))) {
        media_peer_end(self, MEDIA_END_REFUSED, "The gateway is out of memory.");
    } else {
        open_stream(self, said);
    }
}

static struct media_question *find_question(struct media_peer *self, uint32_t id)
{
    for (unsigned i = 0; i < MEDIA_MOST; i++)
        if (self->questions[i].open && self->questions[i].sent && self->questions[i].id == id)
            return &self->questions[i];
    return NULL;
}

static void answer(struct media_peer *self, uint32_t id, const void *bytes, size_t size, int error)
{
    struct media_question *q = find_question(self, id);
    if (!q || (bytes && q->length != size)) {
        protocol_error(self, q ? "an answer of another length than was asked for" : "an answer that nobody asked for");
        return;
    }
    q->open = false;
    if (self->server->keeper && !self->session->local)
        keeper_client_touch(self->server->keeper, self->session); /* whose file is read is not idle */
    if (self->handle && !self->server->config.media->answer(self->handle, id, bytes, size, error))
        protocol_error(self, "an answer that nobody asked for");
}

static void dispatch(struct media_peer *self, const struct media_message *m)
{
    switch (m->type) {
    case MEDIA_HELLO:
        hello(self, &m->hello);
        break;
    case MEDIA_DATA:
        answer(self, m->data.request, m->data.bytes, m->data.size, 0);
        break;
    case MEDIA_FAIL:
        answer(self, m->fail.request, NULL, 0, m->fail.reason == MEDIA_FAIL_CHANGED ? -ESTALE : -EIO);
        break;
    default: /* BYE */
        self->closing = self->orderly = true;
        release(self);
        lws_callback_on_writable(self->wsi);
        lws_set_timeout(self->wsi, PENDING_TIMEOUT_USER_OK, END_S);
        break;
    }
}

static void message(struct media_peer *self, const uint8_t *bytes)
{
    struct media_message m;
    const char *why = media_parse_owner(bytes, self->in_size, &m);
    self->server->statistics.messages_in++;
    if (!why && (m.type == MEDIA_HELLO) == self->said_hello)
        why = self->said_hello ? "a second HELLO" : "a message in front of HELLO";
    if (why) {
        protocol_error(self, why);
        return;
    }
    lws_validity_confirmed(self->wsi);
    dispatch(self, &m);
}

/* Bytes of a message, as they come: a part of a frame, a frame of several. */
static void receive(struct media_peer *self, const void *bytes, size_t size)
{
    if (self->closing)
        return;
    uint8_t *room = self->said_hello ? self->in : self->hello;
    size_t room_size = self->said_hello ? MEDIA_MAX_MESSAGE : sizeof self->hello;
    if (lws_is_first_fragment(self->wsi))
        self->in_size = 0;
    if (!lws_frame_is_binary(self->wsi)) {
        protocol_error(self, "a message that is not binary");
        return;
    }
    if (!room || size > room_size - self->in_size) {
        protocol_error(self, "a message that is too long");
        return;
    }
    if (size)
        memcpy(room + self->in_size, bytes, size);
    self->in_size += size;
    if (lws_is_final_fragment(self->wsi) && !lws_remaining_packet_payload(self->wsi)) {
        message(self, room);
        self->in_size = 0;
    }
}

int media_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
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
    struct media_peer *peer = connection->media;
    if (reason == LWS_CALLBACK_ESTABLISHED)
        return peer ? -1 : peer_create(connection, wsi);
    if (reason == LWS_CALLBACK_RECEIVE) {
        if (peer)
            receive(peer, in, size);
        return peer ? 0 : -1;
    }
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
        return peer ? media_peer_write(peer) : -1;
    media_peer_gone(connection);
    return 0;
}
