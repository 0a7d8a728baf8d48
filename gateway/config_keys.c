#include "gateway/config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "capture/mjpeg.h"

static const char *const machine_words[] = {"qemu", "testcard", "replay", "dongle", NULL};
static const char *const format_words[] = {"bgrx", "yuyv", "uyvy", "nv12", "rgb24", "bgr24",
                                           "nv16", "yu12", "422p", "444p", NULL};
static_assert(ARRAY_SIZE(format_words) == CONFIG_FORMATS + 1, "a word for each");
static const char *const firmware_words[] = {"bios", "uefi", "uefi-secure", NULL};
static const char *const accel_words[] = {"auto", "kvm", "tcg", NULL};
static const char *const seat_modes[] = {"exclusive", "shared", NULL};
static const char *const lifetime_words[] = {"vm", "supervisor", NULL};
/* in the order of enum personality */
static const char *const personality_choices[] = {"auto",           "full",          "keyboard", "drive",
                                                  "keyboard+drive", "storage-first", NULL};
static_assert(ARRAY_SIZE(personality_choices) == PERSONALITIES + 2, "a word for each, and auto");
static const char *const empty_drives_words[] = {"shown", "withdrawn", NULL};
static const char *const capture_words[] = {"auto", "yuyv",  "uyvy",  "nv12", "nv16",  "yu12", "422p",
                                            "444p", "rgb24", "bgr24", "bgrx", "mjpeg", NULL};

static const char *const sandbox_words[] = {"require", "best", NULL};
static const char *const audit_full_words[] = {"go-on", "refuse", NULL};

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

#define DONGLE(key, field, parser, ...) TARGET(key, dongle.field, CONFIG_FOR_DONGLE, parser, __VA_ARGS__)

#define DEVICE(example) "give the absolute path of a device below /dev, for example " example
#define USB_TEXT "give 1 to 63 printable ASCII characters"
#define GPIO(name) "write CHIP:LINE[,active-low], for example gpio-" name " = gpiochip0:17"
#define BOOT_KEYS(name)                                                                                                \
    "docs/power.md has the form of a recipe; for example boot-keys-" name " = f11 every 250 ms for 20 s"

