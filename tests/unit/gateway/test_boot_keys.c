/* Boot keys on a recording input port and a screen that says what the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "core/clock.h"
#include "gateway/dongle/boot_keys.h"

#define F11 0x44
#define DOWN 0x51
#define ENTER 0x28
#define HANG_US 120000000

struct bench {
    struct input input;
    struct loop *loop;
    struct boot_keys *keys;
    uint16_t pressed[64];
    unsigned n_pressed, held;
    int refuse; /* key presses answer with it */
    const char *screen;
    int screen_error;
    unsigned looks, show_after;
    target_text_fn *late; /* a look that is answered later */
    void *late_data;
    bool hold_looks, over;
    enum boot_keys_end end;
    char missed[256];
};

static int on_key(struct input *input, uint16_t usage, bool down)
{
    struct bench *b = (struct bench *)input;
    if (down && b->refuse)
        return b->refuse;
    if (down && b->n_pressed < 64)
        b->pressed[b->n_pressed++] = usage;
    b->held += down ? 1 : -1u;
    return 0;
}

static void look(void *data, target_text_fn *done, void *done_data)
{
    struct bench *b = data;
    b->looks++;
    if (b->hold_looks) {
        b->late = done;
        b->late_data = done_data;
        return;
    }
    const char *line = b->looks > b->show_after ? b->screen : "";
    struct target_text text = {.rows = 1, .lines = &line};
    done(done_data, b->screen_error, "unreadable", b->screen_error ? NULL : &text);
}

static void on_done(void *data, enum boot_keys_end end, const char *missed)
{
    struct bench *b = data;
    b->over = true;
    b->end = end;
    snprintf(b->missed, sizeof b->missed, "%s", missed);
}

static int setup(void **state)
{
    static const struct input_ops ops = {.key = on_key};
    static const struct boot_keys_eyes eyes = {.look = look};
    static struct bench b;
    memset(&b, 0, sizeof b);
    b.input.ops = &ops;
    b.screen = "";
    *state = &b;
    return loop_create(&b.loop) || boot_keys_create(b.loop, &b.input, &eyes, &b, &b.keys);
}

static int teardown(void **state)
{
    struct bench *b = *state;
    boot_keys_destroy(b->keys);
    loop_destroy(b->loop);
    return 0;
}

static void run(struct bench *b, const char *recipe)
{
    char why[200] = "";
    uint64_t limit = clock_now_us() + HANG_US;
    assert_int_equal(boot_keys_start(b->keys, recipe, on_done, b, why, sizeof why), 0);
    while (!b->over && clock_now_us() < limit)
        assert_int_equal(loop_dispatch(b->loop, 100), 0);
    assert_true(b->over);
    assert_int_equal(b->held, 0);
}

static void test_keys_until_the_menu_then_into_it(void **state)
{
    struct bench *b = *state;
    b->screen = "  Please select BOOT device  ";
    b->show_after = 2;
    run(b, "f11 every 250 ms for 10 s until screen has 'select boot device'; then down*2 enter");
    assert_int_equal(b->end, BOOT_KEYS_PRESSED);
    assert_true(b->n_pressed >= 5);
    assert_int_equal(b->pressed[0], F11);
    assert_int_equal(b->pressed[b->n_pressed - 3], DOWN);
    assert_int_equal(b->pressed[b->n_pressed - 2], DOWN);
    assert_int_equal(b->pressed[b->n_pressed - 1], ENTER);
}

static void test_a_menu_that_never_comes_is_named(void **state)
{
    struct bench *b = *state;
    b->screen = "No bootable device";
    run(b, "f11 every 100 ms for 700 ms until 'boot menu'; enter");
    assert_int_equal(b->end, BOOT_KEYS_NOT_SHOWN);
    assert_string_equal(b->missed, "boot menu");
    assert_int_equal(b->pressed[b->n_pressed - 1], F11);
}

static void test_a_picture_that_is_no_text_is_said(void **state)
{
    struct bench *b = *state;
    b->screen_error = -ENOTSUP;
    run(b, "f11 every 100 ms for 400 ms until 'boot menu'; enter");
    assert_int_equal(b->end, BOOT_KEYS_UNSEEN);
    assert_int_equal(b->pressed[b->n_pressed - 1], ENTER);
}

static void test_a_target_without_usb_gets_the_next_round(void **state)
{
    struct bench *b = *state;
    b->refuse = -ENODEV;
    run(b, "f11 every 100 ms for 300 ms");
    assert_int_equal(b->end, BOOT_KEYS_NOT_TAKEN);
}

static void test_stopping_lets_go(void **state)
{
    struct bench *b = *state;
    char why[200];
    assert_int_equal(boot_keys_start(b->keys, "ctrl+alt+delete*50", on_done, b, why, sizeof why), 0);
    uint64_t limit = clock_now_us() + HANG_US;
    while (b->held < 3 && clock_now_us() < limit)
        assert_int_equal(loop_dispatch(b->loop, 100), 0);
    assert_int_equal(b->held, 3);
    boot_keys_stop(b->keys);
    assert_int_equal(b->held, 0);
    assert_int_equal(b->end, BOOT_KEYS_STOPPED);
}

static void test_an_answer_after_the_end_is_dropped(void **state)
{
    struct bench *b = *state;
    b->hold_looks = true;
    run(b, "f11 every 100 ms for 300 ms until 'boot menu'");
    assert_int_equal(b->end, BOOT_KEYS_UNSEEN);
    assert_non_null(b->late);
    b->late(b->late_data, -ENOTSUP, "", NULL);
}

static void test_a_recipe_with_a_mistake_presses_nothing(void **state)
{
    struct bench *b = *state;
    char why[200] = "";
    assert_int_equal(boot_keys_start(b->keys, "f11 f99", on_done, b, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, "f99"));
    assert_int_equal(b->held, 0);
    assert_false(b->over);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keys_until_the_menu_then_into_it),
        TEST(test_a_menu_that_never_comes_is_named),
        TEST(test_a_picture_that_is_no_text_is_said),
        TEST(test_a_target_without_usb_gets_the_next_round),
        TEST(test_stopping_lets_go),
        TEST(test_an_answer_after_the_end_is_dropped),
        TEST(test_a_recipe_with_a_mistake_presses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
