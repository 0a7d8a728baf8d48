/* What a configuration means: every key, defaults, values at their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config/config.h"
#include "gateway/config/config_keys.h"

static struct config *parse(const char *text)
{
    struct config_mistakes mistakes = {0};
    struct config *config = NULL;
    int r = config_parse(text, strlen(text), true, &mistakes, &config);
    if (r < 0)
        config_print_mistakes(stderr, "f", &mistakes);
    assert_int_equal(r, 0);
    return config;
}

#define QEMU "[target a]\nmachine = qemu\n"

static void reads_every_key(void **state)
{
    (void)state;
    struct config *c = parse("# comment\n[gateway]\r\n"
                             "listen = 10.0.0.1:443, [fd00::1]:443\npublic-names = KVM.Example kvm\n"
                             "state = /s\nlibrary = /l\ncertificate = /c\ncertificate-key = /k\nuser = kvm\n"
                             "cache-memory = 8M\ncache-disk = 0\n"
                             "[ target  web-1 ]\nmachine = qemu\nfirmware = uefi-secure\naccel = tcg\ntpm = yes\n"
                             "cpus = 4\nmemory = 2048\ndisk = a.qcow2,size=20G\ndisk3 = /b.img,bus=nvme\n"
                             "nic = tap:tap0\nmac = 52:54:00:AB:cd:ef\nserial-extra = 2\nlifetime = supervisor\n"
                             "drives = 2\nmedia-wait = 20\nextra-arguments = -device \"a b\" -x \\\"\n"
                             "; another comment\n[target r]\nmachine = replay\nrecording = /r\nnoise = yes\n"
                             "[target t]\nmachine = testcard\nformat = nv12\n");
    assert_int_equal(c->listen.n, 2);
    assert_string_equal(c->listen.list[1].text, "[fd00::1]:443");
    assert_int_equal(c->listen.list[1].port, 443);
    assert_string_equal(c->public_names.list[0], "kvm.example");
    assert_int_equal(c->public_names.n, 2);
    assert_string_equal(c->state, "/s");
    assert_string_equal(c->certificate_key, "/k");
    assert_string_equal(c->user, "kvm");
    assert_int_equal(c->cache_memory, 8 << 20);
    assert_int_equal(c->cache_disk, 0);
    const struct config_target *t = c->targets[0];
    assert_string_equal(t->name, "web-1");
    assert_int_equal(t->firmware, CONFIG_UEFI_SECURE);
    assert_int_equal(t->accel, CONFIG_ACCEL_TCG);
    assert_true(t->tpm);
    assert_int_equal(t->cpus, 4);
    assert_int_equal(t->memory_mb, 2048);
    assert_true(t->disks[0].size == 20ull << 30);
    assert_false(t->disks[0].raw);
    assert_string_equal(t->disks[1].path, "");
    assert_true(t->disks[2].raw);
    assert_int_equal(t->disks[2].bus, CONFIG_BUS_NVME);
    assert_string_equal(t->nic.tap, "tap0");
    assert_int_equal(t->mac.bytes[5], 0xEF);
    assert_int_equal(t->serial_extra, 2);
    assert_int_equal(t->lifetime, CONFIG_LIFETIME_SUPERVISOR);
    assert_int_equal(t->drives, 2);
    assert_int_equal(t->media_wait_s, 20);
    assert_int_equal(t->extra.n, 4);
    assert_string_equal(t->extra.list[1], "a b");
    assert_string_equal(t->extra.list[3], "\"");
    assert_string_equal(c->targets[1]->recording, "/r");
    assert_true(c->targets[1]->noise);
    assert_string_equal(config_format_word(c->targets[2]->format), "nv12");
    config_destroy(c);
}

#define DONGLE "[target d]\nmachine = dongle\n"

static void reads_every_key_of_a_dongle(void **state)
{
    (void)state;
    struct config *c = parse(
        DONGLE "capture = /dev/v4l/by-id/usb-x-index0\ncapture-format = mjpeg\ncapture-input = 3\n"
               "dma-heap = /dev/dma_heap/linux,cma\nmedia = /dev/media0\n"
               "media-subdevs = /dev/v4l-subdev0 /dev/v4l-subdev1\nedid = file:/e\nudc = fe980000.usb\n"
               "usb-vendor = 1234\nusb-product = abCD\nusb-manufacturer = We\nusb-name = A thing\nusb-serial = 7\n"
               "personality = keyboard+drive\nempty-drives = withdrawn\nbig-cd = no\nremote-wakeup = yes\n"
               "drives = 1\ngpio-power-button = gpiochip0:17\ngpio-reset-button = pins:3,active-low\n"
               "gpio-power-led = /dev/gpiochip1:4\ngpio-disk-led = a:b:5\npress-short = 500\npress-long = 5000\n"
               "wake-mac = 52:54:00:12:34:56\nwake-secureon = 01:02:03:04:05:06\nwake-broadcast = 10.0.0.255\n"
               "boot-keys-cd = f11*8\nboot-keys-setup = delete*8\n");
    const struct config_target *t = c->targets[0];
    const struct config_dongle *d = &t->dongle;
    assert_int_equal(t->machine, CONFIG_DONGLE);
    assert_int_equal(t->drives, 1);
    assert_string_equal(d->capture, "/dev/v4l/by-id/usb-x-index0");
    assert_int_equal(config_capture_format(d), FOURCC('M', 'J', 'P', 'G'));
    assert_int_equal(d->capture_input, 3);
    assert_string_equal(d->dma_heap, "/dev/dma_heap/linux,cma");
    assert_string_equal(d->media, "/dev/media0");
    assert_int_equal(d->subdevs.n, 2);
    assert_string_equal(d->subdevs.list[1], "/dev/v4l-subdev1");
    assert_int_equal(d->edid.kind, CONFIG_EDID_FILE);
    assert_string_equal(d->edid.path, "/e");
    assert_string_equal(d->udc, "fe980000.usb");
    assert_int_equal(d->vendor, 0x1234);
    assert_int_equal(d->product, 0xABCD);
    assert_string_equal(d->manufacturer, "We");
    assert_string_equal(d->product_name, "A thing");
    assert_string_equal(d->serial, "7");
    assert_int_equal(d->personality, PERSONALITY_KEYBOARD_DRIVE + 1);
    assert_int_equal(d->empty_drives, CONFIG_DRIVES_WITHDRAWN);
    assert_false(d->big_cd);
    assert_true(d->wakeup);
    assert_string_equal(d->panel.buttons[FRONT_PANEL_POWER].chip, "gpiochip0");
    assert_int_equal(d->panel.buttons[FRONT_PANEL_POWER].offset, 17);
    assert_true(d->panel.buttons[FRONT_PANEL_RESET].active_low);
    assert_string_equal(d->panel.leds[FRONT_PANEL_POWER_LED].chip, "/dev/gpiochip1");
    assert_string_equal(d->panel.leds[FRONT_PANEL_DISK_LED].chip, "a:b");
    assert_int_equal(d->press_short_ms, 500);
    assert_int_equal(d->press_long_ms, 5000);
    assert_int_equal(d->wake_mac.bytes[5], 0x56);
    assert_int_equal(d->wake_secureon.bytes[0], 1);
    assert_string_equal(d->wake_broadcast, "10.0.0.255");
    assert_string_equal(d->boot_keys[0], "f11*8");
    assert_string_equal(d->boot_keys[4], "delete*8");
    config_destroy(c);
}

static void a_dongle_has_defaults(void **state)
{
    (void)state;
    struct config *c = parse(DONGLE "edid = 720p60\n[target e]\nmachine = dongle\nedid = keep\n");
    const struct config_dongle *d = &c->targets[0]->dongle;
    assert_int_equal(c->targets[0]->drives, 2);
    assert_string_equal(d->capture, "");
    assert_int_equal(config_capture_format(d), 0);
    assert_true(d->capture_input == CONFIG_ANY_INPUT);
    assert_int_equal(d->edid.kind, CONFIG_EDID_PRESET);
    assert_int_equal(d->edid.preset, EDID_720P60);
    assert_int_equal(c->targets[1]->dongle.edid.kind, CONFIG_EDID_KEEP);
    assert_string_equal(d->udc, "");
    assert_int_equal(d->vendor, 0x1d6b);
    assert_int_equal(d->personality, 0);
    assert_true(d->big_cd);
    assert_int_equal(d->press_short_ms, 300);
    config_destroy(c);
}

static void reads_where_it_listens(void **state)
{
    (void)state;
    struct config *c = parse("[gateway]\nlisten = eth0.5:443 [fe80::1%eth1]:443 *:443\n"
                             "public-names = [2001:DB8:0::1] Kvm.example:8443 [::1]:443 fd00::1 192.0.2.1:443\n"
                             "trusted-proxies = 192.0.2.10, fd00:1::/64\nbase-path = /kvm/one\n");
    assert_int_equal(c->listen.list[0].kind, CONFIG_LISTEN_INTERFACE);
    assert_string_equal(c->listen.list[0].interface, "eth0.5");
    assert_int_equal(c->listen.list[1].kind, CONFIG_LISTEN_ADDRESS);
    assert_string_equal(c->listen.list[1].interface, "eth1");
    assert_int_equal(c->listen.list[2].kind, CONFIG_LISTEN_ALL);
    assert_string_equal(c->public_names.list[0], "2001:db8::1");
    assert_int_equal(c->public_names.ports[0], 0);
    assert_string_equal(c->public_names.list[1], "kvm.example");
    assert_int_equal(c->public_names.ports[1], 8443);
    assert_string_equal(c->public_names.list[2], "::1");
    assert_int_equal(c->public_names.ports[2], 443);
    assert_string_equal(c->public_names.list[3], "fd00::1");
    assert_string_equal(c->public_names.list[4], "192.0.2.1");
    assert_int_equal(c->public_names.ports[4], 443);
    assert_int_equal(c->trusted_proxies.n, 2);
    assert_string_equal(c->base_path, "/kvm/one");
    config_destroy(c);
}

static void refuses_where_it_cannot_listen(void **state)
{
    static const char *const wrong[] = {"localhost:443",  "eth0",          "eth0:0",      "eth0:65536",
                                        ":443",           "[eth0]:443",    "fe80::1:443", "[::1]443",
                                        "[::1%eth0]:443", "[fe80::1]:443", "**:443",      "a-name-of-sixteen:443",
                                        "..:443",         "eth/0:443",     "eth0:+443"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct config_listens listens = {.n = 0};
        char why[200] = "";
        if (config_value_listen(NULL, wrong[i], &listens, why, sizeof why))
            fail_msg("listens on %s", wrong[i]);
    }
}

static void has_safe_defaults(void **state)
{
    (void)state;
    struct config *c = parse(QEMU);
    assert_string_equal(c->listen.list[0].text, "127.0.0.1:8443");
    assert_string_equal(c->listen.list[1].text, "[::1]:8443");
    assert_int_equal(c->targets[0]->nic.kind, CONFIG_NIC_USER);
    assert_int_equal(c->targets[0]->lifetime, CONFIG_LIFETIME_VM);
    assert_int_equal(c->targets[0]->memory_mb, 1024);
    assert_int_equal(c->targets[0]->drives, 1);
    config_destroy(c);
}

static void takes_words_up_to_the_limit(void **state)
{
    (void)state;
    char text[600] = QEMU "extra-arguments =";
    size_t n = strlen(text);
    for (int i = 0; i < CONFIG_MAX_EXTRA; i++, n += 2)
        memcpy(text + n, " a", 3);
    struct config *c = parse(text);
    assert_int_equal(c->targets[0]->extra.n, CONFIG_MAX_EXTRA);
    assert_null(c->targets[0]->extra.list[CONFIG_MAX_EXTRA]);
    config_destroy(c);
    memcpy(text + n, " a", 3);
    struct config_mistakes mistakes = {0};
    assert_true(config_parse(text, strlen(text), true, &mistakes, &c) < 0);
}

/* In the first cell of a row, alone or with keys of the same kind. */
static bool has_row(const char *manual, const char *name)
{
    char word[80];
    snprintf(word, sizeof word, "`%s`", name);
    for (const char *at = manual; (at = strstr(at, "\n| `")); at++) {
        const char *cell_end = strstr(at + 3, " |"), *found = strstr(at, word);
        if (found && cell_end && found < cell_end)
            return true;
    }
    return false;
}

