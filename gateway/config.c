#include "gateway/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config_keys.h"
#include "gateway/ini.h"

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

static void mistake(struct config_mistakes *self, int line, const char *key, const char *format, ...) attr_printf(4, 5);

static void mistake(struct config_mistakes *self, int line, const char *key, const char *format, ...)
{
    if (self->n == CONFIG_MAX_MISTAKES) {
        self->further++;
        return;
    }
    struct config_mistake *m = &self->list[self->n++];
    m->line = line;
    snprintf(m->key, sizeof m->key, "%s", key);
    va_list ap;
    va_start(ap, format);
    vsnprintf(m->text, sizeof m->text, format, ap);
    va_end(ap);
}

static bool target_name_valid(const char *name)
{
    if (*name == '-' || *name == '\0' || strlen(name) >= TARGET_NAME_MAX)
        return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static struct config_target *find_target(struct config *self, const char *name)
{
    for (unsigned i = 0; i < self->n_targets; i++)
        if (strcmp(self->targets[i]->name, name) == 0)
            return self->targets[i];
    return NULL;
}

static struct config_target *target_new(const char *name, int line)
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
    config_dongle_defaults(&self->dongle);
    return self;
}

static void target_free(struct config_target *self)
{
    for (unsigned i = 0; i < self->extra.n; i++)
        free(self->extra.list[i]);
    free(self);
}

static void begin_target(struct config_reader *self, int line, const char *name)
{
    struct config *config = self->config;
    self->place = IN_UNKNOWN; /* a section that is refused must not add a mistake for each of its lines */
    if (!target_name_valid(name)) {
        mistake(self->mistakes, line, "",
                "'%.80s' is no name of a target; use up to %d of a-z, 0-9 and -, for example [target web1]", name,
                TARGET_NAME_MAX - 1);
        return;
    }
    const struct config_target *other = find_target(config, name);
    if (other) {
        mistake(self->mistakes, line, "", "target %s was begun in line %d already; give each target one section", name,
                other->line);
        return;
    }
    if (config->n_targets == CONFIG_MAX_TARGETS) {
        mistake(self->mistakes, line, "", "there are more than %d targets; use a second gateway", CONFIG_MAX_TARGETS);
        return;
    }
    self->target = target_new(name, line);
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
        mistake(self->mistakes, line, "", "there is no section [%.80s]; use [gateway] or [target NAME]", name);
    } else if (*argument) {
        mistake(self->mistakes, line, "", "section [gateway] has no name; write [gateway]");
    } else if (self->gateway_seen) {
        mistake(self->mistakes, line, "", "section [gateway] was begun already; join the two");
    } else {
        self->gateway_seen = true;
        self->place = IN_GATEWAY;
    }
}

static void unknown_key(struct config_reader *self, int line, const char *key, enum config_section section)
{
    enum config_section other = section == CONFIG_SECTION_GATEWAY ? CONFIG_SECTION_TARGET : CONFIG_SECTION_GATEWAY;
    const char *near = config_key_nearest(section, key);
    unsigned number;
    if (config_key_find(other, key, &number))
        mistake(self->mistakes, line, key, "this key belongs into section %s; move it there",
                other == CONFIG_SECTION_GATEWAY ? "[gateway]" : "[target NAME]");
    else if (near)
        mistake(self->mistakes, line, key, "unknown key; did you mean %s?", near);
    else
        mistake(self->mistakes, line, key, "unknown key; remove it, or see lightsoutd's configuration manual");
}

/* Numbered keys share a row, so the row's bit says nothing of them; an empty field does. */
static bool given_before(const struct config_key *key, const bool *given, const void *field)
{
    if (key->many)
        return false;
    if (key->last == 0)
        return given[key - config_keys];
    return ((const struct config_disk *)field)->path[0] != '\0';
}

