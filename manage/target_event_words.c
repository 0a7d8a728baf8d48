#include "manage/target_event_words.h"

/* The page says the same in html5-client/messages/LANGUAGE/events.json (tests/lint/check_messages.py reads both). */
static const struct target_event_words table[] = {
    [TARGET_EVENT_POWER_ON] = {"power-on", TARGET_KIND_POWER, TARGET_TONE_INFO, "Powered on."},
    [TARGET_EVENT_POWER_OFF] = {"power-off", TARGET_KIND_POWER, TARGET_TONE_INFO, "Powered off."},
    [TARGET_EVENT_MACHINE_FAILED] = {"machine-failed", TARGET_KIND_MACHINE, TARGET_TONE_DANGER,
                                     "Its machine failed: {1}"},
    [TARGET_EVENT_MACHINE_FAILED_UNSAID] = {"machine-failed-unsaid", TARGET_KIND_MACHINE, TARGET_TONE_DANGER,
                                            "Its machine failed, and does not say why."},
    [TARGET_EVENT_MACHINE_STARTED] = {"machine-started", TARGET_KIND_MACHINE, TARGET_TONE_GOOD,
                                      "Its machine's process was started."},
    [TARGET_EVENT_SIGNAL_LOST] = {"signal-lost", TARGET_KIND_SIGNAL, TARGET_TONE_WARN, "{2}"},
    [TARGET_EVENT_SIGNAL_BACK] = {"signal-back", TARGET_KIND_SIGNAL, TARGET_TONE_GOOD, "There is a picture again."},
    [TARGET_EVENT_MEDIUM_INSERTED] = {"medium-inserted", TARGET_KIND_MEDIA, TARGET_TONE_INFO, "{2} is in drive {1}."},
    [TARGET_EVENT_MEDIUM_EJECTED] = {"medium-ejected", TARGET_KIND_MEDIA, TARGET_TONE_INFO, "{2} is out of drive {1}."},
    [TARGET_EVENT_MEDIUM_REFUSED] = {"medium-refused", TARGET_KIND_MEDIA, TARGET_TONE_WARN,
                                     "{2} does not go into drive {1}: {3}"},
    [TARGET_EVENT_MEDIUM_FAILED] = {"medium-failed", TARGET_KIND_MEDIA, TARGET_TONE_DANGER, "Drive {1}: {2}"},
    [TARGET_EVENT_MEDIUM_WAITING] = {"medium-waiting", TARGET_KIND_MEDIA, TARGET_TONE_WARN,
                                     "Drive {1}: reads wait for {2}."},
    [TARGET_EVENT_MEDIUM_LOST] = {"medium-lost", TARGET_KIND_MEDIA, TARGET_TONE_DANGER,
                                  "Drive {1}: {2} has been away for too long."},
    [TARGET_EVENT_MEDIUM_BACK] = {"medium-back", TARGET_KIND_MEDIA, TARGET_TONE_GOOD,
                                  "Drive {1}: {2} can be read again."},
    [TARGET_EVENT_USB_ATTACHED] = {"usb-attached", TARGET_KIND_USB, TARGET_TONE_GOOD,
                                   "It has attached keyboard, mouse and drives."},
    [TARGET_EVENT_USB_DETACHED] = {"usb-detached", TARGET_KIND_USB, TARGET_TONE_WARN,
                                   "Its USB is detached, or has no power."},
    [TARGET_EVENT_USB_SUSPENDED] = {"usb-suspended", TARGET_KIND_USB, TARGET_TONE_INFO,
                                    "It sleeps: its USB is suspended."},
    [TARGET_EVENT_USB_RESUMED] = {"usb-resumed", TARGET_KIND_USB, TARGET_TONE_INFO, "It has woken up."},
    [TARGET_EVENT_USB_FAILED] = {"usb-failed", TARGET_KIND_USB, TARGET_TONE_DANGER, "Its USB does not work: {1}"},
    [TARGET_EVENT_USB_NO_HELPER] =
        {"usb-no-helper", TARGET_KIND_USB, TARGET_TONE_DANGER,
         "The helper, which makes the USB gadget, is not there; start lightsout-helper.socket, or "
         "lightsoutd as root."},
    [TARGET_EVENT_USB_CHOSEN] = {"usb-chosen", TARGET_KIND_USB, TARGET_TONE_INFO, "Chosen by hand: \"{1}\"."},
    [TARGET_EVENT_USB_CHOSEN_AUTOMATIC] = {"usb-chosen-automatic", TARGET_KIND_USB, TARGET_TONE_INFO,
                                           "The automatic choice begins anew."},
    [TARGET_EVENT_USB_ACCEPTED] = {"usb-accepted", TARGET_KIND_USB, TARGET_TONE_INFO,
                                   "The offer was accepted: \"{1}\"."},
    [TARGET_EVENT_USB_SWITCHED] = {"usb-switched", TARGET_KIND_USB, TARGET_TONE_INFO, "Changed to \"{1}\". {3}"},
    [TARGET_EVENT_USB_OFFERED] = {"usb-offered", TARGET_KIND_USB, TARGET_TONE_WARN, "Offered: \"{1}\". {3}"},
    [TARGET_EVENT_USB_KEPT] = {"usb-kept", TARGET_KIND_USB, TARGET_TONE_GOOD, "Kept for this target: \"{1}\". {3}"},
    [TARGET_EVENT_MEDIUM_EJECTED_BY_TARGET] = {"medium-ejected-by-target", TARGET_KIND_MEDIA, TARGET_TONE_INFO,
                                               "The target has ejected {2} from drive {1}."},
    [TARGET_EVENT_BOOT_KEYS_PRESSED] = {"boot-keys-pressed", TARGET_KIND_USB, TARGET_TONE_INFO,
                                        "The boot keys were pressed."},
    [TARGET_EVENT_BOOT_KEYS_UNSEEN] = {"boot-keys-unseen", TARGET_KIND_USB, TARGET_TONE_WARN,
                                       "The boot keys were pressed; whether they worked cannot be read on the screen."},
    [TARGET_EVENT_BOOT_KEYS_NOT_SHOWN] = {"boot-keys-not-shown", TARGET_KIND_USB, TARGET_TONE_WARN,
                                          "The boot keys were given up: the screen never showed \"{1}\"."},
    [TARGET_EVENT_BOOT_KEYS_NOT_TAKEN] = {"boot-keys-not-taken", TARGET_KIND_USB, TARGET_TONE_WARN,
                                          "The boot keys did not arrive: the target did not take a single one."},
    [TARGET_EVENT_BOOT_KEYS_STOPPED] = {"boot-keys-stopped", TARGET_KIND_USB, TARGET_TONE_INFO,
                                        "The boot keys were stopped."},
    [TARGET_EVENT_BOOT_KEYS_MISTAKE] = {"boot-keys-mistake", TARGET_KIND_USB, TARGET_TONE_DANGER,
                                        "The boot keys' recipe {1}."},
    [TARGET_EVENT_SEAT_OVERTAKEN] = {"seat-overtaken", TARGET_KIND_SEAT, TARGET_TONE_INFO,
                                     "{1} took the keyboard over from {2}."},
    [TARGET_EVENT_RECORDING_BEGAN] = {"recording-began", TARGET_KIND_RECORDING, TARGET_TONE_INFO,
                                      "{1} records the screen."},
    [TARGET_EVENT_RECORDING_ENDED] = {"recording-ended", TARGET_KIND_RECORDING, TARGET_TONE_INFO,
                                      "The recording by {1} has ended after {2s}."},
    [TARGET_EVENT_RECORDING_BROKEN] = {"recording-broken", TARGET_KIND_RECORDING, TARGET_TONE_WARN,
                                       "The recording by {1} has ended after {2s}: {3}"},
    [TARGET_EVENT_PICTURES_BEGAN] = {"pictures-began", TARGET_KIND_RECORDING, TARGET_TONE_INFO,
                                     "{1} records a picture of the screen every {2} s."},
};
static_assert(ARRAY_SIZE(table) == TARGET_EVENT_IDS, "words for each");

