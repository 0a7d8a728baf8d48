/* Keyboard, pointers and LEDs through the kernel's gadget to the host's input devices and back, with a host that resets
 * us, forgets us and sends odd reports: nothing is lost, stuck or out of order. */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "guest_hid_bus.h"
#include "guest_hid_port.h"
#include "usbgadget/typist.h"

static uint32_t seed = 1;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static int set_up(void **state, enum personality personality)
{
    struct hid_port *port = calloc(1, sizeof *port);
    *state = port;
    int r = hid_port_create(port, personality, false);
    if (r < 0)
        print_error("hid_port_create: %d %s\n", r, port->why);
    return r < 0 || !hid_port_wait_polled(port) ? -1 : 0;
}

static int set_up_full(void **state)
{
    return set_up(state, PERSONALITY_FULL);
}

static int set_up_keyboard(void **state)
{
    return set_up(state, PERSONALITY_KEYBOARD);
}

static int tear_down(void **state)
{
    hid_port_destroy(*state);
    free(*state);
    return host_wait_no_device(HID_PRODUCT) ? 0 : -1;
}

/* The next event of that type from the host's input device; the port is served while waiting. */
static void await_event(struct hid_port *port, int input, unsigned type, unsigned code, int value)
{
    uint64_t limit = clock_now_us() + HOST_PATIENCE_US;
    struct input_event e;
    for (;;) {
        hid_port_turn(port, 1);
        while (read(input, &e, sizeof e) == sizeof e) {
            if (e.type == type && e.code == code && e.value == value)
                return;
            assert_false(e.type == EV_SYN && e.code == SYN_DROPPED);
        }
        assert_true(clock_now_us() < limit);
    }
}

static bool is_pressed(int input, unsigned code)
{
    uint8_t keys[KEY_MAX / 8 + 1] = {0};
    assert_true(ioctl(input, EVIOCGKEY(sizeof keys), keys) > 0);
    return keys[code / 8] & 1u << code % 8;
}

/* The host fetches a report a moment before its input device knows of it. */
static void await_pressed(int input, unsigned code, bool pressed)
{
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; is_pressed(input, code) != pressed; usleep(1000))
        assert_true(clock_now_us() < limit);
}

static void await_none_pressed(int input)
{
    for (unsigned code = 0; code <= KEY_MAX; code++)
        await_pressed(input, code, false);
}

static void key(struct hid_port *port, uint16_t usage, bool down)
{
    assert_int_equal(port->input->ops->key(port->input, usage, down), 0);
}

static void test_every_function_arrives(void **state)
{
    struct hid_port *port = *state;
    const struct input_ops *ops = port->input->ops;
    _cleanup_close_ int keyboard = host_wait_input(KEY_A);
    assert_true(keyboard >= 0);
    key(port, 0xE1, true);
    key(port, 0x04, true);
    await_event(port, keyboard, EV_KEY, KEY_LEFTSHIFT, 1);
    await_event(port, keyboard, EV_KEY, KEY_A, 1);
    ops->release_all(port->input);
    await_event(port, keyboard, EV_KEY, KEY_A, 0);
    assert_true(hid_port_drain(port));
    await_none_pressed(keyboard);

    _cleanup_close_ int media = host_wait_input(KEY_PLAYPAUSE);
    assert_true(media >= 0);
    key(port, INPUT_CONSUMER | 0xCD, true);
    await_event(port, media, EV_KEY, KEY_PLAYPAUSE, 1);
    key(port, INPUT_CONSUMER | 0xCD, false);
    await_event(port, media, EV_KEY, KEY_PLAYPAUSE, 0);
}

