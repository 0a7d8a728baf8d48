#include <string.h>

#include "gateway/config/config_keys.h"

const struct config_key *config_key_find(enum config_section section, const char *name)
{
    for (size_t i = 0; i < config_n_keys; i++)
        if (config_keys[i].section == section && strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    return NULL;
}

/* Number of letters to insert, delete or change to come from a to b. Both are short. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 24 };
    size_t n = strlen(b);
    if (strlen(a) > LONGEST || n > LONGEST)
        return LONGEST;
    unsigned row[LONGEST + 1];
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

const char *config_key_nearest(enum config_section section, const char *name)
{
    const char *nearest = NULL;
    unsigned best = 3; /* farther away it is a guess, not a help */
    for (size_t i = 0; i < config_n_keys; i++) {
        unsigned d = config_keys[i].section == section ? distance(config_keys[i].name, name) : best;
        if (d < best) {
            best = d;
            nearest = config_keys[i].name;
        }
    }
    return nearest;
}
