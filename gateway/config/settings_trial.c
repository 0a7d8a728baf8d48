#include "gateway/config/settings_trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void settings_trial_finish(struct settings_trial *self)
{
    self->before = config_page_destroy(self->before);
    pending_end(&self->pending);
}

int settings_trial_write(const struct settings_trial *self, char **ret, size_t *ret_size)
{
    char note[PENDING_TEXT];
    _cleanup_free_ char *section = NULL;
    size_t size = 0, n = pending_write(&self->pending, note);
    int r = n ? config_page_write(self->before, "", &section, &size) : -EINVAL;
    if (r < 0)
        return r;
    char *text = malloc(n + size + 1);
    if (!text)
        return -ENOMEM;
    memcpy(text, note, n);
    memcpy(text + n, section, size);
    text[n + size] = '\0';
    *ret = text;
    *ret_size = n + size;
    return 0;
}

bool settings_trial_read(struct settings_trial *self, const char *text, size_t size)
{
    struct settings_trial read = {.before = NULL};
    char note[PENDING_TEXT] = "";
    const char *end = memchr(text, '\n', size);
    size_t n = end ? (size_t)(end - text) + 1 : 0;
    *self = (struct settings_trial){.before = NULL};
    if (n == 0 || n >= sizeof note)
        return false;
    memcpy(note, text, n);
    _cleanup_free_ struct config_mistakes *ignored = calloc(1, sizeof *ignored);
    if (!ignored || !pending_read(&read.pending, note) || read.pending.kind == PENDING_CERTIFICATE ||
        !(read.before = config_page_create()))
        return false;
    if (config_page_read(read.before, "", text + n, size - n, ignored) < 0) {
        settings_trial_finish(&read);
        return false;
    }
    *self = read;
    return true;
}

int settings_trial_undo(const struct settings_trial *self, struct config_page *page)
{
    int r = 0;
    for (size_t i = 0; i < config_n_keys && r == 0; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->trial == CONFIG_TRIAL_NONE)
            continue;
        const struct config_page_entry *entry = config_page_find(self->before, "", key);
        r = config_page_set(page, "", key, entry ? entry->text : NULL, entry ? entry->who : "",
                            entry ? entry->when : 0);
    }
    return r;
}
