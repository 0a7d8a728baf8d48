#include "gateway/config/settings_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/config_internal.h"

void settings_changes_finish(struct settings_changes *self)
{
    while (self->n)
        free(self->list[--self->n].text);
}

void settings_base_finish(struct settings_base *self)
{
    free(self->file.bytes);
    self->file = (struct config_file){.there = false};
    self->page = config_page_destroy(self->page);
    self->config = config_destroy(self->config);
}

int settings_read(const struct config_file *file, const struct config_page *page, struct config_mistakes *ignored,
                  struct config **ret)
{
    _cleanup_free_ struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    return mistakes ? config_parse_with(file->bytes, file->size, file->trusted, page, mistakes, ignored, ret) : -ENOMEM;
}

/* ---- one key ---- */

static const struct config_said *said_of(const struct config *config, const char *target, const struct config_key *key)
{
    const struct config_target *found = *target ? config_find_target(config, target) : NULL;
    if (*target && !found)
        return NULL;
    return (found ? found->said : config->said) + (key - config_keys);
}

static bool check_lines(const struct config_key *key, const struct settings_change *change,
                        const struct settings_judge *judge, struct config_mistakes *faults)
{
    _cleanup_free_ char *lines = strdup(change->text);
    char *rest = lines, why[200] = "";
    for (char *line; lines && (line = strsep(&rest, "\n"));) {
        if (rest && !key->many)
            snprintf(why, sizeof why, "has more than one line");
        else if (config_page_value(key, line, why, sizeof why)) {
            if (!key->devices || !judge->listed || strcmp(line, "auto") == 0 || judge->listed(judge->data, key, line))
                continue;
            snprintf(why, sizeof why, "is not on this machine: choose one that is listed");
        }
        config_mistake(faults, 0, change->target, key->name, "'%.100s' %s; %s", line, *why ? why : "is not understood",
                       key->remedy);
        return false;
    }
    return lines != NULL;
}

static const struct config_key *check_one(const struct settings_base *base, const struct settings_change *change,
                                          const char *make, const struct settings_judge *judge,
                                          struct config_mistakes *faults)
{
    const struct config_key *key =
        config_key_find(*change->target ? CONFIG_SECTION_TARGET : CONFIG_SECTION_GATEWAY, change->key);
    if (!key) {
        config_mistake(faults, 0, change->target, change->key,
                       "There is no such key; GET /api/v1/config/keys lists "
                       "them.");
        return NULL;
    }
    const struct config_said *said = said_of(base->config, change->target, key);
    if (!said && !(make && strcmp(make, change->target) == 0))
        config_mistake(faults, 0, change->target, key->name, "There is no target '%s'.", change->target);
    else if (!key->page)
        config_mistake(faults, 0, change->target, key->name, "Only the owner's file on the gateway may give this key.");
    else if (said && said->origin == CONFIG_BY_FILE)
        config_mistake(faults, 0, change->target, key->name, "The owner's file gives this key: it is changed there.");
    else if (change->text && !check_lines(key, change, judge, faults))
        return NULL;
    else
        return key;
    return NULL;
}

/* ---- all of them together ---- */

/* A fault that was there before is not theirs who change something else now. */
static bool known_before(const struct config_mistakes *before, const struct config_mistake *m)
{
    for (unsigned i = 0; i < before->n; i++)
        if (strcmp(before->list[i].target, m->target) == 0 && strcmp(before->list[i].key, m->key) == 0 &&
            strcmp(before->list[i].text, m->text) == 0)
            return true;
    return false;
}

static int read_both(const struct settings_base *base, const struct config_page *page, struct config_mistakes *faults,
                     struct config **ret)
{
    _cleanup_free_ struct config_mistakes *rooms = calloc(3, sizeof *rooms);
    const struct config_file *file = &base->file;
    if (!rooms)
        return -ENOMEM;
    int r = config_faults(file->bytes, file->size, file->trusted, base->page, &rooms[0]);
    r = r ? r : config_faults(file->bytes, file->size, file->trusted, page, &rooms[1]);
    for (unsigned i = 0; i < rooms[1].n && r == 0; i++) {
        const struct config_mistake *m = &rooms[1].list[i];
        if (!known_before(&rooms[0], m))
            config_mistake(faults, 0, m->target, m->key, "%s", m->text);
    }
    if (faults->n)
        r = -EINVAL;
    return r ? r : settings_read(file, page, &rooms[2], ret);
}

static bool check_make(const struct settings_base *base, const char *make, struct config_mistakes *faults)
{
    if (!config_target_name_valid(make))
        config_mistake(faults, 0, make, "",
                       "This is no name of a target: use up to %d of a-z, 0-9 and -, a letter or digit first.",
                       TARGET_NAME_MAX - 1);
    else if (base->config->n_targets >= CONFIG_MAX_TARGETS)
        config_mistake(faults, 0, make, "", "There are %d targets already, and no more are possible.",
                       CONFIG_MAX_TARGETS);
    else
        return true;
    return false;
}

int settings_change_judge(const struct settings_base *base, const struct settings_changes *changes, const char *make,
                          const struct settings_author *author, const struct settings_judge *judge,
                          struct config_mistakes *faults, struct config_page **ret_page, struct config **ret_config)
{
    attr_cleanup(config_page_destroyp) struct config_page *page = config_page_copy(base->page);
    if (!page)
        return -ENOMEM;
    if (make && !check_make(base, make, faults))
        return -EINVAL;
    if (make)
        config_page_remove(page, make); /* what is left of one before it */
    for (unsigned i = 0; i < changes->n; i++) {
        const struct settings_change *change = &changes->list[i];
        const struct config_key *key = check_one(base, change, make, judge, faults);
        int r = key ? config_page_set(page, change->target, key, change->text, author->who, author->when) : 0;
        if (r < 0)
            return r;
    }
    if (faults->n)
        return -EINVAL;
    int r = read_both(base, page, faults, ret_config);
    if (r == 0 && make && !config_find_target(*ret_config, make)) {
        config_mistake(faults, 0, make, "machine", "It does not say what the target is: give machine.");
        *ret_config = config_destroy(*ret_config);
        r = -EINVAL;
    }
    if (r == 0)
        *ret_page = take(page);
    return r;
}

int settings_change_remove(const struct settings_base *base, const char *target, struct config_page **ret_page,
                           struct config **ret_config)
{
    const struct config_target *found = config_find_target(base->config, target);
    if (!found)
        return -ENOENT;
    if (found->line)
        return -EPERM;
    _cleanup_free_ struct config_mistakes *ignored = calloc(1, sizeof *ignored);
    attr_cleanup(config_page_destroyp) struct config_page *page = config_page_copy(base->page);
    if (!page || !ignored)
        return -ENOMEM;
    config_page_remove(page, target);
    int r = settings_read(&base->file, page, ignored, ret_config);
    if (r == 0)
        *ret_page = take(page);
    return r;
}

/* ---- what has to be confirmed ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

enum config_trial settings_change_trial(const struct settings_base *base, const struct config *next)
{
    enum config_trial found = CONFIG_TRIAL_NONE;
    for (size_t i = 0; i < config_n_keys && found != CONFIG_TRIAL_LISTENERS; i++)
        if (config_keys[i].trial != CONFIG_TRIAL_NONE && !same_text(base->config->said[i].text, next->said[i].text))
            found = config_keys[i].trial;
    return found;
}
