#include "gateway/control/control_config.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "core/ipc.h"
#include "core/text.h"

#define VERSION 1

/* ---- pieces ---- */

static void write_author(struct wire_writer *w, const char *who, int64_t when)
{
    ipc_write_string(w, who);
    wire_write_le64(w, (uint64_t)when);
}

static bool read_author(struct wire_reader *r, struct settings_author_text *ret)
{
    if (!ipc_read_string(r, ret->who, sizeof ret->who))
        return false;
    ret->when = (int64_t)wire_read_le64(r);
    return !r->bad;
}

/* NULL: malformed, or no memory. */
static char *read_text(struct wire_reader *r)
{
    size_t size = wire_read_le16(r);
    const uint8_t *bytes = wire_read_bytes(r, size);
    char *text = bytes && !memchr(bytes, '\0', size) ? malloc(size + 1) : NULL;
    if (!text)
        return NULL;
    memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

static void write_mistake(struct wire_writer *w, const struct config_mistake *m)
{
    ipc_write_string(w, m->target);
    ipc_write_string(w, m->key);
    ipc_write_string(w, m->text);
}

static void write_mistakes(struct wire_writer *w, const struct config_mistakes *self)
{
    unsigned n = MIN(self->n, (unsigned)SETTINGS_MAX_FAULTS);
    wire_write_u8(w, (uint8_t)n);
    for (unsigned i = 0; i < n; i++)
        write_mistake(w, &self->list[i]);
}

static bool read_mistakes(struct wire_reader *r, struct config_mistakes *ret)
{
    unsigned n = wire_read_u8(r);
    if (n > SETTINGS_MAX_FAULTS)
        return false;
    for (; ret->n < n; ret->n++) {
        struct config_mistake *m = &ret->list[ret->n];
        if (!ipc_read_string(r, m->target, sizeof m->target) || !ipc_read_string(r, m->key, sizeof m->key) ||
            !ipc_read_string(r, m->text, sizeof m->text))
            return false;
    }
    return true;
}

/* ---- what counts ---- */

static void write_section(struct wire_writer *w, const struct settings_told *told, const struct config_target *target)
{
    const struct config_said *said = target ? target->said : told->base->config->said;
    const char *name = target ? target->name : "";
    unsigned n = 0;
    for (unsigned i = 0; i < config_n_keys; i++)
        n += said[i].origin != CONFIG_BY_DEFAULT;
    ipc_write_string(w, name);
    wire_write_u8(w, target ? (uint8_t)target->machine : 0);
    wire_write_u8(w, target && target->line == 0);
    wire_write_u8(w, (uint8_t)n);
    for (unsigned i = 0; i < config_n_keys; i++) {
        const struct config_page_entry *entry = config_page_find(told->base->page, name, &config_keys[i]);
        if (said[i].origin == CONFIG_BY_DEFAULT)
            continue;
        ipc_write_string(w, config_keys[i].name);
        wire_write_u8(w, said[i].origin);
        ipc_write_string(w, config_keys[i].hidden || !said[i].text ? "" : said[i].text);
        write_author(w, entry ? entry->who : "", entry ? entry->when : 0);
    }
}

bool settings_state_write(struct wire_writer *w, const struct settings_told *told, uint8_t tag[SETTINGS_TAG])
{
    const struct config *config = told->base->config;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    wire_write_u8(w, VERSION);
    const uint8_t *from = w->start + wire_written(w);
    wire_write_le16(w, (uint16_t)(config->n_targets + 1));
    write_section(w, told, NULL);
    for (unsigned i = 0; i < config->n_targets; i++)
        write_section(w, told, config->targets[i]);
    if (w->full)
        return false;
    /* of what is set, and by whom: what waits or is confirmed makes no other state of it */
    SHA256(from, (size_t)(w->start + wire_written(w) - from), digest);
    memcpy(tag, digest, SETTINGS_TAG);
    wire_write_bytes(w, tag, SETTINGS_TAG);
    ipc_write_string(w, told->path);
    write_author(w, told->last.who, told->last.when);
    wire_write_u8(w, (uint8_t)told->trial->pending.kind);
    wire_write_le64(w, told->trial->pending.began_us);
    wire_write_le64(w, told->trial->pending.until_us);
    ipc_write_string(w, told->trial->pending.who);
    wire_write_le32(w, told->reverted);
    wire_write_le16(w, (uint16_t)told->n_waiting);
    for (unsigned i = 0; i < told->n_waiting; i++) {
        ipc_write_string(w, told->waiting[i].target);
        ipc_write_string(w, told->waiting[i].key);
        wire_write_u8(w, told->waiting[i].running != NULL);
        ipc_write_string(w, told->waiting[i].running ? told->waiting[i].running : "");
    }
    write_mistakes(w, told->ignored);
    return !w->full;
}

static bool read_entry(struct wire_reader *r, struct settings_section *section)
{
    char name[64];
    struct settings_entry entry = {.origin = 0};
    if (!ipc_read_string(r, name, sizeof name))
        return false;
    entry.origin = wire_read_u8(r);
    entry.text = read_text(r);
    entry.key = config_key_find(section->target[0] ? CONFIG_SECTION_TARGET : CONFIG_SECTION_GATEWAY, name);
    if (!entry.text || !read_author(r, &entry.author) || entry.origin > CONFIG_BY_PAGE) {
        free(entry.text);
        return false;
    }
    if (entry.key)
        section->entries[section->n++] = entry;
    else
        free(entry.text);
    return true;
}

static bool read_section(struct wire_reader *r, struct settings_section *section)
{
    if (!ipc_read_string(r, section->target, sizeof section->target))
        return false;
    section->machine = wire_read_u8(r);
    section->removable = wire_read_u8(r) != 0;
    unsigned n = wire_read_u8(r);
    section->entries = calloc(n + 1, sizeof *section->entries);
    if (!section->entries || section->machine > CONFIG_DONGLE || n > CONFIG_MAX_KEYS)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (!read_entry(r, section))
            return false;
    return true;
}

static bool read_sections(struct wire_reader *r, struct settings_state *self)
{
    unsigned n = wire_read_le16(r);
    if (r->bad || n < 1 || n > CONFIG_MAX_TARGETS + 1 || !(self->sections = calloc(n, sizeof *self->sections)))
        return false;
    for (unsigned i = 0; i < n; i++) {
        self->n_sections++;
        if (!read_section(r, &self->sections[i]) || (i == 0) != (self->sections[i].target[0] == '\0'))
            return false;
    }
    return true;
}

static bool read_pending(struct wire_reader *r, struct pending_change *ret)
{
    unsigned kind = wire_read_u8(r);
    ret->began_us = wire_read_le64(r);
    ret->until_us = wire_read_le64(r);
    if (kind > PENDING_LOGIN_RULES || kind == PENDING_CERTIFICATE || !ipc_read_string(r, ret->who, sizeof ret->who))
        return false;
    ret->kind = (enum pending_kind)kind;
    return true;
}

static bool read_waiting(struct wire_reader *r, struct settings_state *self)
{
    unsigned n = wire_read_le16(r);
    if (r->bad || n > r->left || !(self->waiting = calloc(n + 1, sizeof *self->waiting)))
        return false;
    for (; self->n_waiting < n;) {
        struct settings_waiting *one = &self->waiting[self->n_waiting];
        if (!ipc_read_string(r, one->target, sizeof one->target) || !ipc_read_string(r, one->key, sizeof one->key))
            return false;
        bool have = wire_read_u8(r) != 0;
        one->running = read_text(r);
        self->n_waiting++;
        if (!one->running)
            return false;
        if (!have) {
            free(one->running);
            one->running = NULL;
        }
    }
    return true;
}

static bool read_state(struct wire_reader *r, struct settings_state *self)
{
    if (wire_read_u8(r) != VERSION || !read_sections(r, self))
        return false;
    const uint8_t *tag = wire_read_bytes(r, SETTINGS_TAG);
    if (tag)
        memcpy(self->tag, tag, SETTINGS_TAG);
    if (!ipc_read_string(r, self->path, sizeof self->path) || !read_author(r, &self->last) ||
        !read_pending(r, &self->pending))
        return false;
    self->reverted = wire_read_le32(r);
    return read_waiting(r, self) && read_mistakes(r, &self->ignored) && wire_read_complete(r);
}

struct settings_state *settings_state_read(const uint8_t *bytes, size_t size)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    struct settings_state *self = calloc(1, sizeof *self);
    if (self && size <= SETTINGS_STATE_MAX && read_state(&r, self))
        return self;
    return settings_state_destroy(self);
}

