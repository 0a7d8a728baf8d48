/* The console websocket, through a real server. The gateway's side is played by the test, on the server's thread. */
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
    unsigned answer_pulls; /* that many are answered at once, with pieces of answer_size bytes */
    size_t answer_size;
    unsigned answer_pieces;
    size_t sent_bytes;
    unsigned sent;
    struct console_hello hello;
};

static struct console_viewer seen; /* the last viewer; touched on the server's thread, read through harness_call */
static unsigned opened, closed;

static struct packet *make_piece(size_t size, uint8_t fill)
{
    struct packet *p;
    if (packet_create(size, &p) < 0)
        abort();
    p->size = size;
    memset(p->data, fill, size);
    return p;
}

static void send_update(struct console_viewer *self, size_t size, unsigned n)
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

static int on_open(void *context, const char *target, struct auth_session *session, const struct console_hello *hello,
                   struct viewer *viewer, struct console_viewer **ret)
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
    viewer_seat(viewer, 0, "", 1);
    viewer_leds(viewer, 1);
    viewer_pointer_mode(viewer, true);
    viewer_mode(viewer, 640, 480, 0);
    *ret = &seen;
    return 0;
}

static void on_close(struct console_viewer *self)
{
    self->open = false;
    closed++;
}

static void on_pull(struct console_viewer *self, size_t budget)
{
    self->pulls++;
    self->budget = budget;
    if (self->answer_pulls) {
        self->answer_pulls--;
        send_update(self, self->answer_size, self->answer_pieces);
    }
}

static void on_hidden(struct console_viewer *self, bool hidden)
{
    self->hidden = hidden;
}

static void on_refresh(struct console_viewer *self)
{
    self->refreshed++;
    viewer_mode(self->viewer, 640, 480, 3);
}

static void on_key(struct console_viewer *self, uint16_t usage, bool down)
{
    self->last_usage = usage;
    self->keys_down += down;
    self->keys_up += !down;
}

static void on_absolute(struct console_viewer *self, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan)
{
    (void)buttons, (void)x, (void)y, (void)wheel, (void)pan;
    self->pointers++;
}

static void on_relative(struct console_viewer *self, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel, int8_t pan)
{
    (void)buttons, (void)dx, (void)dy, (void)wheel, (void)pan;
    self->pointers++;
}

static void on_release_all(struct console_viewer *self)
{
    self->released++;
}

static void on_seat(struct console_viewer *self, bool take_it)
{
    self->seats++;
    viewer_seat(self->viewer, take_it ? viewer_number(self->viewer) : 0, take_it ? "me" : "", 1);
}

static void on_alive(struct console_viewer *self, uint32_t rtt_us)
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

static int start(void **state)
{
    (void)state;
    h.config.console = &ops;
    harness_start(&h, NULL);
    return 0;
}

static int stop(void **state)
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

static void do_look(struct harness *harness, void *data)
{
    struct look *look = data;
    look->seen = seen;
    look->opened = opened;
    look->closed = closed;
    look->statistics = *server_statistics(harness->server);
}

static struct look look(void)
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

static void say_hello(struct client *c, const char *target, uint8_t flags)
{
    uint8_t hello[61] = {CONSOLE_HELLO, 1, flags, 7, 0};
    char ticket[33];
    get_ticket(&h, target, ticket);
    memcpy(hello + 5, ticket, 32);
    assert_true(ws_send_message(c, hello, sizeof hello));
}

static void expect(struct client *c, uint8_t type)
{
    do {
        assert_true(ws_read(c, &m));
        assert_int_equal(m.close_code, 0);
    } while (m.bytes[0] == CONSOLE_STATS && type != CONSOLE_STATS);
    assert_int_equal(m.bytes[0], type);
}

/* Opens a console up to the gateway's first words. */
static struct client open_console(uint8_t flags)
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

static void send_ack(struct client *c, uint32_t sequence)
{
    uint8_t ack[16] = {CONSOLE_ACK};
    struct wire_writer w = wire_writer_init(ack + 4, 12);
    uint32_t now = (uint32_t)clock_now_us();
    wire_write_le32(&w, sequence);
    wire_write_le32(&w, now);
    wire_write_le32(&w, now);
    assert_true(ws_send_message(c, ack, sizeof ack));
}

