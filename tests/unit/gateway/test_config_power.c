/* What the configuration says of power: lines, addresses, recipes; and what it says to those who got one wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config/config.h"

static struct config_mistakes mistakes;

/* The dongle of a configuration with this line, or NULL and the mistakes. */
static struct config *read_line(const char *line)
{
    char text[1024];
    struct config *config = NULL;
    snprintf(text, sizeof text, "[target d]\nmachine = dongle\nwake-mac = 52:54:00:12:34:56\n%s\n", line);
    mistakes.n = 0;
    config_parse(text, strlen(text), true, &mistakes, &config);
    return config;
}

static void test_lines(void **state)
{
    (void)state;
    struct config *config = read_line("gpio-power-button = gpiochip0:17\ngpio-disk-led = /dev/gpiochip1:3,active-low\n"
                                      "gpio-power-led = pinctrl-bcm2711:24");
    assert_non_null(config);
    const struct front_panel_config *panel = &config->targets[0]->dongle.panel;
    assert_string_equal(panel->buttons[FRONT_PANEL_POWER].chip, "gpiochip0");
    assert_int_equal(panel->buttons[FRONT_PANEL_POWER].offset, 17);
    assert_false(panel->buttons[FRONT_PANEL_POWER].active_low);
    assert_string_equal(panel->leds[FRONT_PANEL_DISK_LED].chip, "/dev/gpiochip1");
    assert_true(panel->leds[FRONT_PANEL_DISK_LED].active_low);
    assert_string_equal(panel->buttons[FRONT_PANEL_RESET].chip, ""); /* not wired */
    config_destroy(config);
}

static void test_recipes(void **state)
{
    (void)state;
    struct config *config =
        read_line("boot-keys-menu = f11 every 250 ms for 20 s until screen has \"boot menu\"; then down*2 enter");
    assert_non_null(config);
    assert_non_null(strstr(config->targets[0]->dongle.boot_keys[3], "boot menu"));
    config_destroy(config);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } wrong[] = {
        {"gpio-power-button = 17", "chip and line"},
        {"gpio-power-button = gpiochip0:x", "line number"},
        {"gpio-power-button = gpiochip0:17,inverted", "inverted"},
        {"gpio-power-button = /etc/passwd:1", "below /dev"},
        {"gpio-power-button = /dev/../etc/passwd:1", "below /dev"},
        {"wake-broadcast = example.org", "IPv4"},
        {"wake-secureon = secret", "wake-secureon"},
        {"press-long = 20000", "15000"},
        {"boot-keys-menu = f11 every", "time"},
        {"boot-keys-menu = f99", "f99"},
        {"boot-keys-cd = f11 then", "without a key"},
        {"boot-keys-cd = f11 until boot menu", "quotes"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct config *config = read_line(wrong[i].line);
        if (config || !strstr(mistakes.list[0].text, wrong[i].says))
            fail_msg("%s says: %s", wrong[i].line, config ? "nothing" : mistakes.list[0].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_recipes),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
