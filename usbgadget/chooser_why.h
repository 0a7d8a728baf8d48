/* Why the automatic choice of a personality (usbgadget/chooser.h) decided as it did: for each reason a name for
 * programs and an English sentence. Pure. */
#pragma once

enum chooser_why {
    CHOOSER_WHY_UNSAID, /* it has not decided anything */
    CHOOSER_WHY_ON_WITH_MEDIUM,
    CHOOSER_WHY_ON_WITHOUT_MEDIUM,
    CHOOSER_WHY_RESET_WITH_MEDIUM,
    CHOOSER_WHY_RESET_WITHOUT_MEDIUM,
    CHOOSER_WHY_DRIVE_READ,
    CHOOSER_WHY_KEYBOARD_POLLED,
    CHOOSER_WHY_DRIVE_UNREAD,
    CHOOSER_WHY_KEYBOARD_UNPOLLED,
    CHOOSER_WHY_NONE_USED,
    CHOOSER_WHY_DRIVES_IN_USE,   /* another one suits the drives as they are now */
    CHOOSER_WHY_FIRMWARE_IN_USE, /* another one may suit the firmware */
    CHOOSER_WHY_DRIVE_UNSEEN,
    CHOOSER_WHYS
};

struct chooser_why_words {
    const char *name; /* of small letters with hyphens; never changes its meaning */
    const char *sentence;
};

/* NULL: CHOOSER_WHY_UNSAID. */
const struct chooser_why_words *chooser_why_words(enum chooser_why why);
