/* A composite gadget against the stock kernel: what it shows to a host, and what is left of it. */
#include <errno.h>
#include <linux/input.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "host_side.h"

#define PRODUCT 0x0104

struct fixture {
    struct gadget *gadget;
    char why[256];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gadget_config config = host_gadget_config(PRODUCT);
    *state = f;
    int r = gadget_create(&config, &f->gadget, f->why, sizeof f->why);
    if (r < 0)
        print_error("gadget_create: %d %s\n", r, f->why);
    return r < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    gadget_destroy(f->gadget);
    bool clean = host_wait_no_device(PRODUCT) && access("/sys/kernel/config/usb_gadget/lightsout-test", F_OK) < 0;
    free(f);
    return clean ? 0 : -1;
}

static void up(struct fixture *f, enum personality personality)
{
    int r = gadget_up(f->gadget, personality, NULL, f->why, sizeof f->why);
    if (r < 0)
        fail_msg("gadget_up: %d %s", r, f->why);
}

static void await_key(int fd, unsigned code, int value)
{
    uint64_t limit = clock_now_us() + HOST_PATIENCE_US;
    for (;;) {
        struct input_event e;
        if (read(fd, &e, sizeof e) == sizeof e && e.type == EV_KEY && e.code == code && e.value == value)
            return;
        assert_true(clock_now_us() < limit);
        usleep(1000);
    }
}

static void test_keyboard_and_drives(void **state)
{
    struct fixture *f = *state;
    char interfaces[32], disc[HOST_PATH], text[64];
    up(f, PERSONALITY_KEYBOARD_DRIVE);
    host_interfaces(PRODUCT, interfaces);
    assert_string_equal(interfaces, "KS");
    assert_string_equal(gadget_state(f->gadget, text, sizeof text), "configured");

    _cleanup_close_ int keyboard = gadget_open_hid(f->gadget, GADGET_KEYBOARD);
    assert_true(keyboard >= 0);
    assert_int_equal(gadget_open_hid(f->gadget, GADGET_RELATIVE), -ENOENT);
    _cleanup_close_ int input = host_wait_input(KEY_A);
    assert_true(input >= 0);
    static const uint8_t a[8] = {0, 0, 4}, none[8];
    assert_int_equal(write(keyboard, a, 8), 8);
    await_key(input, KEY_A, 1);
    assert_int_equal(write(keyboard, none, 8), 8);
    await_key(input, KEY_A, 0);

    /* the LED report comes over endpoint 0 */
    struct input_event led = {.type = EV_LED, .code = LED_CAPSL, .value = 1};
    assert_int_equal(write(input, &led, sizeof led), sizeof led);
    uint64_t limit = clock_now_us() + HOST_PATIENCE_US;
    uint8_t leds = 0;
    while (leds != 2 && clock_now_us() < limit)
        if (read(keyboard, &leds, 1) != 1)
            usleep(1000);
    assert_int_equal(leds, 2);

    assert_true(host_wait_disc("sr", disc));
    assert_true(host_inquiry(disc, "vendor", text, sizeof text));
    assert_string_equal(text, "LIGHTSOU");
    assert_true(host_inquiry(disc, "model", text, sizeof text));
    assert_string_equal(text, "Virtual CD-ROM");
    assert_true(host_inquiry(disc, "rev", text, sizeof text));
    assert_string_equal(text, "0001");
    assert_true(host_wait_disc("sd", disc));

    struct gadget_description d;
    gadget_describe(f->gadget, &d);
    assert_true(d.bound && d.has[GADGET_KEYBOARD] && d.has[GADGET_STORAGE] && !d.has[GADGET_ABSOLUTE]);
    assert_false(d.led_endpoint);
    assert_string_equal(d.udc, "dummy_udc.0");
    print_message("this kernel lacks: %s\n", d.kernel);

    gadget_down(f->gadget);
    assert_true(host_wait_no_device(PRODUCT));
    assert_string_equal(gadget_state(f->gadget, text, sizeof text), "not attached");
    assert_int_equal(write(keyboard, a, 8), -1);
    assert_int_equal(errno, ESHUTDOWN);
}

static void test_every_personality(void **state)
{
    struct fixture *f = *state;
    static const char *const expected[PERSONALITIES] = {
        [PERSONALITY_FULL] = "KHMHS",        [PERSONALITY_KEYBOARD] = "K",          [PERSONALITY_DRIVE] = "S",
        [PERSONALITY_KEYBOARD_DRIVE] = "KS", [PERSONALITY_STORAGE_FIRST] = "SKHMH",
    };
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < PERSONALITIES; i++) {
            char interfaces[32];
            up(f, (enum personality)i); /* from one to the next without gadget_down */
            host_interfaces(PRODUCT, interfaces);
            /* the device of before may still be there for a moment */
            for (unsigned n = 0; n < HOST_PATIENCE_US / 10000 && strcmp(interfaces, expected[i]) != 0; n++) {
                usleep(10000);
                host_interfaces(PRODUCT, interfaces);
            }
            assert_string_equal(interfaces, expected[i]);
        }
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_keyboard_and_drives),
        T(test_every_personality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
