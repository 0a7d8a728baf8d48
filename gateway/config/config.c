#include "gateway/config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "gateway/config/config_internal.h"
#include "gateway/config/config_page.h"
#include "gateway/config/ini.h"

struct config_reader {
    struct config *config;
    struct config_mistakes *mistakes;
    bool trusted;
    bool out_of_memory;

    /* Where the lines go just now. */
    enum { IN_NOTHING, IN_GATEWAY, IN_TARGET, IN_UNKNOWN } place;
    bool gateway_seen;
    struct config_target *target;
};

void config_mistake(struct config_mistakes *self, int line, const char *target, const char *key, const char *format,
                    ...)
{
    if (self->n == CONFIG_MAX_MISTAKES) {
        self->further++;
        return;
    }
    struct config_mistake *m = &self->list[self->n++];
    m->line = line;
    snprintf(m->target, sizeof m->target, "%s", target);
    snprintf(m->key, sizeof m->key, "%s", key);
    va_list ap;
    va_start(ap, format);
    vsnprintf(m->text, sizeof m->text, format, ap);
    va_end(ap);
}

/* ---- what was said ---- */

void config_said_free(struct config_said said[CONFIG_MAX_KEYS])
{
    for (unsigned i = 0; i < CONFIG_MAX_KEYS; i++) {
        free(said[i].text);
        said[i] = (struct config_said){.origin = CONFIG_BY_DEFAULT};
    }
}

bool config_said_copy(struct config_said to[CONFIG_MAX_KEYS], const struct config_said from[CONFIG_MAX_KEYS])
{
    bool good = true;
    for (unsigned i = 0; i < CONFIG_MAX_KEYS; i++) {
        to[i] = (struct config_said){.origin = from[i].origin, .text = from[i].text ? strdup(from[i].text) : NULL};
        good &= !from[i].text || to[i].text;
    }
    return good;
}

bool config_said_add(struct config_said *self, enum config_origin origin, const char *text)
{
    char *joined = NULL;
    if (!self->text)
        joined = strdup(text);
    else if (asprintf(&joined, "%s\n%s", self->text, text) < 0)
        joined = NULL;
    free(self->text);
    self->text = joined;
    self->origin = (uint8_t)origin;
    return joined != NULL;
}

bool config_target_said(const struct config_target *self, const char *name)
{
    const struct config_key *key = config_key_find(CONFIG_SECTION_TARGET, name);
    return key && self->said[key - config_keys].origin != CONFIG_BY_DEFAULT;
}

/* ---- targets ---- */

