/* What a gadget shows of itself, because firmware is not as good as an OS at composite devices: some set up only one
 * interface, some stall on an empty drive. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usbgadget/left_out.h"

enum personality {
    PERSONALITY_FULL,           /* keyboard, absolute and relative pointer, consumer keys, drives */
    PERSONALITY_KEYBOARD,       /* a boot keyboard and nothing else */
    PERSONALITY_DRIVE,          /* drives and nothing else */
    PERSONALITY_KEYBOARD_DRIVE, /* boot keyboard first, then drives */
    PERSONALITY_STORAGE_FIRST,  /* drives first, then what full has */
    PERSONALITIES,
};

/* "full", "keyboard", "drive", "keyboard+drive", "storage-first": stable for configuration, API and command line. */
const char *personality_name(enum personality personality);
bool personality_parse(const char *word, enum personality *ret);
const char *personality_words(enum personality personality); /* a sentence for people: what the target sees */

#define GADGET_HIDS 4 /* the first four; also the most that a kernel has */
#define GADGET_LUNS 2

/* What is there to be had. */
struct personality_means {
    unsigned functions; /* bit 1 << enum gadget_function: the kernel has it */
    unsigned hids;      /* HID functions that are still free in the system */
    unsigned in, out;   /* endpoints of the UDC besides endpoint 0, each way; 0: not known, then nothing is counted */
    bool led_endpoint;  /* wanted: an OUT endpoint of the keyboard's own for the LED report; the first thing to go */
    bool hid_out;       /* this kernel gives every HID function an OUT endpoint (it has no no_out_endpoint) */
    bool empty_drives;  /* false: no drive has a medium, and empty ones are withdrawn */
    bool big_cd;        /* wanted */
    bool no_drives;     /* the target is to have none at all */
};

/* In interface order. */
struct personality_plan {
    enum gadget_function order[GADGET_FUNCTIONS];
    unsigned n;
    bool led_endpoint;
    unsigned in, out; /* endpoints that this needs */
    struct left_out left_out;
};

/* -ENOSPC: not even the least of this personality fits (why says what is missing); -ENODATA: a drive-only gadget whose
 * empty drives are withdrawn, or that has no drives, has nothing left. */
int personality_plan(enum personality personality, const struct personality_means *means, struct personality_plan *ret,
                     char *why, size_t why_size);
