#include "gateway/config/config_keys.h"

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
        .size = sizeof((struct config *)NULL)->field, __VA_ARGS__                                                      \
    }
#define TARGET(key, field, who, parser, ...)                                                                           \
    {                                                                                                                  \
        .name = (key), .section = CONFIG_SECTION_TARGET, .machines = (who), .parse = (parser),                         \
        .offset = offsetof(struct config_target, field), .size = sizeof((struct config_target *)NULL)->field,          \
        __VA_ARGS__                                                                                                    \
    }

#define DONGLE(key, field, parser, ...) TARGET(key, dongle.field, CONFIG_FOR_DONGLE, parser, __VA_ARGS__)

#define DISK(name, number)                                                                                             \
    TARGET(name, disks[number], CONFIG_FOR_QEMU, config_value_disk, .standard = "",                                    \
           .help = "Disk of the machine; the page names plain files in the target's own folder.", MACHINE, PAGE,       \
           .page_fits = config_page_fits_disk,                                                                         \
           .remedy = "write PATH[,bus=sata|virtio|nvme][,size=SIZE][,format=qcow2|raw], for example disk = "           \
                     "system.qcow2,size=20G")

/* Who may write a row, and when it counts. */
#define PAGE .page = true
#define NOW .applies = CONFIG_APPLIES_NOW
#define MACHINE .applies = CONFIG_APPLIES_MACHINE
#define GATEWAY_AGAIN .applies = CONFIG_APPLIES_GATEWAY
#define RESTART .applies = CONFIG_APPLIES_RESTART

#define DEVICE(example) "give the absolute path of a device below /dev, for example " example
#define USB_TEXT "give 1 to 63 printable ASCII characters"
#define GPIO(name) "write CHIP:LINE[,active-low], for example gpio-" name " = gpiochip0:17"
#define BOOT_KEYS(name)                                                                                                \
    "docs/power.md has the form of a recipe; for example boot-keys-" name " = f11 every 250 ms for 20 s"

