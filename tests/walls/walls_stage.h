/* A lightsoutd for the attackers: the stub, with things in its folders that are worth taking, users of its own where
 * the test may make them, and neighbours on the same machine that must not be reached. */
#pragma once

#include <stdbool.h>

#include "tests/unit/gateway/program.h"
#include "tests/walls/board.h"

struct stage {
    struct program program;
    struct board *board;
    bool own_users; /* each part has one; else all run as one plain user */
    int tcp, udp, unix_listener, unix_datagrams, abstract, viewer;
    char board_path[96];
};

/* Whether parts can get users of their own here: root, who then has a private /etc/passwd with them. */
bool stage_make_users(void);

/* Starts it with these pieces of the walls missing (enum board_weak). dongle: with a helper. */
void stage_begin(struct stage *self, bool own_users, bool dongle, unsigned weak);
/* The same with the product in the stub's place, which knows nothing of boards. */
void stage_begin_product(struct stage *self, bool own_users, bool dongle, unsigned weak);
/* Lets the attackers of these roles (bits) loose, and waits until they have tried everything. */
void stage_attack(struct stage *self, unsigned roles);
/* Lets that one attempt be made by this role, and judges it: true when it got through. */
bool stage_gets_through(struct stage *self, unsigned role, const char *attempt);

/* What the kernel says of a process's walls: a filter, no new privileges, no capabilities (but those), no core files,
 * not dumpable. "": all there; else the first that is missing. */
const char *stage_missing_wall(pid_t pid, unsigned long long capabilities);

/* Somebody connected to, or sent to, one of the neighbours. */
bool stage_neighbour_was_reached(struct stage *self);
void stage_end(struct stage *self);
