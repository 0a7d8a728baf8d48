/* The automatic choice against models of firmware: one that sets up a single interface, one that knows all of it, one
 * that hangs on an empty drive, one without hot-plug; and the OS that comes after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "usbgadget/chooser.h"

#define SECOND 1000000ull
#define PATIENCE (15 * SECOND)
#define QUIET (60 * SECOND)
#define STEP 100000ull

struct firmware {
    bool one_interface;  /* SeaBIOS: the first that it knows */
    bool hangs_on_empty; /* asks an empty drive for ever */
    bool hot_plug;       /* sees a device that comes while it runs */
    uint64_t os_after;   /* boots an OS so long after power-on, 0: never */
};

struct bench {
    struct chooser chooser;
    const struct firmware *firmware;
    uint64_t now;
    bool medium;
    unsigned switches, offers, remembered;
    bool has_keyboard, has_drive; /* what the running firmware has got */
    enum chooser_step last;
};

static void say(struct bench *b, enum chooser_event event);

/* The interfaces that firmware would set up of a personality. */
static void enumerate(struct bench *b, bool os)
{
    const struct firmware *f = b->firmware;
    enum personality p = b->chooser.current;
    bool keyboard = p != PERSONALITY_DRIVE, drive = p != PERSONALITY_KEYBOARD;
    bool drive_first = p == PERSONALITY_DRIVE || p == PERSONALITY_STORAGE_FIRST;

    say(b, CHOOSER_CONFIGURED);
    if (os) {
        b->has_keyboard = b->has_drive = false; /* nobody has opened them yet */
        return;
    }
    if (f->hangs_on_empty && drive && !b->medium) {
        b->has_keyboard = b->has_drive = false;
        return;
    }
    b->has_keyboard = keyboard && !(f->one_interface && drive && drive_first);
    b->has_drive = drive && !(f->one_interface && keyboard && !drive_first);
    if (b->has_keyboard)
        say(b, CHOOSER_POLLED);
    if (b->has_drive && b->medium)
        say(b, CHOOSER_READ);
}

static void say(struct bench *b, enum chooser_event event)
{
    b->last = chooser_event(&b->chooser, event, b->now);
    switch (b->last) {
    case CHOOSER_SWITCH:
        assert_non_null(chooser_why_words(chooser_why(&b->chooser)));
        b->switches++;
        b->has_keyboard = b->has_drive = false;
        break;
    case CHOOSER_OFFER:
        assert_non_null(chooser_why_words(chooser_why(&b->chooser)));
        b->offers++;
        break;
    case CHOOSER_REMEMBER:
        b->remembered++;
        break;
    case CHOOSER_STAY:
        break;
    }
}

/* Runs the target for so long after power-on, or after a reset that keeps the power. */
static void run(struct bench *b, enum chooser_event beginning, uint64_t length)
{
    uint64_t start = b->now, plugged = 0;
    bool os = false;

    b->has_keyboard = b->has_drive = false;
    say(b, beginning);
    plugged = b->now;
    enum personality seen = b->chooser.current;
    bool enumerated = false;
    for (; b->now - start < length; b->now += STEP) {
        if (b->chooser.current != seen) {
            seen = b->chooser.current;
            plugged = b->now;
            enumerated = enumerated && !b->firmware->hot_plug && !os;
        }
        if (!enumerated && b->now - plugged >= SECOND) {
            enumerated = true;
            enumerate(b, os);
        }
        if (!os && b->firmware->os_after && b->now - start >= b->firmware->os_after) {
            os = true;
            enumerate(b, true);
        }
        if (chooser_due(&b->chooser) && b->now >= chooser_due(&b->chooser))
            say(b, CHOOSER_TICK);
    }
}

static void boot(struct bench *b, uint64_t length)
{
    run(b, CHOOSER_POWER_ON, length);
}

static void restart(struct bench *b, uint64_t length)
{
    run(b, CHOOSER_RESET, length);
}

static void switch_off(struct bench *b)
{
    b->now += SECOND;
    say(b, CHOOSER_POWER_OFF);
    b->now += 5 * SECOND;
}

static struct bench bench_of(const struct firmware *firmware)
{
    const struct chooser_config config = {
        .automatic = true, .first = PERSONALITY_FULL, .patience_us = PATIENCE, .quiet_us = QUIET};
    struct bench b = {.firmware = firmware, .now = 1000 * SECOND};
    chooser_init(&b.chooser, &config);
    return b;
}

static void insert(struct bench *b)
{
    b->medium = true;
    say(b, CHOOSER_MEDIUM_IN);
}

static void eject(struct bench *b)
{
    b->medium = false;
    say(b, CHOOSER_MEDIUM_OUT);
}

