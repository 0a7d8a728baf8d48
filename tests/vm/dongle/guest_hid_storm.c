/* Random key changes with random disconnects: the gadget unbound and bound again, the bus reset, the configuration
 * taken away and given back. What the host took is read from the bus, past everything of ours: every state that the
 * accepted changes made must have been taken, in order, and nothing may stay pressed. HID_CHANGES says how many. */
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

#include "core/cleanup.h"
#include "core/clock.h"
#include "guest_hid_bus.h"
#include "guest_hid_port.h"
#include "usbgadget/keyboard.h"

#define KEYBOARD_ENDPOINT 1 /* of the first interface */
#define STALL_US 20000000
#define KEYS 6 /* besides modifiers: a boot keyboard says no more at once */

static uint32_t seed = 7;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

struct storm {
    struct hid_port port;
    int bus;
    size_t wanted, accepted, seen, refused, repeats, sessions, revived, failed, unsaid;
    bool may_unsay;                          /* once for each time that the host configured us */
    uint16_t *changes;                       /* usage, and 0x8000 for a press */
    uint8_t (*states)[KEYBOARD_REPORT_SIZE]; /* after i changes */
    struct keyboard model;
    uint8_t last[KEYBOARD_REPORT_SIZE]; /* what the host knows */
    struct {
        uint8_t first[4];
        uint64_t at_us;
    } recent[16];
    size_t n_recent;
    unsigned ups; /* all-ups that it may still be told since it configured us */
};

static int set_up(void **state)
{
    struct storm *s = calloc(1, sizeof *s);
    const char *wanted = getenv("HID_CHANGES");
    *state = s;
    s->wanted = wanted && *wanted ? strtoul(wanted, NULL, 10) : 10000;
    s->changes = calloc(s->wanted + 1, sizeof *s->changes);
    s->states = calloc(s->wanted + 1, sizeof *s->states);
    s->bus = bus_open();
    if (s->bus < 0 || !s->changes || !s->states)
        return -1;
    int r = hid_port_create(&s->port, PERSONALITY_FULL, true);
    if (r < 0)
        print_error("hid_port_create: %d %s\n", r, s->port.why);
    return r < 0 || !hid_port_wait_polled(&s->port) ? -1 : 0;
}

static int tear_down(void **state)
{
    struct storm *s = *state;
    hid_port_destroy(&s->port);
    close(s->bus);
    free(s->changes);
    free(s->states);
    free(s);
    return host_wait_no_device(HID_PRODUCT) ? 0 : -1;
}

static bool same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, KEYBOARD_REPORT_SIZE) == 0;
}

/* A report says a whole state. After the host configured us it is told all-up and the state of the last report, which
 * may or may not have reached it before: then the next state may already be true for it. */
/* What the bus saw lately, for who has to find out. */
static void note(struct storm *s, const uint8_t *first)
{
    memcpy(s->recent[s->n_recent % 16].first, first, 4);
    s->recent[s->n_recent++ % 16].at_us = clock_now_us();
}

static void tell(const struct storm *s)
{
    for (size_t i = s->n_recent > 16 ? s->n_recent - 16 : 0; i < s->n_recent; i++) {
        const uint8_t *b = s->recent[i % 16].first;
        print_error("%llu: %02x %02x %02x %02x\n", (unsigned long long)s->recent[i % 16].at_us, b[0], b[1], b[2], b[3]);
    }
    for (size_t i = s->seen ? s->seen - 1 : 0; i <= s->seen + 4 && i <= s->accepted; i++)
        print_error("state %zu: %02x .. %02x %02x\n", i, s->states[i][0], s->states[i][2], s->states[i][3]);
}

static void take_report(struct storm *s, const uint8_t *report)
{
    static const uint8_t up[KEYBOARD_REPORT_SIZE];

    if (s->ups && same(report, up)) {
        s->ups--;
    } else if (s->seen < s->accepted && same(report, s->states[s->seen + 1])) {
        s->seen++;
    } else if (s->seen + 1 < s->accepted && same(s->states[s->seen + 1], s->last) &&
               same(report, s->states[s->seen + 2])) {
        s->seen += 2;
    } else if (s->may_unsay && s->seen && same(report, s->states[s->seen - 1])) {
        /* The port could not know whether this one had arrived before the reset, and says it in its turn again. */
        s->may_unsay = false;
        s->unsaid++;
        s->seen--;
    } else if (same(report, s->states[s->seen]) || same(report, s->last)) {
        s->repeats++;
    } else {
        tell(s);
        fail_msg("after %zu of %zu changes and %zu sessions the host took what nobody sent", s->seen, s->accepted,
                 s->sessions);
    }
    memcpy(s->last, report, sizeof s->last);
}

