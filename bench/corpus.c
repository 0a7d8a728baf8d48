#include "bench/corpus.h"

#include <stdio.h>
#include <string.h>

static bool parse(const char *line, struct recording *ret)
{
    return sscanf(line, "%31s %d %d %u %u %15s %159s", ret->name, &ret->width, &ret->height, &ret->fps, &ret->frames,
                  ret->kind, ret->file) == 7 &&
           ret->width > 0 && ret->height > 0 && ret->fps > 0 && ret->frames > 0;
}

bool corpus_read(const char *folder, struct corpus *ret)
{
    char path[600], line[512];
    ret->count = 0;
    snprintf(ret->folder, sizeof ret->folder, "%s", folder);
    snprintf(path, sizeof path, "%s/corpus.tsv", folder);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool good = true;
    while (good && fgets(line, sizeof line, file) && ret->count < CORPUS_MAX) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        good = parse(line, &ret->recordings[ret->count++]);
        if (!good)
            fprintf(stderr, "%s: not \"name w h fps frames kind file\": %s", path, line);
    }
    fclose(file);
    return good;
}

const struct recording *corpus_clean(const struct corpus *self, const struct recording *noisy)
{
    if (strcmp(noisy->kind, "noise") != 0)
        return NULL;
    for (unsigned i = 0; i < self->count; i++)
        if (strcmp(self->recordings[i].kind, "plain") == 0 && strcmp(self->recordings[i].file, noisy->file) == 0)
            return &self->recordings[i];
    return NULL;
}

char recording_class(const struct recording *self)
{
    static const struct {
        const char *kind;
        char class;
    } by_kind[] = {{"window", 'g'}, {"video", 'h'}, {"noise", 'j'}, {"mjpeg", 'k'}};
    for (unsigned i = 0; i < sizeof by_kind / sizeof by_kind[0]; i++)
        if (strcmp(self->kind, by_kind[i].kind) == 0)
            return by_kind[i].class;
    bool named = self->name[0] >= 'a' && self->name[0] <= 'k' && self->name[1] >= '0' && self->name[1] <= '9';
    return named ? self->name[0] : '?';
}
