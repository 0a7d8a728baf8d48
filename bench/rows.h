/* Prints rows of bench.json, one a line, and takes medians. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* peer_value NAN: the peer is missing here; the row's ratio is then null. */
void row_print(const char *bench, const char *recording, const char *metric, const char *unit, double ours,
               const char *peer, double peer_value);

/* Sorts the values. n > 0. */
double median(double *values, size_t n);

/* CPU time of this thread, in milliseconds: what others do on the machine counts little. */
double thread_ms(void);