/* As fast as the host polls, and nothing of it lost. */
static void test_typed_text_arrives(void **state)
{
    struct hid_port *port = *state;
    static const char text[] = "the quick brown fox jumps over the lazy dog, and then it does so once more";
    struct typist *typist;
    const struct typing_request request = {.text = text, .size = strlen(text)};
    struct layout_map *us;
    struct text_plan plan;
    size_t n = strlen(text), at = 0;
    _cleanup_close_ int input = host_wait_input(KEY_A);
    assert_true(hid_port_drain(port));
    assert_int_equal(typist_create(port->loop, port->input, &typist), 0);
    assert_int_equal(layout_map_create(layout_find("us"), &us), 0);
    assert_int_equal(text_plan_make(&request, us, &plan, &at), 0);
    assert_int_equal(typist_text(typist, &plan, layout_find("us"), false), 0);
    text_plan_finish(&plan);
    layout_map_destroy(us);
    uint64_t start = clock_now_us(), limit = start + HOST_PATIENCE_US;
    static const char row[3][11] = {"qwertyuiop", "asdfghjkl", "zxcvbnm,"};
    static const unsigned first[3] = {KEY_Q, KEY_A, KEY_Z};
    while (at < n) {
        struct input_event e;
        hid_port_turn(port, 1);
        assert_true(clock_now_us() < limit);
        while (read(input, &e, sizeof e) == sizeof e) {
            if (e.type != EV_KEY || e.value != 1)
                continue;
            char got = e.code == KEY_SPACE ? ' ' : '?';
            for (unsigned i = 0; i < 3; i++)
                if (e.code >= first[i] && e.code < first[i] + strlen(row[i]))
                    got = row[i][e.code - first[i]];
            assert_int_equal(got, text[at++]);
        }
    }
    struct hidg_statistics s;
    hidg_statistics(port->hidg, &s);
    double per_second = (double)n * 1e6 / (double)(clock_now_us() - start);
    print_message("typed %.0f characters a second to a host that polls every %u us: %.2f a poll\n", per_second,
                  s.interval_us, per_second * s.interval_us / 1e6);
    typist_destroy(typist);
}

/* Pointers of the host, by the kind of their axes. */
static int open_pointer(bool absolute)
{
    uint64_t limit = clock_now_us() + HOST_PATIENCE_US;
    while (clock_now_us() < limit) {
        for (unsigned i = 0; i < 32; i++) {
            char path[HOST_PATH];
            unsigned long types = 0;
            uint8_t keys[KEY_MAX / 8 + 1] = {0};
            struct input_id id;
            snprintf(path, sizeof path, "/dev/input/event%u", i);
            int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
            if (fd < 0)
                continue;
            if (ioctl(fd, EVIOCGID, &id) >= 0 && id.vendor == HOST_VENDOR && id.bustype == BUS_USB &&
                ioctl(fd, EVIOCGBIT(0, sizeof types), &types) >= 0 &&
                ioctl(fd, EVIOCGBIT(EV_KEY, sizeof keys), keys) >= 0 && keys[BTN_LEFT / 8] & 1u << BTN_LEFT % 8 &&
                (types >> EV_ABS & 1) == absolute)
                return fd;
            close(fd);
        }
        usleep(10000);
    }
    return -1;
}

static void test_pointers(void **state)
{
    struct hid_port *port = *state;
    const struct input_ops *ops = port->input->ops;
    _cleanup_close_ int tablet = open_pointer(true), mouse = open_pointer(false);
    assert_true(tablet >= 0 && mouse >= 0);
    /* Opened, the host polls it: the port says that absolute positions are taken. */
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; !port->absolute;) {
        hid_port_turn(port, 10);
        assert_true(clock_now_us() < limit);
    }
    ops->pointer_absolute(port->input, INPUT_BUTTON_LEFT, 1000, 32767, 0, 0);
    await_event(port, tablet, EV_KEY, BTN_LEFT, 1);
    ops->pointer_absolute(port->input, INPUT_BUTTON_LEFT, 2000, 3000, -2, 1);
    await_event(port, tablet, EV_ABS, ABS_X, 2000);
    await_event(port, tablet, EV_REL, REL_WHEEL, -2);
    ops->pointer_relative(port->input, INPUT_BUTTON_EXTRA, 200, -5, 0, 0);
    await_event(port, tablet, EV_KEY, BTN_LEFT, 0);
    await_event(port, mouse, EV_KEY, BTN_EXTRA, 1);
    await_event(port, mouse, EV_REL, REL_X, 73);
    ops->pointer_relative(port->input, 0, 0, 0, 0, 3);
    await_event(port, mouse, EV_REL, REL_HWHEEL, 3);
    await_none_pressed(tablet);
    await_none_pressed(mouse);
}

static void set_led(int input, unsigned code, int value)
{
    struct input_event e[2] = {{.type = EV_LED, .code = (uint16_t)code, .value = value}, {.type = EV_SYN}};
    assert_int_equal(write(input, e, sizeof e), sizeof e);
}

static void await_leds(struct hid_port *port, uint8_t leds)
{
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; port->leds != leds;) {
        hid_port_turn(port, 1);
        assert_true(clock_now_us() < limit);
    }
}

