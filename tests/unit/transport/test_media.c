/* The media websocket: who may open it, questions and answers, and what ends it. */

#include "tests/unit/transport/media_sides.h"

static void answers_come_back_in_any_order_and_any_pieces(void **state)
{
    (void)state;
    struct client c = open_medium("web1");
    assert_string_equal(stream.name, "debian.iso");
    assert_true(stream.spec.size == 5000000000 && stream.spec.kind == -1 && stream.spec.read_only);
    struct question questions[] = {{1, 4096, 4000000000}, {2, 262144, 0}, {3, 1, 7}};
    for (unsigned i = 0; i < 3; i++) {
        harness_call(&h, ask, &questions[i]);
        struct media_message got = hear(&c);
        assert_int_equal(got.type, MEDIA_READ);
        assert_int_equal(got.read.request, questions[i].id);
        assert_true(got.read.offset == questions[i].offset && got.read.length == questions[i].length);
    }
    assert_true(send_data(&c, 3, 1, 4));
    assert_true(send_data(&c, 2, 262144, 65000));
    assert_true(send_data(&c, 1, 4096, 1000));
    for (unsigned i = 0; i < 3; i++)
        wait_for(&stream_answered);
    assert_false(stream.wrong);
    assert_int_equal(stream.bytes, 1 + 262144 + 4096);
    client_close(&c);
    wait_for(&stream_closed);
    assert_false(stream.orderly);
}

static void ask_all(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    for (uint32_t i = 0; i < MEDIA_MOST; i++)
        media_peer_ask(stream.peer, 100 + i, i * 65536ull, 65536);
}

/* Sixteen MiB in flight, asked while the peer does not read, answered while the gateway asks no more. */
static void all_questions_at_once(void **state)
{
    (void)state;
    struct client c = open_medium("web1");
    drain(&stream_answered);
    harness_call(&h, ask_all, NULL);
    for (uint32_t i = 0; i < MEDIA_MOST; i++)
        assert_int_equal(hear(&c).read.request, 100 + i);
    for (uint32_t i = MEDIA_MOST; i-- > 0;)
        assert_true(send_data(&c, 100 + i, 65536, 60000));
    for (uint32_t i = 0; i < MEDIA_MOST; i++)
        wait_for(&stream_answered);
    assert_false(stream.wrong);
    assert_int_equal(stream.bytes, MEDIA_MOST * 65536);
    client_close(&c);
    wait_for(&stream_closed);
}

static void more_questions_than_agreed_end_the_peer(void **state)
{
    (void)state;
    struct question more = {9, 1, 0};
    struct client c = open_medium("web1");
    harness_call(&h, ask_all, NULL);
    harness_call(&h, ask, &more);
    struct media_message got;
    do
        got = hear(&c);
    while (got.type == MEDIA_READ);
    assert_int_equal(got.type, MEDIA_END);
    wait_for(&stream_closed);
    client_close(&c);
}

static void tell(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    for (uint64_t i = 1; i <= 100; i++)
        media_peer_progress(stream.peer, i, 100, i == 100);
}

static void failures_progress_and_farewell(void **state)
{
    (void)state;
    struct question q = {1, 4096, 0};
    struct client c = open_medium("web1");
    drain(&stream_answered);
    static const uint8_t changed[] = {MEDIA_FAIL, 2, 0, 0, 1, 0, 0, 0}, bye[] = {MEDIA_BYE};
    harness_call(&h, ask, &q);
    assert_int_equal(hear(&c).type, MEDIA_READ);
    assert_true(ws_send_message(&c, changed, sizeof changed));
    wait_for(&stream_answered);
    assert_int_equal(stream.error, -ESTALE);
    assert_int_equal(stream.failed, 1);
    harness_call(&h, tell, NULL);
    struct media_message got = hear(&c);
    assert_true(got.type == MEDIA_PROGRESS && got.progress.complete && got.progress.copied == 100);
    assert_true(ws_send_message(&c, bye, sizeof bye));
    wait_for(&stream_closed);
    assert_true(stream.orderly);
    assert_true(ws_read(&c, &m));
    assert_int_equal(m.close_code, 1000);
    client_close(&c);
}

static void eject(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    unsigned before = stream.closed;
    media_peer_end(stream.peer, MEDIA_END_EJECTED, "The medium was taken out.");
    assert_int_equal(stream.closed, before); /* not inside */
}