static uint16_t check_of(const struct ws_message *message)
{
    struct wire_reader r = wire_reader_init(message->bytes + 2, 2);
    return wire_read_le16(&r);
}

/* Reads up to END and the close frame behind it. */
static void expect_end(struct client *c, uint8_t reason, uint16_t close_code)
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

/* ---- tests ---- */

static struct client silent;

/* Says no HELLO; what becomes of it is looked at towards the end, when its ten seconds are over. */
static void silent_websocket_opens(void **state)
{
    (void)state;
    assert_int_equal(ws_open(&h, &silent, PATH, CONSOLE_SUBPROTOCOL, &a), 101);
}

static void console_opens_and_takes_input(void **state)
{
    (void)state;
    struct client c = open_console(0);
    ws_send_message(&c, "\3\1\4\0", 4);
    ws_send_message(&c, "\3\0\4\0", 4);
    ws_send_message(&c, "\4\1\0\0\0\0\0\0", 8);
    ws_send_message(&c, "\5\1\1\0\1\0\0\0", 8);
    ws_send_message(&c, "\6\0\0\0", 4);
    ws_send_message(&c, "\7\1\0\0", 4);
    expect(&c, CONSOLE_SEAT);
    assert_int_equal(m.bytes[1], 1);
    ws_send_message(&c, "\10\0\0\0\1\2\3\4", 8);
    expect(&c, CONSOLE_PONG);
    assert_memory_equal(m.bytes + 4, "\1\2\3\4", 4);
    struct look l = look();
    assert_int_equal(l.seen.keys_down, 1);
    assert_int_equal(l.seen.keys_up, 1);
    assert_int_equal(l.seen.last_usage, 4);
    assert_int_equal(l.seen.pointers, 2);
    assert_int_equal(l.seen.released, 1);
    assert_int_equal(l.seen.seats, 1);
    assert_int_equal(l.seen.alive, 7);
    assert_true(l.seen.pulls >= 1);
    client_close(&c);
    wait_until(!look().seen.open);
    assert_int_equal(look().closed, look().opened);
}

static void view_only_cannot_type(void **state)
{
    (void)state;
    struct client c = open_console(2);
    ws_send_message(&c, "\3\1\4\0", 4);
    ws_send_message(&c, "\7\1\0\0", 4);
    ws_send_message(&c, "\10\0\0\0\1\2\3\4", 8);
    expect(&c, CONSOLE_PONG);
    struct look l = look();
    assert_true(l.seen.view_only);
    assert_int_equal(l.seen.keys_down, 0);
    assert_int_equal(l.seen.seats, 0);
    client_close(&c);
}

static void upgrade_refused(const char *path, const char *protocol, const char *host, const char *origin,
                            const char *version, int status)
{
    struct client c = client_tls(&h);
    client_say(&c,
               "GET %s HTTP/1.1\r\n%s%sConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: %s\r\n"
               "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n%s\r\n",
               path, host, origin, version, protocol);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, status);
    assert_true(client_at_end(&c));
    client_close(&c);
}

static void upgrades_are_checked(void **state)
{
    (void)state;
    char host[64], origin[64];
    const char *ours = "Sec-WebSocket-Protocol: " CONSOLE_SUBPROTOCOL "\r\n";
    snprintf(host, sizeof host, "Host: localhost:%u\r\n", h.port);
    snprintf(origin, sizeof origin, "Origin: https://localhost:%u\r\n", h.port);
    upgrade_refused(PATH, "Sec-WebSocket-Protocol: chat\r\n", host, origin, "13", 400);
    upgrade_refused(PATH, "Sec-WebSocket-Protocol: http\r\n", host, origin, "13", 400);
    upgrade_refused(PATH, "Sec-WebSocket-Protocol: http, " CONSOLE_SUBPROTOCOL "\r\n", host, origin, "13", 0);
    upgrade_refused(PATH, "", host, origin, "13", 400);
    upgrade_refused("/", ours, host, origin, "13", 404);
    upgrade_refused("/api/v1/targets//console", ours, host, origin, "13", 404);
    upgrade_refused(PATH, ours, "Host: evil.example\r\n", origin, "13", 421);
    upgrade_refused(PATH, ours, host, "", "13", 403);
    upgrade_refused(PATH, ours, host, "Origin: https://evil.example\r\n", "13", 403);
    upgrade_refused(PATH, ours, host, origin, "8", 400);
}

