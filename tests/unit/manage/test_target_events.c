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

#define ARGS(...) ((const char *const[TARGET_EVENT_ARGS]){__VA_ARGS__})

static void says(const struct target_event *event, const char *sentence)
{
    char text[TARGET_EVENT_TEXT];
    target_event_write(event, text);
    assert_string_equal(text, sentence);
}

static void the_newest_comes_first(void **state)
{
    (void)state;
    struct target_events *events = target_events_create();
    assert_null(target_events_get(events, 0));
    char who[16];
    for (int i = 1; i <= TARGET_EVENTS + 5; i++) {
        snprintf(who, sizeof who, "user%d", i);
        target_events_add(events, i * 1000, TARGET_EVENT_RECORDING_BEGAN, ARGS(who));
    }
    says(target_events_get(events, 0), "user37 records the screen.");
    assert_int_equal(target_events_get(events, 0)->number, TARGET_EVENTS + 5);
    says(target_events_get(events, TARGET_EVENTS - 1), "user6 records the screen.");
    assert_null(target_events_get(events, TARGET_EVENTS));
    target_events_destroy(events);
}

static void the_same_is_said_once(void **state)
{
    (void)state;
    struct target_events *events = target_events_create();
    target_events_add(events, 1000, TARGET_EVENT_RECORDING_BEGAN, ARGS("anna"));
    target_events_add(events, 1999, TARGET_EVENT_RECORDING_BEGAN, ARGS("anna"));
    assert_null(target_events_get(events, 1));
    target_events_add(events, 1999, TARGET_EVENT_RECORDING_BEGAN, ARGS("bert"));
    assert_non_null(target_events_get(events, 1));
    target_events_add(events, 2999, TARGET_EVENT_RECORDING_BEGAN, ARGS("bert"));
    assert_non_null(target_events_get(events, 2));
    target_events_destroy(events);
}

static void arguments_stand_as_they_are(void **state)
{
    (void)state;
    static const char *const names[] = {"\"a\" 'b'", "100 %s %1$n", "{1} {2} {2s} }{", "\xD0\x96\xE2\x82\xAC.iso", ""};
    struct target_events *events = target_events_create();
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        char sentence[TARGET_EVENT_TEXT];
        snprintf(sentence, sizeof sentence, "%s does not go into drive 0: %s", names[i], names[i]);
        target_events_add(events, i * 1000, TARGET_EVENT_MEDIUM_REFUSED, ARGS("0", names[i], names[i]));
        assert_string_equal(target_events_get(events, 0)->args[1], names[i]);
        says(target_events_get(events, 0), sentence);
    }
    target_events_add(events, 0, TARGET_EVENT_MACHINE_FAILED, ARGS("caf\xE9."));
    says(target_events_get(events, 0), "Its machine failed: caf\xEF\xBF\xBD.");
    target_events_destroy(events);
}

static void long_arguments_are_cut_between_characters(void **state)
{
    (void)state;
    struct target_events *events = target_events_create();
    char text[3 * TARGET_EVENT_ARG + 1], sentence[TARGET_EVENT_TEXT];
    for (size_t i = 0; i < TARGET_EVENT_ARG; i++)
        memcpy(text + 3 * i, "\xE2\x82\xAC", 3);
    text[sizeof text - 1] = '\0';
    target_events_add(events, 0, TARGET_EVENT_MEDIUM_REFUSED, ARGS(text, text, text));
    const struct target_event *kept = target_events_get(events, 0);
    for (unsigned i = 0; i < TARGET_EVENT_ARGS; i++) {
        assert_int_equal(strlen(kept->args[i]), (TARGET_EVENT_ARG - 1) / 3 * 3);
        assert_true(utf8_valid(kept->args[i], strlen(kept->args[i])));
    }
    target_event_write(kept, sentence);
    assert_int_equal(strlen(sentence), 3 * strlen(kept->args[0]) + strlen(" does not go into drive : "));
    target_events_destroy(events);
}