static void test_leds_and_odd_reports(void **state)
{
    struct hid_port *port = *state;
    char device[32];
    int input = host_wait_input(KEY_A);
    set_led(input, LED_CAPSL, 1);
    await_leds(port, INPUT_LED_CAPS);
    set_led(input, LED_NUML, 1);
    await_leds(port, INPUT_LED_CAPS | INPUT_LED_NUM);
    set_led(input, LED_CAPSL, 0);
    await_leds(port, INPUT_LED_NUM);
    close(input);

    assert_true(bus_find(HOST_VENDOR, device));
    int seized = bus_seize(device, 0);
    assert_true(seized >= 0);
    static const size_t sizes[] = {0, 1, 2, 8, 64, 1000};
    uint8_t bytes[1000];
    for (unsigned round = 0; round < 60; round++) {
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)next_random(256);
        int r = bus_set_report(seized, 0, bytes, sizes[round % 6]);
        assert_true(r == 0 || r == -EPIPE); /* a stall is an answer too */
        hid_port_turn(port, 2);
        assert_int_equal(port->leds & ~(INPUT_LED_NUM | INPUT_LED_CAPS | INPUT_LED_SCROLL), 0);
    }
    bytes[0] = INPUT_LED_SCROLL;
    assert_int_equal(bus_set_report(seized, 0, bytes, 1), 0);
    await_leds(port, INPUT_LED_SCROLL);
    bus_give_back(seized, 0);

    input = host_wait_input(KEY_A);
    assert_true(input >= 0);
    key(port, 0x05, true);
    await_event(port, input, EV_KEY, KEY_B, 1);
    key(port, 0x05, false);
    await_event(port, input, EV_KEY, KEY_B, 0);
    close(input);
}

static void test_reset_in_the_middle_of_a_chord(void **state)
{
    struct hid_port *port = *state;
    char device[32];
    {
        _cleanup_close_ int input = host_wait_input(KEY_A);
        key(port, 0xE0, true);
        key(port, 0xE2, true);
        await_event(port, input, EV_KEY, KEY_LEFTALT, 1);
    }
    assert_true(bus_find(HOST_VENDOR, device));
    for (unsigned round = 0; round < 4; round++) {
        unsigned configured = port->configured;
        /* The kernel has this one when the reset comes. */
        key(port, (uint16_t)(0x04 + round), true);
        assert_int_equal(round & 1 ? bus_reconfigure(device) : bus_reset_device(device), 0);
        for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; port->configured == configured;) {
            hid_port_turn(port, 1);
            assert_true(clock_now_us() < limit);
        }
        assert_true(hid_port_drain(port));
        _cleanup_close_ int input = host_wait_input(KEY_A);
        static const unsigned codes[] = {KEY_A, KEY_B, KEY_C, KEY_D};
        await_pressed(input, KEY_LEFTCTRL, true);
        await_pressed(input, KEY_LEFTALT, true);
        await_pressed(input, codes[round], true);
    }
    for (unsigned i = 0; i < 4; i++)
        key(port, (uint16_t)(0x04 + i), false);
    key(port, 0xE2, false);
    key(port, 0xE0, false);
    assert_true(hid_port_drain(port));
    _cleanup_close_ int input = host_wait_input(KEY_A);
    await_none_pressed(input);
}

/* dummy_hcd does not say it in the UDC's state. */
static bool sleeps(void)
{
    char text[16];
    return host_read("/sys/devices/platform/dummy_udc.0/gadget.0/suspended", text, sizeof text) && text[0] == '1';
}

static void test_a_key_wakes_a_host_that_sleeps(void **state)
{
    struct hid_port *port = *state;
    char device[32], path[HOST_PATH];
    _cleanup_close_ int input = host_wait_input(KEY_A);
    assert_true(bus_find(HOST_VENDOR, device));
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/power/wakeup", device);
    if (host_write(path, "enabled") < 0) {
        print_message("this kernel offers no remote wake-up\n");
        skip();
    }
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/power/autosuspend_delay_ms", device);
    assert_int_equal(host_write(path, "100"), 0);
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/power/control", device);
    assert_int_equal(host_write(path, "auto"), 0);
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; !sleeps();) {
        hid_port_turn(port, 10);
        assert_true(clock_now_us() < limit);
    }
    hidg_set_state(port->hidg, true, true, true);
    key(port, 0x04, true);
    assert_int_equal(port->wakes, 1);
    await_event(port, input, EV_KEY, KEY_A, 1);
    key(port, 0x04, false);
    await_event(port, input, EV_KEY, KEY_A, 0);
    assert_int_equal(host_write(path, "on"), 0);
}

#define T(name, kind) cmocka_unit_test_setup_teardown(name, set_up_##kind, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_every_function_arrives, full),
        T(test_typed_text_arrives, keyboard),
        T(test_pointers, full),
        T(test_leds_and_odd_reports, keyboard),
        T(test_reset_in_the_middle_of_a_chord, keyboard),
        T(test_a_key_wakes_a_host_that_sleeps, keyboard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
