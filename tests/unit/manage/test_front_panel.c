/* The front panel on a fake GPIO chip: presses last as long as asked for, nothing stays pressed, LEDs are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "core/clock.h"
#include "core/text.h"
#include "gpio_fake.h"
#include "manage/front_panel.h"

enum { POWER_LINE, RESET_LINE, POWER_LED_LINE, DISK_LED_LINE };
#define HANG_MS 120000

struct bench {
    struct loop *loop;
    struct gpio_fake chip;
    struct front_panel_config config;
    struct front_panel *panel;
    char why[256];
    unsigned pressed[FRONT_PANEL_BUTTONS];
    int press_error;
    unsigned told[FRONT_PANEL_LEDS];
    bool on[FRONT_PANEL_LEDS];
};

static void on_led(void *data, enum front_panel_led led, bool on)
{
    struct bench *b = data;
    b->told[led]++;
    b->on[led] = on;
}

static void on_pressed(void *data, enum front_panel_button button, int error)
{
    struct bench *b = data;
    b->pressed[button]++;
    b->press_error = error;
}

static struct front_panel_line line(unsigned offset, bool active_low)
{
    return (struct front_panel_line){.chip = "fake", .offset = offset, .active_low = active_low};
}

static int setup(void **state)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    gpio_fake_init(&b.chip);
    b.config.buttons[FRONT_PANEL_POWER] = line(POWER_LINE, false);
    b.config.buttons[FRONT_PANEL_RESET] = line(RESET_LINE, true);
    b.config.leds[FRONT_PANEL_POWER_LED] = line(POWER_LED_LINE, false);
    b.config.leds[FRONT_PANEL_DISK_LED] = line(DISK_LED_LINE, true);
    b.chip.lines[DISK_LED_LINE].level = true; /* dark */
    *state = &b;
    return loop_create(&b.loop);
}

static int teardown(void **state)
{
    struct bench *b = *state;
    b->panel = front_panel_destroy(b->panel);
    b->loop = loop_destroy(b->loop);
    return 0;
}

static int create(struct bench *b)
{
    static const struct front_panel_listener listener = {.led = on_led, .pressed = on_pressed};
    return front_panel_create(b->loop, &b->chip.gpio, &b->config, &listener, b, &b->panel, b->why, sizeof b->why);
}

/* Until *what is n. */
static void wait_for(struct bench *b, const unsigned *what, unsigned n)
{
    uint64_t limit = clock_now_us() + HANG_MS * 1000ull;
    while (*what < n && clock_now_us() < limit)
        assert_int_equal(loop_dispatch(b->loop, 100), 0);
    assert_int_equal(*what, n);
}

static void test_a_press_lasts_as_long_as_asked_for(void **state)
{
    struct bench *b = *state;
    assert_int_equal(create(b), 0);
    assert_true(b->chip.lines[RESET_LINE].level); /* rests, whichever level that is */
    uint64_t begin = clock_now_us();
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 300), 0);
    assert_true(b->chip.lines[POWER_LINE].level);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 300), -EBUSY);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_RESET, 300), -EBUSY);
    wait_for(b, &b->pressed[FRONT_PANEL_POWER], 1);
    assert_true(clock_now_us() - begin >= 300000);
    assert_int_equal(b->press_error, 0);
    assert_false(b->chip.lines[POWER_LINE].level);

    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_RESET, 50), 0);
    assert_false(b->chip.lines[RESET_LINE].level);
    wait_for(b, &b->pressed[FRONT_PANEL_RESET], 1);
    assert_true(b->chip.lines[RESET_LINE].level);
}

static void test_lengths_outside_the_range_press_nothing(void **state)
{
    struct bench *b = *state;
    assert_int_equal(create(b), 0);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 49), -EINVAL);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 15001), -EINVAL);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_BUTTONS, 100), -EINVAL);
    assert_int_equal(b->chip.sets, 0);
}

static void test_destroy_lets_go(void **state)
{
    struct bench *b = *state;
    assert_int_equal(create(b), 0);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 15000), 0);
    assert_true(b->chip.lines[POWER_LINE].level);
    b->panel = front_panel_destroy(b->panel);
    assert_false(b->chip.lines[POWER_LINE].level);
    assert_false(b->chip.lines[POWER_LINE].opened);
}

