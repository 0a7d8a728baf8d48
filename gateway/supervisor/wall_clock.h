/* The machine's wall clock. A board without a clock of its own starts in the past; until the network has set it, the
 * browser's time may. For the supervisor, which alone may set it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timespec;
struct timex;

/* The calls, so that tests set nothing. */
struct wall_clock {
    int (*adjust)(struct timex *timex);      /* adjtimex */
    int (*set)(const struct timespec *time); /* clock_settime of CLOCK_REALTIME; -1 and errno */
    uint64_t (*now_us)(void);
};
extern const struct wall_clock wall_clock_real;

/* The kernel says that somebody keeps it right, and it is not before the day this program was built. */
bool wall_clock_synchronised(const struct wall_clock *self);

/* 0; -EALREADY: it is synchronised; -ERANGE: before this program was built, or 30 years later; -EPERM: this process may
 * not. A sentence in why. */
int wall_clock_set(const struct wall_clock *self, uint64_t us, char *why, size_t why_size);