/* What counts when nothing is said is in the last cell of the row. */
static bool tells_default(const char *manual, const char *name, const char *standard)
{
    char word[80], wanted[120];
    snprintf(word, sizeof word, "`%s`", name);
    snprintf(wanted, sizeof wanted, "`%s`", standard);
    for (const char *at = manual; (at = strstr(at, "\n| `")); at++) {
        const char *cell_end = strstr(at + 3, " |"), *found = strstr(at, word), *end = strchr(at + 1, '\n');
        if (!found || !cell_end || found > cell_end || !end)
            continue;
        const char *last = at;
        for (const char *bar = at; (bar = strstr(bar, " | ")) && bar < end; bar++)
            last = bar;
        const char *there = strstr(last, wanted);
        return there && there < end;
    }
    return false;
}

/* The manual is the table's twin: a key without a description is a mistake of ours. */
static void documents_every_key(void **state)
{
    (void)state;
    FILE *f = fopen(TEST_DATA "/../docs/configuration.md", "r");
    assert_non_null(f);
    static char manual[100000];
    size_t n = fread(manual, 1, sizeof manual - 1, f);
    manual[n] = '\0';
    fclose(f);
    for (size_t i = 0; i < config_n_keys; i++) {
        if (!has_row(manual, config_keys[i].name))
            fail_msg("docs/configuration.md has no row for %s", config_keys[i].name);
        if (!config_keys[i].help || !config_keys[i].remedy || !config_keys[i].standard)
            fail_msg("%s has no help, remedy or default in the table", config_keys[i].name);
        if (*config_keys[i].standard && !tells_default(manual, config_keys[i].name, config_keys[i].standard))
            fail_msg("docs/configuration.md has another default for %s than '%s'", config_keys[i].name,
                     config_keys[i].standard);
    }
}