static void test_a_line_that_fails_is_told(void **state)
{
    struct bench *b = *state;
    assert_int_equal(create(b), 0);
    b->chip.fail = -EIO;
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 50), -EIO);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 50), 0);
    b->chip.fail = -EIO; /* letting go */
    wait_for(b, &b->pressed[FRONT_PANEL_POWER], 1);
    assert_int_equal(b->press_error, -EIO);
}

static void test_leds_are_told_first_and_after_each_change(void **state)
{
    struct bench *b = *state;
    b->chip.lines[POWER_LED_LINE].level = true;
    assert_int_equal(create(b), 0);
    assert_int_equal(b->told[FRONT_PANEL_POWER_LED], 1);
    assert_true(b->on[FRONT_PANEL_POWER_LED]);
    assert_int_equal(b->told[FRONT_PANEL_DISK_LED], 1);
    assert_false(b->on[FRONT_PANEL_DISK_LED]);

    gpio_fake_drive(&b->chip, DISK_LED_LINE, false); /* a flash, over before anybody looks */
    gpio_fake_drive(&b->chip, DISK_LED_LINE, true);
    wait_for(b, &b->told[FRONT_PANEL_DISK_LED], 2);
    assert_true(b->on[FRONT_PANEL_DISK_LED]);
    wait_for(b, &b->told[FRONT_PANEL_DISK_LED], 3);
    assert_false(b->on[FRONT_PANEL_DISK_LED]);

    gpio_fake_drive(&b->chip, POWER_LED_LINE, false);
    wait_for(b, &b->told[FRONT_PANEL_POWER_LED], 2);
    assert_false(b->on[FRONT_PANEL_POWER_LED]);
    gpio_fake_drive(&b->chip, POWER_LED_LINE, true);
    wait_for(b, &b->told[FRONT_PANEL_POWER_LED], 3);
    assert_true(b->on[FRONT_PANEL_POWER_LED]);
}

static void test_a_chip_without_edges_is_asked(void **state)
{
    struct bench *b = *state;
    b->chip.no_edges = true;
    assert_int_equal(create(b), 0);
    gpio_fake_drive(&b->chip, POWER_LED_LINE, true);
    wait_for(b, &b->told[FRONT_PANEL_POWER_LED], 2);
    assert_true(b->on[FRONT_PANEL_POWER_LED]);
}

static void test_a_busy_line_is_named(void **state)
{
    struct bench *b = *state;
    b->chip.busy[RESET_LINE] = true;
    assert_int_equal(create(b), -EBUSY);
    assert_non_null(strstr(b->why, "reset button"));
    assert_non_null(strstr(b->why, "line 1 of GPIO chip fake"));
    assert_non_null(strstr(b->why, "gpio-reset-button"));
    assert_false(b->chip.lines[POWER_LINE].opened); /* nothing is left behind */
}

static void test_a_missing_chip_is_named(void **state)
{
    struct bench *b = *state;
    text_copy(b->config.leds[FRONT_PANEL_DISK_LED].chip, FRONT_PANEL_CHIP_MAX, "gpiochip9");
    assert_int_equal(create(b), -ENOENT);
    assert_non_null(strstr(b->why, "gpiochip9"));
    assert_non_null(strstr(b->why, "gpio-disk-led"));
}

static void test_what_is_not_wired_is_said(void **state)
{
    struct bench *b = *state;
    memset(&b->config, 0, sizeof b->config);
    assert_int_equal(create(b), 0);
    assert_int_equal(front_panel_press(b->panel, FRONT_PANEL_POWER, 200), -ENODEV);
    assert_int_equal(b->told[FRONT_PANEL_POWER_LED], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_press_lasts_as_long_as_asked_for),
        TEST(test_lengths_outside_the_range_press_nothing),
        TEST(test_destroy_lets_go),
        TEST(test_a_line_that_fails_is_told),
        TEST(test_leds_are_told_first_and_after_each_change),
        TEST(test_a_chip_without_edges_is_asked),
        TEST(test_a_busy_line_is_named),
        TEST(test_a_missing_chip_is_named),
        TEST(test_what_is_not_wired_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
