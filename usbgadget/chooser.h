/* Chooses a personality by what the target does with the one it has. Pure: events with times in, at most one step out.
 * What was found out is remembered by the owner per target and given back at the next start. */
#pragma once

#include "usbgadget/personality.h"

struct chooser_config {
    bool automatic;
    enum personality first; /* remembered, or configured */
    bool known;             /* first was found out earlier: it is kept unless it fails again */
    uint32_t patience_us;   /* after the firmware configured us, until it has polled the keyboard or read the drive */
    uint32_t quiet_us;      /* a drive that was read within this time is in use (60 s) */
};

enum chooser_event {
    CHOOSER_POWER_ON,   /* power LED, VBUS, or a bus reset after not attached */
    CHOOSER_POWER_OFF,  /* power LED off, VBUS gone, suspended for good */
    CHOOSER_CONFIGURED, /* the host has configured us */
    CHOOSER_POLLED,     /* it took a keyboard report */
    CHOOSER_READ,       /* it read from a drive that has a medium */
    CHOOSER_LOCKED,
    CHOOSER_UNLOCKED, /* the door of a drive */
    CHOOSER_KEY_DOWN,
    CHOOSER_KEYS_UP,
    CHOOSER_MEDIUM_IN,
    CHOOSER_MEDIUM_OUT,
    CHOOSER_TICK,
};

enum chooser_step {
    CHOOSER_STAY,
    CHOOSER_SWITCH,   /* to chooser_next, now */
    CHOOSER_OFFER,    /* to chooser_next, but a person must say so: something is in use */
    CHOOSER_REMEMBER, /* the current one works: keep it for this target */
};

struct chooser {
    struct chooser_config config;
    enum personality current, next;
    uint64_t powered_us, configured_us, read_us, deadline_us; /* 0: not, or never */
    unsigned tried;                                           /* bits of enum personality since power-on */
    bool polled, was_read, locked, key_down, medium, settled, offered;
};

void chooser_init(struct chooser *self, const struct chooser_config *config);
enum chooser_step chooser_event(struct chooser *self, enum chooser_event event, uint64_t now_us);
/* When CHOOSER_TICK is due, 0: never. */
uint64_t chooser_due(const struct chooser *self);
/* A person chose; automatic is over until chooser_init. */
void chooser_set(struct chooser *self, enum personality personality);
const char *chooser_why(const struct chooser *self); /* sentence for the event of the last step */
