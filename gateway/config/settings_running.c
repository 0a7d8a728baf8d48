#include "gateway/config/settings_running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool set_text(char **text, const char *value)
{
    char *copy = value ? strdup(value) : NULL;
    free(*text);
    *text = copy;
    return !value || copy;
}

static bool of_gateway(size_t row)
{
    return config_keys[row].section == CONFIG_SECTION_GATEWAY;
}

bool settings_running_begin(struct settings_running *self, const struct config *config)
{
    bool good = true;
    for (size_t i = 0; i < config_n_keys; i++)
        if (of_gateway(i))
            good &= set_text(&self->texts[i], config->said[i].text);
    return good;
}

void settings_running_finish(struct settings_running *self)
{
    for (size_t i = 0; i < CONFIG_MAX_KEYS; i++)
        free(self->texts[i]);
    *self = (struct settings_running){.texts = {NULL}};
}

/* Whether there are exports at all is decided when the gateway begins; where they listen is not. */
static bool counts_now(const struct config_key *key, const struct config *used, const struct config *read)
{
    if (key->offset == offsetof(struct config, nbd.listen))
        return used->nbd.listen.n > 0 && read->nbd.listen.n > 0;
    return key->applies == CONFIG_APPLIES_NOW;
}

bool settings_take_over(struct settings_running *self, struct config *used, const struct config *read,
                        bool gateway_begins)
{
    bool good = true;
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        if (!of_gateway(i) ||
            !(counts_now(key, used, read) || (gateway_begins && key->applies == CONFIG_APPLIES_GATEWAY)))
            continue;
        memcpy((char *)used + key->offset, (const char *)read + key->offset, key->size);
        good &= set_text(&self->texts[i], read->said[i].text);
    }
    return good;
}

unsigned settings_waiting_find(const struct settings_running *self, const struct config *read,
                               struct settings_waiting *ret, unsigned room)
{
    unsigned n = 0;
    for (size_t i = 0; i < config_n_keys && n < room; i++) {
        if (!of_gateway(i) || same_text(self->texts[i], read->said[i].text))
            continue;
        struct settings_waiting *one = &ret[n++];
        *one = (struct settings_waiting){.target = ""};
        snprintf(one->key, sizeof one->key, "%s", config_keys[i].name);
        (void)set_text(&one->running, config_keys[i].hidden ? NULL : self->texts[i]);
    }
    return n;
}
