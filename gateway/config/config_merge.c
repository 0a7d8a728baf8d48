/* The page's keys below the owner's file. Whatever they are, they never keep lightsoutd from starting: what does not go
 * with the file is left out, the least that is enough. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/config_internal.h"
#include "gateway/config/config_page.h"

#define ROUNDS 200 /* each leaves something out; then all of it */

/* ---- merging ---- */

/* A value that was good alone may still not go with the others of its field (a group that is named twice). */
static bool parse_into(const struct config_key *key, const char *value, char *field, char *why, size_t why_size)
{
    _cleanup_free_ void *before = malloc(key->size);
    if (!before)
        return false;
    memcpy(before, field, key->size);
    if (key->parse(key, value, field, why, why_size))
        return true;
    memcpy(field, before, key->size);
    return false;
}

static int merge_line(const struct config_page_entry *entry, const char *target, const char *line, char *field,
                      struct config_said *said, struct config_mistakes *ignored)
{
    char why[160] = "";
    if (parse_into(entry->key, line, field, why, sizeof why))
        return config_said_add(said, CONFIG_BY_PAGE, line) ? 0 : -ENOMEM;
    config_mistake(ignored, 0, target, entry->key->name, "'%.100s' %s", line, *why ? why : "is not understood");
    return 0;
}

static int merge_entry(const struct config_page_entry *entry, const char *target, char *base, struct config_said *said,
                       struct config_mistakes *ignored)
{
    int r = 0;
    if (said->origin == CONFIG_BY_FILE)
        return 0; /* its owner has spoken */
    _cleanup_free_ char *lines = strdup(entry->text);
    if (!lines)
        return -ENOMEM;
    char *rest = lines;
    for (char *line; r == 0 && (line = strsep(&rest, "\n"));)
        r = merge_line(entry, target, line, base + entry->key->offset, said, ignored);
    return r;
}

static bool makes_target(const struct config_page_section *section, const bool *left_out)
{
    for (unsigned i = 0; i < section->n; i++)
        if (strcmp(section->entries[i].key->name, "machine") == 0)
            return !left_out || !left_out[i];
    return false;
}

/* The target that the section is about, made where the file has none. NULL: it is about none. */
static struct config_target *have_target(struct config *self, const struct config_page_section *section,
                                         const bool *left_out, struct config_mistakes *ignored)
{
    struct config_target *target = config_find_target(self, section->target);
    if (target || section->n == 0)
        return target;
    if (!makes_target(section, left_out)) {
        config_mistake(ignored, 0, section->target, "", "there is no target %s: its settings wait for one",
                       section->target);
        return NULL;
    }
    if (self->n_targets == CONFIG_MAX_TARGETS) {
        config_mistake(ignored, 0, section->target, "", "there are more than %d targets", CONFIG_MAX_TARGETS);
        return NULL;
    }
    target = config_target_new(section->target, 0);
    if (target)
        self->targets[self->n_targets++] = target;
    return target;
}

int config_merge(struct config *self, const struct config_page *page, const bool *left_out,
                 struct config_mistakes *ignored)
{
    int r = 0;
    for (unsigned i = 0; i < page->n && r == 0; i++) {
        const struct config_page_section *section = &page->sections[i];
        bool gateway = !section->target[0];
        struct config_target *target = gateway ? NULL : have_target(self, section, left_out, ignored);
        struct config_said *said = gateway ? self->said : target ? target->said : NULL;
        for (unsigned k = 0; k < section->n && (gateway || target) && r == 0; k++)
            if (!left_out || !left_out[k])
                r = merge_entry(&section->entries[k], section->target, gateway ? (char *)self : (char *)target,
                                said + (section->entries[k].key - config_keys), ignored);
        left_out = left_out ? left_out + section->n : NULL;
    }
    return r;
}

/* ---- leaving out ---- */

/* How much it has to do with the mistake; 0: it is out already, or the file's. */
static int blame(const struct config_mistake *mistake, const struct config_page_section *section,
                 const struct config_page_entry *entry)
{
    bool same_section = strcmp(mistake->target, section->target) == 0;
    bool same_key = strcmp(mistake->key, entry->key->name) == 0;
    size_t word = strcspn(mistake->key, "-");
    bool same_family = strncmp(mistake->key, entry->key->name, word) == 0;
    bool machine = strcmp(entry->key->name, "machine") == 0; /* takes the whole target with it */
    if (same_section)
        return same_key ? 6 : machine ? 3 : same_family ? 5 : 4;
    return same_key ? 2 : 1;
}

/* The entry that is to blame most, the last one of several. -1: there is none left. */
static long find_culprit(const struct config *config, const struct config_page *page, const bool *left_out,
                         const struct config_mistake *mistake)
{
    long found = -1, at = 0;
    int most = 0;
    for (unsigned i = 0; i < page->n; i++) {
        const struct config_page_section *section = &page->sections[i];
        const struct config_target *target = config_find_target(config, section->target);
        const struct config_said *said = !section->target[0] ? config->said : target ? target->said : NULL;
        for (unsigned k = 0; k < section->n; k++, at++) {
            if (left_out[at] || !said || said[section->entries[k].key - config_keys].origin != CONFIG_BY_PAGE)
                continue;
            int much = blame(mistake, section, &section->entries[k]);
            if (much >= most) {
                most = much;
                found = at;
            }
        }
    }
    return found;
}

