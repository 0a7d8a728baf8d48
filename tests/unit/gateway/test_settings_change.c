/* What a gateway asks to set, judged: typed, ranged, only what the page may, whole or not at all. Somebody may be in
 * the gateway's place. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/wire.h"
#include "gateway/control/control_config.h"

static const char file[] = "[gateway]\naudit-full = refuse\n[target owned]\nmachine = qemu\nmemory = 512\n";
static struct settings_base base;
static struct settings_changes changes;
static struct config_mistakes faults;
static struct config_page *page;
static struct config *config;
static bool listed;

static bool is_listed(void *data, const struct config_key *key, const char *value)
{
    (void)data, (void)key, (void)value;
    return listed;
}

static int begin(void **state)
{
    static struct config_mistakes ignored;
    (void)state;
    faults = (struct config_mistakes){0};
    listed = true;
    base.file = (struct config_file){.bytes = strdup(file), .size = strlen(file), .trusted = true, .there = true};
    base.page = config_page_create();
    base.page->trusted = true;
    return settings_read(&base.file, base.page, &ignored, &base.config);
}

static int end(void **state)
{
    (void)state;
    settings_base_finish(&base);
    settings_changes_finish(&changes);
    page = config_page_destroy(page);
    config = config_destroy(config);
    return 0;
}

static void want(const char *target, const char *key, const char *text)
{
    struct settings_change *change = &changes.list[changes.n++];
    snprintf(change->target, sizeof change->target, "%s", target);
    snprintf(change->key, sizeof change->key, "%s", key);
    change->text = text ? strdup(text) : NULL;
}

static int judge(const char *make)
{
    const struct settings_author author = {"ann", 1795381419};
    const struct settings_judge by = {.listed = is_listed};
    return settings_change_judge(&base, &changes, make, &author, &by, &faults, &page, &config);
}

/* It counts now. */
static void keep(void)
{
    config_page_destroy(base.page);
    config_destroy(base.config);
    base.page = page;
    base.config = config;
    page = NULL;
    config = NULL;
    settings_changes_finish(&changes);
}

static void assert_refused(const char *target, const char *key, const char *text, const char *part)
{
    settings_changes_finish(&changes);
    faults = (struct config_mistakes){0};
    want("owned", "cpus", "2"); /* what is good beside it is not set either */
    want(target, key, text);
    assert_int_equal(judge(NULL), -EINVAL);
    assert_null(page);
    if (faults.n != 1 || strcmp(faults.list[0].key, key) != 0 || !strstr(faults.list[0].text, part))
        fail_msg("%s %s: %u faults, '%s'", target, key, faults.n, faults.n ? faults.list[0].text : "");
}

static void sets_and_takes_back(void **state)
{
    (void)state;
    want("owned", "cpus", "4");
    want("", "cache-memory", "128M");
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(config->targets[0]->cpus, 4);
    keep();
    want("owned", "cpus", NULL);
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(config->targets[0]->cpus, 1);
    assert_true(config->cache_memory == 128ull << 20);
}

static void refuses_what_is_not_the_pages(void **state)
{
    (void)state;
    assert_refused("", "user", "nobody", "Only the owner's file");
    assert_refused("", "state", "/tmp", "Only the owner's file");
    assert_refused("", "sandbox", "best", "Only the owner's file");
    assert_refused("", "outward-allow", "127.0.0.1", "Only the owner's file");
    assert_refused("", "directory-bind-password-file", "/etc/shadow", "Only the owner's file");
    assert_refused("owned", "extra-arguments", "-monitor stdio", "Only the owner's file");
    assert_refused("owned", "memory", "1024", "gives this key");
    assert_refused("", "audit-full", "go-on", "gives this key");
    assert_refused("", "audit-keep", "1000", "less than");
    assert_refused("", "no-such", "1", "no such key");
    assert_refused("", "memory", "1", "no such key");
    assert_refused("nobody", "cpus", "2", "no target 'nobody'");
    assert_refused("owned", "disk", "/etc/shadow", "plain file");
    assert_refused("owned", "cpus", "2\nextra-arguments = x", "more than one line");
    assert_refused("owned", "cpus", "2\n[gateway]\nuser = root", "more than one line");
    assert_refused("owned", "mac", "52:54:00:12:34:56\r", "no text of one line");
    assert_refused("", "directory-group", "cn=a,dc=x -> Administrator\n\nuser = root", "empty");
}

