/* What page, REST and command line have set: the layer below the owner's file. In the state folder it is
 * conf.d/gateway.conf and conf.d/target-NAME.conf, in the form of the file, each key behind a comment that says when
 * and by whom it was set. Only the supervisor writes them. Whatever they hold is worth no more than a page's word: each
 * value is looked at anew whenever it is read. Pure. */
#pragma once

#include "gateway/config/config_keys.h"

#define CONFIG_PAGE_WHO 64

struct config_page_entry {
    const struct config_key *key;
    char *text; /* of a key that may stand in several lines: those, with \n between them */
    char who[CONFIG_PAGE_WHO];
    int64_t when; /* seconds since 1970; 0: not known */
};

struct config_page_section {
    char target[TARGET_NAME_MAX]; /* "": the gateway's */
    struct config_page_entry *entries;
    unsigned n;
};

struct config_page {
    struct config_page_section *sections;
    unsigned n;
    bool trusted; /* the folder is the supervisor's alone: a dongle may stand in it */
};

struct config_page *config_page_create(void); /* NULL: no memory */
struct config_page *config_page_copy(const struct config_page *self);
struct config_page *config_page_destroy(struct config_page *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct config_page, config_page_destroy)

const struct config_page_section *config_page_section(const struct config_page *self, const char *target);
const struct config_page_entry *config_page_find(const struct config_page *self, const char *target,
                                                 const struct config_key *key);

/* text NULL: nothing is said of it any more; else config_page_value is the caller's affair. who is cut, and what is not
 * printable in it replaced. 0 or -ENOMEM. */
int config_page_set(struct config_page *self, const char *target, const struct config_key *key, const char *text,
                    const char *who, int64_t when);
void config_page_remove(struct config_page *self, const char *target); /* the whole section */

/* Adds one file's keys. What makes no sense (unknown, not the page's, a bad value, another section) is left out and
 * told, line by line. 0 or -ENOMEM. */
int config_page_read(struct config_page *self, const char *target, const char *text, size_t size,
                     struct config_mistakes *ignored);

/* The file of one section, malloc'ed with a NUL behind it; *ret_size 0 when there is nothing to write. 0 or -ENOMEM. */
int config_page_write(const struct config_page *self, const char *target, char **ret, size_t *ret_size);
