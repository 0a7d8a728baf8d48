/* All that can happen to a target: for each a name for programs, what it is about, how it is meant, and an English
 * sentence with places for its arguments. Who shows it in another language does so by name and arguments. Pure. */
#pragma once

#include <stddef.h>

#include "core/attrs.h"
#include "core/sentence.h"

#define TARGET_EVENT_ARGS SENTENCE_ARGS

enum target_event_kind {
    TARGET_KIND_POWER,     /* on, off */
    TARGET_KIND_MACHINE,   /* a virtual machine's process: started, failed */
    TARGET_KIND_SIGNAL,    /* of its screen: lost, back */
    TARGET_KIND_MEDIA,     /* inserted, ejected, failed */
    TARGET_KIND_USB,       /* attached, suspended, failed */
    TARGET_KIND_SEAT,      /* taken over */
    TARGET_KIND_RECORDING, /* begun, ended */
    TARGET_KINDS
};

/* How it is meant: nothing to do, good news, look at it, it does not work. */
enum target_tone { TARGET_TONE_INFO, TARGET_TONE_GOOD, TARGET_TONE_WARN, TARGET_TONE_DANGER, TARGET_TONES };

/* With their arguments, all text. why: a sentence; drive: its number; seconds: a length of time, whole
 * seconds; personality: its name. */
enum target_event_id {
    TARGET_EVENT_POWER_ON,
    TARGET_EVENT_POWER_OFF,
    TARGET_EVENT_MACHINE_FAILED,        /* why */
    TARGET_EVENT_MACHINE_FAILED_UNSAID, /* why is not known */
    TARGET_EVENT_MACHINE_STARTED,
    TARGET_EVENT_SIGNAL_LOST, /* name of the signal (capture/screen.h), why */
    TARGET_EVENT_SIGNAL_BACK,
    TARGET_EVENT_MEDIUM_INSERTED, /* drive, medium */
    TARGET_EVENT_MEDIUM_EJECTED,  /* drive, medium */
    TARGET_EVENT_MEDIUM_REFUSED,  /* drive, medium, why */
    TARGET_EVENT_MEDIUM_FAILED,   /* drive, why */
    TARGET_EVENT_MEDIUM_WAITING,  /* drive, medium */
    TARGET_EVENT_MEDIUM_LOST,     /* drive, medium */
    TARGET_EVENT_MEDIUM_BACK,     /* drive, medium */
    TARGET_EVENT_USB_ATTACHED,
    TARGET_EVENT_USB_DETACHED,
    TARGET_EVENT_USB_SUSPENDED,
    TARGET_EVENT_USB_RESUMED,
    TARGET_EVENT_USB_FAILED, /* why */
    TARGET_EVENT_USB_NO_HELPER,
    TARGET_EVENT_USB_CHOSEN, /* by hand: personality */
    TARGET_EVENT_USB_CHOSEN_AUTOMATIC,
    TARGET_EVENT_USB_ACCEPTED,             /* what was offered: personality */
    TARGET_EVENT_USB_SWITCHED,             /* by the automatic choice: personality, name of the reason, why */
    TARGET_EVENT_USB_OFFERED,              /* the same */
    TARGET_EVENT_USB_KEPT,                 /* the same */
    TARGET_EVENT_MEDIUM_EJECTED_BY_TARGET, /* drive, medium */
    TARGET_EVENT_BOOT_KEYS_PRESSED,
    TARGET_EVENT_BOOT_KEYS_UNSEEN,    /* pressed; the screen could not be read */
    TARGET_EVENT_BOOT_KEYS_NOT_SHOWN, /* given up: what the screen never showed */
    TARGET_EVENT_BOOT_KEYS_NOT_TAKEN,
    TARGET_EVENT_BOOT_KEYS_STOPPED,
    TARGET_EVENT_BOOT_KEYS_MISTAKE, /* what is the matter with the recipe */
    TARGET_EVENT_SEAT_OVERTAKEN,    /* who has it, who had it */
    TARGET_EVENT_RECORDING_BEGAN,   /* who */
    TARGET_EVENT_RECORDING_ENDED,   /* who, seconds */
    TARGET_EVENT_RECORDING_BROKEN,  /* who, seconds, why */
    TARGET_EVENT_PICTURES_BEGAN,    /* who, seconds between them */
    TARGET_EVENT_IDS
};

struct target_event_words {
    const char *name; /* of small letters with hyphens; never changes its meaning, nor that of its arguments */
    enum target_event_kind kind;
    enum target_tone tone;
    const char *sentence; /* core/sentence.h */
};

const struct target_event_words *target_event_words(enum target_event_id id);

/* How many arguments it has: the highest that its sentence names. */
unsigned target_event_arguments(enum target_event_id id);

/* The sentence with its arguments (none is NULL), cut between characters where size is too small; it is 1 at least. */
void target_event_sentence(enum target_event_id id, const char *const args[static TARGET_EVENT_ARGS], char *room,
                           size_t size);

/* Stable words for programs: "power", "machine" ...; "info", "good", "warn", "danger". */
const char *target_event_kind_name(enum target_event_kind kind);
const char *target_tone_name(enum target_tone tone);
