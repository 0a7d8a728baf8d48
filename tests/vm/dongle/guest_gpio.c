/* The front panel on a real GPIO controller: the PL061 of QEMU's arm64 machine, through libgpiod and the kernel. Its
 * line 3 is the machine's own power button, which the host presses (it lies behind the file `press` in the shared
 * folder): that is the LED here, with edges by interrupt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "manage/front_panel.h"
#include "manage/gpio.h"

#define CHIP "9030000.pl061"
enum { BUTTON_LINE = 0, RESET_LINE = 1, LED_LINE = 3 };
#define HANG_US 60000000

static struct loop *loop;
static struct front_panel *panel;
static struct front_panel_config config;
static unsigned pressed, told;
static bool lit;
static char why[256];

static void on_led(void *data, enum front_panel_led led, bool on)
{
    (void)data, (void)led;
    told++;
    lit = on;
}

static void on_pressed(void *data, enum front_panel_button button, int error)
{
    (void)data, (void)button;
    assert_int_equal(error, 0);
    pressed++;
}

static int create(struct front_panel **ret)
{
    static const struct front_panel_listener listener = {.led = on_led, .pressed = on_pressed};
    return front_panel_create(loop, NULL, &config, &listener, NULL, ret, why, sizeof why);
}

static struct front_panel_line line(unsigned offset, bool active_low)
{
    return (struct front_panel_line){.chip = CHIP, .offset = offset, .active_low = active_low};
}

static int setup(void **state)
{
    (void)state;
    pressed = told = 0;
    config = (struct front_panel_config){.buttons[FRONT_PANEL_POWER] = line(BUTTON_LINE, false),
                                         .buttons[FRONT_PANEL_RESET] = line(RESET_LINE, true),
                                         .leds[FRONT_PANEL_DISK_LED] = line(LED_LINE, false)};
    return loop_create(&loop);
}

static int teardown(void **state)
{
    (void)state;
    panel = front_panel_destroy(panel);
    loop = loop_destroy(loop);
    return 0;
}

/* What the kernel says of the n-th line that we have, "" when it is nobody's. */
static void kernel_says(unsigned offset, char *room, size_t size)
{
    char text[160];
    unsigned n = 0;
    FILE *in = fopen("/sys/kernel/debug/gpio", "r");
    assert_non_null(in);
    room[0] = '\0';
    long base = -1, number;
    while (fgets(text, sizeof text, in)) {
        if (sscanf(text, "gpiochip%*u: GPIOs %ld-", &base) == 1 && !strstr(text, CHIP))
            base = -1;
        if (base >= 0 && sscanf(text, " gpio-%ld", &number) == 1 && number - base == (long)offset) {
            snprintf(room, size, "%s", text);
            n++;
        }
    }
    fclose(in);
    assert_true(n <= 1);
}

static bool level_is(unsigned offset, const char *level)
{
    char text[160];
    kernel_says(offset, text, sizeof text);
    return strstr(text, "lightsout") && strstr(text, level);
}

static void test_presses_reach_the_pins(void **state)
{
    (void)state;
    assert_int_equal(create(&panel), 0);
    assert_true(level_is(BUTTON_LINE, "out lo"));
    assert_true(level_is(RESET_LINE, "out hi")); /* rests, because it is active low */
    uint64_t begin = clock_now_us();
    assert_int_equal(front_panel_press(panel, FRONT_PANEL_POWER, 400), 0);
    assert_true(level_is(BUTTON_LINE, "out hi"));
    while (!pressed && clock_now_us() - begin < HANG_US)
        assert_int_equal(loop_dispatch(loop, 100), 0);
    assert_int_equal(pressed, 1);
    assert_true(clock_now_us() - begin >= 400000);
    assert_true(level_is(BUTTON_LINE, "out lo"));
}

static void test_the_end_lets_go(void **state)
{
    char text[160];
    (void)state;
    assert_int_equal(create(&panel), 0);
    assert_int_equal(front_panel_press(panel, FRONT_PANEL_POWER, 15000), 0);
    panel = front_panel_destroy(panel);
    kernel_says(BUTTON_LINE, text, sizeof text);
    assert_null(strstr(text, "lightsout"));
    assert_int_equal(create(&panel), 0);
    assert_true(level_is(BUTTON_LINE, "out lo"));
}

static void test_a_line_in_use_is_named(void **state)
{
    struct front_panel *second = NULL;
    (void)state;
    assert_int_equal(create(&panel), 0);
    assert_int_equal(create(&second), -EBUSY);
    assert_non_null(strstr(why, "line 0 of GPIO chip " CHIP));
    config.buttons[FRONT_PANEL_POWER].offset = 8; /* it has eight */
    assert_int_equal(create(&second), -ENOENT);
    snprintf(config.buttons[FRONT_PANEL_POWER].chip, FRONT_PANEL_CHIP_MAX, "no-such-chip");
    assert_int_equal(create(&second), -ENOENT);
    assert_non_null(strstr(why, "no-such-chip"));
}

static void ask_the_host_to_press(void)
{
    int fd = open("/share/press", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void test_an_interrupt_tells_of_the_led(void **state)
{
    (void)state;
    assert_int_equal(create(&panel), 0);
    assert_int_equal(told, 1);
    assert_false(lit);
    ask_the_host_to_press();
    uint64_t limit = clock_now_us() + HANG_US;
    while (told < 3 && clock_now_us() < limit)
        assert_int_equal(loop_dispatch(loop, 100), 0);
    assert_int_equal(told, 3); /* on, and off again */
    assert_false(lit);
}

int main(void)
{
    struct gpio_line *probe;
    int r = gpio_real.ops->open_output(&gpio_real, CHIP, BUTTON_LINE, false, &probe);
    if (r < 0) {
        printf("skipped: no GPIO chip " CHIP " here (%s)\n", strerror(-r));
        return 77;
    }
    gpio_real.ops->close(probe);
    mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_presses_reach_the_pins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_end_lets_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_line_in_use_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_interrupt_tells_of_the_led, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
