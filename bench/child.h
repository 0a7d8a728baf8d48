/* Runs other programs and tells what CPU time they took. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* argv[0] is looked for on the path. in, out: descriptors for its standard input and output, -1: nothing; they stay the
 * caller's. Its words go to /dev/null unless BENCH_DEBUG is set. -1 when it cannot be started. */
pid_t child_start(const char *const argv[], int in, int out);

/* Waits for its end. True when it ended with 0; ret_cpu_ms (may be NULL): user + system time. */
bool child_wait(pid_t pid, double *ret_cpu_ms);

/* Both; `in` is read from its start, and what was in `out` is replaced, where they are files. */
bool child_run(const char *const argv[], int in, int out, double *ret_cpu_ms);

/* CPU time that a running process has taken so far, ms; NAN when there is none. */
double child_cpu_ms(pid_t pid);

/* Ends a child that does not end by itself. */
void child_end(pid_t pid);
