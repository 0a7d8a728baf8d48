/* What the page has set below the owner's file: the file wins key by key, and whatever conf.d holds, lightsoutd starts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config/config_page.h"

static struct config_mistakes mistakes, ignored;
static struct config_page *page;
static struct config *config;

static int begin(void **state)
{
    (void)state;
    mistakes = ignored = (struct config_mistakes){0};
    page = config_page_create();
    page->trusted = true;
    return page ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    page = config_page_destroy(page);
    config = config_destroy(config);
    return 0;
}

static void add(const char *target, const char *text)
{
    assert_int_equal(config_page_read(page, target, text, strlen(text), &ignored), 0);
}

static int parse(const char *text)
{
    return config_parse_with(text, strlen(text), true, page, &mistakes, &ignored, &config);
}

static const struct config_said *said(const struct config_said *all, enum config_section section, const char *key)
{
    const struct config_key *found = config_key_find(section, key);
    assert_non_null(found);
    return &all[found - config_keys];
}

static void assert_ignored(const char *target, const char *key, const char *part)
{
    for (unsigned i = 0; i < ignored.n; i++)
        if (strcmp(ignored.list[i].target, target) == 0 && strcmp(ignored.list[i].key, key) == 0 &&
            strstr(ignored.list[i].text, part))
            return;
    for (unsigned i = 0; i < ignored.n; i++)
        print_message("ignored: %s %s: %s\n", ignored.list[i].target, ignored.list[i].key, ignored.list[i].text);
    fail_msg("%s %s is not ignored for '%s'", target, key, part);
}

static void the_file_wins_key_by_key(void **state)
{
    (void)state;
    add("", "[gateway]\ncache-memory = 128M\ndirectory-timeout = 9\n");
    add("demo", "[target demo]\n# 1795381419 ann\nseat-idle = 30\nnoise = yes\n");
    assert_int_equal(parse("[gateway]\ncache-memory = 8M\n[target demo]\nmachine = testcard\nseat-idle = 77\n"), 0);
    assert_int_equal(ignored.n, 0);
    assert_true(config->cache_memory == 8ull << 20);
    assert_int_equal(config->directory.timeout_s, 9);
    const struct config_target *demo = config->targets[0];
    assert_int_equal(demo->seat_idle_s, 77);
    assert_true(demo->noise);
    assert_int_equal(said(config->said, CONFIG_SECTION_GATEWAY, "cache-memory")->origin, CONFIG_BY_FILE);
    assert_int_equal(said(config->said, CONFIG_SECTION_GATEWAY, "directory-timeout")->origin, CONFIG_BY_PAGE);
    assert_int_equal(said(demo->said, CONFIG_SECTION_TARGET, "noise")->origin, CONFIG_BY_PAGE);
    assert_int_equal(said(demo->said, CONFIG_SECTION_TARGET, "seat")->origin, CONFIG_BY_DEFAULT);
    assert_string_equal(said(demo->said, CONFIG_SECTION_TARGET, "seat-idle")->text, "77");
    assert_true(demo->line > 0);
}

static void a_page_makes_targets(void **state)
{
    (void)state;
    add("vm1", "[target vm1]\nmachine = qemu\nmemory = 512\ndisk = system.qcow2,size=20G\n");
    assert_int_equal(parse(""), 0);
    assert_int_equal(config->n_targets, 1);
    assert_int_equal(config->targets[0]->line, 0);
    assert_int_equal(config->targets[0]->memory_mb, 512);
    assert_string_equal(config->targets[0]->disks[0].path, "system.qcow2");
}

/* Unknown keys, keys of the owner, bad values: one by one, the rest counts. */
static void what_makes_no_sense_is_left_out(void **state)
{
    (void)state;
    add("", "[gateway]\nlibary = /x\nuser = root\nstate = /etc\ncache-memory = 1\ndirectory-timeout = 7\n"
            "directory-timeout = 8\n[target x]\nmachine = testcard\n");
    assert_ignored("", "libary", "unknown key");
    assert_ignored("", "user", "only the owner's file");
    assert_ignored("", "state", "only the owner's file");
    assert_ignored("", "cache-memory", "is no size");
    assert_ignored("", "directory-timeout", "twice");
    assert_ignored("", "", "does not belong into this file");
    assert_int_equal(parse(""), 0);
    assert_int_equal(config->n_targets, 0);
    assert_int_equal(config->directory.timeout_s, 7);
}

