/* A real lightsoutd: its outward process is there from the start, comes back after kill -9, and is not the reason for
 * anybody else to end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/clock.h"
#include "program.h"

static void comes_back_after_kill(void **state)
{
    struct program p;
    (void)state;
    program_init(&p);
    program_configure(&p, "outward-allow = 127.0.0.0/8\noutward-proxy = http://127.0.0.1:3128\n");
    program_start(&p, NULL);
    assert_true(program_await(&p, "the gateway is ready"));
    pid_t gateway = program_role(&p, "gateway"), keeper = program_role(&p, "keeper");
    for (int i = 0; i < 3; i++) {
        pid_t before = program_role(&p, "outward");
        assert_true(before > 0);
        program_forget(&p);
        uint64_t since = clock_now_us();
        assert_int_equal(kill(before, SIGKILL), 0);
        assert_true(program_await(&p, "outward is ready"));
        print_message("back after %llu ms\n", (unsigned long long)(clock_now_us() - since) / 1000);
        assert_int_not_equal(program_role(&p, "outward"), before);
    }
    assert_int_equal(program_role(&p, "gateway"), gateway);
    assert_int_equal(program_role(&p, "keeper"), keeper);
    program_finish(&p);
}

static void outlives_the_gateway(void **state)
{
    struct program p;
    (void)state;
    program_init(&p);
    program_start(&p, NULL);
    assert_true(program_await(&p, "the gateway is ready"));
    pid_t outward = program_role(&p, "outward");
    program_forget(&p);
    assert_int_equal(kill(program_role(&p, "gateway"), SIGKILL), 0);
    assert_true(program_await(&p, "the gateway is ready"));
    assert_int_equal(program_role(&p, "outward"), outward);
    program_finish(&p);
}

static void an_authority_that_is_missing_is_named(void **state)
{
    struct program p;
    (void)state;
    program_init(&p);
    program_configure(&p, "outward-ca = /nowhere/ca.pem\n");
    program_start(&p, NULL);
    assert_true(program_await(&p, "outward-ca /nowhere/ca.pem cannot be opened"));
    assert_true(program_await(&p, "the gateway is ready"));
    program_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_after_kill),
        cmocka_unit_test(outlives_the_gateway),
        cmocka_unit_test(an_authority_that_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