static const struct firmware seabios = {.one_interface = true, .os_after = 90 * SECOND};
static const struct firmware ovmf = {.hot_plug = true, .os_after = 20 * SECOND};

static void test_ovmf_takes_everything(void **state)
{
    (void)state;
    struct bench b = bench_of(&ovmf);
    boot(&b, 300 * SECOND);
    switch_off(&b);
    insert(&b);
    boot(&b, 300 * SECOND);
    assert_int_equal(b.switches, 0);
    assert_int_equal(b.offers, 0);
    assert_int_equal(b.chooser.current, PERSONALITY_FULL);
    assert_int_equal(b.remembered, 2); /* without and with a medium */
}

/* First boot finds out, second boot needs nobody. */
static void test_seabios_keyboard_and_cd(void **state)
{
    (void)state;
    struct bench b = bench_of(&seabios);
    boot(&b, 200 * SECOND);
    assert_true(b.has_keyboard || b.chooser.config.known);
    assert_int_equal(b.switches, 0);
    assert_int_equal(b.chooser.config.first, PERSONALITY_FULL);
    switch_off(&b);

    insert(&b);
    boot(&b, 60 * SECOND);
    assert_int_equal(b.switches, 1);
    assert_int_equal(b.chooser.current, PERSONALITY_STORAGE_FIRST);
    switch_off(&b);
    boot(&b, 60 * SECOND);
    assert_true(b.has_drive);
    assert_true(b.chooser.config.with_medium_known);
    assert_int_equal(b.chooser.config.with_medium, PERSONALITY_STORAGE_FIRST);
    assert_int_equal(b.switches, 1);
    switch_off(&b);

    /* What was found out earlier is at once right, after a restart of ours too. */
    struct chooser_config kept = b.chooser.config;
    chooser_init(&b.chooser, &kept);
    b.medium = false;
    boot(&b, 60 * SECOND);
    assert_int_equal(b.chooser.current, PERSONALITY_FULL);
    assert_true(b.has_keyboard);
    switch_off(&b);
    insert(&b);
    boot(&b, 60 * SECOND);
    assert_true(b.has_drive);
    switch_off(&b);
    eject(&b);
    boot(&b, 60 * SECOND);
    assert_true(b.has_keyboard);
}

/* The same by restarts alone: nobody tells us of the power. What fits the drive is for when there is something in it.
 */
static void test_seabios_restarts(void **state)
{
    (void)state;
    static const struct firmware f = {.one_interface = true};
    struct bench b = bench_of(&f);
    insert(&b);
    boot(&b, 60 * SECOND);
    assert_int_equal(b.chooser.current, PERSONALITY_STORAGE_FIRST);
    restart(&b, 60 * SECOND);
    assert_true(b.has_drive);
    assert_int_equal(b.remembered, 1);
    restart(&b, 60 * SECOND);
    assert_true(b.has_drive);
    assert_int_equal(b.switches, 1);

    eject(&b);
    assert_int_equal(b.switches, 1); /* a change of medium unplugs nothing */
    restart(&b, 60 * SECOND);
    assert_int_equal(b.chooser.current, PERSONALITY_FULL);
    assert_true(b.has_keyboard);
    assert_int_equal(b.remembered, 2);
    restart(&b, 60 * SECOND);
    assert_true(b.has_keyboard);

    insert(&b);
    restart(&b, 60 * SECOND);
    assert_true(b.has_drive);
    assert_int_equal(b.switches, 3);
    assert_int_equal(b.remembered, 2);
}

/* One is under trial: a restart is no reason to leave it. */
static void test_a_restart_does_not_end_a_trial(void **state)
{
    (void)state;
    static const struct firmware f = {.one_interface = true};
    struct bench b = bench_of(&f);
    insert(&b);
    boot(&b, 5 * SECOND);
    restart(&b, PATIENCE);
    assert_int_equal(b.chooser.current, PERSONALITY_STORAGE_FIRST);
    restart(&b, SECOND / 2);
    restart(&b, 60 * SECOND);
    assert_int_equal(b.chooser.current, PERSONALITY_STORAGE_FIRST);
    assert_int_equal(b.switches, 1);
    assert_true(b.has_drive);
}

static void test_a_reset_in_use_is_offered_only(void **state)
{
    (void)state;
    static const struct firmware f = {.one_interface = true};
    struct bench b = bench_of(&f);
    insert(&b);
    boot(&b, 60 * SECOND);
    restart(&b, 60 * SECOND);
    eject(&b);
    say(&b, CHOOSER_KEY_DOWN);
    say(&b, CHOOSER_RESET);
    assert_int_equal(b.last, CHOOSER_OFFER);
    assert_int_equal(b.chooser.next, PERSONALITY_FULL);
    say(&b, CHOOSER_KEYS_UP);
    say(&b, CHOOSER_RESET);
    assert_int_equal(b.last, CHOOSER_SWITCH);
}