static void refuses_what_does_not_go_together(void **state)
{
    (void)state;
    want("owned", "nic", "none");
    want("owned", "mac", "52:54:00:12:34:56");
    assert_int_equal(judge(NULL), -EINVAL);
    assert_int_equal(faults.n, 1);
    assert_string_equal(faults.list[0].target, "owned");
    assert_string_equal(faults.list[0].key, "mac");
}

/* A directory is several keys, good only together; its groups are lines. */
static void sets_several_at_once(void **state)
{
    (void)state;
    want("", "directory-url", "ldaps://dc1.example.org");
    want("", "directory-base", "dc=example,dc=org");
    assert_int_equal(judge(NULL), -EINVAL);
    assert_string_equal(faults.list[0].key, "directory-group");
    faults = (struct config_mistakes){0};
    want("", "directory-group", "cn=a,dc=x -> Administrator\ncn=b,dc=x -> owned:view,input");
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(config->directory.settings.directory.groups.n, 2);
    assert_int_equal(settings_change_trial(&base, config), CONFIG_TRIAL_LOGIN);
    want("", "listen", "127.0.0.1:9443");
    config_page_destroy(page);
    config_destroy(config);
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(settings_change_trial(&base, config), CONFIG_TRIAL_LISTENERS);
}

static void makes_and_removes_targets(void **state)
{
    (void)state;
    want("new", "machine", "dongle");
    want("new", "capture", "/dev/video0");
    assert_int_equal(judge("new"), 0);
    assert_int_equal(config->n_targets, 2);
    keep();
    assert_int_equal(settings_change_remove(&base, "owned", &page, &config), -EPERM);
    assert_int_equal(settings_change_remove(&base, "nobody", &page, &config), -ENOENT);
    assert_int_equal(settings_change_remove(&base, "new", &page, &config), 0);
    assert_int_equal(config->n_targets, 1);
}

