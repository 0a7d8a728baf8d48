/* The newest events of a target, and how it is in a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/utf8.h"
#include "manage/power_fake.h"
#include "manage/target_health.h"

static void the_newest_comes_first(void **state)
{
    (void)state;
    struct target_events *events = target_events_create();
    assert_null(target_events_get(events, 0));
    char text[16];
    for (int i = 1; i <= TARGET_EVENTS + 5; i++) {
        snprintf(text, sizeof text, "%d.", i);
        target_events_add(events, i * 1000, TARGET_EVENT_POWER, TARGET_TONE_INFO, text);
    }
    assert_string_equal(target_events_get(events, 0)->text, "37.");
    assert_int_equal(target_events_get(events, 0)->number, TARGET_EVENTS + 5);
    assert_string_equal(target_events_get(events, TARGET_EVENTS - 1)->text, "6.");
    assert_null(target_events_get(events, TARGET_EVENTS));
    target_events_destroy(events);
}

static void the_same_is_said_once(void **state)
{
    (void)state;
    struct target_events *events = target_events_create();
    target_events_add(events, 1000, TARGET_EVENT_USB, TARGET_TONE_INFO, "A.");
    target_events_add(events, 1999, TARGET_EVENT_USB, TARGET_TONE_INFO, "A.");
    assert_null(target_events_get(events, 1));
    target_events_add(events, 2000, TARGET_EVENT_USB, TARGET_TONE_INFO, "A.");
    assert_non_null(target_events_get(events, 1));
    target_events_destroy(events);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    struct target_events *events = target_events_create();
    char text[3 * TARGET_EVENT_TEXT + 1];
    for (size_t i = 0; i < TARGET_EVENT_TEXT; i++)
        memcpy(text + 3 * i, "\xE2\x82\xAC", 3);
    text[sizeof text - 1] = '\0';
    target_events_add(events, 0, TARGET_EVENT_USB, TARGET_TONE_INFO, text);
    const char *kept = target_events_get(events, 0)->text;
    assert_int_equal(strlen(kept), (TARGET_EVENT_TEXT - 1) / 3 * 3);
    assert_true(utf8_valid(kept, strlen(kept)));
    target_events_destroy(events);
}

static void nobody_keeps_nothing(void **state)
{
    (void)state;
    target_events_add(NULL, 0, TARGET_EVENT_USB, TARGET_TONE_INFO, "A.");
    assert_null(target_events_get(NULL, 0));
}

static enum target_health of(const struct target *target, char why[512])
{
    return target_health(target, why, 512);
}

static void health_is_the_worst_of_its_ports(void **state)
{
    (void)state;
    char why[512];
    struct target target = {.signal = SCREEN_OK};
    struct target_usb usb = {.state = TARGET_USB_CONFIGURED};
    struct power_fake *power = NULL;
    assert_int_equal(power_fake_create(&power), 0);
    target.power = &power->power;
    assert_int_equal(of(&target, why), TARGET_OK);
    assert_string_equal(why, "");
    target.usb = &usb;
    usb.state = TARGET_USB_NOT_ATTACHED;
    assert_int_equal(of(&target, why), TARGET_WARN);
    target.signal = SCREEN_DEVICE_GONE;
    snprintf(target.signal_why, sizeof target.signal_why, "%s", "The capture device is gone.");
    assert_int_equal(of(&target, why), TARGET_DANGER);
    assert_string_equal(why, "The capture device is gone.");
    power->state = POWER_OFF;
    assert_int_equal(of(&target, why), TARGET_OFF);
    snprintf(target.vm_state, sizeof target.vm_state, "%s", "failed");
    snprintf(target.vm_why, sizeof target.vm_why, "%s", "QEMU ended.");
    assert_int_equal(of(&target, why), TARGET_DANGER);
    assert_string_equal(why, "QEMU ended.");
    power->power.ops->destroy(&power->power);
}

static void every_kind_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < TARGET_EVENT_KINDS; i++)
        assert_true(*target_event_kind_name((enum target_event_kind)i));
    for (int i = 0; i < TARGET_TONES; i++)
        assert_true(*target_tone_name((enum target_tone)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_comes_first),
        cmocka_unit_test(the_same_is_said_once),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(nobody_keeps_nothing),
        cmocka_unit_test(health_is_the_worst_of_its_ports),
        cmocka_unit_test(every_kind_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
