/* The two sides of a media websocket through a real server: the gateway's, played on the server's thread, and the
 * file's owner's. */
#pragma once

#include "tests/unit/transport/harness.h"
#include "transport/media_wire.h"

static struct harness h;
static struct answer a;
static struct ws_message m;

/* ---- the gateway's side ---- */

struct media_stream {
    struct media_peer *peer;
    struct medium_spec spec;
    char name[MEDIUM_NAME_MAX], user[AUTH_USER_MAX];
    unsigned drive, opened, closed, answered, failed;
    bool orderly, wrong;
    int error;
    uint32_t next, expected[MEDIA_MOST]; /* lengths of what was asked, by id modulo MEDIA_MOST */
    size_t bytes;
};

static struct media_stream stream;
static sem_t stream_opened, stream_closed, stream_answered;

static const uint8_t medium_id[MEDIUM_ID_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static int on_open(void *context, const char *target, unsigned drive, struct auth_session *session,
                   const struct medium_spec *medium, struct media_peer *peer, char *why, size_t why_size,
                   struct media_stream **ret)
{
    assert_ptr_equal(context, &stream);
    if (!strcmp(target, "none"))
        return -ENOENT;
    if (drive == 3) {
        snprintf(why, why_size, "Drive 3 is locked by its target.");
        return -EBUSY;
    }
    unsigned opened = stream.opened, closed = stream.closed;
    stream = (struct media_stream){.peer = peer, .spec = *medium, .drive = drive};
    stream.opened = opened + 1;
    stream.closed = closed;
    snprintf(stream.name, sizeof stream.name, "%s", medium->image);
    snprintf(stream.user, sizeof stream.user, "%s", session->user);
    *ret = &stream;
    media_peer_ready(peer, medium_id);
    sem_post(&stream_opened);
    return 0;
}

static bool on_answer(struct media_stream *self, uint32_t id, const void *bytes, size_t size, int error)
{
    self->error = error;
    self->failed += bytes == NULL;
    self->answered++;
    self->bytes += size;
    for (size_t i = 0; bytes && i < size; i++)
        self->wrong |= ((const uint8_t *)bytes)[i] != (uint8_t)(id + i);
    sem_post(&stream_answered);
    return id != 666;
}

static void on_close(struct media_stream *self, bool orderly)
{
    self->orderly = orderly;
    self->closed++;
    self->peer = NULL;
    sem_post(&stream_closed);
}

static const struct media_ops ops = {on_open, on_answer, on_close};

static inline void wait_for(sem_t *sem)
{
    while (sem_wait(sem) < 0)
        continue;
}

static inline void drain(sem_t *sem)
{
    while (sem_trywait(sem) == 0)
        continue;
}

struct question {
    uint32_t id, length;
    uint64_t offset;
};

static inline void ask(struct harness *unused, void *data)
{
    const struct question *q = data;
    (void)unused;
    media_peer_ask(stream.peer, q->id, q->offset, q->length);
}

/* ---- the owner's ---- */

static inline void media_ticket(const char *target, const char *purpose, char room[33])
{
    char path[256];
    struct client c = client_local(&h);
    snprintf(path, sizeof path, "/api/v1/targets/%s/ticket%s", target, purpose);
    assert_int_equal(client_request(&h, &c, "POST", path, "", "", &a), 200);
    client_close(&c);
    assert_int_equal(sscanf(a.body, "{\"ticket\":\"%32[0-9a-f]\"", room), 1);
}

static inline struct media_hello make_hello(const char *ticket)
{
    struct media_hello hello = {.size = 5000000000, .modified_ms = 1700000000000, .name = "debian.iso"};
    memcpy(hello.ticket, ticket, sizeof hello.ticket);
    return hello;
}

static inline void send_hello(struct client *c, const struct media_hello *hello)
{
    uint8_t room[MEDIA_MAX_HELLO];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    media_write_hello(&w, hello);
    assert_true(ws_send_message(c, room, wire_written(&w)));
}

/* The next message of the gateway. */
static inline struct media_message hear(struct client *c)
{
    struct media_message got;
    assert_true(ws_read(c, &m));
    assert_int_equal(m.close_code, 0);
    assert_null(media_parse_gateway(m.bytes, m.size, &got));
    return got;
}

static inline void assert_end(struct client *c, enum media_end reason)
{
    struct media_message got = hear(c);
    assert_int_equal(got.type, MEDIA_END);
    assert_int_equal(got.end.reason, reason);
    assert_true(strlen(got.end.why) > 10);
    assert_true(ws_read(c, &m));
    assert_int_not_equal(m.close_code, 0);
}

/* A websocket whose medium is in the drive. */
static inline struct client open_medium(const char *target)
{
    struct client c;
    char ticket[33];
    media_ticket(target, "?for=media", ticket);
    char path[128];
    snprintf(path, sizeof path, "/api/v1/targets/%s/media", target);
    assert_int_equal(ws_open(&h, &c, path, MEDIA_SUBPROTOCOL, &a), 101);
    struct media_hello hello = make_hello(ticket);
    send_hello(&c, &hello);
    assert_int_equal(hear(&c).type, MEDIA_READY);
    wait_for(&stream_opened);
    return c;
}

/* An answer in frames of at most `piece` bytes. */
static inline bool send_data(struct client *c, uint32_t id, size_t size, size_t piece)
{
    static uint8_t room[MEDIA_MAX_MESSAGE + 1];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    media_write_data_header(&w, id);
    for (size_t i = 0; i < size; i++)
        room[MEDIA_DATA_HEADER + i] = (uint8_t)(id + i);
    size += MEDIA_DATA_HEADER;
    for (size_t at = 0; at < size; at += piece) {
        size_t n = MIN(piece, size - at);
        uint8_t opcode = (at ? 0 : 2) | (at + n == size ? 0x80 : 0);
        if (!ws_send(c, opcode, room + at, n))
            return false;
    }
    return true;
}

static int start(void **state)
{
    (void)state;
    sem_init(&stream_opened, 0, 0);
    sem_init(&stream_closed, 0, 0);
    sem_init(&stream_answered, 0, 0);
    h.config.media = &ops;
    h.config.media_context = &stream;
    harness_start(&h, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    harness_stop(&h);
    return 0;
}
