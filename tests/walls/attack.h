/* What somebody tries who runs code of their own in one of our processes. Each attempt is something that the process
 * must not get (DESIGN of the processes: docs/architecture.md; SECURITY.md). */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "tests/walls/board.h"

#define GOT_IT 0      /* the attempt succeeded: a hole */
#define NOT_HERE (-1) /* it cannot be tried here; attack_note says why */

enum {
    BY_GATEWAY = 1 << BOARD_GATEWAY,
    BY_KEEPER = 1 << BOARD_KEEPER,
    BY_OUTWARD = 1 << BOARD_OUTWARD,
    BY_HELPER = 1 << BOARD_HELPER,
    BY_READER = 1 << BOARD_READER,
    BY_ALL = (1 << BOARD_ROLES) - 1,
    BY_PARTS = BY_ALL & ~BY_HELPER,
};

/* In sanitizer builds some calls stay open for the leak checker. */
#ifdef LIGHTSOUT_SANITIZED
#define UNLESS_SANITIZED(who) 0
#else
#define UNLESS_SANITIZED(who) (who)
#endif

struct attempt {
    const char *name;
    unsigned by;
    /* GOT_IT, NOT_HERE, or the errno that stopped it. May end the process, which counts as denied. */
    int (*try)(const struct board *board, enum board_role me);
};

struct attempt_list {
    const struct attempt *attempts;
    size_t n;
};

/* One list for each kind of thing. */
extern const struct attempt_list attack_files, attack_processes, attack_programs, attack_kernel, attack_network,
    attack_channels, attack_memory;

/* Of all lists in a row; NULL: there is no such number. */
const struct attempt *attack_get(size_t number);

/* Says more about the attempt that runs. */
void attack_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline int attack_result(long r)
{
    return r < 0 ? errno : GOT_IT;
}

/* The attempt used something up (a channel, a listener): the next ones get a process of their own. */
void attack_begin_anew(void);

/* Mappings of this process, as /proc/self/maps; opened before the walls went up. */
extern int attack_maps;

/* Maps the board that the environment names; NULL: there is none. */
struct board *attack_board(void);

/* Tries everything that comes next for this role; returns when all was tried. */
void attack_run(struct board *board, enum board_role me);

/* What a program that an attacker managed to execute does first. */
void attack_was_executed(const char *role);

/* Bytes of this executable, which an attacker brings along. */
const void *attack_program(size_t *ret_size);
extern char attack_program_path[512];