static void a_sentence_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const args[TARGET_EVENT_ARGS] = {"0", "\xE2\x82\xAC\xE2\x82\xAC", ""};
    static const char whole[] = "Drive 0: \xE2\x82\xAC\xE2\x82\xAC";
    char room[sizeof whole + 1];
    for (size_t size = 1; size <= sizeof whole; size++) {
        memset(room, '#', sizeof room);
        target_event_sentence(TARGET_EVENT_MEDIUM_FAILED, args, room, size);
        assert_true(strlen(room) < size && strncmp(room, whole, strlen(room)) == 0);
        assert_true(utf8_valid(room, strlen(room)) && size - strlen(room) <= 3);
        assert_int_equal(room[size], '#');
    }
    assert_string_equal(room, whole);
}

static void lengths_are_told_in_what_fits(void **state)
{
    (void)state;
    static const char *const lengths[][2] = {{"0", "0 s"},          {"59", "59 s"},          {"60", "1 min 0 s"},
                                             {"150", "2 min 30 s"}, {"3599", "59 min 59 s"}, {"3900", "1 h 5 min"}};
    for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
        char room[80], sentence[80];
        target_event_sentence(TARGET_EVENT_RECORDING_ENDED, ARGS("anna", lengths[i][0], ""), room, sizeof room);
        snprintf(sentence, sizeof sentence, "The recording by anna has ended after %s.", lengths[i][1]);
        assert_string_equal(room, sentence);
    }
}

static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && length < 40 && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == length;
}

/* As people read it: it begins with a capital or an argument, and ends in a full stop, or in one that has its own. */
static void each_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    char text[TARGET_EVENT_TEXT];
    for (unsigned id = 0; id < TARGET_EVENT_IDS; id++) {
        const struct target_event_words *words = target_event_words((enum target_event_id)id);
        assert_non_null(words->name);
        assert_true(is_name(words->name));
        for (unsigned other = 0; other < id; other++)
            assert_string_not_equal(words->name, target_event_words((enum target_event_id)other)->name);
        assert_true(words->kind < TARGET_KINDS && words->tone < TARGET_TONES);
        assert_true(target_event_arguments((enum target_event_id)id) <= TARGET_EVENT_ARGS);
        target_event_sentence((enum target_event_id)id, ARGS("0", "0", "0"), text, sizeof text);
        assert_true(strlen(words->sentence) > 2 && strlen(words->sentence) < 120);
        assert_null(strpbrk(text, "{}%"));
        size_t length = strlen(words->sentence);
        assert_true(words->sentence[length - 1] == '.' || words->sentence[length - 1] == '}');
        assert_true(words->sentence[0] == '{' || (words->sentence[0] >= 'A' && words->sentence[0] <= 'Z'));
    }
}

static void nobody_keeps_nothing(void **state)
{
    (void)state;
    target_events_add(NULL, 0, TARGET_EVENT_POWER_ON, ARGS(NULL));
    assert_null(target_events_get(NULL, 0));
}

static void is(const struct target *target, enum target_health health, enum target_event_id id, const char *sentence)
{
    struct target_event why;
    assert_int_equal(target_health(target, &why), health);
    assert_int_equal(why.id, id);
    says(&why, sentence);
}

static struct drive_state drive_now;

static void drive_tells(struct drive *drive, struct drive_state *ret)
{
    (void)drive;
    *ret = drive_now;
}