struct settings_state *settings_state_destroy(struct settings_state *self)
{
    for (unsigned i = 0; self && i < self->n_sections; i++) {
        for (unsigned k = 0; k < self->sections[i].n; k++)
            free(self->sections[i].entries[k].text);
        free(self->sections[i].entries);
    }
    for (unsigned i = 0; self && i < self->n_waiting; i++)
        free(self->waiting[i].running);
    if (self) {
        free(self->sections);
        free(self->waiting);
    }
    free(self);
    return NULL;
}

/* ---- asking ---- */

void settings_ask_write(struct wire_writer *w, const struct settings_ask *ask)
{
    wire_write_u8(w, ask->wish);
    wire_write_u8(w, ask->any_tag);
    wire_write_bytes(w, ask->tag, SETTINGS_TAG);
    wire_write_u8(w, ask->erase);
    ipc_write_string(w, ask->who);
    ipc_write_string(w, ask->name);
    wire_write_le16(w, (uint16_t)ask->changes.n);
    for (unsigned i = 0; i < ask->changes.n; i++) {
        const struct settings_change *change = &ask->changes.list[i];
        ipc_write_string(w, change->target);
        ipc_write_string(w, change->key);
        wire_write_u8(w, change->text != NULL);
        ipc_write_string(w, change->text ? change->text : "");
    }
}

