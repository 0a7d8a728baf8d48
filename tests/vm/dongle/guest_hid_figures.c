/* What the port costs over bare writes to the same report device, in the same run, turn by turn: from a key's write to
 * the host's event, and reports a second. Ratios are reported and bounded generously; speeds are only printed. */
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "guest_hid_port.h"

#define KEYS 200  /* latencies, each way */
#define BATCH 400 /* reports in a row */
#define ROUNDS 5

struct figures {
    struct hid_port port;
    int bare, input;
};

static int set_up(void **state)
{
    static struct figures f;
    *state = &f;
    if (hid_port_create(&f.port, PERSONALITY_KEYBOARD, false) < 0 || !hid_port_wait_polled(&f.port))
        return -1;
    f.bare = gadget_open_hid(f.port.gadget, GADGET_KEYBOARD);
    f.input = host_wait_input(KEY_A);
    return f.bare < 0 || f.input < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct figures *f = *state;
    close(f->bare);
    close(f->input);
    hid_port_destroy(&f->port);
    return host_wait_no_device(HID_PRODUCT) ? 0 : -1;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

static void await_key(struct figures *f, int value)
{
    struct input_event e;
    struct pollfd p = {.fd = f->input, .events = POLLIN};
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US;;) {
        if (poll(&p, 1, 20) == 0)
            loop_dispatch(f->port.loop, 0);
        assert_true(clock_now_us() < limit);
        while (read(f->input, &e, sizeof e) == sizeof e)
            if (e.type == EV_KEY && e.code == KEY_A && e.value == value)
                return;
    }
}

static void bare_write(struct figures *f, bool down)
{
    const uint8_t report[8] = {0, 0, down ? 4 : 0};
    struct pollfd p = {.fd = f->bare, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, 60000), 1);
    assert_int_equal(write(f->bare, report, sizeof report), sizeof report);
}

static double key_latency(struct figures *f, bool ours, bool down)
{
    struct pollfd writable = {.fd = f->bare, .events = POLLOUT};
    assert_true(hid_port_drain(&f->port));
    assert_int_equal(poll(&writable, 1, 60000), 1); /* the other way's last report is done with */
    uint64_t start = clock_now_us();
    if (ours)
        assert_int_equal(f->port.input->ops->key(f->port.input, 0x04, down), 0);
    else
        bare_write(f, down);
    await_key(f, down);
    return (double)(clock_now_us() - start);
}

static void test_latency(void **state)
{
    struct figures *f = *state;
    static double ours[KEYS], bare[KEYS];
    for (unsigned i = 0; i < KEYS; i += 2) {
        for (unsigned n = 0; n < 2; n++)
            ours[i + n] = key_latency(f, true, n == 0);
        for (unsigned n = 0; n < 2; n++)
            bare[i + n] = key_latency(f, false, n == 0);
    }
    double a = median(ours, KEYS), b = median(bare, KEYS);
    print_message("key to evdev, p50 of %d: ours %.0f us, bare write %.0f us, ratio %.2f (aim <= 2)\n", KEYS, a, b,
                  a / b);
    assert_true(a <= 2 * b);
}

static double bare_rate(struct figures *f)
{
    uint64_t start = clock_now_us();
    for (unsigned i = 0; i < BATCH; i++)
        bare_write(f, !(i & 1));
    struct pollfd p = {.fd = f->bare, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, 60000), 1);
    return BATCH * 1e6 / (double)(clock_now_us() - start);
}

static double our_rate(struct figures *f)
{
    struct hidg_statistics s;
    unsigned given = 0;
    uint64_t start = clock_now_us();
    do {
        while (given < BATCH && f->port.input->ops->key(f->port.input, 0x04, !(given & 1)) == 0)
            given++;
        assert_true(loop_dispatch(f->port.loop, 1000) >= 0);
        hidg_statistics(f->port.hidg, &s);
    } while (given < BATCH || s.waiting);
    return BATCH * 1e6 / (double)(clock_now_us() - start);
}

static void test_rate(void **state)
{
    struct figures *f = *state;
    double ours[ROUNDS], bare[ROUNDS];
    for (unsigned i = 0; i < ROUNDS; i++) {
        assert_true(hid_port_drain(&f->port));
        ours[i] = our_rate(f);
        bare[i] = bare_rate(f);
    }
    double a = median(ours, ROUNDS), b = median(bare, ROUNDS);
    print_message("reports a second, median of %d x %d: ours %.0f, bare poll and write %.0f, ratio %.2f (aim >= 0.8)\n",
                  ROUNDS, BATCH, a, b, a / b);
    assert_true(a >= 0.8 * b);

    struct hidg_statistics s;
    hidg_statistics(f->port.hidg, &s);
    print_message("the host polls every %u us\n", s.interval_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_latency, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rate, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
