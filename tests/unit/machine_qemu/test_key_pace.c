/* How fast keys are given to a PC that takes them as slowly as it likes: nothing may be lost, and a machine without a
 * BIOS's buffer is not held up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "machines/qemu/key_pace.h"
#include "monitor_bed.h"

#define HANG_US 120000000
#define CONTROLLER 16 /* bytes */
#define PLACES 15     /* of a BIOS's buffer, keys */
#define KEY 0x1e      /* one byte down, two up */

/* A PC with GRUB's shell on its BIOS, or with an operating system. Time passes for it with each question of the
 * monitor, as long as it is not held up. */
struct pc {
    struct monitor_bed monitor;
    struct key_pace *pace;
    bool bios;
    unsigned bytes;      /* in the controller */
    unsigned head, tail; /* of the BIOS's buffer, counted up; half keys are counted with the whole ones */
    unsigned stands;     /* questions for which the program does not read its keys */
    unsigned lost, questions;
};

static unsigned place(unsigned count)
{
    return 0x1e + count % (PLACES + 1) * 2;
}

/* The interrupt takes a key's three bytes at once; the program reads one key. */
static void goes_on(struct pc *pc)
{
    for (; pc->bytes; pc->bytes -= 3) {
        if (pc->bios && pc->tail - pc->head == PLACES)
            pc->lost++;
        else if (pc->bios)
            pc->tail++;
    }
    if (pc->stands)
        pc->stands--;
    else if (pc->head != pc->tail && pc->bios)
        pc->head++;
}

static void on_command(void *data, const char *line, char *answer, size_t size)
{
    struct pc *pc = data;
    if (strstr(line, "qom-list")) {
        snprintf(answer, size, "[]");
        return;
    }
    pc->questions++;
    if (strstr(line, "0x64")) {
        snprintf(answer, size, "\"portb[0x0064] = 0x%02x\\r\\n\"", pc->bytes ? 0x1d : 0x1c);
        goes_on(pc);
    } else {
        snprintf(answer, size, "\"000000000000041a: 0x%04x 0x%04x\\r\\n\"", place(pc->head), place(pc->tail));
    }
}

static int set_up(void **state)
{
    struct pc *pc = calloc(1, sizeof *pc);
    pc->monitor.command = on_command;
    pc->monitor.data = pc;
    monitor_bed_start(&pc->monitor);
    assert_int_equal(key_pace_create(pc->monitor.qmp, &pc->pace), 0);
    key_pace_attached(pc->pace);
    *state = pc;
    return 0;
}

static int tear_down(void **state)
{
    struct pc *pc = *state;
    monitor_bed_stop_qmp(&pc->monitor);
    key_pace_destroy(pc->pace);
    monitor_bed_finish(&pc->monitor);
    free(pc);
    return 0;
}

/* A key as soon as the pace allows it. */
static void type(struct pc *pc)
{
    uint64_t limit = clock_now_us() + HANG_US;
    while (key_pace_next(pc->pace, 0) < 0 && clock_now_us() < limit)
        monitor_bed_run(&pc->monitor);
    assert_int_equal(key_pace_next(pc->pace, 0), 1);
    assert_true(pc->bytes + 3 <= CONTROLLER);
    pc->bytes += 3;
    key_pace_gave(pc->pace, KEY, true);
    key_pace_gave(pc->pace, KEY, false);
}

static void a_shell_that_reads_as_it_types_loses_nothing(void **state)
{
    struct pc *pc = *state;
    pc->bios = true;
    for (unsigned i = 0; i < 200; i++)
        type(pc);
    assert_int_equal(pc->lost, 0);
}

/* It scrolls, or its host has no time for it. */
static void a_shell_that_stands_still_for_long_loses_nothing(void **state)
{
    struct pc *pc = *state;
    pc->bios = true;
    for (unsigned i = 0; i < 300; i++) {
        if (i % 75 == 74)
            pc->stands = 200;
        type(pc);
    }
    assert_int_equal(pc->lost, 0);
}

/* Not even when it stands still for a moment before it has read the first key. */
static void a_shell_that_begins_late_loses_nothing(void **state)
{
    struct pc *pc = *state;
    pc->bios = true;
    pc->stands = 50;
    uint64_t began = clock_now_us();
    for (unsigned i = 0; i < 20; i++)
        type(pc);
    if (clock_now_us() - began > 400000)
        skip(); /* a busy host: that was no moment */
    assert_int_equal(pc->lost, 0);
}

/* An operating system leaves the BIOS's buffer as it was, with keys in it or not. */
static void a_buffer_that_nobody_uses_holds_nothing_up(void **state)
{
    struct pc *pc = *state;
    pc->tail = 3;
    for (unsigned i = 0; i < 100; i++)
        type(pc);
    unsigned before = pc->questions;
    for (unsigned i = 0; i < 300; i++)
        type(pc);
    assert_true(pc->questions - before <= 300); /* one for some keys, not many for each */
}

/* A BIOS that was at work hands over to an operating system while a text is typed. */
static void a_bios_that_is_gone_is_no_longer_waited_for(void **state)
{
    struct pc *pc = *state;
    pc->bios = true;
    for (unsigned i = 0; i < 100; i++)
        type(pc);
    pc->bios = false;
    for (unsigned i = 0; i < 200; i++)
        type(pc);
    unsigned before = pc->questions;
    for (unsigned i = 0; i < 300; i++)
        type(pc);
    assert_true(pc->questions - before <= 300);
    assert_int_equal(pc->lost, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_shell_that_reads_as_it_types_loses_nothing), TEST(a_shell_that_stands_still_for_long_loses_nothing),
        TEST(a_shell_that_begins_late_loses_nothing),       TEST(a_buffer_that_nobody_uses_holds_nothing_up),
        TEST(a_bios_that_is_gone_is_no_longer_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
