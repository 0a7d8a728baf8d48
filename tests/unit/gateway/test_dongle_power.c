/* A dongle's power port with hands that write down what they were asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "core/clock.h"
#include "gateway/dongle/dongle_power.h"

#define HANG_US 120000000
#define BUTTONS (1u << FRONT_PANEL_POWER | 1u << FRONT_PANEL_RESET)

struct bench {
    struct loop *loop;
    struct dongle_power *dongle;
    struct power *power;
    struct dongle_power_config config;
    struct helper_state seen;
    char did[512];
    int refuse;
    bool silent; /* presses are never answered */
    power_done_fn *pending;
    void *pending_data;
    unsigned done, changes;
    int error;
    char why[256];
    bool led_follows; /* the LED shows what the button does */
};

static void note(struct bench *b, const char *text)
{
    size_t n = strlen(b->did);
    snprintf(b->did + n, sizeof b->did - n, "%s ", text);
}

static void led(struct bench *b, bool on)
{
    b->seen.leds[FRONT_PANEL_POWER_LED] = (uint8_t)(HELPER_LED_KNOWN | (on ? HELPER_LED_ON : 0));
    dongle_power_helper(b->dongle, &b->seen);
}

static void press(void *data, enum front_panel_button button, unsigned ms, power_done_fn *done, void *done_data)
{
    struct bench *b = data;
    char text[40];
    snprintf(text, sizeof text, "%s:%u", button == FRONT_PANEL_POWER ? "power" : "reset", ms);
    note(b, text);
    if (b->silent) {
        b->pending = done;
        b->pending_data = done_data;
        return;
    }
    bool was_on = b->seen.leds[FRONT_PANEL_POWER_LED] & HELPER_LED_ON;
    if (b->led_follows && button == FRONT_PANEL_POWER)
        led(b, !was_on);
    done(done_data, b->refuse, b->refuse ? "refused" : NULL);
}

static void wake(void *data, power_done_fn *done, void *done_data)
{
    note(data, "wake");
    done(done_data, 0, NULL);
}

static void boot_keys(void *data, enum power_boot boot)
{
    char text[40];
    snprintf(text, sizeof text, "keys:%s", power_boot_name(boot));
    note(data, text);
}

static void on_changed(void *data)
{
    struct bench *b = data;
    b->changes++;
}

static void on_done(void *data, int error, const char *why)
{
    struct bench *b = data;
    b->done++;
    b->error = error;
    snprintf(b->why, sizeof b->why, "%s", why ? why : "");
}

static int setup(void **state)
{
    static const struct dongle_power_hands hands = {.press = press, .wake = wake, .boot_keys = boot_keys};
    static struct bench b;
    memset(&b, 0, sizeof b);
    b.config = (struct dongle_power_config){.press_short_ms = 200, .press_long_ms = 5500};
    b.config.recipes[POWER_BOOT_MENU] = true;
    b.seen = (struct helper_state){.udc = HELPER_UDC_SUSPENDED, .bound = true, .buttons = BUTTONS};
    *state = &b;
    int r = loop_create(&b.loop);
    r = r ? r : dongle_power_create(b.loop, &b.config, &hands, &b, &b.dongle);
    b.power = dongle_power_port(b.dongle);
    b.power->ops->listen(b.power, on_changed, &b);
    dongle_power_helper(b.dongle, &b.seen);
    return r;
}

/* With other settings. */
static void again(struct bench *b)
{
    static const struct dongle_power_hands hands = {.press = press, .wake = wake, .boot_keys = boot_keys};
    b->power->ops->destroy(b->power);
    assert_int_equal(dongle_power_create(b->loop, &b->config, &hands, b, &b->dongle), 0);
    b->power = dongle_power_port(b->dongle);
    dongle_power_helper(b->dongle, &b->seen);
}

static int teardown(void **state)
{
    struct bench *b = *state;
    b->power->ops->destroy(b->power);
    if (b->pending)
        b->pending(b->pending_data, 0, NULL); /* whoever was asked answers, though nobody waits any more */
    loop_destroy(b->loop);
    return 0;
}

static int act(struct bench *b, enum power_action action)
{
    uint64_t limit = clock_now_us() + HANG_US;
    b->done = 0;
    b->power->ops->act(b->power, action, on_done, b);
    while (!b->done && clock_now_us() < limit)
        assert_int_equal(loop_dispatch(b->loop, 100), 0);
    assert_int_equal(b->done, 1);
    return b->error;
}

