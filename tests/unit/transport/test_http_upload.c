/* Bodies of any length, in pieces, as fast as their handler takes them. */

#include "tests/unit/transport/stream_routes.h"

static void wait_for(sem_t *sem)
{
    while (sem_wait(sem) < 0)
        continue;
}

static void drain(sem_t *sem)
{
    while (sem_trywait(sem) == 0)
        continue;
}

static int put(struct client *c, const char *path, uint64_t size, const char *more)
{
    say_head(c, "PUT", path, size, more);
    assert_true(say_body(c, 0, size));
    client_answer(c, &a, false);
    return a.status;
}

static void body_arrives_whole_whatever_its_length(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 65536, 65537, 20000000};
    struct client c = client_tls(&h);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        char want[32];
        snprintf(want, sizeof want, "%llu", (unsigned long long)sizes[i]);
        assert_int_equal(put(&c, "/api/v1/sink", sizes[i], "Content-Type: application/x-iso9660-image\r\n"), 200);
        assert_string_equal(a.body, want);
        assert_true(sink.largest <= 65536);
    }
    client_close(&c);
}

static void *upload(void *data)
{
    struct client *c = data;
    say_body(c, 0, 48u << 20);
    return NULL;
}

/* A request that is answered while others bring their bodies: its connection stays, or its end is announced. */
static void others_bodies_end_no_connection_unannounced(void **state)
{
    (void)state;
    unsigned ended = 0;
    pthread_t thread;
    struct client long_one = client_tls(&h), c = client_tls(&h);
    say_head(&long_one, "PUT", "/api/v1/sink", 48u << 20, "");
    assert_int_equal(pthread_create(&thread, NULL, upload, &long_one), 0);
    for (unsigned i = 0; i < 150; i++) {
        client_say(&c, "GET /api/v1/version HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", h.port);
        client_answer(&c, &a, false);
        assert_int_equal(a.status, 200);
        const char *end = answer_header(&a, "Connection");
        if (!end || strcmp(end, "close") != 0)
            continue;
        ended++;
        client_close(&c);
        c = client_tls(&h);
    }
    assert_true(ended < 75);
    pthread_join(thread, NULL);
    client_answer(&long_one, &a, false);
    assert_string_equal(a.body, "50331648");
    client_close(&long_one);
    client_close(&c);
}

static void body_over_the_local_socket(void **state)
{
    (void)state;
    struct client c = client_local(&h);
    assert_int_equal(put(&c, "/api/v1/sink", 3000000, ""), 200);
    assert_string_equal(a.body, "3000000");
    client_close(&c);
}

static void body_byte_by_byte(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    say_head(&c, "PUT", "/api/v1/sink", 300, "");
    for (unsigned i = 0; i < 300; i++)
        assert_true(say_body(&c, i, i + 1));
    client_answer(&c, &a, false);
    assert_string_equal(a.body, "300");
    client_close(&c);
}

/* Writes until the socket takes no more for a while; how much it took. */
static uint64_t push(struct client *c, uint64_t limit)
{
    struct timeval soon = {.tv_usec = 500000}, late = {.tv_sec = HANG_MS / 1000};
    static uint8_t bytes[65536];
    uint64_t at = 0;
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    while (at < limit) {
        fill(bytes, at, sizeof bytes);
        ssize_t n = send(c->fd, bytes, sizeof bytes, MSG_NOSIGNAL);
        if (n < 0)
            break;
        at += (uint64_t)n;
    }
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &late, sizeof late);
    return at;
}

static void assert_quiet(void)
{
    uint64_t limit = clock_now_us() + HANG_MS * 1000, before, after = server_statistics(h.server)->rounds;
    do {
        assert_true(clock_now_us() < limit);
        before = after;
        usleep(200000);
        after = server_statistics(h.server)->rounds;
    } while (after - before > 20);
}

static void busy_handler_holds_the_peer_back(void **state)
{
    (void)state;
    const uint64_t size = 64u << 20;
    drain(&sink_opened);
    drain(&sink_ended);
    struct client c = client_local(&h);
    say_head(&c, "PATCH", "/api/v1/slow", size, "");
    wait_for(&sink_opened);
    uint64_t pushed = push(&c, size);
    assert_true(pushed < size / 2);
    while (*(volatile unsigned *)&sink.pieces == 0)
        usleep(1000);
    assert_quiet();
    assert_int_equal(sink.pieces, 1);
    for (unsigned i = 0; i < 3; i++)
        harness_call(&h, more_of_it, NULL);
    assert_false(sink.wrong);
    client_close(&c);
    wait_for(&sink_ended);
    assert_true(sink.broken);
    assert_int_equal(request_once(&h, "GET", "/api/v1/version", "", NULL, &a), 200);
}

