/* How a process that a service manager started gets what the supervisor would have given it as a child: the role's unit
 * has a socket (lightsout-ROLE.socket) that only the supervisor may connect to; over it come all descriptors at once,
 * in the order of their places. The answer is one byte, with which the kernel says whose it is. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* For the supervisor. The door of a role below a folder, connected without waiting: the descriptor or -errno. */
int handover_connect(const char *folder, const char *role);
/* fds stay the caller's. 0 or -errno. */
int handover_send(int door, const int *fds, unsigned n);
/* The process's number once it has taken them; 0: not yet; -errno. */
pid_t handover_answer(int door);

/* For the role: whether a service manager's socket is all that this process has (sd_listen_fds(3)). */
bool handover_is_waited_for(void);
/* Waits for the supervisor and puts what it sends to CHILD_FIRST_FD and behind, everything else but the first three is
 * closed. 0 or -errno, which has been logged. */
int handover_receive(void);