static enum power_state state_of(struct bench *b)
{
    return b->power->ops->state(b->power);
}

static void test_the_led_tells(void **state)
{
    struct bench *b = *state;
    assert_int_equal(state_of(b), POWER_UNKNOWN);
    led(b, true);
    assert_int_equal(state_of(b), POWER_ON);
    assert_int_equal(b->changes, 1);
    led(b, false);
    assert_int_equal(state_of(b), POWER_OFF);
    dongle_power_helper(b->dongle, NULL);
    assert_int_equal(state_of(b), POWER_UNKNOWN);
    assert_int_equal(b->changes, 3);
}

static void test_without_led_usb_tells_what_it_can(void **state)
{
    struct bench *b = *state;
    b->seen.udc = HELPER_UDC_CONFIGURED;
    dongle_power_helper(b->dongle, &b->seen);
    assert_int_equal(state_of(b), POWER_ON);
    b->seen.udc = HELPER_UDC_NOT_ATTACHED;
    dongle_power_helper(b->dongle, &b->seen);
    assert_int_equal(state_of(b), POWER_UNKNOWN); /* perhaps we only bind anew */
    uint64_t limit = clock_now_us() + HANG_US;
    while (state_of(b) != POWER_OFF && clock_now_us() < limit)
        loop_dispatch(b->loop, 100);
    assert_int_equal(state_of(b), POWER_OFF);
    b->seen.bound = false;
    dongle_power_helper(b->dongle, &b->seen);
    assert_int_equal(state_of(b), POWER_UNKNOWN);
}

static void test_on_presses_and_waits_for_the_led(void **state)
{
    struct bench *b = *state;
    led(b, false);
    b->led_follows = true;
    assert_int_equal(act(b, POWER_ACT_ON), 0);
    assert_string_equal(b->did, "power:200 ");
    assert_int_equal(act(b, POWER_ACT_ON), 0); /* is on */
    assert_string_equal(b->did, "power:200 ");
}

static void test_a_led_that_stays_dark_is_told(void **state)
{
    struct bench *b = *state;
    led(b, false);
    assert_int_equal(act(b, POWER_ACT_ON), -ETIMEDOUT);
    assert_non_null(strstr(b->why, "stays dark"));
}

static void test_soft_off_is_going_off(void **state)
{
    struct bench *b = *state;
    led(b, true);
    assert_int_equal(act(b, POWER_ACT_SOFT_OFF), 0);
    assert_string_equal(b->did, "power:200 ");
    assert_int_equal(state_of(b), POWER_GOING_OFF);
    led(b, false);
    assert_int_equal(state_of(b), POWER_OFF);
    assert_int_equal(act(b, POWER_ACT_SOFT_OFF), 0); /* a press would switch it on */
    assert_string_equal(b->did, "power:200 ");
    led(b, true);
    assert_int_equal(state_of(b), POWER_ON);
}

static void test_hard_off_holds_the_button(void **state)
{
    struct bench *b = *state;
    led(b, true);
    b->led_follows = true;
    assert_int_equal(act(b, POWER_ACT_HARD_OFF), 0);
    assert_string_equal(b->did, "power:5500 ");
}

static void test_reset_by_its_button(void **state)
{
    struct bench *b = *state;
    led(b, true);
    assert_int_equal(act(b, POWER_ACT_RESET), 0);
    assert_string_equal(b->did, "reset:200 ");
    led(b, false);
    assert_int_equal(act(b, POWER_ACT_RESET), -ENOTCONN);
    assert_int_equal(act(b, POWER_ACT_NMI), -ENOTSUP);
}

static void test_reset_without_its_button_is_a_power_cycle(void **state)
{
    struct bench *b = *state;
    b->seen.buttons = 1u << FRONT_PANEL_POWER;
    led(b, true);
    b->led_follows = true;
    assert_int_equal(act(b, POWER_ACT_RESET), 0);
    assert_string_equal(b->did, "power:5500 power:200 ");
    assert_int_equal(state_of(b), POWER_ON);
}