static void makes_no_bad_targets(void **state)
{
    static const char *const names[] = {"", "-x", "A", "a b", "../x", "a]\nuser=x"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_int_equal(judge(names[i]), -EINVAL);
    faults = (struct config_mistakes){0};
    assert_int_equal(judge("new"), -EINVAL);
    assert_string_equal(faults.list[0].key, "machine");
    faults = (struct config_mistakes){0};
    want("new", "machine", "dongle");
    want("new", "capture", "/dev/video0");
    listed = false;
    assert_int_equal(judge("new"), -EINVAL);
    assert_string_equal(faults.list[0].key, "capture");
    settings_changes_finish(&changes);
    faults = (struct config_mistakes){0};
    want("new", "machine", "replay"); /* its file only the owner may name */
    assert_int_equal(judge("new"), -EINVAL);
}

/* ---- as it travels ---- */

static uint8_t room[SETTINGS_STATE_MAX];

static void a_state_travels(void **state)
{
    static struct config_mistakes ignored = {.n = 1, .list = {{.target = "x", .key = "k", .text = "why"}}};
    struct settings_trial trial = {.pending = {.kind = PENDING_LISTENERS, .began_us = 5, .until_us = 9, .who = "bob"}};
    struct settings_waiting waiting = {.key = "cache-memory", .running = (char *)"64M"};
    const struct settings_told told = {.base = &base,
                                       .ignored = &ignored,
                                       .trial = &trial,
                                       .waiting = &waiting,
                                       .n_waiting = 1,
                                       .path = "/etc/x.conf",
                                       .last = {"ann", 7},
                                       .reverted = 3};
    uint8_t tag[SETTINGS_TAG], other[SETTINGS_TAG];
    (void)state;
    want("", "cache-memory", "128M");
    assert_int_equal(judge(NULL), 0);
    keep();
    struct wire_writer w = wire_writer_init(room, sizeof room);
    assert_true(settings_state_write(&w, &told, tag));
    struct settings_state *read = settings_state_read(room, wire_written(&w));
    assert_non_null(read);
    assert_memory_equal(read->tag, tag, sizeof tag);
    assert_int_equal(read->n_sections, 2);
    assert_int_equal(read->pending.kind, PENDING_LISTENERS);
    assert_string_equal(read->waiting[0].running, "64M");
    assert_string_equal(read->ignored.list[0].text, "why");
    bool found = false;
    for (unsigned i = 0; i < read->sections[0].n; i++) {
        const struct settings_entry *entry = &read->sections[0].entries[i];
        if (strcmp(entry->key->name, "cache-memory") != 0)
            continue;
        found = true;
        assert_int_equal(entry->origin, CONFIG_BY_PAGE);
        assert_string_equal(entry->text, "128M");
        assert_string_equal(entry->author.who, "ann");
    }
    assert_true(found);
    /* cut anywhere it is none */
    for (size_t size = 0; size < wire_written(&w); size++)
        assert_null(settings_state_read(room, size));
    settings_state_destroy(read);
    want("", "cache-memory", "256M");
    assert_int_equal(judge(NULL), 0);
    keep();
    w = wire_writer_init(room, sizeof room);
    assert_true(settings_state_write(&w, &told, other));
    assert_memory_not_equal(tag, other, sizeof tag);
}

static void a_wish_travels(void **state)
{
    static struct settings_ask ask, read;
    (void)state;
    want("owned", "cpus", "2");
    want("", "listen", NULL);
    ask = (struct settings_ask){.wish = SETTINGS_CHANGE, .who = "ann", .erase = true, .changes = changes};
    struct wire_writer w = wire_writer_init(room, sizeof room);
    settings_ask_write(&w, &ask);
    assert_true(settings_ask_read(room, wire_written(&w), &read));
    assert_int_equal(read.changes.n, 2);
    assert_string_equal(read.changes.list[0].text, "2");
    assert_null(read.changes.list[1].text);
    settings_changes_finish(&read.changes);
    for (size_t size = 0; size < wire_written(&w); size++)
        assert_false(settings_ask_read(room, size, &read));
    room[0] = SETTINGS_WISHES;
    assert_false(settings_ask_read(room, wire_written(&w), &read));
}

/* ---- what is on trial ---- */

static void a_trial_outlives_a_restart(void **state)
{
    struct settings_trial trial = {.pending.kind = PENDING_NONE}, read;
    char *text = NULL;
    size_t size;
    (void)state;
    want("", "listen", "127.0.0.1:1443");
    assert_int_equal(judge(NULL), 0);
    keep();
    assert_int_equal(pending_begin(&trial.pending, PENDING_LISTENERS, "ann", 1000), 0);
    trial.before = config_page_copy(base.page);
    want("", "listen", "127.0.0.1:2443");
    want("", "base-path", "/kvm");
    want("", "cache-memory", "128M");
    assert_int_equal(judge(NULL), 0);
    keep();
    assert_int_equal(settings_trial_write(&trial, &text, &size), 0);
    assert_true(settings_trial_read(&read, text, size));
    assert_int_equal(read.pending.kind, PENDING_LISTENERS);
    page = config_page_copy(base.page);
    assert_int_equal(settings_trial_undo(&read, page), 0);
    const struct config_key *listen = config_key_find(CONFIG_SECTION_GATEWAY, "listen");
    assert_string_equal(config_page_find(page, "", listen)->text, "127.0.0.1:1443");
    assert_null(config_page_find(page, "", config_key_find(CONFIG_SECTION_GATEWAY, "base-path")));
    /* what is on no trial stays */
    assert_non_null(config_page_find(page, "", config_key_find(CONFIG_SECTION_GATEWAY, "cache-memory")));
    settings_trial_finish(&trial);
    settings_trial_finish(&read);
    assert_false(settings_trial_read(&read, "nonsense", 8));
    assert_false(settings_trial_read(&read, "", 0));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sets_and_takes_back, begin, end),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_the_pages, begin, end),
        cmocka_unit_test_setup_teardown(refuses_what_does_not_go_together, begin, end),
        cmocka_unit_test_setup_teardown(sets_several_at_once, begin, end),
        cmocka_unit_test_setup_teardown(makes_and_removes_targets, begin, end),
        cmocka_unit_test_setup_teardown(makes_no_bad_targets, begin, end),
        cmocka_unit_test_setup_teardown(a_state_travels, begin, end),
        cmocka_unit_test_setup_teardown(a_wish_travels, begin, end),
        cmocka_unit_test_setup_teardown(a_trial_outlives_a_restart, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