static void tickets_work_once_and_for_their_target(void **state)
{
    (void)state;
    struct client c;
    uint8_t hello[61] = {CONSOLE_HELLO, 1, 0, 7, 0};
    char ticket[33];
    get_ticket(&h, "demo", ticket);
    memcpy(hello + 5, ticket, 32);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ws_open(&h, &c, PATH, CONSOLE_SUBPROTOCOL, &a), 101);
        ws_send_message(&c, hello, sizeof hello);
        if (i == 0) {
            expect(&c, CONSOLE_WELCOME);
            client_close(&c);
        }
    }
    expect_end(&c, VIEWER_END_TICKET, 1008);

    assert_int_equal(ws_open(&h, &c, PATH, CONSOLE_SUBPROTOCOL, &a), 101);
    say_hello(&c, "other", 0);
    expect_end(&c, VIEWER_END_TICKET, 1008);

    assert_int_equal(ws_open(&h, &c, "/api/v1/targets/none/console", CONSOLE_SUBPROTOCOL, &a), 101);
    say_hello(&c, "none", 0);
    expect_end(&c, VIEWER_END_TARGET, 1000);
}

static void broken_messages_end_only_their_viewer(void **state)
{
    (void)state;
    struct client good = open_console(0);
    static const struct {
        const char *bytes;
        size_t size;
        uint8_t opcode;
    } bad[] = {
        {"\3\1\4", 3, 0x82},                            /* short */
        {"\3\1\4\0\0", 5, 0x82},                        /* long */
        {"\3\2\4\0", 4, 0x82},                          /* neither down nor up */
        {"\x7f", 1, 0x82},                              /* unknown */
        {"\x83\0\0\0", 4, 0x82},                        /* the server's */
        {"", 0, 0x82},                                  /* empty */
        {"\3\1\4\0", 4, 0x81},                          /* text */
        {"\2\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0", 16, 0x82}, /* ACK of nothing */
    };
    unsigned errors = (unsigned)look().statistics.protocol_errors;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct client c = open_console(0);
        ws_send(&c, bad[i].opcode, bad[i].bytes, bad[i].size);
        expect_end(&c, VIEWER_END_PROTOCOL, 1002);
    }
    struct client c = open_console(0);
    say_hello(&c, "demo", 0); /* a second one */
    expect_end(&c, VIEWER_END_PROTOCOL, 1002);
    assert_int_equal(ws_open(&h, &c, PATH, CONSOLE_SUBPROTOCOL, &a), 101);
    ws_send_message(&c, "\3\1\4\0", 4); /* in front of HELLO */
    expect_end(&c, VIEWER_END_PROTOCOL, 1002);
    assert_int_equal(look().statistics.protocol_errors, errors + ARRAY_SIZE(bad) + 2);

    ws_send_message(&good, "\10\0\0\0\1\2\3\4", 8);
    expect(&good, CONSOLE_PONG);
    client_close(&good);
}

static void oversized_messages_end_the_viewer(void **state)
{
    (void)state;
    static const uint8_t bytes[65536] = {6};
    static const size_t sizes[] = {513, 5000, 65535};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct client c = open_console(0);
        ws_send_message(&c, bytes, sizes[i]);
        expect_end(&c, VIEWER_END_PROTOCOL, 1002);
    }
    struct client c = open_console(0); /* in many small fragments, without an end */
    ws_send(&c, 0x02, bytes, 100);
    for (int i = 0; i < 10; i++)
        ws_send(&c, 0x00, bytes, 100);
    expect_end(&c, VIEWER_END_PROTOCOL, 1002);
}

