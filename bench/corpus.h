/* The list of recordings of a folder (its corpus.tsv). */
#pragma once

#include <stdbool.h>

#define CORPUS_MAX 64

struct recording {
    char name[32], kind[16], file[160]; /* kind: how it is decoded: plain, window, video, noise, mjpeg */
    int width, height;
    unsigned fps, frames;
};

struct corpus {
    char folder[512];
    struct recording recordings[CORPUS_MAX];
    unsigned count;
};

/* Reads folder/corpus.tsv; false when there is none (count is then 0) or a line is none of ours (said on stderr). */
bool corpus_read(const char *folder, struct corpus *ret);

/* The clean recording of which this one is a noisy copy, or NULL. */
const struct recording *corpus_clean(const struct corpus *self, const struct recording *noisy);

/* What is shown, as the names of the recordings say it by their first letter: a text scroll, b typing, c firmware,
 * d desktop, e web, f editor, g video in a window, h video, i installer, j noise, k MJPEG; told by `kind` where the
 * letter is none of these; '?' when nothing tells. */
char recording_class(const struct recording *self);