bool config_target_name_valid(const char *name)
{
    if (*name == '-' || *name == '\0' || strlen(name) >= TARGET_NAME_MAX)
        return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

struct config_target *config_find_target(const struct config *self, const char *name)
{
    for (unsigned i = 0; i < self->n_targets; i++)
        if (strcmp(self->targets[i]->name, name) == 0)
            return self->targets[i];
    return NULL;
}

struct config_target *config_target_new(const char *name, int line)
{
    struct config_target *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    snprintf(self->name, sizeof self->name, "%s", name);
    self->line = line;
    self->cpus = 1;
    self->memory_mb = 1024;
    self->nic.kind = CONFIG_NIC_USER;
    self->drives = 1;
    self->media_wait_s = CONFIG_MEDIA_WAIT_S;
    self->seat_idle_s = CONFIG_SEAT_IDLE_S;
    text_copy(self->layout, sizeof self->layout, "us");
    config_dongle_defaults(&self->dongle);
    return self;
}

static void target_free(struct config_target *self)
{
    for (unsigned i = 0; i < self->extra.n; i++)
        free(self->extra.list[i]);
    config_said_free(self->said);
    free(self);
}

/* ---- reading ---- */

static void begin_target(struct config_reader *self, int line, const char *name)
{
    struct config *config = self->config;
    self->place = IN_UNKNOWN; /* a section that is refused must not add a mistake for each of its lines */
    if (!config_target_name_valid(name)) {
        config_mistake(self->mistakes, line, "", "",
                       "'%.80s' is no name of a target; use up to %d of a-z, 0-9 and -, for example [target web1]",
                       name, TARGET_NAME_MAX - 1);
        return;
    }
    const struct config_target *other = config_find_target(config, name);
    if (other) {
        config_mistake(self->mistakes, line, "", "",
                       "target %s was begun in line %d already; give each target one section", name, other->line);
        return;
    }
    if (config->n_targets == CONFIG_MAX_TARGETS) {
        config_mistake(self->mistakes, line, "", "", "there are more than %d targets; use a second gateway",
                       CONFIG_MAX_TARGETS);
        return;
    }
    self->target = config_target_new(name, line);
    if (!self->target) {
        self->out_of_memory = true;
        return;
    }
    config->targets[config->n_targets++] = self->target;
    self->place = IN_TARGET;
}

static void on_section(void *data, int line, const char *name, const char *argument)
{
    struct config_reader *self = data;
    if (strcmp(name, "target") == 0) {
        begin_target(self, line, argument);
        return;
    }
    self->place = IN_UNKNOWN;
    if (strcmp(name, "gateway") != 0) {
        config_mistake(self->mistakes, line, "", "", "there is no section [%.80s]; use [gateway] or [target NAME]",
                       name);
    } else if (*argument) {
        config_mistake(self->mistakes, line, "", "", "section [gateway] has no name; write [gateway]");
    } else if (self->gateway_seen) {
        config_mistake(self->mistakes, line, "", "", "section [gateway] was begun already; join the two");
    } else {
        self->gateway_seen = true;
        self->place = IN_GATEWAY;
    }
}

static const char *place_name(const struct config_reader *self)
{
    return self->place == IN_TARGET ? self->target->name : "";
}

static void unknown_key(struct config_reader *self, int line, const char *key, enum config_section section)
{
    enum config_section other = section == CONFIG_SECTION_GATEWAY ? CONFIG_SECTION_TARGET : CONFIG_SECTION_GATEWAY;
    const char *near = config_key_nearest(section, key);
    if (config_key_find(other, key))
        config_mistake(self->mistakes, line, place_name(self), key, "this key belongs into section %s; move it there",
                       other == CONFIG_SECTION_GATEWAY ? "[gateway]" : "[target NAME]");
    else if (near)
        config_mistake(self->mistakes, line, place_name(self), key, "unknown key; did you mean %s?", near);
    else
        config_mistake(self->mistakes, line, place_name(self), key,
                       "unknown key; remove it, or see lightsoutd's configuration manual");
}

static void read_key(struct config_reader *self, int line, const struct config_key *key, const char *value, char *base,
                     struct config_said *said)
{
    const char *name = key->name, *target = place_name(self);
    if (said->origin != CONFIG_BY_DEFAULT && !key->many) {
        config_mistake(self->mistakes, line, target, name, "given twice in this section; remove one");
        return;
    }
    if (!config_said_add(said, CONFIG_BY_FILE, value))
        self->out_of_memory = true;
    if (key->trusted_only && !self->trusted) {
        config_mistake(self->mistakes, line, target, name,
                       "allowed only in a file that belongs to root and that nobody else may write; run chown root and "
                       "chmod go-w on it, and on its folder");
        return;
    }
    char why[160] = "";
    if (!*value)
        config_mistake(self->mistakes, line, target, name, "the value is missing; %s", key->remedy);
    else if (!key->parse(key, value, base + key->offset, why, sizeof why))
        config_mistake(self->mistakes, line, target, name, "'%.100s' %s; %s", value, *why ? why : "is not understood",
                       key->remedy);
}

static void on_pair(void *data, int line, const char *name, const char *value)
{
    struct config_reader *self = data;
    if (self->place == IN_UNKNOWN)
        return;
    if (self->place == IN_NOTHING) {
        config_mistake(self->mistakes, line, "", name,
                       "stands before any section; put [gateway] or [target NAME] above it");
        return;
    }
    bool gateway = self->place == IN_GATEWAY;
    enum config_section section = gateway ? CONFIG_SECTION_GATEWAY : CONFIG_SECTION_TARGET;
    const struct config_key *key = config_key_find(section, name);
    if (!key) {
        unknown_key(self, line, name, section);
        return;
    }
    read_key(self, line, key, value, gateway ? (char *)self->config : (char *)self->target,
             (gateway ? self->config->said : self->target->said) + (key - config_keys));
}

static void on_mistake(void *data, int line, const char *what, const char *remedy)
{
    struct config_reader *self = data;
    config_mistake(self->mistakes, line, "", "", "%s; %s", what, remedy);
}

static void set_defaults(struct config *self)
{
    char why[8];
    if (self->listen.n == 0)
        config_value_listen(NULL, "127.0.0.1:8443 [::1]:8443", &self->listen, why, sizeof why);
    if (self->public_names.n == 0)
        config_value_names(NULL, "localhost 127.0.0.1 [::1]", &self->public_names, why, sizeof why);
}

/* The owner's file, and what the page has set below it but for what is left out. mistakes: of the file; ignored and
 * together: of the page's values, and of both. */
static int read_once(const struct config_text *file, const struct config_page *page, const bool *left_out,
                     struct config_mistakes *mistakes, struct config_mistakes *ignored,
                     struct config_mistakes *together, struct config **ret)
{
    static const struct ini_listener listener = {.section = on_section, .pair = on_pair, .mistake = on_mistake};
    attr_cleanup(config_destroyp) struct config *config = calloc(1, sizeof *config);
    if (!config)
        return -ENOMEM;
    config->cache_memory = CONFIG_CACHE_MEMORY;
    config->audit.keep = CONFIG_AUDIT_KEEP;
    config->cache_disk = CONFIG_CACHE_DISK;
    config->recordings_keep = CONFIG_RECORDINGS_KEEP;
    config->directory.timeout_s = CONFIG_DIRECTORY_TIMEOUT_S;
    struct config_reader reader = {.config = config, .mistakes = mistakes, .trusted = file->trusted};
    ini_parse(file->bytes, file->size, &listener, &reader);
    int r = reader.out_of_memory ? -ENOMEM : 0;
    if (page && r == 0)
        r = config_merge(config, page, left_out, ignored);
    if (r < 0)
        return r;
    config_check(config, file->trusted, page && page->trusted, together);
    if (mistakes->n > 0)
        return -EINVAL;
    set_defaults(config);
    *ret = take(config);
    return 0;
}

int config_parse_with(const char *text, size_t size, bool trusted, const struct config_page *page,
                      struct config_mistakes *mistakes, struct config_mistakes *ignored, struct config **ret)
{
    const struct config_text file = {.bytes = text, .size = size, .trusted = trusted};
    int r = read_once(&file, NULL, NULL, mistakes, NULL, mistakes, ret);
    if (r < 0 || !page)
        return r;
    *ret = config_destroy(*ret);
    return config_settle(&file, page, read_once, ignored, ret);
}

int config_faults(const char *text, size_t size, bool trusted, const struct config_page *page,
                  struct config_mistakes *faults)
{
    const struct config_text file = {.bytes = text, .size = size, .trusted = trusted};
    struct config *config = NULL;
    int r = read_once(&file, page, NULL, faults, faults, faults, &config);
    config_destroy(config);
    return r == -ENOMEM ? r : 0;
}

int config_parse(const char *text, size_t size, bool trusted, struct config_mistakes *mistakes, struct config **ret)
{
    return config_parse_with(text, size, trusted, NULL, mistakes, NULL, ret);
}

int config_default(struct config **ret)
{
    struct config_mistakes mistakes = {0};
    return config_parse("", 0, false, &mistakes, ret);
}

struct config *config_destroy(struct config *self)
{
    for (unsigned i = 0; self && i < self->n_targets; i++)
        target_free(self->targets[i]);
    if (self)
        config_said_free(self->said);
    free(self);
    return NULL;
}
