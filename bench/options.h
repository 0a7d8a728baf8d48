/* The options that all programs of the bench understand. */
#pragma once

#include <stdbool.h>

#include "bench/reel.h"

struct bench_options {
    const char *corpus; /* --corpus DIR; without it $CORPUS, or the folder beside the project's */
    const char *json;   /* --json FILE: rows as a list, else one a line on standard output */
    const char *peers;  /* --peers LIST: of names of peers, with commas, or "none"; NULL: all */
    unsigned frames;    /* --frames N, or $BENCH_FRAMES: at most so many of each recording; 0: all */
    char **names;       /* recordings; none: all */
    int n_names;
};

/* False: what is wrong is on stderr. Begins the list of rows. */
bool bench_options_parse(int argc, char **argv, struct bench_options *ret);

/* NAME is in a LIST,OF,NAMES; NULL has all. */
bool name_in_list(const char *list, const char *name);

/* Calls `each` for every recording that is asked for; without a corpus, for a generated screen, which stderr is told.
 * False: some recording could not be decoded. */
bool bench_each(const struct bench_options *self, const struct corpus *corpus,
                void (*each)(void *data, const struct reel *reel), void *data);

/* All of a program whose only work is one recording after the other; the exit code of main. */
int bench_main(int argc, char **argv, void (*each)(void *data, const struct reel *reel));

/* The recording as the options want it cut. */
struct reel *bench_reel(const struct bench_options *self, const struct corpus *corpus,
                        const struct recording *recording);
