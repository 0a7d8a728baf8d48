#include "gateway/config_keys.h"

#include <stdlib.h>
#include <string.h>

static const char *const machine_words[] = {"qemu", "testcard", "replay", NULL};
static const char *const format_words[] = {"bgrx", "yuyv", "uyvy", "nv12", "rgb24", "bgr24", NULL};
static_assert(ARRAY_SIZE(format_words) == CONFIG_FORMATS + 1, "a word for each");
static const char *const firmware_words[] = {"bios", "uefi", "uefi-secure", NULL};
static const char *const accel_words[] = {"auto", "kvm", "tcg", NULL};
static const char *const lifetime_words[] = {"vm", "supervisor", NULL};

#define GATEWAY(key, field, parser, ...)                                                                               \
    {                                                                                                                  \
        .name = (key), .section = CONFIG_SECTION_GATEWAY, .parse = (parser), .offset = offsetof(struct config, field), \
        __VA_ARGS__                                                                                                    \
    }
#define TARGET(key, field, who, parser, ...)                                                                           \
    {                                                                                                                  \
        .name = (key), .section = CONFIG_SECTION_TARGET, .machines = (who), .parse = (parser),                         \
        .offset = offsetof(struct config_target, field), __VA_ARGS__                                                   \
    }

const struct config_key config_keys[] = {
    GATEWAY("listen", listen, config_value_listen,
            .remedy = "give addresses with ports, for example listen = 127.0.0.1:8443 [::1]:8443"),
    GATEWAY("public-names", public_names, config_value_names,
            .remedy = "give the names that browsers use, for example public-names = kvm.example.org localhost"),
    GATEWAY("state", state, config_value_path,
            .remedy = "give an absolute path, for example state = /var/lib/lightsout"),
    GATEWAY("library", library, config_value_path,
            .remedy = "give an absolute path of a folder with images, for example library = /srv/images"),
    GATEWAY("certificate", certificate, config_value_path,
            .remedy = "give the absolute path of a PEM file, the chain behind the certificate"),
    GATEWAY("certificate-key", certificate_key, config_value_path,
            .remedy = "give the absolute path of the PEM file with the certificate's private key"),
    GATEWAY("user", user, config_value_user,
            .remedy = "give the name or number of an unprivileged user, for example user = lightsout"),

    TARGET("machine", machine, CONFIG_FOR_ALL, config_value_word, .words = machine_words,
           .remedy = "choose qemu, testcard or replay"),
    TARGET("recording", recording, CONFIG_FOR_REPLAY, config_value_path,
           .remedy = "give the absolute path of a file or pipe of raw frames"),
    TARGET("format", format, CONFIG_FOR_TESTCARD, config_value_word, .words = format_words,
           .remedy = "choose bgrx, yuyv, uyvy, nv12, rgb24 or bgr24"),
    TARGET("noise", noise, CONFIG_FOR_TESTCARD | CONFIG_FOR_REPLAY, config_value_bool, .remedy = "write yes or no"),
    TARGET("firmware", firmware, CONFIG_FOR_QEMU, config_value_word, .words = firmware_words,
           .remedy = "choose bios, uefi or uefi-secure"),
    TARGET("accel", accel, CONFIG_FOR_QEMU, config_value_word, .words = accel_words,
           .remedy = "choose auto, kvm or tcg"),
    TARGET("tpm", tpm, CONFIG_FOR_QEMU, config_value_bool, .remedy = "write yes or no"),
    TARGET("cpus", cpus, CONFIG_FOR_QEMU, config_value_number, .min = 1, .max = 64,
           .remedy = "give a number from 1 to 64"),
    TARGET("memory", memory_mb, CONFIG_FOR_QEMU, config_value_number, .min = 64, .max = 1L << 20,
           .remedy = "give megabytes without a unit, from 64 to 1048576, for example memory = 2048"),
    TARGET("disk", disks, CONFIG_FOR_QEMU, config_value_disk, .step = sizeof(struct config_disk),
           .last = CONFIG_MAX_DISKS,
           .remedy = "write PATH[,bus=sata|virtio|nvme][,size=SIZE][,format=qcow2|raw], for example disk = "
                     "system.qcow2,size=20G"),
    TARGET("nic", nic, CONFIG_FOR_QEMU, config_value_nic,
           .remedy = "choose none, user (a network of its own without a way out) or tap:NAME"),
    TARGET("mac", mac, CONFIG_FOR_QEMU, config_value_mac,
           .remedy = "give six hexadecimal bytes, the first one even, for example mac = 52:54:00:12:34:56"),
    TARGET("serial-extra", serial_extra, CONFIG_FOR_QEMU, config_value_number, .min = 0, .max = 3,
           .remedy = "give a number from 0 to 3"),
    TARGET("lifetime", lifetime, CONFIG_FOR_QEMU, config_value_word, .words = lifetime_words,
           .remedy = "choose vm (it outlives the supervisor) or supervisor (it ends with it)"),
    TARGET("drives", drives, CONFIG_FOR_QEMU, config_value_number, .min = 0, .max = DRIVES_MAX,
           .remedy = "give a number from 0 to 4"),
    TARGET("extra-arguments", extra, CONFIG_FOR_QEMU, config_value_arguments, .trusted_only = true,
           .remedy = "give at most 64 words, quoted with \" where they hold blanks"),
};
const size_t config_n_keys = ARRAY_SIZE(config_keys);

static_assert(ARRAY_SIZE(config_keys) <= 64, "struct config_target.given has a bit for each row");

static bool key_matches(const struct config_key *key, const char *name, unsigned *ret_number)
{
    size_t n = strlen(key->name);
    if (strncmp(key->name, name, n) != 0)
        return false;
    *ret_number = 1;
    if (name[n] == '\0')
        return true;
    /* one digit, so that disk02 or disk 2 are no spellings of disk2 */
    if (key->last < 2 || name[n] < '2' || name[n] > '9' || name[n + 1] != '\0')
        return false;
    *ret_number = (unsigned)(name[n] - '0');
    return *ret_number <= key->last;
}

const struct config_key *config_key_find(enum config_section section, const char *name, unsigned *ret_number)
{
    for (size_t i = 0; i < config_n_keys; i++)
        if (config_keys[i].section == section && key_matches(&config_keys[i], name, ret_number))
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

const char *config_machine_name(unsigned machine)
{
    return machine_words[machine];
}

const char *config_format_word(unsigned format)
{
    return format_words[format];
}