/* The end is told when the handler is through with the last piece, not before. */
static void end_waits_for_the_last_piece(void **state)
{
    (void)state;
    drain(&sink_opened);
    struct client c = client_tls(&h);
    say_head(&c, "PATCH", "/api/v1/slow", 10, "");
    wait_for(&sink_opened);
    assert_true(say_body(&c, 0, 10));
    while (*(volatile unsigned *)&sink.pieces == 0)
        usleep(1000);
    assert_quiet();
    assert_false(sink.ended);
    harness_call(&h, more_of_it, NULL);
    assert_true(sink.ended);
    client_answer(&c, &a, false);
    assert_string_equal(a.body, "10");
    client_close(&c);
}

static void answer_before_the_end_reaches_a_peer_that_only_writes(void **state)
{
    (void)state;
    static const char *const paths[] = {"/api/v1/refused", "/api/v1/mine", "/api/v1/nowhere"};
    static const int statuses[] = {403, 401, 413};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct client c = client_tls(&h);
        say_head(&c, "POST", paths[i], 8000000, "");
        say_body(&c, 0, 8000000);
        client_answer(&c, &a, false);
        assert_int_equal(a.status, statuses[i]);
        assert_string_equal(answer_header(&a, "Connection"), "close");
        assert_true(client_at_end(&c));
        client_close(&c);
    }
}

static void answer_in_the_middle_ends_the_connection(void **state)
{
    (void)state;
    drain(&sink_opened);
    struct client c = client_tls(&h);
    say_head(&c, "PATCH", "/api/v1/slow", 5000000, "");
    wait_for(&sink_opened);
    assert_true(say_body(&c, 0, 20000));
    harness_call(&h, answer_sink, NULL);
    say_body(&c, 20000, 5000000);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    assert_true(client_at_end(&c));
    client_close(&c);
}

static void endless_body_on_a_refused_request_is_cut(void **state)
{
    (void)state;
    struct client c = client_local(&h);
    say_head(&c, "POST", "/api/v1/refused", 1ull << 40, "");
    assert_false(say_body(&c, 0, 2ull << 30));
    client_close(&c);
}

static void peer_is_told_to_go_on_or_refused(void **state)
{
    (void)state;
    struct client c = client_tls(&h);
    say_head(&c, "PUT", "/api/v1/sink", 100, "Expect: 100-continue\r\n");
    client_answer(&c, &a, true);
    assert_int_equal(a.status, 100);
    assert_true(say_body(&c, 0, 100));
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    client_close(&c);

    c = client_tls(&h);
    say_head(&c, "POST", "/api/v1/refused", 1ull << 40, "Expect: 100-continue\r\n");
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 403);
    assert_true(client_at_end(&c));
    client_close(&c);
}

static void lengths_that_lie(void **state)
{
    (void)state;
    static const char *const lines[] = {"Transfer-Encoding: chunked\r\n\r\n", "Content-Length: -5\r\n\r\n",
                                        "Content-Length: 99999999999999999999999\r\n\r\n",
                                        "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "\r\n"};
    static const int statuses[] = {411, 400, 413, 400, 411};
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct client c = client_tls(&h);
        client_say(&c, "PUT /api/v1/sink HTTP/1.1\r\nHost: localhost:%u\r\n%s", h.port, lines[i]);
        client_answer(&c, &a, false);
        assert_int_equal(a.status, statuses[i]);
        client_close(&c);
    }
    /* more than was said: another request, which is none */
    struct client c = client_tls(&h);
    say_head(&c, "PUT", "/api/v1/sink", 1000, "");
    assert_true(say_body(&c, 0, 1500));
    client_answer(&c, &a, false);
    assert_string_equal(a.body, "1000");
    assert_true(client_at_end(&c));
    client_close(&c);
}

static void short_body_is_broken(void **state)
{
    (void)state;
    drain(&sink_ended);
    struct client c = client_tls(&h);
    say_head(&c, "PUT", "/api/v1/sink", 1000, "");
    assert_true(say_body(&c, 0, 999));
    client_close(&c);
    wait_for(&sink_ended);
    assert_true(sink.broken);
    assert_false(sink.wrong);
}

/* A pause is allowed, but not for ever: here 2 s. */
static void silent_peer_is_given_up(void **state)
{
    (void)state;
    drain(&sink_ended);
    struct client c = client_tls(&h);
    say_head(&c, "PUT", "/api/v1/sink", 1000, "");
    for (unsigned i = 0; i < 9; i++) { /* far from it each time, and longer in all */
        assert_true(say_body(&c, i, i + 1));
        usleep(300000);
    }
    assert_false(sink.broken);
    assert_true(client_at_end(&c));
    wait_for(&sink_ended);
    assert_true(sink.broken);
    client_close(&c);
}

/* The handler's own pause is none of the peer's: longer than what the peer is allowed. */
static void slow_handler_is_not_the_peers_fault(void **state)
{
    (void)state;
    drain(&sink_opened);
    struct client c = client_tls(&h);
    say_head(&c, "PATCH", "/api/v1/slow", 10, "");
    assert_true(say_body(&c, 0, 10));
    wait_for(&sink_opened);
    usleep(3500000);
    harness_call(&h, more_of_it, NULL);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    client_close(&c);
}

