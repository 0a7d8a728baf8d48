#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/loop.h"

#define TIMERS 200

struct item {
    struct loop_timer *timer;
    uint64_t when;
    unsigned fired;
    int action; /* on the next one, see act_on_next */
};

static struct loop *loop;
static struct item items[TIMERS];
static uint64_t last_when;
static unsigned fired;

static int set_up(attr_unused void **state)
{
    fired = 0;
    last_when = 0;
    return loop_create(&loop);
}

static int tear_down(attr_unused void **state)
{
    for (int i = 0; i < TIMERS; i++) {
        loop_timer_remove(items[i].timer);
        items[i] = (struct item){0};
    }
    loop_destroy(loop);
    return 0;
}

static void note_order(void *data)
{
    struct item *item = data;
    assert_true(item->when >= last_when);
    assert_true(clock_now_us() >= item->when);
    last_when = item->when;
    item->fired++;
    fired++;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void dispatch_until_fired(unsigned wanted)
{
    uint64_t give_up = clock_now_us() + 120 * 1000000ull;
    while (fired < wanted && clock_now_us() < give_up)
        assert_int_equal(loop_dispatch(loop, 1000), 0);
    assert_int_equal(fired, wanted);
}

static void timers_fire_in_order_whatever_was_done_to_them(attr_unused void **state)
{
    for (uint32_t seed = 1; seed <= 20; seed++) {
        uint32_t random = seed;
        unsigned wanted = 0;
        uint64_t start = clock_now_us();
        fired = 0;
        last_when = 0;
        for (int i = 0; i < TIMERS; i++) {
            items[i].fired = 0;
            if (!items[i].timer)
                assert_int_equal(loop_timer_add(loop, note_order, &items[i], &items[i].timer), 0);
        }
        for (int i = 0; i < 3 * TIMERS; i++) {
            struct item *item = &items[next_random(&random) % TIMERS];
            switch (next_random(&random) % 4) {
            case 0:
                loop_timer_disarm(item->timer);
                item->when = 0;
                break;
            case 1:
                loop_timer_remove(item->timer);
                assert_int_equal(loop_timer_add(loop, note_order, item, &item->timer), 0);
                item->when = 0;
                break;
            default:
                item->when = start + next_random(&random) % 4000;
                loop_timer_arm_at(item->timer, item->when);
            }
        }
        for (int i = 0; i < TIMERS; i++)
            wanted += items[i].when != 0;
        dispatch_until_fired(wanted);
        for (int i = 0; i < TIMERS; i++) {
            assert_int_equal(items[i].fired, items[i].when != 0);
            items[i].when = 0;
        }
    }
}

static void act_on_next(void *data)
{
    struct item *item = data, *next = item + 1;
    fired++;
    item->fired++;
    switch (item->action) {
    case 0:
        next->timer = loop_timer_remove(next->timer);
        break;
    case 1:
        loop_timer_disarm(next->timer);
        break;
    case 2:
        loop_timer_arm_in(next->timer, 3600 * 1000000ull);
        break;
    case 3:
        item->timer = loop_timer_remove(item->timer);
        break;
    default:
        break;
    }
}

/* Both are due in one pass; the first one decides over the second. */
static void timer_due_in_the_same_pass_can_be_called_off(attr_unused void **state)
{
    for (int action = 0; action <= 3; action++) {
        fired = 0;
        for (int i = 0; i < 2; i++) {
            items[i] = (struct item){.action = i == 0 ? action : 99};
            assert_int_equal(loop_timer_add(loop, act_on_next, &items[i], &items[i].timer), 0);
            loop_timer_arm_at(items[i].timer, (uint64_t)i + 1);
        }
        dispatch_until_fired(action == 3 ? 2 : 1);
        assert_int_equal(loop_dispatch(loop, 5), 0);
        assert_int_equal(items[1].fired, action == 3);
        for (int i = 0; i < 2; i++)
            items[i].timer = loop_timer_remove(items[i].timer);
    }
}

static void arm_again_at_once(void *data)
{
    struct item *item = data;
    item->fired++;
    loop_timer_arm_at(item->timer, 0);
}

static void timer_that_arms_itself_for_now_starves_nobody(attr_unused void **state)
{
    assert_int_equal(loop_timer_add(loop, arm_again_at_once, &items[0], &items[0].timer), 0);
    assert_int_equal(loop_timer_add(loop, note_order, &items[1], &items[1].timer), 0);
    loop_timer_arm_at(items[0].timer, 0);
    loop_timer_arm_in(items[1].timer, 2000);
    dispatch_until_fired(1);
    assert_true(items[0].fired > 1);
}

static void arming_again_replaces_the_earlier_time(attr_unused void **state)
{
    assert_int_equal(loop_timer_add(loop, note_order, &items[0], &items[0].timer), 0);
    loop_timer_arm_in(items[0].timer, 1000);
    loop_timer_arm_in(items[0].timer, UINT64_MAX);
    assert_int_equal(loop_dispatch(loop, 20), 0);
    assert_int_equal(fired, 0);
    loop_timer_arm_in(items[0].timer, 1000);
    dispatch_until_fired(1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_in_order_whatever_was_done_to_them),
        TEST(timer_due_in_the_same_pass_can_be_called_off),
        TEST(timer_that_arms_itself_for_now_starves_nobody),
        TEST(arming_again_replaces_the_earlier_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
