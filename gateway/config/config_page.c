#include "gateway/config/config_page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "gateway/config/config_internal.h"
#include "gateway/config/ini.h"

struct config_page *config_page_create(void)
{
    return calloc(1, sizeof(struct config_page));
}

static void section_finish(struct config_page_section *self)
{
    for (unsigned i = 0; i < self->n; i++)
        free(self->entries[i].text);
    free(self->entries);
}

struct config_page *config_page_destroy(struct config_page *self)
{
    for (unsigned i = 0; self && i < self->n; i++)
        section_finish(&self->sections[i]);
    if (self)
        free(self->sections);
    free(self);
    return NULL;
}

static struct config_page_section *find_section(const struct config_page *self, const char *target)
{
    for (unsigned i = 0; i < self->n; i++)
        if (strcmp(self->sections[i].target, target) == 0)
            return &self->sections[i];
    return NULL;
}

const struct config_page_section *config_page_section(const struct config_page *self, const char *target)
{
    return find_section(self, target);
}

static struct config_page_entry *find_entry(const struct config_page_section *section, const struct config_key *key)
{
    for (unsigned i = 0; section && i < section->n; i++)
        if (section->entries[i].key == key)
            return &section->entries[i];
    return NULL;
}

const struct config_page_entry *config_page_find(const struct config_page *self, const char *target,
                                                 const struct config_key *key)
{
    return find_entry(find_section(self, target), key);
}

static struct config_page_section *have_section(struct config_page *self, const char *target)
{
    struct config_page_section *found = find_section(self, target);
    if (found)
        return found;
    struct config_page_section *grown = reallocarray(self->sections, self->n + 1, sizeof *grown);
    if (!grown)
        return NULL;
    self->sections = grown;
    found = &grown[self->n++];
    *found = (struct config_page_section){.n = 0};
    text_copy(found->target, sizeof found->target, target);
    return found;
}

static struct config_page_entry *have_entry(struct config_page_section *self, const struct config_key *key)
{
    struct config_page_entry *found = find_entry(self, key);
    if (found)
        return found;
    struct config_page_entry *grown = reallocarray(self->entries, self->n + 1, sizeof *grown);
    if (!grown)
        return NULL;
    self->entries = grown;
    found = &grown[self->n++];
    *found = (struct config_page_entry){.key = key};
    return found;
}

static void drop_entry(struct config_page_section *self, struct config_page_entry *entry)
{
    free(entry->text);
    unsigned at = (unsigned)(entry - self->entries);
    memmove(entry, entry + 1, (self->n - at - 1) * sizeof *entry);
    self->n--;
}

