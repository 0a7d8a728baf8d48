/* One question to a directory, from the first address to the groups: see docs/directory.md. Blocking for the patience
 * that it came with and, where a name server is silent, some seconds more; on any thread, several at once. */
#pragma once

#include "auth/errand_wire.h"

/* Which of the servers answered last, so that one that is gone costs its share of the patience only once in a while.
 * Zeroed at first; any thread. */
struct directory_memory {
    _Atomic unsigned good;
};

/* libldap would read files of whoever this process runs as, and takes an environment variable for a "no": to be called
 * before there are other threads. Later, it happens by itself. */
void directory_prepare(void);

/* type: LOGIN or LOOK. *ret is written whole: error, why and steps always. since_us: when it was asked (clock_now_us).
 * The question's secrets are the caller's to wipe. */
void directory_ask(uint16_t type, const struct errand_question *question, uint64_t since_us,
                   struct directory_memory *memory, struct errand_entry *ret);

/* For tests: the same over a connection that is there already, without TLS. Takes fd. */
void directory_ask_over(uint16_t type, const struct errand_question *question, int fd, uint64_t deadline_us,
                        struct errand_entry *ret);