static const struct config_page_entry *entry_at(const struct config_page *page, long at, const char **ret_target)
{
    unsigned i = 0;
    for (; at >= (long)page->sections[i].n; i++)
        at -= page->sections[i].n;
    *ret_target = page->sections[i].target;
    return &page->sections[i].entries[at];
}

static size_t count_entries(const struct config_page *page)
{
    size_t n = 0;
    for (unsigned i = 0; i < page->n; i++)
        n += page->sections[i].n;
    return n;
}

/* What was left out, and for what. */
struct left {
    long at;
    struct config_mistake why;
};

/* One round of reading both. */
struct settling {
    const struct config_text *file;
    const struct config_page *page;
    config_read_fn *read;
    bool *left_out;
    struct config_mistakes *mistakes, *values, *together;
    struct left left[ROUNDS];
    unsigned n_left;
};

static int read_again(struct settling *self, struct config **ret)
{
    self->mistakes->n = self->values->n = self->together->n = 0;
    return self->read(self->file, self->page, self->left_out, self->mistakes, self->values, self->together, ret);
}

/* False: nothing of the page's is to blame. */
static bool leave_out(struct settling *self, const struct config *config)
{
    const struct config_mistake *mistake = &self->together->list[0];
    long at = find_culprit(config, self->page, self->left_out, mistake);
    if (at < 0 || self->n_left == ROUNDS)
        return false;
    self->left_out[at] = true;
    self->left[self->n_left++] = (struct left){.at = at, .why = *mistake};
    return true;
}

/* Some were left out for what another did: they come back. */
static int bring_back(struct settling *self, struct config **config)
{
    for (unsigned i = 0; i + 1 < self->n_left; i++) {
        struct config *other = NULL;
        self->left_out[self->left[i].at] = false;
        int r = read_again(self, &other);
        if (r < 0)
            return r;
        if (self->together->n) {
            self->left_out[self->left[i].at] = true;
            config_destroy(other);
            continue;
        }
        self->left[i].at = -1;
        config_destroy(*config);
        *config = other;
    }
    /* what is told of values is of what counts in the end */
    struct config *last = NULL;
    int r = read_again(self, &last);
    if (r == 0) {
        config_destroy(*config);
        *config = last;
    }
    return r;
}

static void tell(const struct settling *self, struct config_mistakes *ignored)
{
    const char *target;
    for (unsigned i = 0; i < self->values->n; i++) {
        const struct config_mistake *m = &self->values->list[i];
        config_mistake(ignored, m->line, m->target, m->key, "%s", m->text);
    }
    for (unsigned i = 0; i < self->n_left; i++) {
        const struct config_mistake *why = &self->left[i].why;
        if (self->left[i].at < 0)
            continue;
        const char *key = entry_at(self->page, self->left[i].at, &target)->key->name;
        if (strcmp(why->key, key) == 0)
            config_mistake(ignored, 0, target, key, "%s", why->text);
        else
            config_mistake(ignored, 0, target, key, "does not go with the rest: %s: %s", why->key, why->text);
    }
}

static int settle(struct settling *self, struct config_mistakes *ignored, struct config **ret)
{
    struct config *config = NULL;
    int r = 0;
    do {
        config = config_destroy(config);
        r = read_again(self, &config);
    } while (r == 0 && self->together->n && leave_out(self, config));
    bool good = r == 0 && self->together->n == 0;
    if (good)
        r = bring_back(self, &config);
    if (r < 0) {
        config_destroy(config);
        return r;
    }
    if (good) {
        tell(self, ignored);
        *ret = config;
        return 0;
    }
    config_destroy(config);
    config_mistake(ignored, 0, "", "",
                   "what page and command line have set does not go with the configuration: all of "
                   "it is left out");
    return self->read(self->file, NULL, NULL, self->mistakes, NULL, self->mistakes, ret);
}

int config_settle(const struct config_text *file, const struct config_page *page, config_read_fn *read,
                  struct config_mistakes *ignored, struct config **ret)
{
    _cleanup_free_ struct config_mistakes *rooms = calloc(3, sizeof *rooms);
    _cleanup_free_ bool *left_out = calloc(count_entries(page) + 1, sizeof *left_out);
    _cleanup_free_ struct settling *self = calloc(1, sizeof *self);
    if (!rooms || !left_out || !self)
        return -ENOMEM;
    *self = (struct settling){.file = file,
                              .page = page,
                              .read = read,
                              .left_out = left_out,
                              .mistakes = &rooms[0],
                              .values = &rooms[1],
                              .together = &rooms[2]};
    return settle(self, ignored, ret);
}
