/* Settings as page and shell see them: keys, what is said of them and by whom, and wishes to change them. The gateway
 * asks the supervisor, which judges each value itself. Net thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_CONFIG_TAG 33 /* an ETag's hex digits and a NUL */

struct api_config_key {
    const char *name;
    bool of_target;
    uint32_t machines;        /* bits by the words of `machine_words`; of a target's */
    const char *type;         /* "bool", "number", "size", "choice", "text", "list", "path", "device" */
    const char *const *words; /* of a choice, NULL ends */
    bool bounded;
    long min, max;
    const char *standard, *unit, *help, *remedy; /* unit: NULL for none */
    const char *devices, *applies, *trial;       /* devices, trial: NULL for none */
    bool many, page;
};

struct api_config_entry {
    const struct api_config_key *key;
    const char *origin; /* "file", "page" */
    const char *text;   /* of a key with `many`: lines with \n between them */
    const char *who;    /* "": not known */
    int64_t when;
};

struct api_config_section {
    const char *target; /* "": the gateway */
    unsigned machine;   /* bit of `machines` */
    bool removable;
    const struct api_config_entry *entries; /* without those by default */
    unsigned n;
};

struct api_config_note {
    const char *target, *key, *text; /* text may be NULL */
};

struct api_config_state {
    char tag[API_CONFIG_TAG];
    const char *file;                          /* "": none */
    const struct api_config_section *sections; /* the gateway's first */
    unsigned n_sections;
    const struct api_config_note *waiting; /* text: what is in force until then */
    unsigned n_waiting;
    const struct api_config_note *ignored;
    unsigned n_ignored;
    const char *who; /* who changed something last; "": the owner's file */
    int64_t when;
};

enum api_config_wish { API_CONFIG_CHANGE, API_CONFIG_TEST, API_CONFIG_MAKE, API_CONFIG_REMOVE, API_CONFIG_RESTART };

#define API_CONFIG_MAX_CHANGES 512

struct api_config_change {
    const char *target; /* "": the gateway */
    const char *key;
    char *text; /* NULL: back to the default; malloc'ed */
};

struct api_config_ask {
    enum api_config_wish wish;
    const char *tag; /* NULL: whatever counts now */
    const char *who, *name;
    bool erase;
    const struct api_config_change *changes;
    unsigned n;
};

/* error: 0; -EINVAL: faults; -ESTALE: something was changed since; -EBUSY, -EPERM, -ENOENT, -EEXIST, -EMSGSIZE; else
 * reason is a sentence, or "". Valid during the call. */
struct api_config_answer {
    int error;
    bool on_trial;
    const char *reason;
    const struct api_config_note *faults;
    unsigned n_faults;
};
typedef void api_config_done_fn(void *data, const struct api_config_answer *answer);

/* done with a descriptor of the sealed file (the callee's, -1 with an error) and its size. */
typedef void api_backup_done_fn(void *data, int error, const char *why, int fd, uint64_t size);

struct api_config_ops {
    const struct api_config_key *(*keys)(void *context, size_t *ret_n);
    const char *const *machine_words;
    const struct api_config_state *(*state)(void *context); /* NULL: not known just now */
    void (*ask)(void *context, const struct api_config_ask *ask, api_config_done_fn *done, void *data);
    void (*backup)(void *context, const char *passphrase, api_backup_done_fn *done, void *data); /* NULL: cannot */
};
