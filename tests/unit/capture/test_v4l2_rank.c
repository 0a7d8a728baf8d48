/* The capture thread comes first only as long as it leaves room to others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/v4l2_rank.h"

#define WINDOW 250000u

/* Windows of that much work, in percent of a core, until it changes; how many. */
static unsigned work(struct v4l2_rank *self, uint64_t *now, uint64_t *cpu, unsigned percent, unsigned most)
{
    for (unsigned i = 1; i <= most; i++) {
        *now += WINDOW;
        *cpu += (uint64_t)WINDOW * percent / 100;
        if (v4l2_rank_judge(self, *now, *cpu))
            return i;
    }
    return 0;
}

static void test_steps_back_and_comes_again(void **state)
{
    (void)state;
    struct v4l2_rank self = {.is = V4L2_RANK_FIRST, .since_us = 77, .cpu_us = 5};
    uint64_t now = 77, cpu = 5;
    assert_int_equal(work(&self, &now, &cpu, 70, 100), 0);
    assert_int_equal(work(&self, &now, &cpu, 80, 100), 1);
    assert_int_equal(self.is, V4L2_RANK_STEPPED_BACK);
    assert_int_equal(work(&self, &now, &cpu, 100, 100), 0); /* it waits as long as there is as much to do, */
    assert_int_equal(work(&self, &now, &cpu, 10, 100), 40); /* and ten seconds longer */
    assert_int_equal(self.is, V4L2_RANK_FIRST);
}

static void test_what_was_refused_stays(void **state)
{
    (void)state;
    struct v4l2_rank self = {.is = V4L2_RANK_REFUSED};
    uint64_t now = 0, cpu = 0;
    assert_int_equal(work(&self, &now, &cpu, 100, 50), 0);
    assert_int_equal(work(&self, &now, &cpu, 0, 100), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_back_and_comes_again),
        cmocka_unit_test(test_what_was_refused_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
