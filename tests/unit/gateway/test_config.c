/* What a configuration means: every key, defaults, values at their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config.h"
#include "gateway/config_keys.h"

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
                             "[ target  web-1 ]\nmachine = qemu\nfirmware = uefi-secure\naccel = tcg\ntpm = yes\n"
                             "cpus = 4\nmemory = 2048\ndisk = a.qcow2,size=20G\ndisk3 = /b.img,bus=nvme\n"
                             "nic = tap:tap0\nmac = 52:54:00:AB:cd:ef\nserial-extra = 2\nlifetime = supervisor\n"
                             "drives = 2\nextra-arguments = -device \"a b\" -x \\\"\n"
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
    assert_int_equal(t->extra.n, 4);
    assert_string_equal(t->extra.list[1], "a b");
    assert_string_equal(t->extra.list[3], "\"");
    assert_string_equal(c->targets[1]->recording, "/r");
    assert_true(c->targets[1]->noise);
    assert_string_equal(config_format_word(c->targets[2]->format), "nv12");
    config_destroy(c);
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
        char row[80];
        snprintf(row, sizeof row, "\n| `%s` |", config_keys[i].name);
        if (!strstr(manual, row))
            fail_msg("docs/configuration.md has no row for %s", config_keys[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(has_safe_defaults),
        cmocka_unit_test(takes_words_up_to_the_limit),
        cmocka_unit_test(documents_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
