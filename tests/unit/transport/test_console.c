/* The console websocket: how it is opened, what it takes, and how it ends. */
#include "tests/unit/transport/console_sides.h"

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
    expect(&c, CONSOLE_SEAT); /* what it wants of the seat is the gateway's to judge, which hears of it all */
    expect(&c, CONSOLE_PONG);
    struct look l = look();
    assert_true(l.seen.view_only);
    assert_int_equal(l.seen.keys_down, 0);
    assert_int_equal(l.seen.seats, 1);
    client_close(&c);
}

/* Pages of today read SEATS and answer requests; those of before are told of a holder, and have release and request. */
static void pages_are_told_of_the_seat_as_they_read_it(void **state)
{
    (void)state;
    struct client c;
    assert_int_equal(ws_open(&h, &c, PATH, CONSOLE_SUBPROTOCOL, &a), 101);
    say_hello_with(&c, "demo", 0, CONSOLE_CAN_SEATS);
    expect(&c, CONSOLE_WELCOME);
    expect(&c, CONSOLE_SEATS);
    assert_int_equal(m.bytes[1], CONSOLE_SEATS_FREE);
    for (int i = 0; i < 3; i++) /* LEDS, POINTER_MODE, MODE */
        assert_true(ws_read(&c, &m));
    ws_send_message(&c, "\14\1\0\0\7\0\0\0", 8);
    expect(&c, CONSOLE_SEATS);
    struct look l = look();
    assert_int_equal(l.seen.seats, 1);
    assert_int_equal(l.seen.answered, 7);
    client_close(&c);
    c = open_console(0); /* which expects SEAT */
    ws_send_message(&c, "\7\1\0\0", 4);
    expect(&c, CONSOLE_SEAT);
    assert_int_equal(m.bytes[1], 1);
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

static uint64_t close_asked_us;

static void do_close_viewer(struct harness *harness, void *data)
{
    (void)harness;
    unsigned *closed_inside = data, before = closed;
    close_asked_us = clock_now_us();
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
    wait_until(!look().seen.open);
    /* not only when its socket is given up, after 3 s; told by the thread that does both */
    assert_true(look().seen.closed_us - close_asked_us < 2500000);
    wait_until(look().statistics.viewers == viewers - 1);
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
        cmocka_unit_test(pages_are_told_of_the_seat_as_they_read_it),
        cmocka_unit_test(upgrades_are_checked),
        cmocka_unit_test(tickets_work_once_and_for_their_target),
        cmocka_unit_test(broken_messages_end_only_their_viewer),
        cmocka_unit_test(oversized_messages_end_the_viewer),
        cmocka_unit_test(messages_arrive_byte_by_byte_and_in_fragments),
        cmocka_unit_test(ended_session_ends_its_viewers),
        cmocka_unit_test(gateway_closes_a_viewer),
        cmocka_unit_test(stuck_viewer_is_let_go_at_once),
        cmocka_unit_test(hello_must_come),
        cmocka_unit_test(stopping_server_says_so),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