static void health_is_the_worst_of_its_ports(void **state)
{
    (void)state;
    struct target_event why = {.number = 7};
    struct target target = {.signal = SCREEN_OK};
    struct target_usb usb = {.state = TARGET_USB_CONFIGURED};
    struct power_fake *power = NULL;
    assert_int_equal(power_fake_create(&power), 0);
    target.power = &power->power;
    assert_int_equal(target_health(&target, &why), TARGET_OK);
    assert_int_equal(why.number, 7);
    target.usb = &usb;
    usb.state = TARGET_USB_NOT_ATTACHED;
    is(&target, TARGET_WARN, TARGET_EVENT_USB_DETACHED, "Its USB is detached, or has no power.");
    usb.state = TARGET_USB_NO_HELPER;
    is(&target, TARGET_DANGER, TARGET_EVENT_USB_NO_HELPER,
       "The helper, which makes the USB gadget, is not there; start lightsout-helper.socket, or lightsoutd as root.");
    usb.state = TARGET_USB_GONE;
    is(&target, TARGET_DANGER, TARGET_EVENT_USB_FAILED,
       "Its USB does not work: Keyboard, mouse and drives cannot be plugged in.");
    snprintf(usb.trouble, sizeof usb.trouble, "%s", "No controller.");
    is(&target, TARGET_DANGER, TARGET_EVENT_USB_FAILED, "Its USB does not work: No controller.");
    target.signal = SCREEN_NO_SIGNAL;
    is(&target, TARGET_WARN, TARGET_EVENT_SIGNAL_LOST, "The screen gives no picture.");
    target.signal = SCREEN_DEVICE_GONE;
    snprintf(target.signal_why, sizeof target.signal_why, "%s", "The capture device is gone.");
    is(&target, TARGET_DANGER, TARGET_EVENT_SIGNAL_LOST, "The capture device is gone.");
    power->state = POWER_OFF;
    is(&target, TARGET_OFF, TARGET_EVENT_POWER_OFF, "Powered off.");
    snprintf(target.vm_state, sizeof target.vm_state, "%s", "failed");
    is(&target, TARGET_DANGER, TARGET_EVENT_MACHINE_FAILED_UNSAID, "Its machine failed, and does not say why.");
    snprintf(target.vm_why, sizeof target.vm_why, "%s", "QEMU ended.");
    is(&target, TARGET_DANGER, TARGET_EVENT_MACHINE_FAILED, "Its machine failed: QEMU ended.");
    power->power.ops->destroy(&power->power);
}

static void health_tells_of_the_first_drive_with_trouble(void **state)
{
    (void)state;
    static const struct drive_ops ops = {.state = drive_tells};
    struct drive drive = {.ops = &ops};
    struct target target = {.signal = SCREEN_OK, .drives = {&drive, &drive}, .n_drives = 2};
    struct target_event why;
    drive_now = (struct drive_state){.phase = DRIVE_INSERTED, .medium = "a.iso"};
    assert_int_equal(target_health(&target, &why), TARGET_OK);
    drive_now.link = DRIVE_LINK_WAITING;
    is(&target, TARGET_WARN, TARGET_EVENT_MEDIUM_WAITING, "Drive 0: reads wait for a.iso.");
    drive_now.link = DRIVE_LINK_LOST;
    is(&target, TARGET_DANGER, TARGET_EVENT_MEDIUM_LOST, "Drive 0: a.iso has been away for too long.");
    drive_now.phase = DRIVE_FAILED;
    is(&target, TARGET_DANGER, TARGET_EVENT_MEDIUM_FAILED, "Drive 0: its medium does not work.");
    snprintf(drive_now.reason, sizeof drive_now.reason, "%s", "The file is gone.");
    is(&target, TARGET_DANGER, TARGET_EVENT_MEDIUM_FAILED, "Drive 0: The file is gone.");
}

static void every_kind_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < TARGET_KINDS; i++)
        assert_true(*target_event_kind_name((enum target_event_kind)i));
    for (int i = 0; i < TARGET_TONES; i++)
        assert_true(*target_tone_name((enum target_tone)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_comes_first),
        cmocka_unit_test(the_same_is_said_once),
        cmocka_unit_test(arguments_stand_as_they_are),
        cmocka_unit_test(long_arguments_are_cut_between_characters),
        cmocka_unit_test(a_sentence_is_cut_between_characters),
        cmocka_unit_test(lengths_are_told_in_what_fits),
        cmocka_unit_test(each_has_a_name_and_a_sentence),
        cmocka_unit_test(nobody_keeps_nothing),
        cmocka_unit_test(health_is_the_worst_of_its_ports),
        cmocka_unit_test(health_tells_of_the_first_drive_with_trouble),
        cmocka_unit_test(every_kind_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
