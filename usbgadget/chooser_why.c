#include "usbgadget/chooser_why.h"

#include <assert.h>
#include <stddef.h>

#include "core/attrs.h"

/* The page says the same in html5-client/messages/LANGUAGE/dongle.json (tests/lint/check_messages.py reads both). */
static const struct chooser_why_words table[] = {
    [CHOOSER_WHY_ON_WITH_MEDIUM] = {"on-with-medium", "The target was switched on with a medium in."},
    [CHOOSER_WHY_ON_WITHOUT_MEDIUM] = {"on-without-medium", "The target was switched on without a medium."},
    [CHOOSER_WHY_RESET_WITH_MEDIUM] = {"reset-with-medium", "The target was reset with a medium in."},
    [CHOOSER_WHY_RESET_WITHOUT_MEDIUM] = {"reset-without-medium", "The target was reset without a medium."},
    [CHOOSER_WHY_DRIVE_READ] = {"drive-read", "The target's firmware reads the drive."},
    [CHOOSER_WHY_KEYBOARD_POLLED] = {"keyboard-polled", "The target's firmware polls the keyboard."},
    [CHOOSER_WHY_DRIVE_UNREAD] = {"drive-unread", "The target's firmware has not read the drive in time."},
    [CHOOSER_WHY_KEYBOARD_UNPOLLED] = {"keyboard-unpolled",
                                       "The target's firmware has not polled the keyboard in time."},
    [CHOOSER_WHY_NONE_USED] = {"none-used", "The target's firmware used none of the personalities."},
    [CHOOSER_WHY_DRIVES_IN_USE] = {"drives-in-use",
                                   "Another personality suits the drives, but keys or drives are in use."},
    [CHOOSER_WHY_FIRMWARE_IN_USE] = {"firmware-in-use",
                                     "Another personality may suit the firmware, but keys or drives are in use."},
    [CHOOSER_WHY_DRIVE_UNSEEN] = {"drive-unseen",
                                  "A medium is in, but the target sees no drive until it is switched on again."},
};
static_assert(ARRAY_SIZE(table) == CHOOSER_WHYS, "words for each");

const struct chooser_why_words *chooser_why_words(enum chooser_why why)
{
    return why == CHOOSER_WHY_UNSAID ? NULL : &table[why];
}
