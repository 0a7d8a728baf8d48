/* What supervisor and gateway say to each other over core/ipc. The supervisor sends SETUP, one TARGET for each, VM for
 * those with a process, and BEGIN; later VM, KEEPER and OUTWARD whenever something changes. The gateway says READY
 * once, and WANT_HELPER. It names targets only by their place. Packing and unpacking are pure; the receiver checks
 * every length and range. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire.h"
#include "gateway/config/config.h"

enum control_type {
    CONTROL_SETUP = 1,
    CONTROL_TARGET,
    CONTROL_VM,
    CONTROL_BEGIN,
    CONTROL_KEEPER,            /* one descriptor: a channel to the new keeper */
    CONTROL_DONGLE,            /* control_dongle.h; behind the TARGET of each that is one */
    CONTROL_HELPER,            /* one descriptor: a channel to the helper */
    CONTROL_WOKEN,             /* struct control_woken: answers WAKE */
    CONTROL_CLOCK,             /* control_clock.h */
    CONTROL_OUTWARD,           /* one descriptor: a channel to the outward process */
    CONTROL_EXPORTS,           /* struct control_exports; before BEGIN, where nbd-listen is configured */
    CONTROL_NET,               /* control_net.h; before BEGIN, and when it changed */
    CONTROL_LISTEN,            /* control_net.h, one descriptor: a listening socket */
    CONTROL_CLIENT_CA,         /* no body; descriptors: none, authorities, or authorities and revocation lists (PEM) */
    CONTROL_UNLISTEN,          /* control_net.h: it is taken back */
    CONTROL_TARGET_GONE,       /* struct control_gone */
    CONTROL_SETTINGS = 40,     /* control_config.h; before BEGIN, and when it changed */
    CONTROL_SETTINGS_ANSWER,   /* control_config.h: answers SETTINGS_ASK */
    CONTROL_READER = 56,       /* one descriptor: a channel to the reader; answers WANT_READER */
    CONTROL_WANT_READER = 120, /* from the gateway: text is to be recognised */
    CONTROL_BACKUP = 44,       /* supervisor_backup.h: answers BACKUP_ASK */
    CONTROL_DEVICES = 45,      /* control_devices.h: answers DEVICES_ASK */
    CONTROL_READY = 64,
    CONTROL_WANT_HELPER,       /* the channel to the helper broke */
    CONTROL_SET_CLOCK,         /* control_clock.h */
    CONTROL_WAKE,              /* struct control_wake: the gateway has no network of its own */
    CONTROL_OFF,               /* struct control_place: its machine is off, and its process may be changed */
    CONTROL_PARTED,            /* struct control_place: nothing of a target that is gone uses its machine any more */
    CONTROL_BACKUP_ASK = 97,   /* supervisor_backup.h */
    CONTROL_SETTINGS_ASK = 96, /* control_config.h */
    CONTROL_DEVICES_ASK = 98,  /* control_devices.h */
};

/* With one descriptor: the library's folder, or none. */
struct control_setup {
    char state[CONFIG_PATH_MAX]; /* the state folder */
    uint64_t cache_memory, cache_disk;
    uint64_t recordings_keep; /* bytes; 0: nothing is recorded */
};

/* A target's place: the index among those that are there, and the generation, which no two targets in one place share.
 * The gateway says both; what it says of a target that is gone is dropped. */
struct control_place {
    uint16_t index;
    uint32_t generation;
};

/* Once for each target, and again whenever something has changed: then place, name and machine are those of before,
 * what may change without touching what runs takes effect, and the rest is ignored. With one descriptor for a replay:
 * the recording, the first time. */
struct control_target {
    uint16_t index;
    uint32_t generation;
    uint16_t order; /* among the targets, as the configuration lists them */
    char name[TARGET_NAME_MAX];
    uint8_t machine; /* enum config_machine */
    uint8_t firmware;
    uint8_t format; /* below CONFIG_FORMATS */
    bool noise;
    bool nic;
    uint8_t n_disks, drives;
    uint32_t media_wait_s;
    bool seat_shared;
    uint32_t seat_idle_s;
    char group[TARGET_GROUP_MAX], title[TARGET_TITLE_MAX];
    char waits[TARGET_WAITS_MAX]; /* keys that take effect when the machine is powered off and on; "" */
    uint32_t jiggler_s;
    char layout[TARGET_LAYOUT_MAX];
};

enum control_gone_how {
    CONTROL_GONE_ANEW,    /* it comes back at once, made anew */
    CONTROL_GONE_AWAY,    /* nothing names it any more: its viewers are told that; what is noted of it is kept */
    CONTROL_GONE_REMOVED, /* the same, and somebody wanted it: what is noted of it (macros, media) goes, too */
    CONTROL_GONE_HOWS
};

/* It is gone from this place. */
struct control_gone {
    struct control_place place;
    uint8_t how; /* enum control_gone_how */
};

struct control_vm {
    uint16_t index;
    uint32_t generation;
    bool running;
    uint32_t pid; /* 0: none */
    char state[32];
    char why[512];
    uint8_t n_log;
    char log[TARGET_LOG_LINES][TARGET_LOG_LINE];
};

/* With a descriptor each, in this order, for those of the two files that are there. */
struct control_exports {
    bool keys, client_ca;
};

struct control_wake {
    struct control_place place;
};

struct control_woken {
    struct control_place place;
    int32_t error;
    char why[256];
};

/* Descriptors of the gateway's process. */
enum { GATEWAY_FD_SUPERVISOR = 3, GATEWAY_FD_KEEPER, GATEWAY_FD_CONTROL, GATEWAY_FD_END };

void control_write_setup(struct wire_writer *w, const struct control_setup *setup);
void control_write_target(struct wire_writer *w, const struct control_target *target);
void control_write_vm(struct wire_writer *w, const struct control_vm *vm);
void control_write_exports(struct wire_writer *w, const struct control_exports *exports);
void control_write_gone(struct wire_writer *w, const struct control_gone *gone);
void control_write_place(struct wire_writer *w, const struct control_place *place);
void control_write_wake(struct wire_writer *w, const struct control_wake *wake);
void control_write_woken(struct wire_writer *w, const struct control_woken *woken);

/* False: malformed; *ret is then undefined. */
bool control_read_setup(const uint8_t *body, size_t size, struct control_setup *ret);
bool control_read_target(const uint8_t *body, size_t size, struct control_target *ret);
bool control_read_vm(const uint8_t *body, size_t size, struct control_vm *ret);
bool control_read_exports(const uint8_t *body, size_t size, struct control_exports *ret);
bool control_read_gone(const uint8_t *body, size_t size, struct control_gone *ret);
bool control_read_place(const uint8_t *body, size_t size, struct control_place *ret);
bool control_read_wake(const uint8_t *body, size_t size, struct control_wake *ret);
bool control_read_woken(const uint8_t *body, size_t size, struct control_woken *ret);
