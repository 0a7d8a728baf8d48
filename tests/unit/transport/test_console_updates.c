/* Pictures over the console websocket: how updates travel, how many, and what they cost. */
#include "tests/unit/transport/console_sides.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_fragments_around_shared_pieces),
        cmocka_unit_test(mode_voids_an_update_that_waits),
        cmocka_unit_test(who_watches_is_told_the_times),
        cmocka_unit_test(gateway_hears_who_comes_back),
        cmocka_unit_test(hidden_viewer_is_not_pulled),
        cmocka_unit_test(viewer_that_stops_costs_its_window_only),
        cmocka_unit_test(fast_reader_gets_everything_in_order),
        cmocka_unit_test(idle_viewer_costs_no_wakeups),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