static void messages_arrive_byte_by_byte_and_in_fragments(void **state)
{
    (void)state;
    struct client c = open_console(0);
    static const uint8_t key[] = {0x82, 0x84, 0, 0, 0, 0, 3, 1, 9, 0};
    for (size_t i = 0; i < sizeof key; i++)
        client_write(&c, key + i, 1);
    ws_send(&c, 0x02, "\3\1", 2);
    ws_send(&c, 0x89, "ping", 4); /* between fragments */
    ws_send(&c, 0x00, "", 0);
    ws_send(&c, 0x80, "\12\0", 2);
    ws_send_message(&c, "\10\0\0\0\1\2\3\4", 8);
    struct ws_frame f;
    do
        assert_true(ws_read_frame(&c, &f));
    while (f.opcode == 10);
    assert_int_equal(f.bytes[0], CONSOLE_PONG);
    struct look l = look();
    assert_int_equal(l.seen.keys_down, 2);
    assert_int_equal(l.seen.last_usage, 10);
    client_close(&c);
}

/* ---- updates ---- */

static void do_send(struct harness *harness, void *data)
{
    (void)harness;
    const size_t *size = data;
    send_update(&seen, size[0], (unsigned)size[1]);
}

static void update_to(size_t size, size_t pieces)
{
    size_t what[2] = {size, pieces};
    harness_call(&h, do_send, what);
}

static void updates_are_fragments_around_shared_pieces(void **state)
{
    (void)state;
    struct client c = open_console(0);
    wait_until(look().seen.pulls == 1);
    struct transport_statistics before = look().statistics;
    update_to(5000, 3);
    expect(&c, CONSOLE_UPDATE);
    assert_int_equal(m.frames, 3); /* the header stands in front of the first */
    assert_int_equal(m.size, CONSOLE_UPDATE_HEADER + 15000);
    assert_int_equal(m.bytes[1], 1);
    assert_int_equal(check_of(&m), 0xA501);
    for (size_t i = 0; i < 15000; i++)
        assert_int_equal(m.bytes[CONSOLE_UPDATE_HEADER + i], i / 5000 + 1);
    struct transport_statistics after = look().statistics;
    assert_int_equal(after.updates - before.updates, 1);
    assert_int_equal(after.pieces - before.pieces, 3);
    assert_int_equal(after.header_bytes - before.header_bytes, CONSOLE_UPDATE_HEADER);
    assert_int_equal(after.partial_writes, before.partial_writes);

    send_ack(&c, 1);
    wait_until(look().seen.pulls >= 2);
    update_to(100, 2);
    expect(&c, CONSOLE_UPDATE);
    assert_int_equal(m.frames, 2);
    assert_int_equal(m.size, CONSOLE_UPDATE_HEADER + 200);
    assert_int_equal(check_of(&m), 0xA502);
    client_close(&c);
}

static void mode_voids_an_update_that_waits(void **state)
{
    (void)state;
    struct client c = open_console(0);
    wait_until(look().seen.pulls == 1);
    send_ack(&c, 1); /* of nothing: this viewer ends, whatever waits */
    expect_end(&c, VIEWER_END_PROTOCOL, 1002);
    c = open_console(0);
    ws_send_message(&c, "\12\0\0\0", 4);
    expect(&c, CONSOLE_MODE);
    assert_int_equal(look().seen.refreshed, 1);
    client_close(&c);
}

static unsigned time_at(unsigned at)
{
    return m.bytes[at] | (unsigned)m.bytes[at + 1] << 8;
}

static void who_watches_is_told_the_times(void **state)
{
    (void)state;
    struct client c = open_console(0);
    ws_send_message(&c, "\13\1\0\0", 4);
    wait_until(look().seen.alive > 0 && look().seen.pulls == 1);
    update_to(500, 1);
    expect(&c, CONSOLE_UPDATE);
    assert_int_equal(m.size, CONSOLE_UPDATE_HEADER + CONSOLE_UPDATE_TIMES + 500);
    assert_int_equal(m.bytes[1], 3);
    assert_int_equal(time_at(4) | time_at(6) << 16, 123456);
    assert_int_equal(time_at(8), 10);
    assert_int_equal(time_at(10), 30);
    assert_int_equal(time_at(12), 4);
    assert_int_equal(time_at(14), 65535); /* an encode of long ago */
    assert_int_equal(m.bytes[16], 1);
    ws_send_message(&c, "\13\0\0\0", 4);
    send_ack(&c, 1);
    wait_until(look().seen.pulls >= 2);
    update_to(500, 1);
    expect(&c, CONSOLE_UPDATE);
    assert_int_equal(m.size, CONSOLE_UPDATE_HEADER + 500);
    assert_int_equal(look().statistics.class_bytes[CONSOLE_PHOTO] % 1000, look().statistics.update_bytes % 1000);
    client_close(&c);
}

