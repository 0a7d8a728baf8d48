/* One instant on the clocks that the keeper judges by. */
#pragma once

#include <stdint.h>

struct instant {
    int64_t us;     /* CLOCK_BOOTTIME: for everything that expires; goes on while the machine sleeps, nobody sets it */
    int64_t wall_s; /* seconds since 1970, as far as anybody knows: for people */
    uint64_t boot;  /* names this run of the machine, in which `us` counts; 0: not known */
};

struct instant instant_now(void);

/* Reads once, and remembers, which run of the machine this is. For the first thread, before there are others. */
void instant_init(void);
