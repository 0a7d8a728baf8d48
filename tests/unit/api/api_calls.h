/* What the tests of the REST resources share: one fixture, made anew for each test, and a call whose answer is
 * compared. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/api_fixture.h"

#define TARGET "/api/v1/targets/demo"

static struct api_fixture f;

static inline int set_up(void **state)
{
    (void)state;
    return fixture_init(&f);
}

static inline int tear_down(void **state)
{
    (void)state;
    fixture_finish(&f);
    return 0;
}

static inline void expect(enum route_method method, const char *path, const char *body, int status,
                          const char *contains)
{
    assert_true(fixture_call(&f, method, path, "", body, strlen(body)));
    if (f.status != status || !strstr(f.body, contains))
        fail_msg("%s %s -> %d %s (expected %d with %s)", path, body, f.status, f.body, status, contains);
}
