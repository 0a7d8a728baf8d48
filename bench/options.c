#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/rows.h"

#define GENERATED_FRAMES 120
#define SKIPPED 60 /* frames of a recording that is cut: many begin with little to see */

bool bench_options_parse(int argc, char **argv, struct bench_options *ret)
{
    static const struct option options[] = {{"corpus", required_argument, NULL, 'c'},
                                            {"json", required_argument, NULL, 'j'},
                                            {"peers", required_argument, NULL, 'p'},
                                            {"frames", required_argument, NULL, 'f'},
                                            {0}};
    const char *corpus = getenv("CORPUS"), *frames = getenv("BENCH_FRAMES");
    *ret = (struct bench_options){.corpus = corpus && *corpus ? corpus : "../shared/corpus"};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            ret->corpus = optarg;
            break;
        case 'j':
            ret->json = optarg;
            break;
        case 'p':
            ret->peers = optarg;
            break;
        case 'f':
            frames = optarg;
            break;
        default:
            fprintf(stderr, "usage: %s [--corpus DIR] [--json FILE] [--peers LIST|none] [--frames N] [RECORDING...]\n",
                    argv[0]);
            return false;
        }
    }
    ret->frames = frames ? (unsigned)strtoul(frames, NULL, 10) : 0;
    ret->names = argv + optind;
    ret->n_names = argc - optind;
    if (!ret->json || rows_begin(ret->json))
        return true;
    fprintf(stderr, "%s cannot be written: choose another file with --json\n", ret->json);
    return false;
}

bool name_in_list(const char *list, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, size) == 0 && (at[size] == ',' || at[size] == '\0'))
            return true;
    return !list;
}

static bool asked_for(const struct bench_options *self, const char *name)
{
    for (int i = 0; i < self->n_names; i++)
        if (strcmp(self->names[i], name) == 0)
            return true;
    return self->n_names == 0;
}

struct reel *bench_reel(const struct bench_options *self, const struct corpus *corpus,
                        const struct recording *recording)
{
    bool cut = self->frames > 0 && self->frames + SKIPPED <= recording->frames;
    return reel_open(corpus->folder, recording, cut ? SKIPPED : 0, self->frames);
}

bool bench_each(const struct bench_options *self, const struct corpus *corpus,
                void (*each)(void *data, const struct reel *reel), void *data)
{
    bool good = true;
    if (corpus->count == 0) {
        fprintf(stderr, "%s/corpus.tsv is not there: a generated screen stands in\n", corpus->folder);
        struct reel *reel = reel_generate(self->frames ? self->frames : GENERATED_FRAMES);
        if (reel)
            each(data, reel);
        return !reel_close(reel);
    }
    for (unsigned i = 0; i < corpus->count; i++) {
        if (!asked_for(self, corpus->recordings[i].name))
            continue;
        struct reel *reel = bench_reel(self, corpus, &corpus->recordings[i]);
        if (reel)
            each(data, reel);
        good = good && reel;
        reel_close(reel);
    }
    return good;
}

int bench_main(int argc, char **argv, void (*each)(void *data, const struct reel *reel))
{
    struct bench_options options;
    struct corpus corpus;
    if (!bench_options_parse(argc, argv, &options))
        return 2;
    corpus_read(options.corpus, &corpus);
    bool good = bench_each(&options, &corpus, each, NULL);
    rows_end();
    return good ? 0 : 1;
}