static void gateway_hears_who_comes_back(void **state)
{
    (void)state;
    struct client c;
    assert_int_equal(ws_open(&h, &c, PATH, CONSOLE_SUBPROTOCOL, &a), 101);
    uint8_t hello[61] = {CONSOLE_HELLO, 1, 0, CONSOLE_CAN_JPEG | CONSOLE_CAN_VP9, 0};
    char ticket[33];
    get_ticket(&h, "demo", ticket);
    memcpy(hello + 5, ticket, 32);
    memset(hello + 37, 'p', 16);
    memcpy(hello + 53, "\7\0\0\0\1\2\0\0", 8);
    assert_true(ws_send_message(&c, hello, sizeof hello));
    expect(&c, CONSOLE_WELCOME);
    struct console_hello said = look().seen.hello;
    assert_true(said.jpeg && said.vp9 && !said.vp8);
    assert_memory_equal(said.page, "pppppppppppppppp", 16);
    assert_int_equal(said.last_viewer, 7);
    assert_int_equal(said.last_sequence, 0x201);
    client_close(&c);
}

static void hidden_viewer_is_not_pulled(void **state)
{
    (void)state;
    struct client c = open_console(1);
    ws_send_message(&c, "\10\0\0\0\1\2\3\4", 8);
    expect(&c, CONSOLE_PONG);
    assert_true(look().seen.hidden);
    assert_int_equal(look().seen.pulls, 0);
    ws_send_message(&c, "\11\1\0\0", 4);
    wait_until(look().seen.pulls == 1);
    assert_false(look().seen.hidden);
    client_close(&c);
}

/* A viewer that neither reads nor acks gets its window's worth and no more; others go on. */
static void viewer_that_stops_costs_its_window_only(void **state)
{
    (void)state;
    struct client other = open_console(0);
    wait_until(look().seen.pulls == 1); /* it stays unanswered */
    seen.answer_pulls = 1000000;        /* before the viewer opens: nobody else looks at it */
    seen.answer_size = 3000;
    seen.answer_pieces = 1;
    struct client c = open_console(0);
    wait_until(look().seen.pulls >= 2);
    size_t before, after = 0;
    do { /* plenty of rounds in which more could be asked for */
        before = after;
        for (int i = 0; i < 50; i++) {
            ws_send_message(&other, "\10\0\0\0\1\2\3\4", 8);
            expect(&other, CONSOLE_PONG);
        }
        after = look().seen.sent_bytes;
        assert_true(after <= 16384);
    } while (after != before);
    assert_in_range(before, 3000, 16384);
    client_close(&c);
    wait_until(!look().seen.open);
    seen.answer_pulls = 0;
    client_close(&other);
}

static void fast_reader_gets_everything_in_order(void **state)
{
    (void)state;
    enum { updates = 400 };
    seen.answer_pulls = updates;
    seen.answer_size = 20000;
    seen.answer_pieces = 4;
    struct client c = open_console(0);
    uint64_t began = clock_now_us();
    for (uint32_t i = 1; i <= updates; i++) {
        expect(&c, CONSOLE_UPDATE);
        assert_int_equal(m.size, CONSOLE_UPDATE_HEADER + 80000);
        assert_int_equal(check_of(&m), 0xA500 + i);
        send_ack(&c, i);
    }
    print_message("%u MB at %u MB/s, %u partial writes\n", updates * 80000 / 1000000,
                  (unsigned)(updates * 80000ull / (clock_now_us() - began)),
                  (unsigned)look().statistics.partial_writes);
    client_close(&c);
}

