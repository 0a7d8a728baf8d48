/* Answers of any length from a source that brings them in pieces. */

#include "tests/unit/transport/stream_routes.h"

static void wait_for(sem_t *sem)
{
    while (sem_wait(sem) < 0)
        continue;
}

static void read_pattern(struct client *c, uint64_t from, uint64_t to)
{
    static uint8_t room[65536];
    while (from < to) {
        size_t n = (size_t)MIN(to - from, (uint64_t)sizeof room);
        assert_true(client_read_exactly(c, room, n));
        assert_true(is_pattern(room, from, n));
        from += n;
    }
}

static void ask(struct client *c, const char *query)
{
    client_say(c, "GET /api/v1/source?%s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", query, h.port);
    client_answer(c, &a, true);
}

static void long_answers_arrive_whole_on_one_connection(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 65536, 65537, 30000000};
    struct client c = client_tls(&h);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        char query[64], want[32];
        snprintf(query, sizeof query, "size=%llu", (unsigned long long)sizes[i]);
        snprintf(want, sizeof want, "%llu", (unsigned long long)sizes[i]);
        ask(&c, query);
        assert_int_equal(a.status, 200);
        assert_string_equal(answer_header(&a, "Content-Length"), want);
        read_pattern(&c, 0, sizes[i]);
        wait_for(&source_ended);
        assert_int_equal(source.ended, 1);
    }
    client_close(&c);
}

static void slow_reader_holds_the_source_back(void **state)
{
    (void)state;
    uint64_t size = 100u << 20, before, after;
    struct client c = client_local(&h);
    ask(&c, "size=104857600");
    do {
        before = *(volatile uint64_t *)&source.at;
        usleep(300000);
        after = *(volatile uint64_t *)&source.at;
    } while (before != after);
    assert_true(after < size / 2);
    for (unsigned i = 0; i < 40; i++) { /* 4 s, a bit each time: longer than a reader may do nothing */
        read_pattern(&c, i * 250000u, (i + 1) * 250000u);
        usleep(100000);
    }
    read_pattern(&c, 40 * 250000u, size);
    wait_for(&source_ended);
    client_close(&c);
}

static void reader_that_stops_is_given_up(void **state)
{
    (void)state;
    struct client c = client_local(&h);
    ask(&c, "size=104857600");
    wait_for(&source_ended);
    assert_true(source.at < 104857600);
    client_close(&c);
}

static void late_source_costs_no_wakeups(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    ask(&c, "size=100000&late=1");
    wait_for(&source_pulled);
    uint64_t before, after = server_statistics(h.server)->rounds;
    unsigned awake = 0;
    for (unsigned i = 0; i < 15; i++) { /* 3 s: the source may take its time */
        before = after;
        usleep(200000);
        after = server_statistics(h.server)->rounds;
        awake += after - before >= 20;
    }
    assert_true(awake <= 5); /* what came before may last a while on a busy machine */
    harness_call(&h, bring_it, NULL);
    wait_for(&source_pulled);
    harness_call(&h, bring_it, NULL);
    read_pattern(&c, 0, 100000);
    wait_for(&source_ended);
    assert_int_equal(source.pulls, 2);
    client_close(&c);
}

static void peer_that_leaves_ends_the_source(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    ask(&c, "size=100000&late=1");
    wait_for(&source_pulled);
    client_close(&c);
    wait_for(&source_ended);
    c = client_tls(&h);
    ask(&c, "size=104857600");
    read_pattern(&c, 0, 100000);
    client_close(&c);
    wait_for(&source_ended);
    assert_int_equal(source.ended, 1);
}

static void failed_source_cuts_the_answer(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    static uint8_t room[1 << 20];
    ask(&c, "size=1000000&cut=300000");
    assert_int_equal(a.status, 200);
    assert_false(client_read_exactly(&c, room, 1000000));
    wait_for(&source_ended);
    client_close(&c);
}

static void what_the_peer_has_is_not_sent(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    assert_int_equal(client_request(&h, &c, "HEAD", "/api/v1/source?size=5000000000", "", NULL, &a), 200);
    assert_string_equal(answer_header(&a, "Content-Length"), "5000000000");
    wait_for(&source_ended);
    assert_int_equal(source.pulls, 0);
    client_say(&c, "GET /api/v1/source?size=10 HTTP/1.1\r\nHost: localhost:%u\r\nIf-None-Match: \"source\"\r\n\r\n",
               h.port);
    client_answer(&c, &a, true);
    assert_int_equal(a.status, 304);
    wait_for(&source_ended);
    assert_int_equal(client_request(&h, &c, "GET", "/api/v1/version", "", NULL, &a), 200);
    client_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_answers_arrive_whole_on_one_connection),
        cmocka_unit_test(slow_reader_holds_the_source_back),
        cmocka_unit_test(reader_that_stops_is_given_up),
        cmocka_unit_test(late_source_costs_no_wakeups),
        cmocka_unit_test(peer_that_leaves_ends_the_source),
        cmocka_unit_test(failed_source_cuts_the_answer),
        cmocka_unit_test(what_the_peer_has_is_not_sent),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