const struct config_key config_keys[] = {
    GATEWAY("listen", listen, config_value_listen, .standard = "127.0.0.1:8443 [::1]:8443",
            .help = "Addresses or interfaces with one port on which the page is reached.", NOW, PAGE,
            .trial = CONFIG_TRIAL_LISTENERS,
            .remedy =
                "give addresses or interfaces with ports, for example listen = 127.0.0.1:8443 [::1]:8443 eth0:8443"),
    GATEWAY("public-names", public_names, config_value_names, .standard = "localhost 127.0.0.1 [::1]",
            .help = "Names and addresses that browsers use for this gateway.", NOW, PAGE,
            .trial = CONFIG_TRIAL_LISTENERS,
            .remedy = "give the names that browsers use, for example public-names = kvm.example.org localhost"),
    GATEWAY("base-path", base_path, config_value_base_path, .standard = "",
            .help = "Path that a proxy keeps in front of everything.", NOW, PAGE, .trial = CONFIG_TRIAL_LISTENERS,
            .remedy = "give the path that a proxy keeps in front, for example base-path = /kvm"),
    GATEWAY("trusted-proxies", trusted_proxies, config_value_trusted, .standard = "",
            .help = "Proxies whose word on where a request comes from is believed.", NOW, PAGE,
            .trial = CONFIG_TRIAL_LISTENERS,
            .remedy = "give the proxies' addresses or networks, for example trusted-proxies = 192.0.2.10 fd00:1::/64"),
    GATEWAY("state", state, config_value_path, .standard = "",
            .help = "Folder that holds everything lightsoutd remembers.", RESTART,
            .remedy = "give an absolute path, for example state = /var/lib/lightsout"),
    GATEWAY("library", library, config_value_path, .standard = "",
            .help = "Folder with images; without it, library/ in the state folder.", GATEWAY_AGAIN,
            .remedy = "give an absolute path of a folder with images, for example library = /srv/images"),
    GATEWAY("cache-memory", cache_memory, config_value_size, .min = 4, .max = 64 << 10, .standard = "64M",
            .help = "Memory for blocks of media from elsewhere.", GATEWAY_AGAIN, PAGE,
            .remedy = "give a size from 4M to 64G, for example cache-memory = 64M"),
    GATEWAY("cache-disk", cache_disk, config_value_size, .max = 16 << 20, .standard = "2G",
            .help = "Disk space for blocks of media from elsewhere.", GATEWAY_AGAIN, PAGE,
            .remedy = "give a size up to 16T, or 0 for none, for example cache-disk = 2G"),
    GATEWAY("recordings-keep", recordings_keep, config_value_size, .max = 64 << 20, .standard = "2G",
            .help = "Disk space for recordings of screens; beyond it the oldest that are not pinned are deleted.",
            GATEWAY_AGAIN, PAGE,
            .remedy = "give a size up to 64T, or 0 for no recordings, for example recordings-keep = 2G"),
    GATEWAY("outward-allow", outward.policy.allow, config_value_networks, .standard = "",
            .help = "Addresses that media may come from although they would be refused.", NOW,
            .remedy = "give addresses or networks, for example outward-allow = 127.0.0.1 fd00:1::/64"),
    GATEWAY("outward-deny", outward.policy.deny, config_value_networks, .standard = "",
            .help = "Addresses that media may never come from.", NOW, PAGE,
            .remedy = "give addresses or networks, for example outward-deny = 192.168.0.0/16 fc00::/7"),
    GATEWAY("outward-proxy", outward.proxy, config_value_proxy, .standard = "",
            .help = "Proxy for media by http and https.", NOW, PAGE,
            .remedy = "give the proxy with its port, for example outward-proxy = http://proxy.example.org:3128"),
    GATEWAY("outward-ca", outward.ca, config_value_path, .standard = "",
            .help = "Authorities that vouch for servers of media.", NOW,
            .remedy = "give the absolute path of a PEM file with the certificates of authorities"),
    GATEWAY("certificate", certificate, config_value_path, .standard = "",
            .help = "Your own TLS certificate, its chain behind it.", NOW,
            .remedy = "give the absolute path of a PEM file, the chain behind the certificate"),
    GATEWAY("certificate-key", certificate_key, config_value_path, .standard = "",
            .help = "Private key of your own TLS certificate.", NOW,
            .remedy = "give the absolute path of the PEM file with the certificate's private key"),
    GATEWAY("client-ca", client_ca, config_value_path, .standard = "",
            .help = "Authorities whose client certificates may log in.", NOW,
            .remedy = "give the absolute path of a PEM file with the authorities of clients' certificates"),
    GATEWAY("client-crl", client_crl, config_value_path, .standard = "",
            .help = "Lists of client certificates that were revoked.", NOW,
            .remedy = "give the absolute path of a PEM file with their lists of revoked certificates"),
    GATEWAY("audit-file", audit.file, config_value_path, .standard = "",
            .help = "File to which the audit log is appended.", NOW,
            .remedy = "give the absolute path of a file, for example audit-file = /var/log/lightsout/audit.jsonl"),
    GATEWAY("audit-syslog", audit.syslog, config_value_syslog, .standard = "",
            .help = "Syslog server that takes the audit log by TLS.", NOW, PAGE,
            .remedy = "give the server, with a port if it is not 6514, for example audit-syslog = log.example.org"),
    GATEWAY("audit-syslog-ca", audit.syslog_ca, config_value_path, .standard = "",
            .help = "Authority that vouches for the syslog server.", NOW,
            .remedy = "give the absolute path of a PEM file with the authority of the syslog server"),
    GATEWAY("audit-keep", audit.keep, config_value_number, .min = 1000, .max = 10000000, .standard = "100000",
            .help = "Lines of the audit log that are kept here; the page may keep more than the default, never less.",
            NOW, PAGE, .page_fits = config_page_fits_keep,
            .remedy = "give a number of lines from 1000 to 10000000, for example audit-keep = 100000"),
    GATEWAY("audit-full", audit.full, config_value_word, .words = audit_full_words, .standard = "go-on",
            .help = "What happens when the audit log finds no room.", NOW, PAGE, .remedy = "choose go-on or refuse"),
    GATEWAY("nbd-listen", nbd.listen, config_value_listen, .standard = "",
            .help = "Addresses with one port on which images are given out by NBD.", GATEWAY_AGAIN, PAGE,
            .remedy = "give addresses with ports, for example nbd-listen = 192.0.2.7:10809"),
    GATEWAY("nbd-psk-file", nbd.psk_file, config_value_path, .standard = "",
            .help = "Pre-shared keys of those who may fetch images by NBD.", GATEWAY_AGAIN,
            .remedy = "give the absolute path of a file with lines NAME:HEXADECIMAL KEY, as psktool makes it"),
    GATEWAY("nbd-client-ca", nbd.client_ca, config_value_path, .standard = "",
            .help = "Authority of those who may fetch images by NBD.", GATEWAY_AGAIN,
            .remedy = "give the absolute path of a PEM file with the authority of clients' certificates"),
    GATEWAY("directory-url", directory.settings, config_value_directory_urls, .standard = "",
            .help = "LDAP servers whose users may log in.", NOW, PAGE, .trial = CONFIG_TRIAL_LOGIN,
            .remedy = "give up to four servers, for example directory-url = ldaps://dc1.example.org"),
    GATEWAY("directory-base", directory.settings.directory.base, config_value_directory_dn, .max = ERRAND_MAX_DN,
            .standard = "", .help = "DN below which users are.", NOW, PAGE, .trial = CONFIG_TRIAL_LOGIN,
            .remedy = "give the DN below which users are, for example directory-base = ou=people,dc=example,dc=org"),
    GATEWAY("directory-user-filter", directory.settings.directory.user_filter, config_value_directory_filter,
            .max = ERRAND_MAX_FILTER, .standard = "(uid=%u)",
            .help = "Filter that finds one user; %u is the name that was typed.", NOW, PAGE,
            .trial = CONFIG_TRIAL_LOGIN,
            .remedy = "write an LDAP filter with %u for the user's name, for example directory-user-filter = (uid=%u)"),
    GATEWAY("directory-user-dn", directory.settings.directory.user_dn, config_value_directory_user_dn,
            .max = ERRAND_MAX_DN, .standard = "", .help = "Who binds, without being looked for first.", NOW, PAGE,
            .trial = CONFIG_TRIAL_LOGIN,
            .remedy = "write who binds, with %u for the user's name, for example directory-user-dn = %u@example.org"),
    GATEWAY("directory-group-base", directory.settings.directory.group_base, config_value_directory_dn,
            .max = ERRAND_MAX_DN, .standard = "", .help = "DN below which groups are looked for.", NOW, PAGE,
            .trial = CONFIG_TRIAL_LOGIN,
            .remedy = "give the DN below which groups are, for example directory-group-base = "
                      "ou=groups,dc=example,dc=org"),
    GATEWAY("directory-group-filter", directory.settings.directory.group_filter, config_value_directory_filter,
            .max = ERRAND_MAX_FILTER, .standard = "(member=%d)", .help = "Filter that finds the groups of a member.",
            NOW, PAGE, .trial = CONFIG_TRIAL_LOGIN,
            .remedy = "write an LDAP filter with %d for the member's DN, for example directory-group-filter = "
                      "(member=%d)"),
    GATEWAY("directory-bind-dn", directory.settings.directory.bind_dn, config_value_directory_dn, .max = ERRAND_MAX_DN,
            .standard = "", .help = "Account that looks for users and groups.", NOW, PAGE, .trial = CONFIG_TRIAL_LOGIN,
            .remedy = "give the DN of the account that looks for users"),
    GATEWAY("directory-bind-password-file", directory.password_file, config_value_path, .standard = "",
            .help = "File with that account's password.", NOW,
            .remedy = "give the absolute path of a file with that account's password, mode 0600"),
    GATEWAY("directory-ca", directory.ca, config_value_path, .standard = "",
            .help = "Authorities that vouch for the directory.", NOW,
            .remedy = "give the absolute path of a PEM file with the directory's authority"),
    GATEWAY("directory-group", directory.settings, config_value_directory_group, .many = true, .standard = "",
            .help = "What members of a group may do, one group a line.", NOW, PAGE, .trial = CONFIG_TRIAL_LOGIN,
            .remedy =
                "write DN -> Administrator, Operator or ReadOnly, or DN -> TARGET:right,right ('*' is all targets, "
                "'gateway' the gateway itself)"),
    GATEWAY("directory-timeout", directory.timeout_s, config_value_number, .min = 1, .max = 20, .standard = "4",
            .help = "Seconds for everything that one question to the directory takes.", NOW, PAGE, .unit = "s",
            .remedy = "give seconds from 1 to 20"),
    GATEWAY("sandbox", sandbox, config_value_word, .words = sandbox_words, .standard = "require",
            .help = "Whether a part that cannot put up a wall starts at all.", RESTART,
            .remedy = "choose require or best"),
    GATEWAY("user", user, config_value_user, .standard = "",
            .help = "Unprivileged user as which everything but the supervisor runs.", RESTART,
            .remedy = "give the name or number of an unprivileged user, for example user = lightsout"),
    GATEWAY("secret-file", secret_file, config_value_path, .standard = "",
            .help = "File with addresses and secret while set-up is not done.", RESTART,
            .remedy = "give an absolute path, for example secret-file = /boot/firmware/lightsout-setup.txt"),
    GATEWAY("first-user-file", first_user_file, config_value_path, .standard = "",
            .help = "File with the first Administrator, used once.", RESTART,
            .remedy = "give an absolute path, for example first-user-file = /etc/lightsout/first-start/user"),

    TARGET("machine", machine, CONFIG_FOR_ALL, config_value_word, .words = machine_words, .standard = "",
           .help = "What the target is.", MACHINE, PAGE, .remedy = "choose qemu, testcard, replay or dongle"),
    TARGET("recording", recording, CONFIG_FOR_REPLAY, config_value_path, .standard = "",
           .help = "File or pipe of raw frames that is replayed.", NOW,
           .remedy = "give the absolute path of a file or pipe of raw frames"),
    TARGET("format", format, CONFIG_FOR_TESTCARD, config_value_word, .words = format_words, .standard = "bgrx",
           .help = "Pixel format in which the test picture is captured.", NOW, PAGE,
           .remedy = "choose bgrx, yuyv, uyvy, nv12, nv16, yu12, 422p, 444p, rgb24 or bgr24"),
    TARGET("noise", noise, CONFIG_FOR_TESTCARD | CONFIG_FOR_REPLAY, config_value_bool, .standard = "no",
           .help = "The signal is noisy: what noise explains is no change.", NOW, PAGE, .remedy = "write yes or no"),
    TARGET("firmware", firmware, CONFIG_FOR_QEMU, config_value_word, .words = firmware_words, .standard = "bios",
           .help = "Firmware of the machine.", MACHINE, PAGE, .remedy = "choose bios, uefi or uefi-secure"),
    TARGET("accel", accel, CONFIG_FOR_QEMU, config_value_word, .words = accel_words, .standard = "auto",
           .help = "Whether the machine is virtualised by KVM or emulated.", MACHINE, PAGE,
           .remedy = "choose auto, kvm or tcg"),
    TARGET("tpm", tpm, CONFIG_FOR_QEMU, config_value_bool, .standard = "no",
           .help = "Whether the machine has a TPM 2.0.", MACHINE, PAGE, .remedy = "write yes or no"),
    TARGET("cpus", cpus, CONFIG_FOR_QEMU, config_value_number, .min = 1, .max = 64, .standard = "1",
           .help = "Processors of the machine.", MACHINE, PAGE, .remedy = "give a number from 1 to 64"),
    TARGET("memory", memory_mb, CONFIG_FOR_QEMU, config_value_number, .min = 64, .max = 1L << 20, .standard = "1024",
           .help = "Memory of the machine in megabytes.", MACHINE, PAGE, .unit = "MB",
           .remedy = "give megabytes without a unit, from 64 to 1048576, for example memory = 2048"),
    DISK("disk", 0),
    DISK("disk2", 1),
    DISK("disk3", 2),
    DISK("disk4", 3),
    TARGET("nic", nic, CONFIG_FOR_QEMU, config_value_nic, .standard = "user",
           .help = "Network interface of the machine; a tap device only the file may give.", MACHINE, PAGE,
           .page_fits = config_page_fits_nic,
           .remedy = "choose none, user (a network of its own without a way out) or tap:NAME"),
    TARGET("mac", mac, CONFIG_FOR_QEMU, config_value_mac, .standard = "",
           .help = "Hardware address of the machine's interface.", MACHINE, PAGE,
           .remedy = "give six hexadecimal bytes, the first one even, for example mac = 52:54:00:12:34:56"),
    TARGET("serial-extra", serial_extra, CONFIG_FOR_QEMU, config_value_number, .min = 0, .max = 3, .standard = "0",
           .help = "Serial ports besides the first one.", MACHINE, PAGE, .remedy = "give a number from 0 to 3"),
    TARGET("lifetime", lifetime, CONFIG_FOR_QEMU, config_value_word, .words = lifetime_words, .standard = "vm",
           .help = "Whether the machine outlives lightsoutd.", MACHINE, PAGE,
           .remedy = "choose vm (it outlives the supervisor) or supervisor (it ends with it)"),
    TARGET("drives", drives, CONFIG_FOR_QEMU | CONFIG_FOR_DONGLE, config_value_number, .min = 0, .max = DRIVES_MAX,
           .standard = "1", .help = "Virtual CD or USB drives; a dongle has two at most, and by default.", MACHINE,
           PAGE, .remedy = "give a number from 0 to 4, of a dongle from 0 to 2"),
    TARGET("media-wait", media_wait_s, CONFIG_FOR_QEMU, config_value_number, .min = 0, .max = 3600, .standard = "3",
           .help = "Seconds for which a read waits when its medium is away.", NOW, PAGE, .unit = "s",
           .remedy = "give seconds from 1 to 3600, or 0 to wait for ever"),
    TARGET("seat", seat, CONFIG_FOR_ALL, config_value_word, .words = seat_modes, .standard = "exclusive",
           .help = "Whether one or all who may type do.", NOW, PAGE,
           .remedy = "choose exclusive (one types, others ask for the keyboard) or shared (all who may type do)"),
    TARGET("seat-idle", seat_idle_s, CONFIG_FOR_ALL, config_value_number, .min = 0, .max = 86400, .standard = "600",
           .help = "Seconds after which an idle holder loses the keyboard.", NOW, PAGE, .unit = "s",
           .remedy = "give seconds from 1 to 86400, or 0 so that an idle holder keeps the keyboard"),
    TARGET("layout", layout, CONFIG_FOR_ALL, config_value_layout, .standard = "us",
           .help = "Keyboard layout that the target uses, for typing and pasting text.", NOW, PAGE,
           .remedy = "give a layout as X names it, for example layout = de or layout = us(intl); `lightsout layouts` "
                     "lists them"),
    TARGET("jiggler", jiggler_s, CONFIG_FOR_ALL, config_value_jiggler, .min = 0, .max = 3600, .standard = "0",
           .help = "Seconds of silence after which the pointer is moved a little.", NOW, PAGE, .unit = "s",
           .remedy =
               "give seconds of silence from 10 to 3600 after which the pointer is moved a little, or 0 for never"),
    TARGET("group", group, CONFIG_FOR_ALL, config_value_group, .standard = "",
           .help = "Word under which targets stand together.", NOW, PAGE,
           .remedy = "give up to 31 of a-z, 0-9 and -, for example group = lab"),
    TARGET("title", title, CONFIG_FOR_ALL, config_value_title, .standard = "",
           .help = "What people read beside the target's name.", NOW, PAGE,
           .remedy = "give up to 80 bytes of text, for example title = Print server, second floor"),
    TARGET("extra-arguments", extra, CONFIG_FOR_QEMU, config_value_arguments, .trusted_only = true, .standard = "",
           .help = "Words added to QEMU's command line.", MACHINE,
           .remedy = "give at most 64 words, quoted with \" where they hold blanks"),

    DONGLE("capture", capture, config_value_device, .standard = "",
           .help = "Video capture device that shows the target.", NOW, PAGE, .page_fits = config_page_fits_capture,
           .devices = CONFIG_DEVICES_CAPTURE, .remedy = DEVICE("capture = /dev/video0")),
    DONGLE("capture-format", capture_format, config_value_word, .words = capture_words, .standard = "auto",
           .help = "Pixel format that is captured.", NOW, PAGE,
           .remedy = "choose auto, yuyv, uyvy, nv12, nv16, yu12, 422p, 444p, rgb24, bgr24, bgrx or mjpeg"),
    DONGLE("capture-input", capture_input, config_value_input, .standard = "auto",
           .help = "Input of the capture device.", NOW, PAGE,
           .remedy = "write auto, or the number of the device's input, from 0 to 31"),
    DONGLE("dma-heap", dma_heap, config_value_device, .standard = "",
           .help = "Memory for buffers of capture devices whose own are slow to read.", NOW,
           .remedy = DEVICE("dma-heap = /dev/dma_heap/linux,cma")),
    DONGLE("media", media, config_value_device, .standard = "", .help = "Media controller of the receiver.", NOW,
           .remedy = DEVICE("media = /dev/media0")),
    DONGLE("media-subdevs", subdevs, config_value_devices, .standard = "",
           .help = "Subdevices of the media controller.", NOW,
           .remedy = "give at most 4 paths below /dev, for example media-subdevs = /dev/v4l-subdev0"),
    DONGLE("edid", edid, config_value_edid, .standard = "keep",
           .help = "What the receiver tells the target's graphics; a file only the file may name.", NOW, PAGE,
           .page_fits = config_page_fits_edid,
           .remedy = "choose keep, 1080p60, 1080p50, 1200p60, 720p60 or file:PATH with an absolute path"),
    DONGLE("udc", udc, config_value_udc, .standard = "auto",
           .help = "USB device controller that the target is plugged into.", NOW, PAGE, .devices = CONFIG_DEVICES_UDC,
           .remedy = "write auto, or a name that stands in /sys/class/udc, for example udc = fe980000.usb"),
    DONGLE("usb-vendor", vendor, config_value_usb_id, .standard = "1d6b", .help = "Vendor number that the target sees.",
           NOW, PAGE, .remedy = "give four hexadecimal digits, usb-vendor = 1d6b"),
    DONGLE("usb-product", product, config_value_usb_id, .standard = "0104",
           .help = "Product number that the target sees.", NOW, PAGE,
           .remedy = "give four hexadecimal digits, usb-product = 0104"),
    DONGLE("usb-manufacturer", manufacturer, config_value_usb_text, .standard = "lightsout",
           .help = "Manufacturer that the target sees.", NOW, PAGE, .remedy = USB_TEXT),
    DONGLE("usb-name", product_name, config_value_usb_text, .standard = "lightsout KVM",
           .help = "Product name that the target sees.", NOW, PAGE, .remedy = USB_TEXT),
    DONGLE("usb-serial", serial, config_value_usb_text, .standard = "auto",
           .help = "Serial number that the target sees.", NOW, PAGE, .remedy = USB_TEXT),
    DONGLE("personality", personality, config_value_word, .words = personality_choices, .standard = "auto",
           .help = "What the target sees of us: keyboard, pointers, drives, and in which order.", NOW, PAGE,
           .remedy = "choose auto, full, keyboard, drive, keyboard+drive or storage-first"),
    DONGLE("empty-drives", empty_drives, config_value_word, .words = empty_drives_words, .standard = "shown",
           .help = "Whether drives without a medium are shown to the target.", NOW, PAGE,
           .remedy = "choose shown or withdrawn"),
    DONGLE("big-cd", big_cd, config_value_bool, .standard = "yes",
           .help = "One more CD drive for images above 2.19 GiB.", NOW, PAGE, .remedy = "write yes or no"),
    DONGLE("remote-wakeup", wakeup, config_value_bool, .standard = "no",
           .help = "Whether a key wakes a target that sleeps.", NOW, PAGE, .remedy = "write yes or no"),

    DONGLE("gpio-power-button", panel.buttons[FRONT_PANEL_POWER], config_value_gpio, .standard = "",
           .help = "Line that presses the power button.", NOW, PAGE, .page_fits = config_page_fits_gpio,
           .devices = CONFIG_DEVICES_GPIO, .remedy = GPIO("power-button")),
    DONGLE("gpio-reset-button", panel.buttons[FRONT_PANEL_RESET], config_value_gpio, .standard = "",
           .help = "Line that presses the reset button.", NOW, PAGE, .page_fits = config_page_fits_gpio,
           .devices = CONFIG_DEVICES_GPIO, .remedy = GPIO("reset-button")),
    DONGLE("gpio-power-led", panel.leds[FRONT_PANEL_POWER_LED], config_value_gpio, .standard = "",
           .help = "Line that reads the power LED.", NOW, PAGE, .page_fits = config_page_fits_gpio,
           .devices = CONFIG_DEVICES_GPIO, .remedy = GPIO("power-led")),
    DONGLE("gpio-disk-led", panel.leds[FRONT_PANEL_DISK_LED], config_value_gpio, .standard = "",
           .help = "Line that reads the disk LED.", NOW, PAGE, .page_fits = config_page_fits_gpio,
           .devices = CONFIG_DEVICES_GPIO, .remedy = GPIO("disk-led")),
    DONGLE("press-short", press_short_ms, config_value_number, .min = 50, .max = 2000, .standard = "300",
           .help = "Milliseconds of a short press.", NOW, PAGE, .unit = "ms",
           .remedy = "give milliseconds from 50 to 2000"),
    DONGLE("press-long", press_long_ms, config_value_number, .min = 2000, .max = 15000, .standard = "6000",
           .help = "Milliseconds of a press that forces power off.", NOW, PAGE, .unit = "ms",
           .remedy = "give milliseconds from 2000 to 15000"),
    DONGLE("wake-mac", wake_mac, config_value_mac, .standard = "",
           .help = "Hardware address of the target's network card, for Wake-on-LAN.", NOW, PAGE,
           .remedy = "give the six hexadecimal bytes of the target's network card, wake-mac = 52:54:00:12:34:56"),
    DONGLE("wake-secureon", wake_secureon, config_value_bytes6, .standard = "", .help = "Password of Wake-on-LAN.", NOW,
           .hidden = true,
           .remedy = "give the six hexadecimal bytes of the password, wake-secureon = 01:02:03:04:05:06"),
    DONGLE("wake-broadcast", wake_broadcast, config_value_broadcast, .standard = "",
           .help = "Broadcast address of the target's network.", NOW, PAGE,
           .remedy = "give a numeric IPv4 address, for example wake-broadcast = 192.168.1.255"),
    DONGLE("boot-keys-cd", boot_keys[0], config_value_boot_keys, .standard = "",
           .help = "Keys that make the firmware boot from CD once.", NOW, PAGE, .remedy = BOOT_KEYS("cd")),
    DONGLE("boot-keys-disk", boot_keys[1], config_value_boot_keys, .standard = "",
           .help = "Keys that make the firmware boot from disk once.", NOW, PAGE, .remedy = BOOT_KEYS("disk")),
    DONGLE("boot-keys-pxe", boot_keys[2], config_value_boot_keys, .standard = "",
           .help = "Keys that make the firmware boot from the network once.", NOW, PAGE, .remedy = BOOT_KEYS("pxe")),
    DONGLE("boot-keys-menu", boot_keys[3], config_value_boot_keys, .standard = "",
           .help = "Keys that open the firmware's boot menu.", NOW, PAGE, .remedy = BOOT_KEYS("menu")),
    DONGLE("boot-keys-setup", boot_keys[4], config_value_boot_keys, .standard = "",
           .help = "Keys that open the firmware's set-up.", NOW, PAGE, .remedy = BOOT_KEYS("setup")),
};
const size_t config_n_keys = ARRAY_SIZE(config_keys);

static_assert(ARRAY_SIZE(config_keys) <= CONFIG_MAX_KEYS, "a place for each row in what a section has said");

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