static void read_bus(struct storm *s)
{
    struct bus_report report;
    while (bus_next(s->bus, &report)) {
        if (report.configured) {
            note(s, (const uint8_t[4]){0xCF, 0xCF, 0xCF, 0xCF});
            s->sessions++;
            s->may_unsay = true;
            s->ups = 4; /* twice all-up and nothing held, at most */
            continue;
        }
        if (report.endpoint != KEYBOARD_ENDPOINT)
            continue;
        assert_int_equal(report.size, KEYBOARD_REPORT_SIZE);
        note(s, report.bytes);
        take_report(s, report.bytes);
    }
}

/* Presses what is up and releases what is down, until the port has had enough. */
static void press_keys(struct storm *s, unsigned n)
{
    for (; n && s->accepted < s->wanted; n--) {
        uint16_t usage = (uint16_t)(next_random(4) ? 0x04 + next_random(KEYS) : 0xE0 + next_random(8));
        bool down = !keyboard_is_down(&s->model, usage);
        int r = s->port.input->ops->key(s->port.input, usage, down);
        if (r < 0) {
            assert_true(down);
            s->refused++;
            return;
        }
        keyboard_key(&s->model, usage, down);
        s->changes[++s->accepted] = down ? usage | 0x8000 : usage;
        keyboard_report(&s->model, s->states[s->accepted]);
    }
}

static void disconnect(struct storm *s)
{
    char device[32];
    switch (next_random(3)) {
    case 0:
        /* in the middle of the enumeration, the kernel's own gadget code complains */
        assert_true(hid_port_wait_polled(&s->port));
        assert_int_equal(hid_port_bind(&s->port), 0);
        break;
    case 1:
        if (bus_find(HOST_VENDOR, device))
            s->failed += bus_reset_device(device) < 0;
        break;
    case 2:
        if (bus_find(HOST_VENDOR, device))
            s->failed += bus_reconfigure(device) < 0;
        break;
    }
}

/* Nothing moves any more: either the host has given the device up, then it is plugged in anew as a person would do it,
 * or the port has stopped. */
static void revive(struct storm *s)
{
    char device[32] = "", path[HOST_PATH], value[16] = "", state[64] = "";
    struct hidg_statistics t;
    hidg_statistics(s->port.hidg, &t);
    if (bus_find(HOST_VENDOR, device)) {
        snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/bConfigurationValue", device);
        (void)host_read(path, value, sizeof value);
    }
    print_message(
        "stalled after %zu changes: device \"%s\" configuration \"%s\", UDC \"%s\"; %llu wait, polled %d, plug "
        "%d, configured %d\n",
        s->seen, device, value, gadget_state(s->port.gadget, state, sizeof state), (unsigned long long)t.waiting,
        t.polled[GADGET_KEYBOARD], s->port.plug_holds, s->port.is_configured);
    if (value[0] == '1')
        fail_msg("the host has configured us, but no report gets through");
    s->revived++;
    assert_int_equal(hid_port_bind(&s->port), 0);
}

static bool is_settled(struct storm *s)
{
    return s->seen == s->accepted || (s->seen + 1 == s->accepted && same(s->states[s->accepted], s->last));
}

static void settle(struct storm *s)
{
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; !is_settled(s);) {
        hid_port_turn(&s->port, 1);
        read_bus(s);
        assert_true(clock_now_us() < limit);
    }
}