static void the_page_names_no_paths(void **state)
{
    static const struct {
        const char *key, *value, *part;
    } bad[] = {
        {"disk", "/etc/passwd", "plain file"},
        {"disk", "../x.qcow2", ""},
        {"disk", "a/b.qcow2", "plain file"},
        {"disk", "process", "does not end in"},
        {"disk", "firmware-variables.fd", "does not end in"},
        {"disk", ".x.qcow2", "plain file"},
        {"disk", "x.qcow2,size=3T", "larger than 2T"},
        {"nic", "tap:eth0", "tap device"},
        {"edid", "file:/etc/shadow", "names a file"},
        {"capture", "/dev/sda", "no capture device"},
        {"capture", "/dev/video0x", "no capture device"},
        {"capture", "/dev/v4l/by-id/../../sda", ""},
        {"gpio-power-button", "/dev/gpiochip0:1", "path"},
        {"udc", "../x", "no name"},
        {"machine", "shell", ""},
        {"memory", "1", "out of range"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char why[200] = "";
        const struct config_key *key = config_key_find(CONFIG_SECTION_TARGET, bad[i].key);
        if (config_page_value(key, bad[i].value, why, sizeof why) || !strstr(why, bad[i].part))
            fail_msg("%s = %s: '%s'", bad[i].key, bad[i].value, why);
    }
}

static void values_are_one_line_of_text(void **state)
{
    static const char *const bad[] = {"", " x", "x ", "a\nb", "a\rb", "a\x1b[0m", "\xff", "a\xe2\x80\xae"};
    const struct config_key *key = config_key_find(CONFIG_SECTION_TARGET, "usb-name");
    char why[200], endless[CONFIG_PAGE_VALUE_MAX + 2];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (config_page_value(key, bad[i], why, sizeof why))
            fail_msg("number %zu is taken", i);
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_false(config_page_value(key, endless, why, sizeof why));
    assert_true(config_page_value(key, "lightsout [x] = # ;", why, sizeof why));
}

/* The page's nic and the file's mac, say: the page's goes. */
static void what_does_not_go_with_the_file_is_left_out(void **state)
{
    (void)state;
    add("a", "[target a]\nnic = none\nmemory = 2048\ncpus = 2\n");
    add("b", "[target b]\nmemory = 64\n");
    add("gone", "[target gone]\nmemory = 64\n");
    assert_int_equal(parse("[target a]\nmachine = qemu\nmac = 52:54:00:12:34:56\n[target b]\nmachine = testcard\n"), 0);
    assert_ignored("a", "nic", "mac");
    assert_ignored("b", "memory", "no such key");
    assert_ignored("gone", "", "there is no target gone");
    assert_int_equal(ignored.n, 3);
    assert_int_equal(config->targets[0]->nic.kind, CONFIG_NIC_USER);
    assert_int_equal(config->targets[0]->memory_mb, 2048);
    assert_int_equal(config->targets[0]->cpus, 2);
}

/* What would shut the owner out stays in force when something else of the gateway's is bad. */
static void listeners_stay_when_the_directory_is_wrong(void **state)
{
    (void)state;
    add("", "[gateway]\nlisten = 127.0.0.1:9443\ndirectory-url = ldaps://dc1.example.org\n");
    assert_int_equal(parse(""), 0);
    assert_ignored("", "directory-url", "directory-group");
    assert_int_equal(ignored.n, 1);
    assert_int_equal(config->listen.list[0].port, 9443);
    assert_int_equal(config->directory.settings.directory.n_urls, 0);
}

static void two_dongles_of_the_page_share_no_controller(void **state)
{
    (void)state;
    add("a", "[target a]\nmachine = dongle\nudc = x.usb\n");
    add("b", "[target b]\nmachine = dongle\nudc = x.usb\nseat-idle = 5\n");
    assert_int_equal(parse(""), 0);
    assert_int_equal(config->n_targets, 2);
    assert_int_equal(ignored.n, 1);
    assert_ignored("b", "udc", "share");
    assert_int_equal(config->targets[1]->seat_idle_s, 5);
}

static void dongles_need_a_folder_of_root(void **state)
{
    (void)state;
    page->trusted = false;
    add("a", "[target a]\nmachine = dongle\n");
    assert_int_equal(parse(""), 0);
    assert_int_equal(config->n_targets, 0);
    assert_ignored("a", "machine", "belongs to root");
}

static void mistakes_of_the_owner_refuse(void **state)
{
    (void)state;
    add("", "[gateway]\ndirectory-timeout = 7\n");
    assert_true(parse("[gateway]\nlibary = x\n") < 0);
    assert_int_equal(mistakes.n, 1);
    assert_null(config);
}

static void too_many_targets_leave_the_rest(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIG_MAX_TARGETS + 2; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "t%d", i);
        snprintf(text, sizeof text, "[target t%d]\nmachine = testcard\n", i);
        add(name, text);
    }
    assert_int_equal(parse(""), 0);
    assert_int_equal(config->n_targets, CONFIG_MAX_TARGETS);
    assert_ignored("t256", "", "more than");
}

