/* The typed table of keys. One row is everything the program knows of a key: who may write it, of what type, within
 * which bounds, and what to tell who got it wrong. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/config/config.h"

enum config_section { CONFIG_SECTION_GATEWAY, CONFIG_SECTION_TARGET };

enum {
    CONFIG_FOR_QEMU = 1 << CONFIG_QEMU,
    CONFIG_FOR_TESTCARD = 1 << CONFIG_TESTCARD,
    CONFIG_FOR_REPLAY = 1 << CONFIG_REPLAY,
    CONFIG_FOR_DONGLE = 1 << CONFIG_DONGLE,
    CONFIG_FOR_ALL = CONFIG_FOR_QEMU | CONFIG_FOR_TESTCARD | CONFIG_FOR_REPLAY | CONFIG_FOR_DONGLE,
};

/* When a changed value counts. */
enum config_applies {
    CONFIG_APPLIES_NOW,
    CONFIG_APPLIES_MACHINE, /* when the target's machine is started the next time */
    CONFIG_APPLIES_GATEWAY, /* when the gateway's process begins anew */
    CONFIG_APPLIES_RESTART, /* when lightsoutd does */
};
/* What the page changes of these could shut its maker out: undone unless confirmed (pending_change.h). */
enum config_trial { CONFIG_TRIAL_NONE, CONFIG_TRIAL_LISTENERS, CONFIG_TRIAL_LOGIN };
/* From the page, only what the supervisor finds on this machine. */
enum config_devices_of { CONFIG_DEVICES_NONE, CONFIG_DEVICES_CAPTURE, CONFIG_DEVICES_UDC, CONFIG_DEVICES_GPIO };

struct config_key {
    const char *name;
    enum config_section section;
    unsigned machines; /* CONFIG_FOR_* bits; of a target's keys */
    /* Reads the value into the field. False: it is wrong; why says in what way (a clause, "" for "not understood"). */
    bool (*parse)(const struct config_key *key, const char *value, void *field, char *why, size_t why_size);
    size_t offset, size;      /* of the field in struct config or struct config_target */
    long min, max;            /* numbers; of sizes, MiB */
    const char *const *words; /* choices, NULL ends; the field is an unsigned index */
    const char *standard;     /* what counts when nothing is said, as one would write it; "": nothing */
    const char *unit;         /* of a number, for people; NULL: none */
    const char *help;         /* one sentence: what it is */
    const char *remedy;       /* an imperative clause with an example */
    bool trusted_only;
    bool many;   /* may stand in several lines, each of which adds to the field */
    bool hidden; /* a secret: its value is told to nobody */

    bool page; /* page, REST and command line may write it; else the file alone */
    /* What the page may not write of what the file may; NULL: nothing. As parse. */
    bool (*page_fits)(const struct config_key *key, const char *value, char *why, size_t why_size);
    enum config_devices_of devices;
    enum config_applies applies;
    enum config_trial trial;
};

extern const struct config_key config_keys[];
extern const size_t config_n_keys;

/* NULL: unknown. */
const struct config_key *config_key_find(enum config_section section, const char *name);
/* The key that was probably meant, or NULL. */
const char *config_key_nearest(enum config_section section, const char *name);

/* The parsers of the rows (config_value.c, config_value_dongle.c, config_value_power.c, config_value_outward.c,
 * config_value_net.c, config_value_audit.c, config_value_directory.c). */
typedef bool config_parse_fn(const struct config_key *key, const char *value, void *field, char *why, size_t why_size);
config_parse_fn config_value_bool, config_value_number, config_value_size, config_value_word, config_value_path,
    config_value_user, config_value_listen, config_value_names, config_value_disk, config_value_nic, config_value_mac,
    config_value_arguments, config_value_device, config_value_devices, config_value_input, config_value_edid,
    config_value_udc, config_value_usb_id, config_value_usb_text, config_value_gpio, config_value_bytes6,
    config_value_broadcast, config_value_boot_keys, config_value_networks, config_value_proxy, config_value_base_path,
    config_value_trusted, config_value_syslog, config_value_directory_urls, config_value_directory_dn,
    config_value_directory_filter, config_value_directory_user_dn, config_value_directory_group, config_value_jiggler,
    config_value_group, config_value_title, config_value_layout;

/* Whether a value may come from the page: text of one line, not too long, that parses, and that page_fits. The page is
 * as good as whoever has taken over the gateway: no path, no user, no free word for a command. Pure. */
#define CONFIG_PAGE_VALUE_MAX 1024
#define CONFIG_PAGE_DISK_MAX (2ull << 40) /* bytes */
bool config_page_value(const struct config_key *key, const char *value, char *why, size_t why_size);

typedef bool config_page_fits_fn(const struct config_key *key, const char *value, char *why, size_t why_size);
config_page_fits_fn config_page_fits_disk, config_page_fits_nic, config_page_fits_capture, config_page_fits_edid,
    config_page_fits_gpio, config_page_fits_keep;

/* What is wrong with the directory's keys together, and with which; NULL: nothing. */
const char *config_directory_fault(const struct config_directory *self, const char **ret_key);