static void gateway_ends_it(void **state)
{
    (void)state;
    struct client c = open_medium("web1");
    harness_call(&h, eject, NULL);
    assert_end(&c, MEDIA_END_EJECTED);
    wait_for(&stream_closed);
    client_close(&c);
}

/* What a hostile owner sends in an open channel; each ends it with its words. */
static void broken_rules_end_the_connection(void **state)
{
    (void)state;
    static uint8_t large[66000];
    struct question q = {5, 4096, 0};
    for (unsigned i = 0; i < 7; i++) {
        struct client c = open_medium("web1");
        harness_call(&h, ask, &q);
        assert_int_equal(hear(&c).type, MEDIA_READ);
        switch (i) {
        case 0: /* never asked */
            send_data(&c, 6, 4096, 65000);
            break;
        case 1: /* too short */
            send_data(&c, 5, 4095, 65000);
            break;
        case 2: /* answered twice */
            send_data(&c, 5, 4096, 65000);
            send_data(&c, 5, 4096, 65000);
            break;
        case 3: /* text */
            ws_send(&c, 0x81, "x", 1);
            break;
        case 4: { /* endless */
            bool open = ws_send(&c, 2, large, 65000);
            for (unsigned k = 0; k < 6 && open; k++)
                open = ws_send(&c, 0, large, 65000);
            break;
        }
        case 5: { /* HELLO again */
            struct media_hello hello = make_hello("00000000000000000000000000000000");
            send_hello(&c, &hello);
            break;
        }
        default: /* unknown */
            ws_send_message(&c, "\x09", 1);
            break;
        }
        assert_end(&c, MEDIA_END_PROTOCOL);
        wait_for(&stream_closed);
        client_close(&c);
    }
    drain(&stream_answered);
}

static enum media_end refused_with(const char *path, const char *ticket, unsigned drive)
{
    struct client c;
    assert_int_equal(ws_open(&h, &c, path, MEDIA_SUBPROTOCOL, &a), 101);
    struct media_hello hello = make_hello(ticket);
    hello.drive = (uint8_t)drive;
    send_hello(&c, &hello);
    struct media_message got = hear(&c);
    assert_int_equal(got.type, MEDIA_END);
    client_close(&c);
    return (enum media_end)got.end.reason;
}

static void tickets_open_one_door_once(void **state)
{
    (void)state;
    char ticket[33];
    unsigned opened = stream.opened;
    media_ticket("web1", "", ticket); /* the console's */
    assert_int_equal(refused_with("/api/v1/targets/web1/media", ticket, 0), MEDIA_END_REFUSED);
    media_ticket("web1", "?for=media", ticket); /* of another target */
    assert_int_equal(refused_with("/api/v1/targets/web2/media", ticket, 0), MEDIA_END_REFUSED);
    assert_int_equal(refused_with("/api/v1/targets/web1/media", ticket, 0), MEDIA_END_REFUSED); /* used up */
    media_ticket("none", "?for=media", ticket);
    assert_int_equal(refused_with("/api/v1/targets/none/media", ticket, 0), MEDIA_END_REFUSED);
    media_ticket("web1", "?for=media", ticket);
    assert_int_equal(refused_with("/api/v1/targets/web1/media", ticket, 3), MEDIA_END_REFUSED);
    assert_int_equal(stream.opened, opened);
    struct client c = client_local(&h);
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/targets/web1/ticket?for=tea", "", "", &a), 422);
    client_close(&c);
}

static int upgrade(struct client c, const char *path, const char *origin, const char *protocol)
{
    client_say(&c,
               "GET %s HTTP/1.1\r\nHost: localhost:%u\r\n%sConnection: Upgrade\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
               "Sec-WebSocket-Protocol: %s\r\n\r\n",
               path, h.port, origin, protocol);
    client_answer(&c, &a, true);
    client_close(&c);
    return a.status;
}