static bool read_change(struct wire_reader *r, struct settings_change *ret)
{
    if (!ipc_read_string(r, ret->target, sizeof ret->target) || !ipc_read_string(r, ret->key, sizeof ret->key))
        return false;
    bool have = wire_read_u8(r) != 0;
    char *text = read_text(r);
    if (!text)
        return false;
    if (!have)
        free(text);
    ret->text = have ? text : NULL;
    return true;
}

bool settings_ask_read(const uint8_t *body, size_t size, struct settings_ask *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->wish = wire_read_u8(&r);
    ret->any_tag = wire_read_u8(&r) != 0;
    const uint8_t *tag = wire_read_bytes(&r, SETTINGS_TAG);
    ret->erase = wire_read_u8(&r) != 0;
    if (!tag || ret->wish < SETTINGS_CHANGE || ret->wish >= SETTINGS_WISHES ||
        !ipc_read_string(&r, ret->who, sizeof ret->who) || !ipc_read_string(&r, ret->name, sizeof ret->name))
        return false;
    memcpy(ret->tag, tag, SETTINGS_TAG);
    unsigned n = wire_read_le16(&r);
    bool good = n <= SETTINGS_MAX_CHANGES;
    for (unsigned i = 0; i < n && good; i++) {
        good = read_change(&r, &ret->changes.list[i]);
        ret->changes.n += good;
    }
    if (good && wire_read_complete(&r))
        return true;
    settings_changes_finish(&ret->changes);
    return false;
}

/* ---- answering ---- */

void settings_answer_write(struct wire_writer *w, const struct settings_answer *answer)
{
    wire_write_le32(w, (uint32_t)answer->error);
    wire_write_u8(w, answer->on_trial);
    ipc_write_string(w, answer->reason);
    write_mistakes(w, &answer->faults);
}

bool settings_answer_read(const uint8_t *body, size_t size, struct settings_answer *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->error = (int32_t)wire_read_le32(&r);
    ret->on_trial = wire_read_u8(&r) != 0;
    return ipc_read_string(&r, ret->reason, sizeof ret->reason) && read_mistakes(&r, &ret->faults) &&
           wire_read_complete(&r) && ret->error <= 0;
}
