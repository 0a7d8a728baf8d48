/* What the test and the processes of the attack stub share: a page of a file that each of them maps before its walls
 * go up. It is the attackers' own book-keeping, outside the walls on purpose: what was tried and what came of it
 * outlives an attacker that the kernel ended. The test also tells everything here that could help an attacker. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BOARD_ENV "LIGHTSOUT_ATTACK_BOARD"
#define BOARD_ATTEMPTS 256
#define BOARD_SECRETS 8
#define BOARD_MASK 0x5A /* secrets lie here masked, so that finding one in memory means something */

enum board_role { BOARD_GATEWAY, BOARD_KEEPER, BOARD_OUTWARD, BOARD_HELPER, BOARD_READER, BOARD_ROLES };

enum board_outcome {
    BOARD_UNTRIED,
    BOARD_BEGUN,
    BOARD_DENIED, /* with an errno */
    BOARD_KILLED, /* the kernel ended the process for asking */
    BOARD_SUCCEEDED,
    BOARD_NOT_HERE, /* note says why */
};

struct board_result {
    uint32_t outcome;
    int32_t error;
    uint32_t begun_ms, ended_ms; /* clock_now_us */
    char note[112];
};

/* Pieces of the walls that the stub leaves out (weaken.c). */
enum board_weak {
    WEAK_SECCOMP = 1 << 0,     /* no filter of system calls */
    WEAK_LANDLOCK = 1 << 1,    /* no rules for files */
    WEAK_UID = 1 << 2,         /* the parts stay root */
    WEAK_LEAK = 1 << 3,        /* the store's descriptor is inherited by all parts */
    WEAK_MEMORY_RULE = 1 << 4, /* one argument is not looked at: what memory is mapped for */
    WEAK_SOCKET_RULE = 1 << 5, /* one argument is not looked at: socket's family */
    WEAK_PATH_RULE = 1 << 6,   /* one folder too many is readable: / */
    WEAK_DUMPABLE = 1 << 7,    /* processes may be traced */
    WEAK_LIMITS = 1 << 8,      /* core files of any size */
};

struct board_secret {
    char name[32];
    uint32_t size;
    uint8_t masked[128];
};

struct board {
    uint32_t weak;  /* enum board_weak */
    uint32_t go;    /* bit of each role that may begin */
    uint32_t done;  /* bit of each role that has tried everything */
    uint32_t ready; /* bit of each role whose attacker waits for go */
    uint32_t only;  /* 1 + number of the one attempt that is made; 0: all */
    uint8_t skip[BOARD_ATTEMPTS];
    char state[96], folder[96];
    uint32_t supervisor, keeper, gateway, outward;
    uint32_t own_user; /* each part has a user of its own, and they are not root's */
    uint32_t keeper_uid;
    uint16_t tcp_port, udp_port; /* of somebody on this machine who is none of ours */
    char unix_path[108], abstract_name[64];
    struct board_secret secrets[BOARD_SECRETS];
    uint32_t next[BOARD_ROLES];
    struct board_result results[BOARD_ROLES][BOARD_ATTEMPTS];
};
