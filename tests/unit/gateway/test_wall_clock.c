/* Who may set the clock, and to what; nothing here touches the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/timex.h>
#include <time.h>

#include "core/clock.h"
#include "gateway/supervisor/wall_clock.h"

static uint64_t now_us;
static int status, refuse;
static struct timespec set_to;

static int adjust(struct timex *timex)
{
    assert_int_equal(timex->modes, 0); /* only asked */
    timex->status = status;
    return 0;
}

static int set(const struct timespec *time)
{
    if (refuse) {
        errno = refuse;
        return -1;
    }
    set_to = *time;
    return 0;
}

static uint64_t now(void)
{
    return now_us;
}

static const struct wall_clock fake = {.adjust = adjust, .set = set, .now_us = now};

static int setup(void **state)
{
    (void)state;
    now_us = 1000; /* 1970 */
    status = STA_UNSYNC;
    refuse = 0;
    set_to = (struct timespec){0};
    return 0;
}

static void test_what_is_synchronised(void **state)
{
    (void)state;
    assert_false(wall_clock_synchronised(&fake));
    status = 0; /* the kernel says so, but it cannot be */
    assert_false(wall_clock_synchronised(&fake));
    now_us = (uint64_t)clock_build_s() * 1000000;
    assert_true(wall_clock_synchronised(&fake));
    status = STA_UNSYNC;
    assert_false(wall_clock_synchronised(&fake));
}

static void test_setting(void **state)
{
    char why[256];
    uint64_t build = (uint64_t)clock_build_s() * 1000000;
    (void)state;
    assert_int_equal(wall_clock_set(&fake, build + 1234567, why, sizeof why), 0);
    assert_int_equal(set_to.tv_sec, clock_build_s() + 1);
    assert_int_equal(set_to.tv_nsec, 234567000);
}

static void test_ranges(void **state)
{
    char why[256];
    uint64_t build = (uint64_t)clock_build_s() * 1000000;
    (void)state;
    assert_int_equal(wall_clock_set(&fake, build - 1, why, sizeof why), -ERANGE);
    assert_int_equal(wall_clock_set(&fake, build + 31ull * 365 * 86400 * 1000000, why, sizeof why), -ERANGE);
    assert_int_equal(wall_clock_set(&fake, UINT64_MAX, why, sizeof why), -ERANGE);
    assert_int_equal(set_to.tv_sec, 0);
}

static void test_a_synchronised_clock_is_left_alone(void **state)
{
    char why[256];
    (void)state;
    now_us = (uint64_t)clock_build_s() * 1000000 + 5;
    status = 0;
    assert_int_equal(wall_clock_set(&fake, now_us + 60000000, why, sizeof why), -EALREADY);
    assert_int_equal(set_to.tv_sec, 0);
}

static void test_who_may_not_says_what_is_missing(void **state)
{
    char why[256];
    (void)state;
    refuse = EPERM;
    assert_int_equal(wall_clock_set(&fake, (uint64_t)clock_build_s() * 1000000, why, sizeof why), -EPERM);
    assert_non_null(strstr(why, "CAP_SYS_TIME"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_is_synchronised, setup),
        cmocka_unit_test_setup(test_setting, setup),
        cmocka_unit_test_setup(test_ranges, setup),
        cmocka_unit_test_setup(test_a_synchronised_clock_is_left_alone, setup),
        cmocka_unit_test_setup(test_who_may_not_says_what_is_missing, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