static void doors_refuse_strangers(void **state)
{
    (void)state;
    static const char path[] = "/api/v1/targets/web1/media", none[] = "", theirs[] = "Origin: https://evil.example\r\n";
    char ours[64];
    snprintf(ours, sizeof ours, "Origin: https://localhost:%u\r\n", h.port);
    assert_int_equal(upgrade(client_tls(&h), path, ours, MEDIA_SUBPROTOCOL), 101);
    assert_int_equal(upgrade(client_tls(&h), path, none, MEDIA_SUBPROTOCOL), 403);
    assert_int_equal(upgrade(client_tls(&h), path, theirs, MEDIA_SUBPROTOCOL), 403);
    assert_int_equal(upgrade(client_tls(&h), path, ours, "lightsout.console.1"), 400);
    assert_int_equal(upgrade(client_local(&h), path, none, MEDIA_SUBPROTOCOL), 101);
    assert_int_equal(upgrade(client_local(&h), "/api/v1/targets/web1/console", none, "lightsout.console.1"), 404);
    /* both subprotocols offered on one path: whichever is chosen, the other path's channel is not opened */
    char ticket[33];
    struct client c;
    media_ticket("web1", "?for=media", ticket);
    if (ws_open(&h, &c, "/api/v1/targets/web1/console", MEDIA_SUBPROTOCOL ", lightsout.console.1", &a) == 101) {
        unsigned opened = stream.opened;
        struct media_hello hello = make_hello(ticket);
        send_hello(&c, &hello);
        while (ws_read(&c, &m) && !m.close_code)
            continue;
        assert_int_equal(stream.opened, opened);
    }
    client_close(&c);
}

static void local_peer_needs_no_ticket(void **state)
{
    (void)state;
    struct client c = client_local(&h);
    client_say(&c,
               "GET /api/v1/targets/web1/media HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
               "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Protocol: " MEDIA_SUBPROTOCOL "\r\n\r\n");
    client_answer(&c, &a, true);
    assert_int_equal(a.status, 101);
    struct media_hello hello = make_hello("00000000000000000000000000000000");
    hello.kind = 2;
    hello.overlay = MEDIUM_OVERLAY_KEEP;
    hello.writable = hello.copy = hello.boot_once = true;
    send_hello(&c, &hello);
    assert_int_equal(hear(&c).type, MEDIA_READY);
    wait_for(&stream_opened);
    assert_true(stream.spec.kind == 1 && !stream.spec.read_only && stream.spec.copy && stream.spec.boot_once);
    assert_int_equal(stream.spec.overlay, MEDIUM_OVERLAY_KEEP);
    client_close(&c);
    wait_for(&stream_closed);
}

static void one_session_brings_a_few_files(void **state)
{
    (void)state;
    struct client c[9];
    char ticket[9][33];
    struct client local = client_local(&h);
    for (unsigned i = 0; i < 9; i++) { /* one connection, one session */
        if (i == 8)
            usleep(1000);
        int status = client_request(&h, &local, "POST", "/api/v1/targets/web1/ticket?for=media", "", "", &a);
        assert_int_equal(status, i < 8 ? 200 : 429);
        if (i < 8)
            assert_int_equal(sscanf(a.body, "{\"ticket\":\"%32[0-9a-f]\"", ticket[i]), 1);
    }
    for (unsigned i = 0; i < 9; i++) {
        if (i == 8) {
            assert_int_equal(client_request(&h, &local, "POST", "/api/v1/targets/web1/ticket?for=media", "", "", &a),
                             200);
            assert_int_equal(sscanf(a.body, "{\"ticket\":\"%32[0-9a-f]\"", ticket[8]), 1);
        }
        assert_int_equal(ws_open(&h, &c[i], "/api/v1/targets/web1/media", MEDIA_SUBPROTOCOL, &a), 101);
        struct media_hello hello = make_hello(ticket[i]);
        send_hello(&c[i], &hello);
        assert_int_equal(hear(&c[i]).type, i < 8 ? MEDIA_READY : MEDIA_END);
    }
    for (unsigned i = 0; i < 9; i++)
        client_close(&c[i]);
    client_close(&local);
    for (unsigned i = 0; i < 8; i++)
        wait_for(&stream_closed);
    drain(&stream_opened);
}

static void stopping_server_says_so(void **state)
{
    (void)state;
    struct client c = open_medium("web1");
    harness_call(&h, harness_do_stop, NULL);
    h.stopped = true;
    assert_end(&c, MEDIA_END_STOPPING);
    wait_for(&stream_closed);
    client_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_back_in_any_order_and_any_pieces),
        cmocka_unit_test(all_questions_at_once),
        cmocka_unit_test(more_questions_than_agreed_end_the_peer),
        cmocka_unit_test(failures_progress_and_farewell),
        cmocka_unit_test(gateway_ends_it),
        cmocka_unit_test(broken_rules_end_the_connection),
        cmocka_unit_test(tickets_open_one_door_once),
        cmocka_unit_test(doors_refuse_strangers),
        cmocka_unit_test(local_peer_needs_no_ticket),
        cmocka_unit_test(one_session_brings_a_few_files),
        cmocka_unit_test(stopping_server_says_so),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
