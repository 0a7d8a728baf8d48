/* Time. Pure code takes it as a parameter (STYLE rule 23); only loops, drivers and glue call clock_now_us. */
#pragma once

#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds. Any thread. */
uint64_t clock_now_us(void);

/* CLOCK_BOOTTIME in microseconds: as clock_now_us, but it goes on while the machine sleeps. For what expires. */
uint64_t clock_boot_us(void);

/* Wall clock (CLOCK_REALTIME) in microseconds since 1970; for events and certificates, never for expiry. */
uint64_t clock_wall_us(void);

/* The day this program was built (SOURCE_DATE_EPOCH where set), seconds since 1970: no right clock shows less. */
int64_t clock_build_s(void);
