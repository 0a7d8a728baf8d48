/* Prints rows of bench.json, and takes medians and times. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows go to this file as one JSON list instead of one a line to standard output. False: it cannot be written. */
bool rows_begin(const char *path);
/* Ends the list. Not needed without rows_begin. */
void rows_end(void);

/* A value that is missing here (NaN): in JSON null, as is the ratio of a row with such a value. */
double rows_none(void);
void row_print(const char *bench, const char *recording, const char *metric, const char *unit, double ours,
               const char *peer, double peer_value);

/* Sorts the values. n > 0. */
double median(double *values, size_t n);

/* CPU time of this thread, in milliseconds: what others do on the machine counts little. */
double thread_ms(void);
/* The same of all threads of this process. */
double process_ms(void);
/* CLOCK_MONOTONIC, in milliseconds. */
double wall_ms(void);
