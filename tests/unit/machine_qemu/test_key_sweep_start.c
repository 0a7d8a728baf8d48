/* What the monitor is asked to release: all that a former process may have pressed, but nothing in a machine whose
 * start was seen, whose firmware would take a release for its keyboard's answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "machines/qemu/key_sweep.h"
#include "monitor_bed.h"

#define HANG_US 120000000

struct bench {
    struct monitor_bed monitor;
    struct key_sweep *sweep;
    unsigned asked; /* to release keys */
};

static void on_command(void *data, const char *line, char *answer, size_t size)
{
    (void)answer;
    (void)size;
    ((struct bench *)data)->asked += strstr(line, "input-send-event") != NULL;
}

static void on_event(void *data, const char *name)
{
    key_sweep_event(((struct bench *)data)->sweep, name);
}

static void press_again(void *data, uint16_t usage)
{
    (void)data;
    fail_msg("%u is pressed again", usage);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->monitor.command = on_command;
    b->monitor.event = on_event;
    b->monitor.data = b;
    monitor_bed_start(&b->monitor);
    assert_int_equal(key_sweep_create(b->monitor.loop, b->monitor.qmp, press_again, b, &b->sweep), 0);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    monitor_bed_stop_qmp(&b->monitor);
    key_sweep_destroy(b->sweep);
    monitor_bed_finish(&b->monitor);
    free(b);
    return 0;
}

static void run_until_asked(struct bench *b)
{
    unsigned before = b->asked;
    for (uint64_t limit = clock_now_us() + HANG_US; b->asked == before && clock_now_us() < limit;)
        monitor_bed_run(&b->monitor);
    assert_true(b->asked > before);
}

static void rests(struct bench *b)
{
    unsigned before = b->asked;
    for (uint64_t until = clock_now_us() + 2 * KEY_SWEEP_REST_US; clock_now_us() < until;)
        monitor_bed_run(&b->monitor);
    assert_int_equal(b->asked, before);
}

static void what_a_former_process_pressed_is_released(void **state)
{
    struct bench *b = *state;
    key_sweep_attached(b->sweep);
    run_until_asked(b);
    run_until_asked(b); /* a few at a time */
}

/* The machine is switched on before its display can be used, as on a busy host. */
static void a_machine_whose_start_was_seen_is_left_alone(void **state)
{
    struct bench *b = *state;
    monitor_bed_happens(&b->monitor, "RESET");
    monitor_bed_happens(&b->monitor, "RESUME");
    key_sweep_attached(b->sweep);
    rests(b);
    key_sweep_key(b->sweep, 0x04, true);
    key_sweep_key(b->sweep, 0x04, false);
    key_sweep_attached(b->sweep); /* our own may have been lost */
    run_until_asked(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_former_process_pressed_is_released),
        TEST(a_machine_whose_start_was_seen_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