static void is_written_as_it_is_read(void **state)
{
    static const char text[] =
        "[gateway]\n# 1795381419 ann\nlisten = 127.0.0.1:9443\n# 17 a b\n"
        "directory-group = cn=a,dc=x -> Administrator\ndirectory-group = cn=b,dc=x -> Operator\n";
    char *first = NULL, *second = NULL;
    size_t size;
    (void)state;
    add("", text);
    assert_int_equal(ignored.n, 0);
    assert_int_equal(config_page_write(page, "", &first, &size), 0);
    assert_non_null(strstr(first, "# 1795381419 ann\nlisten = 127.0.0.1:9443\n# 17 a b\ndirectory-group = cn=a,dc=x -> "
                                  "Administrator\ndirectory-group = cn=b,dc=x -> Operator\n"));
    struct config_page *again = config_page_create();
    assert_int_equal(config_page_read(again, "", first, size, &ignored), 0);
    assert_int_equal(config_page_write(again, "", &second, &size), 0);
    assert_string_equal(first, second);
    assert_string_equal(config_page_find(again, "", config_key_find(CONFIG_SECTION_GATEWAY, "listen"))->who, "ann");
    config_page_destroy(again);
    free(first);
    free(second);
}

/* Whoever is called "x\n[gateway]" makes no section. */
static void names_make_no_lines(void **state)
{
    char *text = NULL;
    size_t size;
    (void)state;
    const struct config_key *key = config_key_find(CONFIG_SECTION_GATEWAY, "directory-timeout");
    assert_int_equal(config_page_set(page, "", key, "5", "x\nuser = root", 1), 0);
    assert_int_equal(config_page_write(page, "", &text, &size), 0);
    assert_null(strstr(text, "\nuser = root"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_file_wins_key_by_key, begin, end),
        cmocka_unit_test_setup_teardown(a_page_makes_targets, begin, end),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_left_out, begin, end),
        cmocka_unit_test_setup_teardown(the_page_names_no_paths, begin, end),
        cmocka_unit_test_setup_teardown(values_are_one_line_of_text, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_go_with_the_file_is_left_out, begin, end),
        cmocka_unit_test_setup_teardown(listeners_stay_when_the_directory_is_wrong, begin, end),
        cmocka_unit_test_setup_teardown(two_dongles_of_the_page_share_no_controller, begin, end),
        cmocka_unit_test_setup_teardown(dongles_need_a_folder_of_root, begin, end),
        cmocka_unit_test_setup_teardown(mistakes_of_the_owner_refuse, begin, end),
        cmocka_unit_test_setup_teardown(too_many_targets_leave_the_rest, begin, end),
        cmocka_unit_test_setup_teardown(is_written_as_it_is_read, begin, end),
        cmocka_unit_test_setup_teardown(names_make_no_lines, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
