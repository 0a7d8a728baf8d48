/* Files that are brought block by block: what is asked, what may be answered, and that each read ends once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/source_stream.h"

#define SIZE (64u << 20)
#define MAX_ASKED 512

struct asked {
    uint32_t id, length;
    uint64_t offset;
};

struct fixture {
    struct source *source;
    struct asked asked[MAX_ASKED];
    unsigned n_asked, closed;
    bool answer_at_once;
};

struct result {
    struct fixture *f;
    unsigned done;
    int error;
    bool read_again, close;
};

static uint8_t room[STREAM_MAX_READ * 100];

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 2654435761u >> 13);
}

static int answer(struct fixture *f, const struct asked *q)
{
    static uint8_t bytes[STREAM_MAX_READ];
    for (uint32_t i = 0; i < q->length; i++)
        bytes[i] = byte_at(q->offset + i);
    return source_stream_answer(f->source, q->id, bytes, q->length, 0);
}

static void on_ask(void *data, uint32_t id, uint64_t offset, uint32_t length)
{
    struct fixture *f = data;
    assert_true(f->n_asked < MAX_ASKED);
    assert_in_range(length, 1, STREAM_MAX_READ);
    f->asked[f->n_asked++] = (struct asked){id, length, offset};
    if (f->answer_at_once)
        assert_int_equal(answer(f, &f->asked[f->n_asked - 1]), 0);
}

static void on_closed(void *data)
{
    ((struct fixture *)data)->closed++;
}

static const struct source_stream_ops ops = {on_ask, on_closed};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    memset(room, 0, sizeof room);
    return source_stream_create(SIZE, &ops, f, &f->source);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    bool open = f->source;
    source_close(f->source);
    assert_int_equal(f->closed, open ? 1 : f->closed);
    free(f);
    return 0;
}

static void on_done(void *data, int error)
{
    struct result *result = data;
    result->done++;
    result->error = error;
    struct fixture *f = result->f;
    if (result->read_again) {
        result->read_again = false;
        source_read(f->source, 0, room, 512, on_done, result);
    }
    if (result->close)
        f->source = source_close(f->source);
}

static void assert_bytes(const uint8_t *bytes, uint64_t offset, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != byte_at(offset + i))
            fail_msg("byte %zu of %zu differs", i, length);
}

static void test_a_long_read_is_asked_in_pieces_and_answered_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct result result = {.f = f};
    size_t length = 3 * STREAM_MAX_READ + 1000;
    source_read(f->source, 12345, room, length, on_done, &result);
    assert_int_equal(f->n_asked, 4);
    for (unsigned i = 4; i-- > 0;) {
        assert_int_equal(result.done, 0);
        assert_int_equal(answer(f, &f->asked[i]), 0);
    }
    assert_int_equal(result.done, 1);
    assert_int_equal(result.error, 0);
    assert_bytes(room, 12345, length);
}

static void test_no_more_than_64_are_asked_and_the_rest_follows_in_order(void **state)
{
    struct fixture *f = *state;
    static struct result results[100];
    for (unsigned i = 0; i < 100; i++) {
        results[i] = (struct result){.f = f};
        source_read(f->source, i * 4096ull, room + i * (size_t)4096, 4096, on_done, &results[i]);
    }
    assert_int_equal(f->n_asked, STREAM_MAX_ASKED);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(f->asked[i].offset, i * 4096);
        assert_int_equal(answer(f, &f->asked[i]), 0);
        assert_int_equal(results[i].done, 1);
    }
    assert_bytes(room, 0, 100 * (size_t)4096);
}

static void test_what_was_not_asked_is_refused(void **state)
{
    struct fixture *f = *state;
    struct result result = {.f = f};
    source_read(f->source, 0, room, 512, on_done, &result);
    struct asked q = f->asked[0];
    uint8_t bytes[513] = {0};
    assert_int_equal(source_stream_answer(f->source, q.id + 1, bytes, 512, 0), -EPROTO);
    assert_int_equal(source_stream_answer(f->source, q.id + STREAM_MAX_ASKED, bytes, 512, 0), -EPROTO);
    assert_int_equal(source_stream_answer(f->source, q.id, bytes, 511, 0), -EPROTO);
    assert_int_equal(source_stream_answer(f->source, q.id, bytes, 513, 0), -EPROTO);
    assert_int_equal(source_stream_answer(f->source, q.id, NULL, 0, 0), -EPROTO);
    assert_int_equal(result.done, 0);
    assert_int_equal(answer(f, &q), 0);
    assert_int_equal(result.done, 1);
    assert_int_equal(answer(f, &q), -EPROTO); /* twice */
}

