/* Who the parts run as. The supervisor keeps what it was started with; as root, or with the capabilities to change
 * users, it drops every other process to an unprivileged one: keeper, outward and reader have one of their own each,
 * where that exists. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define UID_DEFAULT_USER "lightsout"
#define UID_KEEPER_USER "lightsout-keeper"
#define UID_OUTWARD_USER "lightsout-outward"
#define UID_READER_USER "lightsout-reader"
#define UID_SUPERVISOR_USER "lightsout-supervisor" /* as a service that is not root */
#define UID_DEFAULT_NUMBER 61999                   /* of nobody in particular, when there is no such user */

struct uid_choice {
    bool drop; /* may become others: uid_drop does something */
    uid_t uid;
    gid_t gid;
    char name[64]; /* for people, and for the supplementary groups; a number when the user has no name */
};

/* user: from the configuration, "" for the default. 0; -ENOENT: no such user; -EPERM: it is root, or we are not root
 * and may not become another. why: sentence. */
int uid_choose(const char *user, struct uid_choice *ret, char *why, size_t why_size);

/* The user of a part that has one of its own (UID_KEEPER_USER, UID_OUTWARD_USER), where it exists and the others have
 * the default one; else as the others. */
void uid_choose_own(const char *name, const struct uid_choice *other, struct uid_choice *ret);

/* Who may come to the helper's door: UID_SUPERVISOR_USER where it exists, else the parts' user. */
uid_t uid_of_supervisor(const struct uid_choice *other);

/* In a child, before exec: for good. Aborts the process with 126 when it does not work. Async-signal-unsafe functions
 * are used; the process that forked must have had one thread. */
void uid_drop(const struct uid_choice *self);

/* What fn gives (0..255) in a process of its own that has become the user. -errno when there was no such process. */
int uid_ask(const struct uid_choice *self, int (*fn)(const void *data), const void *data);

/* Whether the chosen user can pass through every folder above path: *ret_folder is the first that stops it. 0, -EACCES,
 * -errno. */
int uid_can_reach(const struct uid_choice *self, const char *path, char *ret_folder, size_t size);