static void do_end_session(struct harness *harness, void *data)
{
    (void)data;
    struct auth_session ended = {.id = 0, .ended = true};
    server_session_ended(harness->server, &ended);
}

static void ended_session_ends_its_viewers(void **state)
{
    (void)state;
    struct client c = open_console(0);
    harness_call(&h, do_end_session, NULL);
    expect_end(&c, VIEWER_END_SESSION, 1008);
    wait_until(!look().seen.open);
}

static void do_close_viewer(struct harness *harness, void *data)
{
    (void)harness;
    unsigned *closed_inside = data, before = closed;
    viewer_close(seen.viewer, VIEWER_END_GONE, "The target was removed.");
    *closed_inside = closed - before;
}

static void gateway_closes_a_viewer(void **state)
{
    (void)state;
    unsigned closed_inside;
    struct client c = open_console(0);
    harness_call(&h, do_close_viewer, &closed_inside);
    assert_int_equal(closed_inside, 0);
    expect_end(&c, VIEWER_END_GONE, 1000);
    wait_until(!look().seen.open);
}

/* Its input is released at once, even when END cannot reach it. */
static void stuck_viewer_is_let_go_at_once(void **state)
{
    (void)state;
    unsigned closed_inside;
    seen.answer_pulls = 1;
    seen.answer_size = 65536;
    seen.answer_pieces = 8;
    struct client c = open_console(0);
    uint32_t viewers = look().statistics.viewers;
    harness_call(&h, do_close_viewer, &closed_inside);
    uint64_t began = clock_now_us();
    wait_until(!look().seen.open);
    assert_true(clock_now_us() - began < 2500000); /* not only when its socket is given up, after 3 s */
    wait_until(look().statistics.viewers == viewers - 1);
    client_close(&c);
}

static void idle_viewer_costs_no_wakeups(void **state)
{
    (void)state;
    struct client c = open_console(0);
    wait_until(look().seen.pulls == 1);
    uint64_t limit = clock_now_us() + HANG_MS * 1000, before, after = server_statistics(h.server)->rounds;
    do {
        assert_true(clock_now_us() < limit);
        before = after;
        usleep(300000);
        after = server_statistics(h.server)->rounds;
    } while (after - before > 3);
    client_close(&c);
}

static void hello_must_come(void **state)
{
    (void)state;
    expect_end(&silent, VIEWER_END_PROTOCOL, 1002);
}

/* Last: the server is stopped under a viewer. */
static void stopping_server_says_so(void **state)
{
    (void)state;
    struct client c = open_console(0);
    harness_call(&h, harness_do_stop, NULL);
    h.stopped = true;
    expect_end(&c, VIEWER_END_STOPPING, 1001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_websocket_opens),
        cmocka_unit_test(console_opens_and_takes_input),
        cmocka_unit_test(view_only_cannot_type),
        cmocka_unit_test(upgrades_are_checked),
        cmocka_unit_test(tickets_work_once_and_for_their_target),
        cmocka_unit_test(broken_messages_end_only_their_viewer),
        cmocka_unit_test(oversized_messages_end_the_viewer),
        cmocka_unit_test(messages_arrive_byte_by_byte_and_in_fragments),
        cmocka_unit_test(updates_are_fragments_around_shared_pieces),
        cmocka_unit_test(mode_voids_an_update_that_waits),
        cmocka_unit_test(who_watches_is_told_the_times),
        cmocka_unit_test(gateway_hears_who_comes_back),
        cmocka_unit_test(hidden_viewer_is_not_pulled),
        cmocka_unit_test(viewer_that_stops_costs_its_window_only),
        cmocka_unit_test(fast_reader_gets_everything_in_order),
        cmocka_unit_test(ended_session_ends_its_viewers),
        cmocka_unit_test(gateway_closes_a_viewer),
        cmocka_unit_test(stuck_viewer_is_let_go_at_once),
        cmocka_unit_test(idle_viewer_costs_no_wakeups),
        cmocka_unit_test(hello_must_come),
        cmocka_unit_test(stopping_server_says_so),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