static void test_nothing_wired_is_said(void **state)
{
    struct bench *b = *state;
    b->seen.buttons = 0;
    dongle_power_helper(b->dongle, &b->seen);
    assert_int_equal(act(b, POWER_ACT_ON), -ENOTSUP);
    assert_non_null(strstr(b->why, "gpio-power-button"));
    assert_non_null(strstr(b->why, "wake-mac"));
    assert_int_equal(act(b, POWER_ACT_RESET), -ENOTSUP);
    dongle_power_helper(b->dongle, NULL);
    assert_int_equal(act(b, POWER_ACT_SOFT_OFF), -ENODEV);
    assert_string_equal(b->did, "");
}

static void test_waking_where_there_is_no_button(void **state)
{
    struct bench *b = *state;
    b->config.wake = true;
    b->seen.buttons = 0;
    again(b);
    assert_int_equal(act(b, POWER_ACT_ON), 0);
    assert_string_equal(b->did, "wake wake wake ");
}

static void test_what_may_be_on_is_woken_not_pressed(void **state)
{
    struct bench *b = *state;
    b->config.wake = true;
    again(b);
    assert_int_equal(act(b, POWER_ACT_ON), 0);
    assert_null(strstr(b->did, "power"));
    led(b, false);
    b->led_follows = true;
    b->did[0] = '\0';
    assert_int_equal(act(b, POWER_ACT_ON), 0);
    assert_string_equal(b->did, "power:200 ");
}

static void test_one_action_at_a_time(void **state)
{
    struct bench *b = *state;
    led(b, true);
    b->silent = true;
    b->power->ops->act(b->power, POWER_ACT_HARD_OFF, on_done, b);
    b->power->ops->act(b->power, POWER_ACT_RESET, on_done, b);
    assert_int_equal(b->error, -EBUSY);
    assert_string_equal(b->did, "power:5500 ");
}

static void test_a_helper_that_is_silent_is_given_up(void **state)
{
    struct bench *b = *state;
    led(b, true);
    b->silent = true;
    assert_int_equal(act(b, POWER_ACT_RESET), -ETIMEDOUT);
    assert_non_null(strstr(b->why, "does not answer"));
    b->pending(b->pending_data, 0, NULL); /* too late: nothing happens */
    b->pending = NULL;
    assert_int_equal(b->done, 1);
}

static void test_a_refused_press_is_told(void **state)
{
    struct bench *b = *state;
    led(b, true);
    b->refuse = -EIO;
    assert_int_equal(act(b, POWER_ACT_SOFT_OFF), -EIO);
    assert_string_equal(b->why, "refused");
}

static void test_boot_once_runs_its_keys_and_is_over(void **state)
{
    struct bench *b = *state;
    led(b, true);
    b->power->ops->boot_once(b->power, POWER_BOOT_CD, on_done, b);
    assert_int_equal(b->error, -ENOTSUP);
    b->power->ops->boot_once(b->power, POWER_BOOT_MENU, on_done, b);
    assert_int_equal(b->error, 0);
    assert_int_equal(b->power->ops->boot_next(b->power), POWER_BOOT_MENU);
    assert_int_equal(act(b, POWER_ACT_RESET), 0);
    assert_string_equal(b->did, "reset:200 keys:menu ");
    assert_int_equal(b->power->ops->boot_next(b->power), POWER_BOOT_DEFAULT);
    assert_int_equal(act(b, POWER_ACT_RESET), 0);
    assert_string_equal(b->did, "reset:200 keys:menu reset:200 ");
}

static void test_boot_once_when_a_hand_presses_the_button(void **state)
{
    struct bench *b = *state;
    led(b, false);
    b->power->ops->boot_once(b->power, POWER_BOOT_MENU, on_done, b);
    led(b, true);
    assert_string_equal(b->did, "keys:menu ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_led_tells),
        TEST(test_without_led_usb_tells_what_it_can),
        TEST(test_on_presses_and_waits_for_the_led),
        TEST(test_a_led_that_stays_dark_is_told),
        TEST(test_soft_off_is_going_off),
        TEST(test_hard_off_holds_the_button),
        TEST(test_reset_by_its_button),
        TEST(test_reset_without_its_button_is_a_power_cycle),
        TEST(test_nothing_wired_is_said),
        TEST(test_waking_where_there_is_no_button),
        TEST(test_what_may_be_on_is_woken_not_pressed),
        TEST(test_one_action_at_a_time),
        TEST(test_a_helper_that_is_silent_is_given_up),
        TEST(test_a_refused_press_is_told),
        TEST(test_boot_once_runs_its_keys_and_is_over),
        TEST(test_boot_once_when_a_hand_presses_the_button),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