const struct config_key config_keys[] = {
    GATEWAY("listen", listen, config_value_listen,
            .remedy =
                "give addresses or interfaces with ports, for example listen = 127.0.0.1:8443 [::1]:8443 eth0:8443"),
    GATEWAY("public-names", public_names, config_value_names,
            .remedy = "give the names that browsers use, for example public-names = kvm.example.org localhost"),
    GATEWAY("base-path", base_path, config_value_base_path,
            .remedy = "give the path that a proxy keeps in front, for example base-path = /kvm"),
    GATEWAY("trusted-proxies", trusted_proxies, config_value_trusted,
            .remedy = "give the proxies' addresses or networks, for example trusted-proxies = 192.0.2.10 fd00:1::/64"),
    GATEWAY("state", state, config_value_path,
            .remedy = "give an absolute path, for example state = /var/lib/lightsout"),
    GATEWAY("library", library, config_value_path,
            .remedy = "give an absolute path of a folder with images, for example library = /srv/images"),
    GATEWAY("cache-memory", cache_memory, config_value_size, .min = 4, .max = 64 << 10,
            .remedy = "give a size from 4M to 64G, for example cache-memory = 64M"),
    GATEWAY("cache-disk", cache_disk, config_value_size, .max = 16 << 20,
            .remedy = "give a size up to 16T, or 0 for none, for example cache-disk = 2G"),
    GATEWAY("outward-allow", outward.policy.allow, config_value_networks,
            .remedy = "give addresses or networks, for example outward-allow = 127.0.0.1 fd00:1::/64"),
    GATEWAY("outward-deny", outward.policy.deny, config_value_networks,
            .remedy = "give addresses or networks, for example outward-deny = 192.168.0.0/16 fc00::/7"),
    GATEWAY("outward-proxy", outward.proxy, config_value_proxy,
            .remedy = "give the proxy with its port, for example outward-proxy = http://proxy.example.org:3128"),
    GATEWAY("outward-ca", outward.ca, config_value_path,
            .remedy = "give the absolute path of a PEM file with the certificates of authorities"),
    GATEWAY("certificate", certificate, config_value_path,
            .remedy = "give the absolute path of a PEM file, the chain behind the certificate"),
    GATEWAY("certificate-key", certificate_key, config_value_path,
            .remedy = "give the absolute path of the PEM file with the certificate's private key"),
    GATEWAY("client-ca", client_ca, config_value_path,
            .remedy = "give the absolute path of a PEM file with the authorities of clients' certificates"),
    GATEWAY("client-crl", client_crl, config_value_path,
            .remedy = "give the absolute path of a PEM file with their lists of revoked certificates"),
    GATEWAY("audit-file", audit.file, config_value_path,
            .remedy = "give the absolute path of a file, for example audit-file = /var/log/lightsout/audit.jsonl"),
    GATEWAY("audit-syslog", audit.syslog, config_value_syslog,
            .remedy = "give the server, with a port if it is not 6514, for example audit-syslog = log.example.org"),
    GATEWAY("audit-syslog-ca", audit.syslog_ca, config_value_path,
            .remedy = "give the absolute path of a PEM file with the authority of the syslog server"),
    GATEWAY("audit-keep", audit.keep, config_value_number, .min = 1000, .max = 10000000,
            .remedy = "give a number of lines from 1000 to 10000000, for example audit-keep = 100000"),
    GATEWAY("audit-full", audit.full, config_value_word, .words = audit_full_words, .remedy = "choose go-on or refuse"),
    GATEWAY("nbd-listen", nbd.listen, config_value_listen,
            .remedy = "give addresses with ports, for example nbd-listen = 192.0.2.7:10809"),
    GATEWAY("nbd-psk-file", nbd.psk_file, config_value_path,
            .remedy = "give the absolute path of a file with lines NAME:HEXADECIMAL KEY, as psktool makes it"),
    GATEWAY("nbd-client-ca", nbd.client_ca, config_value_path,
            .remedy = "give the absolute path of a PEM file with the authority of clients' certificates"),
    GATEWAY("directory-url", directory.settings, config_value_directory_urls,
            .remedy = "give up to four servers, for example directory-url = ldaps://dc1.example.org"),
    GATEWAY("directory-base", directory.settings.directory.base, config_value_directory_dn, .max = ERRAND_MAX_DN,
            .remedy = "give the DN below which users are, for example directory-base = ou=people,dc=example,dc=org"),
    GATEWAY("directory-user-filter", directory.settings.directory.user_filter, config_value_directory_filter,
            .max = ERRAND_MAX_FILTER,
            .remedy = "write an LDAP filter with %u for the user's name, for example directory-user-filter = (uid=%u)"),
    GATEWAY("directory-user-dn", directory.settings.directory.user_dn, config_value_directory_user_dn,
            .max = ERRAND_MAX_DN,
            .remedy = "write who binds, with %u for the user's name, for example directory-user-dn = %u@example.org"),
    GATEWAY("directory-group-base", directory.settings.directory.group_base, config_value_directory_dn,
            .max = ERRAND_MAX_DN,
            .remedy = "give the DN below which groups are, for example directory-group-base = "
                      "ou=groups,dc=example,dc=org"),
    GATEWAY("directory-group-filter", directory.settings.directory.group_filter, config_value_directory_filter,
            .max = ERRAND_MAX_FILTER,
            .remedy = "write an LDAP filter with %d for the member's DN, for example directory-group-filter = "
                      "(member=%d)"),
    GATEWAY("directory-bind-dn", directory.settings.directory.bind_dn, config_value_directory_dn, .max = ERRAND_MAX_DN,
            .remedy = "give the DN of the account that looks for users"),
    GATEWAY("directory-bind-password-file", directory.password_file, config_value_path,
            .remedy = "give the absolute path of a file with that account's password, mode 0600"),
    GATEWAY("directory-ca", directory.ca, config_value_path,
            .remedy = "give the absolute path of a PEM file with the directory's authority"),
    GATEWAY("directory-group", directory.settings, config_value_directory_group, .many = true,
            .remedy =
                "write DN -> Administrator, Operator or ReadOnly, or DN -> TARGET:right,right ('*' is all targets, "
                "'gateway' the gateway itself)"),
    GATEWAY("directory-timeout", directory.timeout_s, config_value_number, .min = 1, .max = 20,
            .remedy = "give seconds from 1 to 20"),
    GATEWAY("sandbox", sandbox, config_value_word, .words = sandbox_words, .remedy = "choose require or best"),
    GATEWAY("user", user, config_value_user,
            .remedy = "give the name or number of an unprivileged user, for example user = lightsout"),
    GATEWAY("secret-file", secret_file, config_value_path,
            .remedy = "give an absolute path, for example secret-file = /boot/firmware/lightsout-setup.txt"),
    GATEWAY("first-user-file", first_user_file, config_value_path,
            .remedy = "give an absolute path, for example first-user-file = /etc/lightsout/first-start/user"),

    TARGET("machine", machine, CONFIG_FOR_ALL, config_value_word, .words = machine_words,
           .remedy = "choose qemu, testcard, replay or dongle"),
    TARGET("recording", recording, CONFIG_FOR_REPLAY, config_value_path,
           .remedy = "give the absolute path of a file or pipe of raw frames"),
    TARGET("format", format, CONFIG_FOR_TESTCARD, config_value_word, .words = format_words,
           .remedy = "choose bgrx, yuyv, uyvy, nv12, nv16, yu12, 422p, 444p, rgb24 or bgr24"),
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
    TARGET("drives", drives, CONFIG_FOR_QEMU | CONFIG_FOR_DONGLE, config_value_number, .min = 0, .max = DRIVES_MAX,
           .remedy = "give a number from 0 to 4, of a dongle from 0 to 2"),
    TARGET("media-wait", media_wait_s, CONFIG_FOR_QEMU, config_value_number, .min = 0, .max = 3600,
           .remedy = "give seconds from 1 to 3600, or 0 to wait for ever"),
    TARGET("seat", seat, CONFIG_FOR_ALL, config_value_word, .words = seat_modes,
           .remedy = "choose exclusive (one types, others ask for the keyboard) or shared (all who may type do)"),
    TARGET("seat-idle", seat_idle_s, CONFIG_FOR_ALL, config_value_number, .min = 0, .max = 86400,
           .remedy = "give seconds from 1 to 86400, or 0 so that an idle holder keeps the keyboard"),
    TARGET("jiggler", jiggler_s, CONFIG_FOR_ALL, config_value_jiggler, .min = 0, .max = 3600,
           .remedy =
               "give seconds of silence from 10 to 3600 after which the pointer is moved a little, or 0 for never"),
    TARGET("extra-arguments", extra, CONFIG_FOR_QEMU, config_value_arguments, .trusted_only = true,
           .remedy = "give at most 64 words, quoted with \" where they hold blanks"),

    DONGLE("capture", capture, config_value_device, .remedy = DEVICE("capture = /dev/video0")),
    DONGLE("capture-format", capture_format, config_value_word, .words = capture_words,
           .remedy = "choose auto, yuyv, uyvy, nv12, nv16, yu12, 422p, 444p, rgb24, bgr24, bgrx or mjpeg"),
    DONGLE("capture-input", capture_input, config_value_input,
           .remedy = "write auto, or the number of the device's input, from 0 to 31"),
    DONGLE("dma-heap", dma_heap, config_value_device, .remedy = DEVICE("dma-heap = /dev/dma_heap/linux,cma")),
    DONGLE("media", media, config_value_device, .remedy = DEVICE("media = /dev/media0")),
    DONGLE("media-subdevs", subdevs, config_value_devices,
           .remedy = "give at most 4 paths below /dev, for example media-subdevs = /dev/v4l-subdev0"),
    DONGLE("edid", edid, config_value_edid,
           .remedy = "choose keep, 1080p60, 1080p50, 1200p60, 720p60 or file:PATH with an absolute path"),
    DONGLE("udc", udc, config_value_udc,
           .remedy = "write auto, or a name that stands in /sys/class/udc, for example udc = fe980000.usb"),
    DONGLE("usb-vendor", vendor, config_value_usb_id, .remedy = "give four hexadecimal digits, usb-vendor = 1d6b"),
    DONGLE("usb-product", product, config_value_usb_id, .remedy = "give four hexadecimal digits, usb-product = 0104"),
    DONGLE("usb-manufacturer", manufacturer, config_value_usb_text, .remedy = USB_TEXT),
    DONGLE("usb-name", product_name, config_value_usb_text, .remedy = USB_TEXT),
    DONGLE("usb-serial", serial, config_value_usb_text, .remedy = USB_TEXT),
    DONGLE("personality", personality, config_value_word, .words = personality_choices,
           .remedy = "choose auto, full, keyboard, drive, keyboard+drive or storage-first"),
    DONGLE("empty-drives", empty_drives, config_value_word, .words = empty_drives_words,
           .remedy = "choose shown or withdrawn"),
    DONGLE("big-cd", big_cd, config_value_bool, .remedy = "write yes or no"),
    DONGLE("remote-wakeup", wakeup, config_value_bool, .remedy = "write yes or no"),

    DONGLE("gpio-power-button", panel.buttons[FRONT_PANEL_POWER], config_value_gpio, .remedy = GPIO("power-button")),
    DONGLE("gpio-reset-button", panel.buttons[FRONT_PANEL_RESET], config_value_gpio, .remedy = GPIO("reset-button")),
    DONGLE("gpio-power-led", panel.leds[FRONT_PANEL_POWER_LED], config_value_gpio, .remedy = GPIO("power-led")),
    DONGLE("gpio-disk-led", panel.leds[FRONT_PANEL_DISK_LED], config_value_gpio, .remedy = GPIO("disk-led")),
    DONGLE("press-short", press_short_ms, config_value_number, .min = 50, .max = 2000,
           .remedy = "give milliseconds from 50 to 2000"),
    DONGLE("press-long", press_long_ms, config_value_number, .min = 2000, .max = 15000,
           .remedy = "give milliseconds from 2000 to 15000"),
    DONGLE("wake-mac", wake_mac, config_value_mac,
           .remedy = "give the six hexadecimal bytes of the target's network card, wake-mac = 52:54:00:12:34:56"),
    DONGLE("wake-secureon", wake_secureon, config_value_bytes6,
           .remedy = "give the six hexadecimal bytes of the password, wake-secureon = 01:02:03:04:05:06"),
    DONGLE("wake-broadcast", wake_broadcast, config_value_broadcast,
           .remedy = "give a numeric IPv4 address, for example wake-broadcast = 192.168.1.255"),
    DONGLE("boot-keys-cd", boot_keys[0], config_value_boot_keys, .remedy = BOOT_KEYS("cd")),
    DONGLE("boot-keys-disk", boot_keys[1], config_value_boot_keys, .remedy = BOOT_KEYS("disk")),
    DONGLE("boot-keys-pxe", boot_keys[2], config_value_boot_keys, .remedy = BOOT_KEYS("pxe")),
    DONGLE("boot-keys-menu", boot_keys[3], config_value_boot_keys, .remedy = BOOT_KEYS("menu")),
    DONGLE("boot-keys-setup", boot_keys[4], config_value_boot_keys, .remedy = BOOT_KEYS("setup")),
};
const size_t config_n_keys = ARRAY_SIZE(config_keys);

static_assert(ARRAY_SIZE(config_keys) <= CONFIG_MAX_KEYS, "struct config_target.given has a place for each row");

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

uint32_t config_capture_format(const struct config_dongle *self)
{
    /* in the order of capture_words */
    static const uint32_t fourcc[] = {0,           FOURCC_YUYV, FOURCC_UYVY,  FOURCC_NV12,  FOURCC_NV16, FOURCC_YU12,
                                      FOURCC_422P, FOURCC_444P, FOURCC_RGB24, FOURCC_BGR24, FOURCC_BGRX, FOURCC_MJPG};
    static_assert(ARRAY_SIZE(fourcc) + 1 == ARRAY_SIZE(capture_words), "one for each word");
    return fourcc[self->capture_format];
}
