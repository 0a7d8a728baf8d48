/* What no single line of a configuration shows. */
#include <string.h>

#include "gateway/config/config_internal.h"

/* A dongle's keys make root open devices and write to the kernel's configuration. */
static void check_dongle(struct config_target *self, bool trusted, struct config_mistakes *mistakes)
{
    if (!trusted)
        config_mistake(
            mistakes, self->line, self->name, "machine",
            "target %s is a dongle, which is allowed only in a file that belongs to root and that nobody else may "
            "write; run chown root and chmod go-w on it, and on its folder",
            self->name);
    if (!config_target_said(self, "drives"))
        self->drives = GADGET_LUNS;
    if (self->drives > GADGET_LUNS)
        config_mistake(mistakes, self->line, self->name, "drives",
                       "a dongle has at most %d drives; give a number from 0 to %d", GADGET_LUNS, GADGET_LUNS);
    if (self->dongle.subdevs.n > 0 && !self->dongle.media[0])
        config_mistake(mistakes, self->line, self->name, "media-subdevs",
                       "subdevices are set through their media device; add media = /dev/media0");
    if (self->dongle.media[0] && !self->dongle.capture[0])
        config_mistake(mistakes, self->line, self->name, "media",
                       "the media device belongs to no capture device; add capture = PATH");
    if (self->dongle.wake_secureon.given && !self->dongle.wake_mac.given)
        config_mistake(mistakes, self->line, self->name, "wake-secureon", "no address to wake is given; add wake-mac");
    if (self->dongle.wake_broadcast[0] && !self->dongle.wake_mac.given)
        config_mistake(mistakes, self->line, self->name, "wake-broadcast", "no address to wake is given; add wake-mac");
}

/* What no single line shows. */
static void check_target(struct config_target *self, bool trusted, struct config_mistakes *mistakes)
{
    if (!config_target_said(self, "machine")) {
        config_mistake(mistakes, self->line, self->name, "machine",
                       "target %s does not say what it is; add machine = qemu, or machine = dongle", self->name);
        return;
    }
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        if (self->said[i].origin != CONFIG_BY_DEFAULT && key->section == CONFIG_SECTION_TARGET &&
            !(key->machines & 1u << self->machine))
            config_mistake(mistakes, self->line, self->name, key->name,
                           "target %s is a %s, which has no such key; remove it", self->name,
                           config_machine_name(self->machine));
    }
    if (self->machine == CONFIG_DONGLE)
        check_dongle(self, trusted, mistakes);
    if (self->machine == CONFIG_REPLAY && !config_target_said(self, "recording"))
        config_mistake(mistakes, self->line, self->name, "recording", "target %s replays nothing; add recording = PATH",
                       self->name);
    if (self->firmware == CONFIG_UEFI_SECURE && config_target_said(self, "memory") && self->memory_mb < 128)
        config_mistake(mistakes, self->line, self->name, "memory", "UEFI does not start in %u MB; give at least 128",
                       self->memory_mb);
    if (self->mac.given && self->nic.kind == CONFIG_NIC_NONE)
        config_mistake(mistakes, self->line, self->name, "mac",
                       "target '%s' has no network interface; remove mac, or nic = none", self->name);
}

/* One controller is one device. */
static void check_udcs(const struct config *self, struct config_mistakes *mistakes)
{
    for (unsigned i = 0; i < self->n_targets; i++)
        for (unsigned k = 0; k < i; k++) {
            const struct config_target *a = self->targets[i], *b = self->targets[k];
            if (a->machine == CONFIG_DONGLE && b->machine == CONFIG_DONGLE &&
                strcmp(a->dongle.udc, b->dongle.udc) == 0 && a->dongle.udc[0])
                config_mistake(mistakes, a->line, a->name, "udc",
                               "targets '%s' and '%s' share '%s'; give each a controller of its own", b->name, a->name,
                               a->dongle.udc);
        }
}

static void check_gateway(const struct config *config, struct config_mistakes *mistakes)
{
    if (config->nbd.listen.n && !config->nbd.psk_file[0] && !config->nbd.client_ca[0])
        config_mistake(mistakes, 0, "", "nbd-listen",
                       "is not possible without nbd-psk-file or nbd-client-ca: who comes in that way must prove who it "
                       "is");
    if (config->client_crl[0] && !config->client_ca[0])
        config_mistake(mistakes, 0, "", "client-crl", "revokes certificates of nobody; add client-ca");
    const char *key, *fault = config_directory_fault(&config->directory, &key);
    if (fault)
        config_mistake(mistakes, 0, "", key, "%s", fault);
    if (!config->certificate[0] != !config->certificate_key[0])
        config_mistake(mistakes, 0, "", config->certificate[0] ? "certificate-key" : "certificate",
                       "certificate and certificate-key belong together; give both or neither");
}

void config_check(struct config *self, bool trusted, bool page_trusted, struct config_mistakes *mistakes)
{
    for (unsigned i = 0; i < self->n_targets; i++)
        check_target(self->targets[i], self->targets[i]->line ? trusted : page_trusted, mistakes);
    check_udcs(self, mistakes);
    check_gateway(self, mistakes);
}