const struct target_event_words *target_event_words(enum target_event_id id)
{
    return &table[id];
}

unsigned target_event_arguments(enum target_event_id id)
{
    return sentence_arguments(table[id].sentence);
}

void target_event_sentence(enum target_event_id id, const char *const args[static TARGET_EVENT_ARGS], char *room,
                           size_t size)
{
    sentence_write(table[id].sentence, args, room, size);
}

const char *target_event_kind_name(enum target_event_kind kind)
{
    static const char *const names[] = {
        [TARGET_KIND_POWER] = "power",         [TARGET_KIND_MACHINE] = "machine", [TARGET_KIND_SIGNAL] = "signal",
        [TARGET_KIND_MEDIA] = "media",         [TARGET_KIND_USB] = "usb",         [TARGET_KIND_SEAT] = "seat",
        [TARGET_KIND_RECORDING] = "recording",
    };
    static_assert(ARRAY_SIZE(names) == TARGET_KINDS, "a word for each");
    return names[kind];
}

const char *target_tone_name(enum target_tone tone)
{
    static const char *const names[] = {
        [TARGET_TONE_INFO] = "info",
        [TARGET_TONE_GOOD] = "good",
        [TARGET_TONE_WARN] = "warn",
        [TARGET_TONE_DANGER] = "danger",
    };
    static_assert(ARRAY_SIZE(names) == TARGET_TONES, "a word for each");
    return names[tone];
}