static void read_key(struct config_reader *self, int line, const struct config_key *key, const char *name,
                     const char *value, void *field, bool *given)
{
    if (given_before(key, given, field)) {
        mistake(self->mistakes, line, name, "given twice in this section; remove one");
        return;
    }
    given[key - config_keys] = true;
    if (key->trusted_only && !self->trusted) {
        mistake(self->mistakes, line, name,
                "allowed only in a file that belongs to root and that nobody else may write; run chown root and chmod "
                "go-w on it, and on its folder");
        return;
    }
    char why[160] = "";
    if (!*value)
        mistake(self->mistakes, line, name, "the value is missing; %s", key->remedy);
    else if (!key->parse(key, value, field, why, sizeof why))
        mistake(self->mistakes, line, name, "'%.100s' %s; %s", value, *why ? why : "is not understood", key->remedy);
}

static void on_pair(void *data, int line, const char *name, const char *value)
{
    struct config_reader *self = data;
    if (self->place == IN_UNKNOWN)
        return;
    if (self->place == IN_NOTHING) {
        mistake(self->mistakes, line, name, "stands before any section; put [gateway] or [target NAME] above it");
        return;
    }
    bool gateway = self->place == IN_GATEWAY;
    enum config_section section = gateway ? CONFIG_SECTION_GATEWAY : CONFIG_SECTION_TARGET;
    unsigned number;
    const struct config_key *key = config_key_find(section, name, &number);
    if (!key) {
        unknown_key(self, line, name, section);
        return;
    }
    char *base = gateway ? (char *)self->config : (char *)self->target;
    read_key(self, line, key, name, value, base + key->offset + key->step * (number - 1),
             gateway ? self->config->given : self->target->given);
}

static void on_mistake(void *data, int line, const char *what, const char *remedy)
{
    struct config_reader *self = data;
    mistake(self->mistakes, line, "", "%s; %s", what, remedy);
}

static bool target_given(const struct config_target *self, const char *name)
{
    unsigned number;
    const struct config_key *key = config_key_find(CONFIG_SECTION_TARGET, name, &number);
    return key && self->given[key - config_keys];
}

/* A dongle's keys make root open devices and write to the kernel's configuration. */
static void check_dongle(struct config_target *self, bool trusted, struct config_mistakes *mistakes)
{
    if (!trusted)
        mistake(mistakes, self->line, "machine",
                "target %s is a dongle, which is allowed only in a file that belongs to root and that nobody else may "
                "write; run chown root and chmod go-w on it, and on its folder",
                self->name);
    if (!target_given(self, "drives"))
        self->drives = GADGET_LUNS;
    if (self->drives > GADGET_LUNS)
        mistake(mistakes, self->line, "drives", "a dongle has at most %d drives; give a number from 0 to %d",
                GADGET_LUNS, GADGET_LUNS);
    if (self->dongle.subdevs.n > 0 && !self->dongle.media[0])
        mistake(mistakes, self->line, "media-subdevs",
                "subdevices are set through their media device; add media = /dev/media0");
    if (self->dongle.media[0] && !self->dongle.capture[0])
        mistake(mistakes, self->line, "media", "the media device belongs to no capture device; add capture = PATH");
    if (self->dongle.wake_secureon.given && !self->dongle.wake_mac.given)
        mistake(mistakes, self->line, "wake-secureon", "there is no address to wake; add wake-mac");
    if (self->dongle.wake_broadcast[0] && !self->dongle.wake_mac.given)
        mistake(mistakes, self->line, "wake-broadcast", "there is no address to wake; add wake-mac");
}

