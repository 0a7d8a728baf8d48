/* The two sides of a console websocket through a real server: the gateway's, played on the server's thread, and the
 * page's. */
#pragma once

#include <errno.h>

#include "core/wire.h"
#include "tests/unit/transport/harness.h"
#include "transport/console_wire.h"

static struct harness h;
static struct answer a;
static struct ws_message m;

/* ---- the gateway's side ---- */

struct console_viewer {
    struct viewer *viewer;
    bool open, view_only, hidden;
    unsigned pulls, keys_down, keys_up, released, alive, refreshed, seats, pointers;
    size_t budget;
    uint16_t last_usage;
    uint32_t answered;
    uint64_t closed_us;
    unsigned answer_pulls; /* that many are answered at once, with pieces of answer_size bytes */
    size_t answer_size;
    unsigned answer_pieces;
    size_t sent_bytes;
    unsigned sent;
    struct console_hello hello;
};

static struct console_viewer seen; /* the last viewer; touched on the server's thread, read through harness_call */
static unsigned opened, closed;

static inline struct packet *make_piece(size_t size, uint8_t fill)
{
    struct packet *p;
    if (packet_create(size, &p) < 0)
        abort();
    p->size = size;
    memset(p->data, fill, size);
    return p;
}

static inline void send_update(struct console_viewer *self, size_t size, unsigned n)
{
    struct packet *pieces[PACKET_MAX_PIECES];
    for (unsigned i = 0; i < n; i++)
        pieces[i] = make_piece(size, (uint8_t)(i + 1));
    self->sent_bytes += n * size;
    self->sent++;
    viewer_update(self->viewer, &(struct console_update){.pieces = pieces,
                                                         .n_pieces = n,
                                                         .complete = true,
                                                         .check = (uint16_t)(0xA500 + self->sent),
                                                         .class = CONSOLE_PHOTO,
                                                         .captured_us = 123456,
                                                         .tracked_us = 123556,
                                                         .begun_us = 123856,
                                                         .encoded_us = 123898});
}

static inline int on_open(void *context, const char *target, struct auth_session *session,
                          const struct console_hello *hello, struct viewer *viewer, struct console_viewer **ret)
{
    (void)context;
    if (!strcmp(target, "none"))
        return -ENOENT;
    if (!session->local)
        return -EPERM;
    unsigned answers = seen.answer_pulls, pieces = seen.answer_pieces;
    size_t size = seen.answer_size;
    seen = (struct console_viewer){.viewer = viewer,
                                   .open = true,
                                   .view_only = hello->view_only,
                                   .hello = *hello,
                                   .answer_pulls = answers,
                                   .answer_size = size,
                                   .answer_pieces = pieces};
    opened++;
    viewer_seat(viewer, &(struct console_seats){.flags = CONSOLE_SEATS_FREE, .viewers = 1, .name = ""});
    viewer_leds(viewer, 1);
    viewer_pointer_mode(viewer, true);
    viewer_mode(viewer, 640, 480, 0);
    *ret = &seen;
    return 0;
}

static inline void on_close(struct console_viewer *self)
{
    self->open = false;
    self->closed_us = clock_now_us();
    closed++;
}

static inline void on_pull(struct console_viewer *self, size_t budget)
{
    self->pulls++;
    self->budget = budget;
    if (self->answer_pulls) {
        self->answer_pulls--;
        send_update(self, self->answer_size, self->answer_pieces);
    }
}

static inline void on_hidden(struct console_viewer *self, bool hidden)
{
    self->hidden = hidden;
}

static inline void on_refresh(struct console_viewer *self)
{
    self->refreshed++;
    viewer_mode(self->viewer, 640, 480, 3);
}

static inline void on_key(struct console_viewer *self, uint16_t usage, bool down)
{
    self->last_usage = usage;
    self->keys_down += down;
    self->keys_up += !down;
}

static inline void on_absolute(struct console_viewer *self, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel,
                               int8_t pan)
{
    (void)buttons, (void)x, (void)y, (void)wheel, (void)pan;
    self->pointers++;
}

static inline void on_relative(struct console_viewer *self, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel,
                               int8_t pan)
{
    (void)buttons, (void)dx, (void)dy, (void)wheel, (void)pan;
    self->pointers++;
}

static inline void on_release_all(struct console_viewer *self)
{
    self->released++;
}

static inline void on_seat(struct console_viewer *self, enum console_seat_act asked, uint32_t request)
{
    bool sits = asked == CONSOLE_ACT_REQUEST || asked == CONSOLE_ACT_TAKE;
    self->seats++;
    self->answered = request;
    viewer_seat(self->viewer, &(struct console_seats){.flags = sits ? CONSOLE_SEATS_YOURS : CONSOLE_SEATS_FREE,
                                                      .viewers = 1,
                                                      .holder = sits ? viewer_number(self->viewer) : 0,
                                                      .name = sits ? "me" : ""});
}