/* The host locked the door, and the medium was taken out by force: nobody unlocks an empty drive. */
static void test_a_lock_without_a_medium_is_no_use(void **state)
{
    (void)state;
    struct bench b = bench_of(&ovmf);
    insert(&b);
    say(&b, CHOOSER_POWER_ON);
    say(&b, CHOOSER_LOCKED);
    eject(&b);
    say(&b, CHOOSER_CONFIGURED);
    b.now = chooser_due(&b.chooser);
    say(&b, CHOOSER_TICK);
    assert_int_equal(b.switches, 1);
    assert_int_equal(b.offers, 0);
}

/* A gateway that was killed: the target goes on with what it has, whatever would be tried first. */
static void test_what_is_bound_is_taken_over(void **state)
{
    (void)state;
    const struct chooser_config kept = {.automatic = true,
                                        .first = PERSONALITY_FULL,
                                        .known = true,
                                        .with_medium = PERSONALITY_STORAGE_FIRST,
                                        .with_medium_known = true,
                                        .patience_us = PATIENCE,
                                        .quiet_us = QUIET};
    struct bench b = bench_of(&seabios);
    chooser_init(&b.chooser, &kept);
    chooser_take_over(&b.chooser, PERSONALITY_STORAGE_FIRST, b.now);
    insert(&b);
    say(&b, CHOOSER_CONFIGURED);
    b.now += 10 * PATIENCE;
    say(&b, CHOOSER_TICK);
    say(&b, CHOOSER_RESET);
    assert_int_equal(b.switches + b.offers + b.remembered, 0);
    assert_int_equal(b.chooser.current, PERSONALITY_STORAGE_FIRST);
    switch_off(&b);
    eject(&b);
    boot(&b, 60 * SECOND);
    assert_true(b.has_keyboard);
}

static void test_firmware_that_hangs_on_an_empty_drive(void **state)
{
    (void)state;
    const struct firmware f = {.hangs_on_empty = true, .hot_plug = true};
    struct bench b = bench_of(&f);
    boot(&b, 60 * SECOND);
    assert_int_equal(b.switches, 1);
    assert_int_equal(b.chooser.current, PERSONALITY_KEYBOARD);
    assert_true(b.has_keyboard);
    assert_int_equal(b.remembered, 1);
    switch_off(&b);
    boot(&b, 60 * SECOND);
    assert_int_equal(b.switches, 1);
    assert_true(b.has_keyboard);
    /* A medium while it runs: nothing is torn away, the page offers. */
    insert(&b);
    assert_int_equal(b.offers, 1);
    assert_int_equal(b.chooser.next, PERSONALITY_FULL);
    assert_int_equal(b.chooser.current, PERSONALITY_KEYBOARD);
    switch_off(&b);
    boot(&b, 60 * SECOND);
    assert_true(b.has_drive && b.has_keyboard);
}

/* The OS opens neither keyboard nor drive for long: that is nothing against what is known. */
static void test_an_os_proves_nothing_against_what_is_known(void **state)
{
    (void)state;
    const struct firmware f = {.hot_plug = true, .os_after = 5 * SECOND};
    struct bench b = bench_of(&f);
    boot(&b, 100 * SECOND);
    assert_true(b.chooser.config.known);
    switch_off(&b);

    const struct chooser_config known = {.automatic = true,
                                         .first = PERSONALITY_KEYBOARD_DRIVE,
                                         .known = true,
                                         .patience_us = PATIENCE,
                                         .quiet_us = QUIET};
    const struct firmware fast = {.hangs_on_empty = true, .os_after = 5 * SECOND};
    b.firmware = &fast;
    chooser_init(&b.chooser, &known);
    boot(&b, 300 * SECOND);
    assert_int_equal(b.switches, 0);
    assert_true(b.chooser.config.known);
    assert_int_equal(b.chooser.current, PERSONALITY_KEYBOARD_DRIVE);
}

static void test_an_os_that_polls_late_does_not_speak_for_the_firmware(void **state)
{
    (void)state;
    struct bench b = bench_of(&ovmf);
    say(&b, CHOOSER_POWER_ON);
    say(&b, CHOOSER_CONFIGURED);
    b.now += PATIENCE - SECOND;
    say(&b, CHOOSER_CONFIGURED);
    b.now += 2 * SECOND; /* the tick is late as well */
    say(&b, CHOOSER_POLLED);
    assert_int_equal(b.last, CHOOSER_STAY);
    assert_false(b.chooser.config.known);
    assert_int_equal(chooser_due(&b.chooser), 0);
}