/* What no single line shows. */
static void check_target(struct config_target *self, bool trusted, struct config_mistakes *mistakes)
{
    if (!target_given(self, "machine")) {
        mistake(mistakes, self->line, "machine",
                "target %s does not say what it is; add machine = qemu, or machine = dongle", self->name);
        return;
    }
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        if (self->given[i] && key->section == CONFIG_SECTION_TARGET && !(key->machines & 1u << self->machine))
            mistake(mistakes, self->line, key->name, "target %s is a %s, which has no such key; remove it", self->name,
                    config_machine_name(self->machine));
    }
    if (self->machine == CONFIG_DONGLE)
        check_dongle(self, trusted, mistakes);
    if (self->machine == CONFIG_REPLAY && !target_given(self, "recording"))
        mistake(mistakes, self->line, "recording", "target %s replays nothing; add recording = PATH", self->name);
    if (self->firmware == CONFIG_UEFI_SECURE && target_given(self, "memory") && self->memory_mb < 128)
        mistake(mistakes, self->line, "memory", "UEFI does not start in %u MB; give at least 128", self->memory_mb);
    if (self->mac.given && self->nic.kind == CONFIG_NIC_NONE)
        mistake(mistakes, self->line, "mac", "target %s has no network interface; remove mac, or nic = none",
                self->name);
}

/* One controller is one device. */
static void check_udcs(const struct config *self, struct config_mistakes *mistakes)
{
    for (unsigned i = 0; i < self->n_targets; i++)
        for (unsigned k = 0; k < i; k++) {
            const struct config_target *a = self->targets[i], *b = self->targets[k];
            if (a->machine == CONFIG_DONGLE && b->machine == CONFIG_DONGLE &&
                strcmp(a->dongle.udc, b->dongle.udc) == 0 && a->dongle.udc[0])
                mistake(mistakes, a->line, "udc", "targets %s and %s share %s; give each a controller of its own",
                        b->name, a->name, a->dongle.udc);
        }
}

static void set_defaults(struct config *self)
{
    char why[8];
    if (self->listen.n == 0)
        config_value_listen(NULL, "127.0.0.1:8443 [::1]:8443", &self->listen, why, sizeof why);
    if (self->public_names.n == 0)
        config_value_names(NULL, "localhost 127.0.0.1 [::1]", &self->public_names, why, sizeof why);
}

int config_parse(const char *text, size_t size, bool trusted, struct config_mistakes *mistakes, struct config **ret)
{
    static const struct ini_listener listener = {.section = on_section, .pair = on_pair, .mistake = on_mistake};
    attr_cleanup(config_destroyp) struct config *config = calloc(1, sizeof *config);
    if (!config)
        return -ENOMEM;
    config->cache_memory = CONFIG_CACHE_MEMORY;
    config->audit.keep = CONFIG_AUDIT_KEEP;
    config->cache_disk = CONFIG_CACHE_DISK;
    config->directory.timeout_s = CONFIG_DIRECTORY_TIMEOUT_S;
    struct config_reader reader = {.config = config, .mistakes = mistakes, .trusted = trusted};
    ini_parse(text, size, &listener, &reader);
    if (reader.out_of_memory)
        return -ENOMEM;
    for (unsigned i = 0; i < config->n_targets; i++)
        check_target(config->targets[i], trusted, mistakes);
    check_udcs(config, mistakes);
    if (config->nbd.listen.n && !config->nbd.psk_file[0] && !config->nbd.client_ca[0])
        mistake(mistakes, 0, "nbd-listen",
                "is not possible without nbd-psk-file or nbd-client-ca: who comes in that way "
                "must prove who it is");
    if (config->client_crl[0] && !config->client_ca[0])
        mistake(mistakes, 0, "client-crl", "revokes certificates of nobody; add client-ca");
    const char *key, *fault = config_directory_fault(&config->directory, &key);
    if (fault)
        mistake(mistakes, 0, key, "%s", fault);
    if (!config->certificate[0] != !config->certificate_key[0])
        mistake(mistakes, 0, config->certificate[0] ? "certificate-key" : "certificate",
                "certificate and certificate-key belong together; give both or neither");
    if (mistakes->n > 0)
        return -EINVAL;
    set_defaults(config);
    *ret = take(config);
    return 0;
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
    free(self);
    return NULL;
}
