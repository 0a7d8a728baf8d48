/* What gateway and supervisor say to each other about settings. The gateway asks (CONTROL_SETTINGS_ASK), the supervisor
 * judges, writes and applies, tells what counts now (CONTROL_SETTINGS, whenever it has changed, and before BEGIN), and
 * answers (CONTROL_SETTINGS_ANSWER, same serial). Packing and unpacking are pure; the receiver checks every length. */
#pragma once

#include "core/wire.h"
#include "gateway/config/settings_change.h"
#include "gateway/config/settings_trial.h"

#define SETTINGS_TAG 16               /* bytes of what stands in an ETag */
#define SETTINGS_STATE_MAX (4u << 20) /* bytes of all of it */
#define SETTINGS_REASON 400
#define SETTINGS_MAX_FAULTS 40 /* that an answer tells of */

/* ---- CONTROL_SETTINGS ---- */

/* No body but the tag; one descriptor: sealed memory with all of it. */
struct settings_waiting {
    char target[TARGET_NAME_MAX], key[64];
    char *running; /* what counts until then; NULL: nothing */
};

struct settings_state {
    uint8_t tag[SETTINGS_TAG];
    char path[CONFIG_PATH_MAX]; /* of the owner's file; "": there is none */
    struct settings_author_text {
        char who[CONFIG_PAGE_WHO];
        int64_t when;
    } last; /* who changed something last */
    struct pending_change pending;
    uint32_t reverted; /* counts changes that were undone because nobody confirmed them, or somebody wished it */

    struct settings_section {
        char target[TARGET_NAME_MAX];
        uint8_t machine;
        bool removable;
        struct settings_entry {
            const struct config_key *key;
            uint8_t origin; /* enum config_origin */
            char *text;
            struct settings_author_text author;
        } * entries;
        unsigned n;
    } * sections; /* the first one is the gateway's */
    unsigned n_sections;
    struct settings_waiting *waiting;
    unsigned n_waiting;
    struct config_mistakes ignored;
};

/* What the supervisor has. */
struct settings_told {
    const struct settings_base *base;
    const struct config_mistakes *ignored;
    const struct settings_trial *trial;
    const struct settings_waiting *waiting;
    unsigned n_waiting;
    const char *path;
    struct settings_author_text last;
    uint32_t reverted;
};
/* Fills room and tag. False: there is too much of it. */
bool settings_state_write(struct wire_writer *w, const struct settings_told *told, uint8_t tag[SETTINGS_TAG]);
/* NULL: malformed, or no memory. Keys that this program does not know are left out. */
struct settings_state *settings_state_read(const uint8_t *bytes, size_t size);
struct settings_state *settings_state_destroy(struct settings_state *self); /* NULL allowed; returns NULL */

/* ---- CONTROL_SETTINGS_ASK ---- */

enum settings_wish {
    SETTINGS_CHANGE = 1, /* the changes, if the tag is still that of what counts */
    SETTINGS_TEST,       /* only judged */
    SETTINGS_MAKE,       /* the target `name` with the changes */
    SETTINGS_REMOVE,     /* the target `name` */
    SETTINGS_CONFIRM,    /* what is on trial stays: the gateway has seen a connection that was made after it */
    SETTINGS_REVERT,     /* it is undone now */
    SETTINGS_RESTART,    /* the gateway's process begins anew */
    SETTINGS_WISHES,
};

struct settings_ask {
    uint8_t wish;
    uint8_t tag[SETTINGS_TAG];
    bool any_tag; /* whatever counts now */
    bool erase;   /* SETTINGS_REMOVE: its folder too */
    char who[CONFIG_PAGE_WHO];
    char name[TARGET_NAME_MAX];
    struct settings_changes changes;
};
void settings_ask_write(struct wire_writer *w, const struct settings_ask *ask);
/* False: malformed; nothing is to be freed then. Else settings_changes_finish. */
bool settings_ask_read(const uint8_t *body, size_t size, struct settings_ask *ret);

/* ---- CONTROL_SETTINGS_ANSWER ---- */

/* error: 0; -EINVAL: faults; -ESTALE: the tag is not the newest one's; -EBUSY: another change is on trial; -EPERM: the
 * file names the target; -ENOENT, -EEXIST: of the target, or of what is on trial; else it cannot be written: reason. */
struct settings_answer {
    int32_t error;
    bool on_trial; /* it counts, and has to be confirmed */
    char reason[SETTINGS_REASON];
    struct config_mistakes faults;
};
void settings_answer_write(struct wire_writer *w, const struct settings_answer *answer);
bool settings_answer_read(const uint8_t *body, size_t size, struct settings_answer *ret);