static void test_random_changes_with_random_disconnects(void **state)
{
    struct storm *s = *state;
    uint64_t start = clock_now_us();
    uint64_t moved = start;
    size_t next_disconnect = 0, at = 0;
    unsigned disconnects = 0;

    while (!(s->accepted == s->wanted && is_settled(s))) {
        if (hid_port_plug(&s->port))
            press_keys(s, next_random(60));
        if (next_random(3))
            hid_port_turn(&s->port, (int)next_random(4));
        read_bus(s);
        if (s->seen != at || clock_now_us() - moved > STALL_US) {
            if (s->seen == at)
                revive(s);
            at = s->seen;
            moved = clock_now_us();
        }
        assert_true(clock_now_us() - start < s->wanted * 100000 + HOST_PATIENCE_US);
        if (s->seen < next_disconnect || s->accepted == s->wanted || !s->port.plug_holds)
            continue;
        do {
            disconnect(s);
            disconnects++;
        } while (next_random(4) == 0); /* once more, before it has recovered */
        next_disconnect = s->seen + next_random(600);
    }
    struct hidg_statistics statistics;
    hidg_statistics(s->port.hidg, &statistics);
    print_message("%zu changes in %.1f s: %u disconnects, host configured us %zu times; %zu presses refused by a full "
                  "queue, %zu reports repeated, %zu said in their turn again, %llu writes refused by the kernel, %zu "
                  "resets failed on the host, %zu "
                  "times plugged in anew\n",
                  s->accepted, (double)(clock_now_us() - start) / 1e6, disconnects, s->sessions, s->refused, s->repeats,
                  s->unsaid, (unsigned long long)statistics.refused, s->failed, s->revived);
    assert_true(disconnects > 3);
    assert_true(s->sessions > 3);

    /* And the host's own input layer agrees: what is down in truth is down there, and afterwards nothing. */
    _cleanup_close_ int input = host_wait_input(KEY_A);
    uint8_t keys[KEY_MAX / 8 + 1] = {0};
    static const unsigned codes[KEYS] = {KEY_A, KEY_B, KEY_C, KEY_D, KEY_E, KEY_F};
    assert_true(hid_port_drain(&s->port));
    assert_true(ioctl(input, EVIOCGKEY(sizeof keys), keys) > 0);
    for (unsigned i = 0; i < KEYS; i++)
        assert_int_equal(keys[codes[i] / 8] >> codes[i] % 8 & 1, keyboard_is_down(&s->model, (uint16_t)(0x04 + i)));
    s->port.input->ops->release_all(s->port.input);
    assert_true(hid_port_drain(&s->port));
    assert_true(ioctl(input, EVIOCGKEY(sizeof keys), keys) > 0);
    for (unsigned i = 0; i < sizeof keys; i++)
        assert_int_equal(keys[i], 0);
}

static unsigned code_of(uint16_t usage)
{
    static const unsigned keys[KEYS] = {KEY_A, KEY_B, KEY_C, KEY_D, KEY_E, KEY_F};
    static const unsigned modifiers[8] = {KEY_LEFTCTRL,  KEY_LEFTSHIFT,  KEY_LEFTALT,  KEY_LEFTMETA,
                                          KEY_RIGHTCTRL, KEY_RIGHTSHIFT, KEY_RIGHTALT, KEY_RIGHTMETA};
    return usage >= 0xE0 ? modifiers[usage - 0xE0] : keys[usage - 0x04];
}

/* Without disconnects the host's events are exactly the changes. */
static void test_each_change_is_one_event_of_the_host(void **state)
{
    struct storm *s = *state;
    size_t at = 0, wanted = s->wanted / 5;
    _cleanup_close_ int input = host_wait_input(KEY_A);
    assert_true(hid_port_drain(&s->port));
    s->wanted = wanted;
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US + wanted * 100000; at < wanted;) {
        struct input_event e;
        press_keys(s, next_random(20));
        hid_port_turn(&s->port, 0);
        read_bus(s);
        while (read(input, &e, sizeof e) == sizeof e) {
            assert_false(e.type == EV_SYN && e.code == SYN_DROPPED);
            if (e.type != EV_KEY || e.value > 1)
                continue; /* the host repeats keys by itself */
            at++;
            assert_true(at <= s->accepted);
            assert_int_equal(e.code, code_of(s->changes[at] & 0xFF));
            assert_int_equal(e.value, s->changes[at] >> 15);
        }
        assert_true(clock_now_us() < limit);
    }
    settle(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_each_change_is_one_event_of_the_host),
        T(test_random_changes_with_random_disconnects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
