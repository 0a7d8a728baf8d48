/* Servers that lie: nothing of what they send reaches a target, and what is another file now stays away for ever. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "url_fixture.h"

static void when_it_is_opened(void **state)
{
    static const struct {
        struct lying_ways ways;
        int error;
        const char *why;
    } rows[] = {
        {{.lie = LIE_IGNORES_RANGE}, -ENOTSUP, "The server cannot send parts of the file (it does not know ranges)."},
        {{.lie = LIE_WRONG_RANGE}, -EPROTO, "The server sends another part of the file than it was asked for."},
        {{.lie = LIE_NO_TOTAL}, -ENOTSUP, "The server does not say how large the file is."},
        {{.lie = LIE_NO_RANGE}, -EPROTO, "The server does not say, or not clearly, which part of the file it sends."},
        {{.lie = LIE_WRONG_LENGTH}, -EPROTO, "The server sends a part of another length than it says."},
        {{.lie = LIE_COMPRESSED}, -EPROTO, "The server sends the file compressed, although it was not asked to."},
        {{.lie = LIE_LONG}, -EPROTO, "The server sends more than it was asked for."},
        {{.lie = LIE_STATUS, .status = 404}, -ENOENT, "The server has no such file."},
        {{.lie = LIE_STATUS, .status = 403}, -EACCES, "The server does not let us have the file (user or password?)."},
        {{.lie = LIE_STATUS, .status = 204}, -EPROTO, "The server answers nonsense."},
        {{.lie = LIE_SHORT}, -ECONNRESET, NULL},
        {{.lie = LIE_STALLS}, -ETIMEDOUT, NULL},
        {{.lie = LIE_CLOSES}, -ECONNRESET, NULL},
        {{.lie = LIE_NONSENSE}, -EPROTO, NULL},
    };
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        f->ways = rows[i].ways;
        f->ways.size = SIZE;
        url_serve_differently(f);
        f->settings.stall_s = f->ways.lie == LIE_STALLS ? 1 : URL_PATIENT_S;
        int r = url_open_path(f, "/x");
        if (r != rows[i].error)
            fail_msg("row %u: %d, %s", i, r, f->why);
        if (rows[i].why)
            assert_string_equal(f->why, rows[i].why);
        assert_true(strlen(f->why) > 10);
        assert_null(f->source);
    }
}

static void an_empty_file(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){.lie = LIE_STATUS, .status = 416}, false);
    assert_int_equal(url_open_path(f, "/x"), -ENOTSUP);
    assert_string_equal(f->why, "The server says that the file is empty.");
}

/* Later it lies: the read fails, the medium stays, and an honest answer is data again. */
static void in_the_middle(void **state)
{
    static const struct {
        enum lie lie;
        int error;
    } rows[] = {
        {LIE_IGNORES_RANGE, -EPROTO}, {LIE_WRONG_RANGE, -EPROTO}, {LIE_NO_TOTAL, -EPROTO},  {LIE_NO_RANGE, -EPROTO},
        {LIE_WRONG_LENGTH, -EPROTO},  {LIE_COMPRESSED, -EPROTO},  {LIE_SHORT, -ECONNRESET}, {LIE_STALLS, -ETIMEDOUT},
        {LIE_CLOSES, -ECONNRESET},    {LIE_NONSENSE, -EPROTO},
    };
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        f->ways.lie = rows[i].lie;
        url_serve_differently(f);
        f->settings.stall_s = f->ways.lie == LIE_STALLS ? 1 : URL_PATIENT_S;
        int r = url_read(f, 8192, 300000);
        if (r != rows[i].error)
            fail_msg("row %u: %d, %s", i, r, f->why);
        f->settings.stall_s = URL_PATIENT_S;
        f->ways.lie = LIE_NONE;
        url_serve_differently(f);
        assert_int_equal(url_read(f, 8192, 300000), 0);
        assert_int_equal(f->link, REMOTE_GOOD);
    }
}

/* More than was asked for: what stood in front of it was right. */
static void more_than_asked_for(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){.lie = LIE_LONG, .honest = 1}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    for (unsigned i = 0; i < 20; i++) {
        int r = url_read(f, i * 10000, 10000); /* compares */
        assert_true(r == 0 || r == -EPROTO);
    }
}

static void changes(struct url_fixture *f, const struct lying_ways *at_first, const struct lying_ways *later)
{
    url_serve(f, at_first, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    assert_int_equal(url_read(f, 0, 100000), 0);
    f->ways = *later;
    if (!f->ways.size)
        f->ways.size = SIZE;
    url_serve_differently(f);
    assert_int_equal(url_read(f, 100000, 100000), -ESTALE);
    assert_int_equal(f->link, REMOTE_CHANGED);
    /* for ever, even if the old one comes back */
    f->ways = *at_first;
    f->ways.size = SIZE;
    url_serve_differently(f);
    assert_int_equal(url_read(f, 0, 100000), -ESTALE);
    assert_int_equal(f->links, 1);
}

static void another_file_by_its_tag(void **state)
{
    changes(*state, &(struct lying_ways){0}, &(struct lying_ways){.version = 1});
}

static void another_file_by_its_date(void **state)
{
    changes(*state, &(struct lying_ways){.no_tag = true}, &(struct lying_ways){.no_tag = true, .version = 1});
}

/* A weak tag says nothing of bytes. */
static void another_file_with_a_weak_tag(void **state)
{
    changes(*state, &(struct lying_ways){.weak_tag = true}, &(struct lying_ways){.weak_tag = true, .version = 1});
}

static void another_size(void **state)
{
    changes(*state, &(struct lying_ways){0},
            &(struct lying_ways){.same_validators = 1, .version = 1, .size = SIZE - 4096});
}

static void another_size_and_beyond_its_end(void **state)
{
    changes(*state, &(struct lying_ways){.no_tag = true, .no_date = true},
            &(struct lying_ways){.no_tag = true, .no_date = true, .size = 50000});
}

/* Who had a tag and has none any more cannot be compared. */
static void a_tag_that_goes(void **state)
{
    struct url_fixture *f = *state;
    url_serve(f, &(struct lying_ways){0}, false);
    assert_int_equal(url_open_path(f, "/x"), 0);
    f->ways.no_tag = true;
    url_serve_differently(f);
    assert_int_equal(url_read(f, 0, 4096), -EPROTO);
    f->ways.no_tag = false;
    url_serve_differently(f);
    assert_int_equal(url_read(f, 0, 4096), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, url_set_up, url_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(when_it_is_opened),
        T(an_empty_file),
        T(in_the_middle),
        T(more_than_asked_for),
        T(another_file_by_its_tag),
        T(another_file_by_its_date),
        T(another_file_with_a_weak_tag),
        T(another_size),
        T(another_size_and_beyond_its_end),
        T(a_tag_that_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