static void test_no_end_of_cycling(void **state)
{
    (void)state;
    struct bench b = bench_of(&ovmf);
    unsigned seen = 0;
    insert(&b);
    say(&b, CHOOSER_POWER_ON);
    for (unsigned i = 0; i < 200; i++) {
        seen |= 1u << b.chooser.current;
        b.now += SECOND;
        if (b.chooser.switching)
            say(&b, CHOOSER_POWER_ON); /* the bus of a device that comes back looks like that */
        say(&b, CHOOSER_CONFIGURED);
        b.now += PATIENCE;
        say(&b, CHOOSER_TICK);
    }
    assert_int_equal(seen, (1u << PERSONALITIES) - 1);
    assert_int_equal(b.switches, PERSONALITIES);
    assert_int_equal(b.chooser.current, PERSONALITY_FULL);
    assert_int_equal(chooser_due(&b.chooser), 0);
    assert_int_equal(chooser_why(&b.chooser), CHOOSER_WHY_NONE_USED);
}

/* Firmware without hot-plug that reboots again and again: each boot tries what the one before chose. */
static void test_reboot_loop_gets_on(void **state)
{
    (void)state;
    const struct firmware f = {.hangs_on_empty = true};
    struct bench b = bench_of(&f);
    boot(&b, 30 * SECOND);
    assert_int_equal(b.chooser.current, PERSONALITY_KEYBOARD);
    assert_false(b.has_keyboard);
    for (unsigned i = 0; i < 50; i++) {
        switch_off(&b);
        boot(&b, 5 * SECOND);
        assert_true(b.has_keyboard);
    }
    assert_int_equal(b.switches, 1);
    assert_int_equal(b.remembered, 1);
}

static void test_in_use_is_offered_only(void **state)
{
    (void)state;
    struct bench b = bench_of(&ovmf);
    insert(&b);
    say(&b, CHOOSER_POWER_ON);
    say(&b, CHOOSER_CONFIGURED);
    say(&b, CHOOSER_KEY_DOWN);
    for (unsigned i = 0; i < 5; i++) {
        b.now = chooser_due(&b.chooser);
        say(&b, CHOOSER_TICK);
    }
    assert_int_equal(b.switches, 0);
    assert_int_equal(b.offers, 1);
    say(&b, CHOOSER_KEYS_UP);
    say(&b, CHOOSER_LOCKED);
    b.now = chooser_due(&b.chooser);
    say(&b, CHOOSER_TICK);
    assert_int_equal(b.switches, 0);
    say(&b, CHOOSER_UNLOCKED);
    b.now = chooser_due(&b.chooser);
    say(&b, CHOOSER_TICK);
    assert_int_equal(b.switches, 1);
}

static void test_a_drive_that_is_read_is_not_torn_away(void **state)
{
    (void)state;
    struct bench b = bench_of(&ovmf);
    insert(&b);
    say(&b, CHOOSER_POWER_ON);
    say(&b, CHOOSER_CONFIGURED);
    say(&b, CHOOSER_READ);
    eject(&b); /* from now on the keyboard is what counts */
    b.chooser.settled = false;
    b.chooser.deadline_us = b.now + PATIENCE;
    b.now += PATIENCE;
    say(&b, CHOOSER_TICK);
    assert_int_equal(b.switches, 0);
    assert_int_equal(b.offers, 1);
}

static void test_by_hand_means_by_hand(void **state)
{
    (void)state;
    struct bench b = bench_of(&seabios);
    chooser_set(&b.chooser, PERSONALITY_DRIVE);
    insert(&b);
    boot(&b, 300 * SECOND);
    eject(&b);
    boot(&b, 300 * SECOND);
    assert_int_equal(b.switches + b.offers + b.remembered, 0);
    assert_int_equal(b.chooser.current, PERSONALITY_DRIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ovmf_takes_everything),
        cmocka_unit_test(test_seabios_keyboard_and_cd),
        cmocka_unit_test(test_seabios_restarts),
        cmocka_unit_test(test_a_restart_does_not_end_a_trial),
        cmocka_unit_test(test_a_reset_in_use_is_offered_only),
        cmocka_unit_test(test_a_lock_without_a_medium_is_no_use),
        cmocka_unit_test(test_what_is_bound_is_taken_over),
        cmocka_unit_test(test_firmware_that_hangs_on_an_empty_drive),
        cmocka_unit_test(test_an_os_proves_nothing_against_what_is_known),
        cmocka_unit_test(test_an_os_that_polls_late_does_not_speak_for_the_firmware),
        cmocka_unit_test(test_no_end_of_cycling),
        cmocka_unit_test(test_reboot_loop_gets_on),
        cmocka_unit_test(test_in_use_is_offered_only),
        cmocka_unit_test(test_a_drive_that_is_read_is_not_torn_away),
        cmocka_unit_test(test_by_hand_means_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