static void end_session(struct harness *unused, void *data)
{
    (void)unused, (void)data;
    sink.call->session->ended = true;
}

static void body_ends_with_its_session(void **state)
{
    (void)state;
    drain(&sink_opened);
    drain(&sink_ended);
    struct client c = client_local(&h);
    say_head(&c, "POST", "/api/v1/mine", 5000000, "");
    assert_true(say_body(&c, 0, 1000));
    wait_for(&sink_opened);
    harness_call(&h, end_session, NULL);
    wait_for(&sink_ended); /* without a further byte */
    assert_true(sink.broken);
    client_close(&c);
}

/* A client that people have, with its own mind about 100-continue, early answers and HEAD. */
static void curl_sends_and_is_refused(void **state)
{
    (void)state;
    char file[64], command[512], said[64] = "";
    static uint8_t bytes[6000000];
    if (system("command -v curl > /dev/null") != 0)
        skip();
    snprintf(file, sizeof file, "/tmp/lightsout-upload-%d", (int)getpid());
    FILE *f = fopen(file, "wb");
    fill(bytes, 0, sizeof bytes);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, f), sizeof bytes);
    fclose(f);
    static const struct {
        const char *options, *path, *want;
    } ways[] = {{"", "sink", "6000000 200"},
                {"-H Expect:", "sink", "6000000 200"},
                {"-o /dev/null -X POST", "refused", " 403"},
                {"-o /dev/null -X POST -H Expect:", "refused", " 403"}};
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        snprintf(command, sizeof command, "curl -sk -m 20 -w ' %%{http_code}' %s -T %s https://localhost:%u/api/v1/%s",
                 ways[i].options, file, h.port, ways[i].path);
        FILE *out = popen(command, "r");
        assert_non_null(fgets(said, sizeof said, out));
        pclose(out);
        assert_string_equal(said, ways[i].want);
    }
    unlink(file);
}

static void requests_behind_a_body_cost_no_wakeups(void **state)
{
    (void)state;
    drain(&sink_opened);
    struct client c = client_tls(&h);
    client_say(&c,
               "PATCH /api/v1/slow HTTP/1.1\r\nHost: localhost:%u\r\nContent-Length: 1\r\n\r\n%c"
               "GET /api/v1/version HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
               h.port, pattern(0) + 1, h.port);
    wait_for(&sink_opened);
    client_say(&c, "GET /api/v1/version HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", h.port);
    assert_quiet();
    harness_call(&h, more_of_it, NULL);
    client_answer(&c, &a, false);
    assert_int_equal(a.status, 200);
    assert_true(client_at_end(&c));
    client_close(&c);
}

static void handler_reads_headers(void **state)
{
    (void)state;
    static const char more[] = "Upload-Offset: 12345\r\nContent-Type: application/offset+octet-stream\r\n"
                               "Range: bytes=0-1\r\nContent-Length: 0\r\n";
    struct client c = client_tls(&h);
    assert_int_equal(client_request(&h, &c, "POST", "/api/v1/headers", more, NULL, &a), 200);
    assert_string_equal(a.body, "offset=12345 type=application/offset+octet-stream range=bytes=0-1 length=0 head=0");
    assert_int_equal(client_request(&h, &c, "HEAD", "/api/v1/headers", "Upload-Offset: 12345678\r\n", NULL, &a), 200);
    assert_string_equal(answer_header(&a, "X-Told"), "offset=! type= range= length=0 head=1");
    assert_int_equal(client_request(&h, &c, "OPTIONS", "/api/v1/headers", "Range: a\r\nRange: b\r\n", NULL, &a), 200);
    assert_string_equal(a.body, "offset=! type= range= length=0 head=0");
    assert_int_equal(client_request(&h, &c, "OPTIONS", "/api/v1/version", "", NULL, &a), 405);
    client_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_arrives_whole_whatever_its_length),
        cmocka_unit_test(others_bodies_end_no_connection_unannounced),
        cmocka_unit_test(body_over_the_local_socket),
        cmocka_unit_test(body_byte_by_byte),
        cmocka_unit_test(busy_handler_holds_the_peer_back),
        cmocka_unit_test(end_waits_for_the_last_piece),
        cmocka_unit_test(answer_before_the_end_reaches_a_peer_that_only_writes),
        cmocka_unit_test(answer_in_the_middle_ends_the_connection),
        cmocka_unit_test(endless_body_on_a_refused_request_is_cut),
        cmocka_unit_test(peer_is_told_to_go_on_or_refused),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(short_body_is_broken),
        cmocka_unit_test(silent_peer_is_given_up),
        cmocka_unit_test(slow_handler_is_not_the_peers_fault),
        cmocka_unit_test(body_ends_with_its_session),
        cmocka_unit_test(curl_sends_and_is_refused),
        cmocka_unit_test(requests_behind_a_body_cost_no_wakeups),
        cmocka_unit_test(handler_reads_headers),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
