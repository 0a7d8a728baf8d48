/* What a process gives up before it meets the outside: privileges for ever (no_new_privs), being traced or dumped,
 * system calls that are not on its role's list (seccomp), files outside its own folders (Landlock, where the kernel has
 * it), and resources without bound. For the thread that starts the process, before there are others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum sandbox_role { SANDBOX_GATEWAY, SANDBOX_KEEPER, SANDBOX_HELPER, SANDBOX_OUTWARD, SANDBOX_READER };

/* Folders and files that a role may reach. */
enum sandbox_use {
    SANDBOX_READ,
    SANDBOX_CHANGE, /* and write into files that are there */
    SANDBOX_OWN,    /* and make and remove files */
};

struct sandbox_path {
    const char *path;
    enum sandbox_use use;
    bool may_be_missing;
};

#define SANDBOX_MAX_PATHS 16 /* of one role's own */

/* Whether a process of this program goes on when the kernel refuses a wall, and says what is missing (sandbox = best in
 * the configuration). Without: it does not start. There is no way to leave out a wall that can be put up. */
void sandbox_choose(bool best);
bool sandbox_may_be_partial(void);

/* paths: the role's own, at most SANDBOX_MAX_PATHS; what every role's libraries need is added. 0, or -errno: the caller
 * must then not go on. Logs what the kernel cannot give. */
int sandbox_enter(enum sandbox_role role, const struct sandbox_path *paths, size_t n_paths);

/* The parts, for programs that are executed afterwards (a VM) and for tests. */
enum { SANDBOX_MAY_EXECUTE = 1, SANDBOX_MAY_CONNECT = 2 /* over TCP */ };
int sandbox_landlock(const struct sandbox_path *paths, size_t n_paths, unsigned may); /* 1: the kernel has none */
int sandbox_seccomp(enum sandbox_role role);
