/* Chooses a personality by what the target's firmware does with the one it has. Pure: events with times in, at most one
 * step out. What was found out is remembered by the owner per target and given back at the next start.
 *
 * A personality works when the firmware has read the drive that has a medium or, where none has one, polls the
 * keyboard. One that does not within `patience_us` of being configured makes room for the next. The OS that comes after
 * the firmware (it configures us anew) proves nothing about the firmware: it makes a personality that was known to work
 * neither better nor worse. When all were tried since power-on, it is full again, until the next power-on.
 *
 * What was found out with a medium in is not for a target without one, and the other way round. A change of medium
 * unplugs nothing; the next power-on or bus reset, behind which there may be firmware, has the one that fits. */
#pragma once

#include "usbgadget/chooser_why.h"
#include "usbgadget/personality.h"

struct chooser_config {
    bool automatic;
    enum personality first; /* remembered, or configured */
    bool known;             /* first was found out earlier: it is kept unless it fails again */
    /* The same for a target that is switched on with a medium in: firmware that sets up only one interface needs
     * another personality then. Not known: first is tried. */
    enum personality with_medium;
    bool with_medium_known;
    uint32_t patience_us; /* after the firmware configured us, until it has polled the keyboard or read the drive */
    uint32_t quiet_us;    /* a drive that was read within this time is in use (60 s) */
};

enum chooser_event {
    CHOOSER_POWER_ON,   /* power LED, VBUS, or a bus reset after not attached */
    CHOOSER_POWER_OFF,  /* power LED off, VBUS gone, suspended for good */
    CHOOSER_RESET,      /* the host had configured us, and has reset the bus */
    CHOOSER_CONFIGURED, /* the host has configured us, each time that it did */
    CHOOSER_POLLED,     /* it took a keyboard report, the first since it configured us */
    CHOOSER_READ,       /* since then it read from a drive that has a medium */
    CHOOSER_LOCKED,
    CHOOSER_UNLOCKED, /* the door of a drive; counts while a medium is in */
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
    CHOOSER_REMEMBER, /* the current one works with this firmware: keep config's four fields for this target */
};

struct chooser {
    struct chooser_config config;
    enum personality current, next;
    uint64_t powered_us, configured_us, read_us, deadline_us; /* 0: not, or never */
    unsigned tried;                                           /* bits of enum personality since power-on */
    bool polled, was_read, locked, key_down, medium, settled, offered;
    bool fits_medium; /* medium, when the current one was begun with */
    bool switching;   /* we left ourselves: the host has not configured the new one yet */
    enum chooser_why why;
};

void chooser_init(struct chooser *self, const struct chooser_config *config);
enum chooser_step chooser_event(struct chooser *self, enum chooser_event event, uint64_t now_us);
/* When CHOOSER_TICK is due, 0: never. */
uint64_t chooser_due(const struct chooser *self);
/* The target has this one already, from a time that nobody remembers: it is kept, and judged from the next power-on on.
 */
void chooser_take_over(struct chooser *self, enum personality bound, uint64_t now_us);
/* A person chose; automatic is over until chooser_init. */
void chooser_set(struct chooser *self, enum personality personality);
enum chooser_why chooser_why(const struct chooser *self); /* of the last step */