/* Who reads the manual knows what the page may not set. */
static void documents_what_is_the_files_alone(void **state)
{
    static char manual[100000];
    (void)state;
    FILE *f = fopen(TEST_DATA "/../docs/configuration.md", "r");
    assert_non_null(f);
    manual[fread(manual, 1, sizeof manual - 1, f)] = '\0';
    fclose(f);
    char *begin = strstr(manual, "Only the file may give"), *end = begin ? strstr(begin, "From the page") : NULL;
    assert_non_null(end);
    *end = '\0';
    for (size_t i = 0; i < config_n_keys; i++) {
        char word[80];
        snprintf(word, sizeof word, "`%s`", config_keys[i].name);
        if ((strstr(begin, word) == NULL) != config_keys[i].page)
            fail_msg("docs/configuration.md is wrong about who may set %s", config_keys[i].name);
    }
}

/* What the table says counts otherwise is what does: parsed, it is the field of an empty configuration. */
static void defaults_are_what_counts(void **state)
{
    (void)state;
    struct config *c = parse("[target q]\nmachine = qemu\n[target d]\nmachine = dongle\n");
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        char why[200] = "";
        if (!*key->standard || key->many)
            continue;
        /* of the directory they are the keeper's to fill in, a dongle's drives are others */
        if (strstr(key->name, "filter") || strcmp(key->name, "listen") == 0 || strcmp(key->name, "public-names") == 0)
            continue;
        void *field = calloc(1, key->size);
        assert_true(key->parse(key, key->standard, field, why, sizeof why));
        const char *base = key->section == CONFIG_SECTION_GATEWAY ? (const char *)c
                           : key->machines & 1u << CONFIG_QEMU    ? (const char *)c->targets[0]
                                                                  : (const char *)c->targets[1];
        if (key->section == CONFIG_SECTION_TARGET && !(key->machines & (1u << CONFIG_QEMU | 1u << CONFIG_DONGLE)))
            base = NULL; /* of a test card */
        if (base && memcmp(base + key->offset, field, key->size) != 0 && key->size <= 8)
            fail_msg("%s counts as something else than '%s' when nothing is said", key->name, key->standard);
        free(field);
    }
    config_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(reads_every_key_of_a_dongle),
        cmocka_unit_test(a_dongle_has_defaults),
        cmocka_unit_test(reads_where_it_listens),
        cmocka_unit_test(refuses_where_it_cannot_listen),
        cmocka_unit_test(has_safe_defaults),
        cmocka_unit_test(takes_words_up_to_the_limit),
        cmocka_unit_test(documents_every_key),
        cmocka_unit_test(documents_what_is_the_files_alone),
        cmocka_unit_test(defaults_are_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
