/* When pieces of a picture are published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machines/qemu/settle.h"

static void a_whole_picture_is_published_at_once(void **state)
{
    (void)state;
    struct settle s = {0};
    assert_int_equal(settle_next(&s, 0, 0, 0), SETTLE_WAIT);
    settle_scanout(&s);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_PUBLISH);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_PUBLISH); /* until it was */
    settle_published(&s);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_WAIT);
}

/* Takes a barrier to its end; what it then wants. */
static enum settle_action go_through(struct settle *s, int width, int height)
{
    assert_int_equal(settle_next(s, 640, 480, 0), SETTLE_ASK_SIZE);
    assert_int_equal(settle_next(s, 640, 480, 0), SETTLE_WAIT);
    settle_size(s, s->serial, width, height);
    assert_int_equal(settle_next(s, 640, 480, 0), SETTLE_PING);
    assert_int_equal(settle_next(s, 640, 480, 0), SETTLE_WAIT);
    settle_pong(s, s->serial);
    return settle_next(s, 640, 480, 0);
}

static void pieces_wait_for_the_barrier(void **state)
{
    (void)state;
    struct settle s = {0};
    settle_update(&s, true);
    assert_int_equal(go_through(&s, 640, 480), SETTLE_PUBLISH);
    settle_published(&s);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_WAIT);
}

static void a_piece_that_comes_in_between_starts_it_again(void **state)
{
    (void)state;
    struct settle s = {0};
    settle_update(&s, true);
    settle_next(&s, 640, 480, 0);
    uint32_t old = s.serial;
    settle_size(&s, s.serial, 640, 480);
    settle_next(&s, 640, 480, 0);
    settle_update(&s, true);
    settle_pong(&s, s.serial);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_ASK_SIZE);
    settle_size(&s, old, 640, 480); /* an answer to the first question counts no more */
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_WAIT);
    settle_size(&s, s.serial, 640, 480);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_PING);
    settle_pong(&s, s.serial);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_PUBLISH);
}

static void another_size_needs_a_new_registration(void **state)
{
    (void)state;
    struct settle s = {0};
    settle_update(&s, true);
    assert_int_equal(go_through(&s, 720, 400), SETTLE_REGISTER);
    settle_update(&s, true);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_WAIT); /* nothing before its whole picture */
    settle_reset(&s);
    settle_update(&s, true); /* still of the old connection */
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_WAIT);
    settle_scanout(&s);
    assert_int_equal(settle_next(&s, 720, 400, 0), SETTLE_PUBLISH);
}

static void a_piece_outside_does_too(void **state)
{
    (void)state;
    struct settle s = {0};
    settle_update(&s, false);
    assert_int_equal(go_through(&s, 640, 480), SETTLE_REGISTER);
}

static void a_barrier_that_hangs_is_given_up(void **state)
{
    (void)state;
    struct settle s = {0};
    settle_update(&s, true);
    assert_int_equal(settle_next(&s, 640, 480, 1000), SETTLE_ASK_SIZE);
    assert_int_equal(settle_next(&s, 640, 480, 1000 + SETTLE_LIMIT_US - 1), SETTLE_WAIT);
    assert_int_equal(settle_next(&s, 640, 480, 1000 + SETTLE_LIMIT_US), SETTLE_PUBLISH);
}

static void a_whole_picture_ends_a_barrier(void **state)
{
    (void)state;
    struct settle s = {0};
    settle_update(&s, true);
    settle_next(&s, 640, 480, 0);
    settle_scanout(&s);
    assert_int_equal(settle_next(&s, 640, 480, 0), SETTLE_PUBLISH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_picture_is_published_at_once),
        cmocka_unit_test(pieces_wait_for_the_barrier),
        cmocka_unit_test(a_piece_that_comes_in_between_starts_it_again),
        cmocka_unit_test(another_size_needs_a_new_registration),
        cmocka_unit_test(a_piece_outside_does_too),
        cmocka_unit_test(a_barrier_that_hangs_is_given_up),
        cmocka_unit_test(a_whole_picture_ends_a_barrier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
