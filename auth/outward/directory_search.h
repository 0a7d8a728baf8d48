/* Asking for entries. Answers are bounded in number and size, references to other servers are refused (RFC 4511 section
 * 4.5.3), and entries are taken apart here and nowhere else. */
#pragma once

#include "auth/outward/directory_link.h"

/* One value of one attribute, its name without options. False: enough, the search fails with the note's error. */
typedef bool directory_value_fn(void *data, const char *attribute, const void *value, size_t size,
                                struct directory_note *note);
struct directory_visitor {
    bool (*entry)(void *data, const char *dn, struct directory_note *note); /* before its values */
    directory_value_fn *value;                                              /* may be NULL */
    void *data;
};

struct directory_wish {
    const char *base;
    int scope; /* LDAP_SCOPE_* */
    const char *filter;
    const char *const *attributes; /* NULL: none, only the names */
    unsigned most;                 /* entries; what goes beyond fails */
};

/* Number of entries, or an error as of directory_link_open. An entry asked for by its name may be none. */
int directory_search(struct directory_link *link, const struct directory_wish *wish,
                     const struct directory_visitor *visitor, struct directory_note *note);

/* ---- a user's entry ---- */

#define DIRECTORY_NAMES_MAX 8
#define DIRECTORY_GROUPS_MAX 1024 /* that somebody is in, through others too */

struct directory_person {
    char dn[ERRAND_MAX_DN];
    char names[DIRECTORY_NAMES_MAX][128]; /* uid, sAMAccountName, userPrincipalName */
    unsigned n_names;
    const char *fault; /* a clause: why the account is closed; NULL: it is not */
    char **member_of;  /* as the entry says */
    unsigned n_member_of;
};
void directory_person_finish(struct directory_person *self);

/* Exactly one: 0, -EACCES (none), -EPROTO (several), or another error. *ret is to be finished in any case. */
int directory_person_find(struct directory_link *link, const struct directory_wish *wish, struct directory_note *note,
                          struct directory_person *ret);