static inline void on_alive(struct console_viewer *self, uint32_t rtt_us)
{
    (void)rtt_us;
    self->alive++;
}

static const struct console_ops ops = {
    .open = on_open,
    .close = on_close,
    .pull = on_pull,
    .hidden = on_hidden,
    .refresh = on_refresh,
    .key = on_key,
    .pointer_absolute = on_absolute,
    .pointer_relative = on_relative,
    .release_all = on_release_all,
    .seat = on_seat,
    .alive = on_alive,
};

static inline int start(void **state)
{
    (void)state;
    h.config.console = &ops;
    harness_start(&h, NULL);
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    harness_stop(&h);
    return 0;
}

/* ---- a look at the gateway's side ---- */

struct look {
    struct console_viewer seen;
    unsigned opened, closed;
    struct transport_statistics statistics;
};

static inline void do_look(struct harness *harness, void *data)
{
    struct look *look = data;
    look->seen = seen;
    look->opened = opened;
    look->closed = closed;
    look->statistics = *server_statistics(harness->server);
}

static inline struct look look(void)
{
    struct look l;
    harness_call(&h, do_look, &l);
    return l;
}

#define wait_until(condition)                                                                                          \
    do {                                                                                                               \
        uint64_t limit_ = clock_now_us() + HANG_MS * 1000;                                                             \
        while (!(condition)) {                                                                                         \
            if (clock_now_us() > limit_)                                                                               \
                fail_msg("waited too long for %s", #condition);                                                        \
            usleep(1000);                                                                                              \
        }                                                                                                              \
    } while (0)

/* ---- the page's side ---- */

#define PATH "/api/v1/targets/demo/console"

static inline void say_hello_with(struct client *c, const char *target, uint8_t flags, uint8_t capabilities)
{
    uint8_t hello[61] = {CONSOLE_HELLO, 1, flags, capabilities, 0};
    char ticket[33];
    get_ticket(&h, target, ticket);
    memcpy(hello + 5, ticket, 32);
    assert_true(ws_send_message(c, hello, sizeof hello));
}

static inline void say_hello(struct client *c, const char *target, uint8_t flags)
{
    say_hello_with(c, target, flags, 7);
}

static inline void expect(struct client *c, uint8_t type)
{
    do {
        assert_true(ws_read(c, &m));
        assert_int_equal(m.close_code, 0);
    } while (m.bytes[0] == CONSOLE_STATS && type != CONSOLE_STATS);
    assert_int_equal(m.bytes[0], type);
}

/* Opens a console up to the gateway's first words. */
static inline struct client open_console(uint8_t flags)
{
    struct client c;
    assert_int_equal(ws_open(&h, &c, PATH, CONSOLE_SUBPROTOCOL, &a), 101);
    assert_string_equal(answer_header(&a, "Sec-WebSocket-Protocol"), CONSOLE_SUBPROTOCOL);
    assert_null(answer_header(&a, "Sec-WebSocket-Extensions"));
    say_hello(&c, "demo", flags);
    static const uint8_t order[] = {CONSOLE_WELCOME, CONSOLE_SEAT, CONSOLE_LEDS, CONSOLE_POINTER_MODE, CONSOLE_MODE};
    for (size_t i = 0; i < sizeof order; i++)
        expect(&c, order[i]);
    return c;
}

static inline void send_ack(struct client *c, uint32_t sequence)
{
    uint8_t ack[16] = {CONSOLE_ACK};
    struct wire_writer w = wire_writer_init(ack + 4, 12);
    uint32_t now = (uint32_t)clock_now_us();
    wire_write_le32(&w, sequence);
    wire_write_le32(&w, now);
    wire_write_le32(&w, now);
    assert_true(ws_send_message(c, ack, sizeof ack));
}

static inline uint16_t check_of(const struct ws_message *message)
{
    struct wire_reader r = wire_reader_init(message->bytes + 2, 2);
    return wire_read_le16(&r);
}

/* Reads up to END and the close frame behind it. */
static inline void expect_end(struct client *c, uint8_t reason, uint16_t close_code)
{
    do
        assert_true(ws_read(c, &m));
    while (!m.close_code && m.bytes[0] != CONSOLE_END);
    assert_int_equal(m.close_code, 0);
    assert_int_equal(m.bytes[1], reason);
    assert_true(m.size > 4);
    assert_true(ws_read(c, &m));
    assert_int_equal(m.close_code, close_code);
    client_close(c);
}