static void test_a_piece_that_cannot_be_read_ends_the_read_when_the_others_came(void **state)
{
    struct fixture *f = *state;
    struct result result = {.f = f}, after = {.f = f};
    source_read(f->source, 0, room, (STREAM_MAX_ASKED + 10) * (size_t)STREAM_MAX_READ, on_done, &result);
    source_read(f->source, 0, room, 512, on_done, &after);
    assert_int_equal(f->n_asked, STREAM_MAX_ASKED);
    assert_int_equal(source_stream_answer(f->source, f->asked[5].id, NULL, 0, -ESTALE), 0);
    assert_int_equal(f->n_asked, STREAM_MAX_ASKED + 1); /* the next read's, not one of the failed read's rest */
    for (unsigned i = 0; i < STREAM_MAX_ASKED; i++) {
        assert_int_equal(result.done, 0);
        if (i != 5)
            assert_int_equal(answer(f, &f->asked[i]), 0);
    }
    assert_int_equal(result.done, 1);
    assert_int_equal(result.error, -ESTALE);
    assert_int_equal(answer(f, &f->asked[STREAM_MAX_ASKED]), 0);
    assert_int_equal(after.error, 0);
    assert_int_equal(after.done, 1);
}

static void test_an_owner_that_is_gone_ends_each_read_once(void **state)
{
    struct fixture *f = *state;
    static struct result results[100];
    for (unsigned i = 0; i < 100; i++) {
        results[i] = (struct result){.f = f, .read_again = i == 3};
        source_read(f->source, 0, room, STREAM_MAX_READ + 1, on_done, &results[i]);
    }
    source_stream_lost(f->source);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(results[i].done, i == 3 ? 2 : 1);
        assert_int_equal(results[i].error, -ENOTCONN);
    }
    assert_int_equal(source_stream_answer(f->source, f->asked[0].id, room, f->asked[0].length, 0), -EPROTO);
    source_stream_lost(f->source);
}

static void test_answers_may_come_while_it_is_asked(void **state)
{
    struct fixture *f = *state;
    struct result result = {.f = f, .read_again = true};
    f->answer_at_once = true;
    size_t length = 70 * (size_t)STREAM_MAX_READ;
    source_read(f->source, SIZE - length, room, length, on_done, &result);
    assert_int_equal(result.done, 2);
    assert_int_equal(f->n_asked, 71);
    assert_bytes(room + 512, SIZE - length + 512, length - 512);
}

static void test_closing_it_from_an_answer_ends_the_others(void **state)
{
    struct fixture *f = *state;
    struct result first = {.f = f, .close = true}, second = {.f = f};
    source_read(f->source, 0, room, 512, on_done, &first);
    source_read(f->source, 0, room, 512, on_done, &second);
    assert_int_equal(answer(f, &f->asked[0]), 0);
    assert_int_equal(first.error, 0);
    assert_int_equal(second.done, 1);
    assert_int_equal(second.error, -ENOTCONN);
    assert_int_equal(f->closed, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_long_read_is_asked_in_pieces_and_answered_in_any_order),
        T(test_no_more_than_64_are_asked_and_the_rest_follows_in_order),
        T(test_what_was_not_asked_is_refused),
        T(test_a_piece_that_cannot_be_read_ends_the_read_when_the_others_came),
        T(test_an_owner_that_is_gone_ends_each_read_once),
        T(test_answers_may_come_while_it_is_asked),
        T(test_closing_it_from_an_answer_ends_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