/* It becomes a comment: nothing that ends the line. */
static void plain_name(char room[CONFIG_PAGE_WHO], const char *who)
{
    snprintf(room, CONFIG_PAGE_WHO, "%s", who);
    for (char *c = room; *c; c++)
        if ((uint8_t)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

int config_page_set(struct config_page *self, const char *target, const struct config_key *key, const char *text,
                    const char *who, int64_t when)
{
    if (!text) {
        struct config_page_section *section = find_section(self, target);
        struct config_page_entry *entry = find_entry(section, key);
        if (entry)
            drop_entry(section, entry);
        return 0;
    }
    struct config_page_section *section = have_section(self, target);
    _cleanup_free_ char *copy = strdup(text);
    struct config_page_entry *entry = section && copy ? have_entry(section, key) : NULL;
    if (!entry)
        return -ENOMEM;
    free(entry->text);
    entry->text = take(copy);
    entry->when = when;
    plain_name(entry->who, who);
    return 0;
}

void config_page_remove(struct config_page *self, const char *target)
{
    struct config_page_section *section = find_section(self, target);
    if (!section)
        return;
    section_finish(section);
    *section = self->sections[--self->n];
}

struct config_page *config_page_copy(const struct config_page *self)
{
    struct config_page *copy = config_page_create();
    int r = copy ? 0 : -ENOMEM;
    for (unsigned i = 0; i < self->n && r == 0; i++)
        for (unsigned k = 0; k < self->sections[i].n && r == 0; k++) {
            const struct config_page_entry *entry = &self->sections[i].entries[k];
            r = config_page_set(copy, self->sections[i].target, entry->key, entry->text, entry->who, entry->when);
        }
    if (r < 0)
        return config_page_destroy(copy);
    copy->trusted = self->trusted;
    return copy;
}

/* ---- reading one file ---- */

struct page_reader {
    struct config_page *page;
    const char *target;
    struct config_mistakes *ignored;
    bool inside; /* the section that the file is about */
    bool out_of_memory;
    int64_t when; /* what the comment above has said */
    char who[CONFIG_PAGE_WHO];
};

static void on_section(void *data, int line, const char *name, const char *argument)
{
    struct page_reader *self = data;
    const char *wanted = *self->target ? "target" : "gateway";
    self->inside = strcmp(name, wanted) == 0 && strcmp(argument, self->target) == 0;
    if (!self->inside)
        config_mistake(self->ignored, line, self->target, "", "section [%.40s %.40s] does not belong into this file",
                       name, argument);
}

/* "1795381419 NAME" */
static void on_comment(void *data, const char *text)
{
    struct page_reader *self = data;
    int64_t when = 0;
    int at = 0;
    self->when = 0;
    self->who[0] = '\0';
    if (sscanf(text, "%" SCNd64 " %n", &when, &at) != 1 || !at || when < 0)
        return;
    self->when = when;
    plain_name(self->who, text + at);
}

static void add(struct page_reader *self, const struct config_key *key, const char *value)
{
    const struct config_page_entry *before = config_page_find(self->page, self->target, key);
    _cleanup_free_ char *joined = NULL;
    if (before && asprintf(&joined, "%s\n%s", before->text, value) < 0)
        joined = NULL;
    int r = before && !joined
                ? -ENOMEM
                : config_page_set(self->page, self->target, key, joined ? joined : value, self->who, self->when);
    self->out_of_memory |= r < 0;
}

static void on_pair(void *data, int line, const char *name, const char *value)
{
    struct page_reader *self = data;
    char why[160] = "";
    if (!self->inside)
        return;
    const struct config_key *key =
        config_key_find(*self->target ? CONFIG_SECTION_TARGET : CONFIG_SECTION_GATEWAY, name);
    if (!key || !key->page)
        config_mistake(self->ignored, line, self->target, name,
                       key ? "only the owner's file may give this key" : "unknown key");
    else if (config_page_find(self->page, self->target, key) && !key->many)
        config_mistake(self->ignored, line, self->target, name, "stands there twice");
    else if (!config_page_value(key, value, why, sizeof why))
        config_mistake(self->ignored, line, self->target, name, "'%.100s' %s", value, *why ? why : "is not understood");
    else
        add(self, key, value);
}

static void on_mistake(void *data, int line, const char *what, const char *remedy)
{
    struct page_reader *self = data;
    (void)remedy;
    config_mistake(self->ignored, line, self->target, "", "%s", what);
}

int config_page_read(struct config_page *self, const char *target, const char *text, size_t size,
                     struct config_mistakes *ignored)
{
    static const struct ini_listener listener = {
        .section = on_section, .pair = on_pair, .mistake = on_mistake, .comment = on_comment};
    struct page_reader reader = {.page = self, .target = target, .ignored = ignored};
    ini_parse(text, size, &listener, &reader);
    return reader.out_of_memory ? -ENOMEM : 0;
}

/* ---- writing it ---- */

static void write_entry(FILE *out, const struct config_page_entry *entry)
{
    fprintf(out, "# %" PRId64 " %s\n", entry->when, entry->who);
    for (const char *at = entry->text; *at;) {
        size_t n = strcspn(at, "\n");
        fprintf(out, "%s = %.*s\n", entry->key->name, (int)n, at);
        at += n + (at[n] != '\0');
    }
}

int config_page_write(const struct config_page *self, const char *target, char **ret, size_t *ret_size)
{
    const struct config_page_section *section = config_page_section(self, target);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -ENOMEM;
    if (section && section->n) {
        fputs(
            "# Set by page, REST or `lightsout config`, and written by lightsoutd alone. Your own file wins over this "
            "one.\n",
            out);
        fprintf(out, "[%s%s]\n", *target ? "target " : "gateway", target);
        for (unsigned i = 0; i < section->n; i++)
            write_entry(out, &section->entries[i]);
    }
    if (fclose(out) != 0) {
        free(text);
        return -ENOMEM;
    }
    *ret = text;
    *ret_size = size;
    return 0;
}
