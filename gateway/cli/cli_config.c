/* Settings: what counts and who said it, and setting what the owner's file leaves open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/cli_config.h"

/* ---- asking ---- */

json_t *cli_config_section(json_t *config, const char *name)
{
    if (strcmp(name, "gateway") == 0)
        return json_object_get(config, "gateway");
    if (strncmp(name, "target/", 7) == 0)
        name += 7;
    return json_object_get(json_object_get(json_object_get(config, "targets"), name), "keys");
}

/* "KEY=VALUE" several times for one key are its lines. */
bool cli_config_add(json_t *keys, const char *word)
{
    const char *equals = strchr(word, '=');
    _cleanup_free_ char *key = equals && equals > word ? strndup(word, (size_t)(equals - word)) : NULL;
    json_t *value = key ? json_string(equals + 1) : NULL;
    if (!value) {
        cli_error("'%s' is not KEY=VALUE in UTF-8; lightsout config keys lists the keys", word);
        return false;
    }
    json_t *before = json_object_get(keys, key);
    if (before && !json_is_array(before)) {
        before = json_pack("[O]", before);
        json_object_set_new(keys, key, before);
    }
    if (before)
        json_array_append_new(before, value);
    else
        json_object_set_new(keys, key, value);
    return true;
}

void cli_config_print_value(json_t *value)
{
    size_t i;
    json_t *line;
    if (json_is_string(value)) {
        cli_print_text(json_string_value(value), false);
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, line)
        {
            fputs(i ? "\n    " : "", stdout);
            cli_print_text(json_string_value(line), false);
        }
    } else {
        putchar('-');
    }
}

/* ---- show, diff ---- */

static void print_origin(json_t *entry)
{
    json_t *changed = json_object_get(entry, "changed");
    time_t when = (time_t)json_integer_value(json_object_get(changed, "time"));
    struct tm tm;
    char day[32] = "";
    if (when && gmtime_r(&when, &tm))
        strftime(day, sizeof day, ", %Y-%m-%d %H:%M UTC", &tm);
    printf("  (%s", cli_member(entry, "origin"));
    if (*cli_member(changed, "who")) {
        fputs(", ", stdout);
        cli_print_text(cli_member(changed, "who"), false);
    }
    printf("%s)\n", day);
}

/* changed: only what is not by default. */
static void print_section(const char *name, json_t *keys, bool changed)
{
    const char *key;
    json_t *entry;
    bool any = false;
    json_object_foreach(keys, key, entry)
    {
        if (changed && strcmp(cli_member(entry, "origin"), "page") != 0)
            continue;
        if (!any)
            printf("[%s]\n", name);
        any = true;
        printf("%s = ", key);
        cli_config_print_value(json_object_get(entry, "value"));
        print_origin(entry);
    }
}

static void print_notes(json_t *config)
{
    size_t i;
    json_t *one, *pending = json_object_get(config, "pending");
    json_array_foreach(json_object_get(config, "waiting"), i, one)
    {
        printf("[%s] %s waits: ", cli_member(one, "section"), cli_member(one, "key"));
        const char *applies = cli_member(one, "applies");
        puts(strcmp(applies, "gateway") == 0   ? "lightsout gateway restart"
             : strcmp(applies, "machine") == 0 ? "until the machine is switched off and on"
                                               : "for a restart of lightsoutd");
    }
    json_array_foreach(json_object_get(config, "ignored"), i, one)
    {
        printf("[%s] %s is not used: ", cli_member(one, "section"), cli_member(one, "key"));
        cli_print_text(cli_member(one, "message"), false);
        putchar('\n');
    }
    if (json_is_object(pending))
        printf("The change of the %s is undone in %lld s unless it is confirmed over a new connection: lightsout --url "
               "https://... config confirm\n",
               cli_member(pending, "kind"), (long long)json_integer_value(json_object_get(pending, "seconds_left")));
}

static int print_config(struct cli *cli, const char *only, bool changed)
{
    json_t *config = NULL, *target;
    const char *name;
    int r = cli_call(cli, "GET", "/config", NULL, &config);
    if (r != CLI_OK)
        return r;
    if (cli->json) {
        cli_print_json(config);
    } else if (only && !cli_config_section(config, only)) {
        cli_error("there is no section '%s' that you may configure: gateway, or a target's name", only);
        r = CLI_NOT_FOUND;
    } else if (only) {
        print_section(only, cli_config_section(config, only), changed);
    } else {
        print_section("gateway", json_object_get(config, "gateway"), changed);
        json_object_foreach(json_object_get(config, "targets"), name, target)
        {
            char title[128];
            snprintf(title, sizeof title, "target %s", name);
            print_section(title, json_object_get(target, "keys"), changed);
        }
        print_notes(config);
    }
    json_decref(config);
    return r;
}

static int show(struct cli *cli, int argc, char **argv)
{
    return print_config(cli, argc ? argv[0] : NULL, false);
}

static int diff(struct cli *cli, int argc, char **argv)
{
    return print_config(cli, argc ? argv[0] : NULL, true);
}

static int get(struct cli *cli, attr_unused int argc, char **argv)
{
    json_t *config = NULL;
    int r = cli_call(cli, "GET", "/config", NULL, &config);
    if (r != CLI_OK)
        return r;
    json_t *entry = json_object_get(cli_config_section(config, argv[0]), argv[1]);
    if (!entry) {
        cli_error("there is no key '%s' in section '%s'", argv[1], argv[0]);
        r = CLI_NOT_FOUND;
    } else if (cli->json) {
        cli_print_json(entry);
    } else {
        cli_config_print_value(json_object_get(entry, "value"));
        putchar('\n');
    }
    json_decref(config);
    return r;
}

/* ---- set, unset ---- */

/* {"gateway":{...}} or {"targets":{NAME:{...}}} */
static json_t *body_of(const char *section, json_t *keys)
{
    if (strcmp(section, "gateway") == 0)
        return json_pack("{s:o}", "gateway", keys);
    if (strncmp(section, "target/", 7) == 0)
        section += 7;
    return json_pack("{s:{s:o}}", "targets", section, keys);
}

static int send_change(struct cli *cli, const char *section, json_t *keys, bool test)
{
    json_t *now = NULL, *answer = NULL, *body = body_of(section, keys);
    _cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : NULL, *bytes = NULL;
    char etag[128];
    size_t size = 0;
    json_decref(body);
    int r = text ? cli_call(cli, "GET", "/config", NULL, &now) : CLI_REFUSED;
    if (r != CLI_OK)
        return r;
    snprintf(etag, sizeof etag, "\"%s\"", cli_member(now, "etag"));
    json_decref(now);
    const struct cli_request request = {.method = test ? "POST" : "PATCH",
                                        .path = test ? "/config/test" : "/config",
                                        .body = text,
                                        .if_match = test ? NULL : etag};
    r = cli_request(cli, &request, &bytes, &size);
    if (r != CLI_OK) {
        if (cli_last_status() == 412 && !cli->quiet)
            cli_error("nothing was changed: look at what is set now (lightsout config diff), and try again");
        return r;
    }
    answer = size ? json_loads(bytes, 0, NULL) : NULL;
    if (cli->json && answer)
        cli_print_json(answer);
    else if (test)
        puts("It would be taken.");
    else
        print_notes(answer);
    json_decref(answer);
    return CLI_OK;
}

static int set_or_test(struct cli *cli, int argc, char **argv, bool test)
{
    json_t *keys = json_object();
    for (int i = 1; i < argc; i++)
        if (!cli_config_add(keys, argv[i])) {
            json_decref(keys);
            return CLI_USAGE;
        }
    return send_change(cli, argv[0], keys, test);
}

static int set(struct cli *cli, int argc, char **argv)
{
    return set_or_test(cli, argc, argv, false);
}

static int test(struct cli *cli, int argc, char **argv)
{
    return set_or_test(cli, argc, argv, true);
}

static int unset(struct cli *cli, int argc, char **argv)
{
    json_t *keys = json_object();
    for (int i = 1; i < argc; i++)
        json_object_set_new(keys, argv[i], json_null());
    return send_change(cli, argv[0], keys, false);
}

static int end_trial(struct cli *cli, const char *path, const char *said)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "POST", path, NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        puts(said);
    json_decref(answer);
    return r;
}

static int confirm(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    if (!cli->url) {
        cli_error("a change is confirmed over TLS, which shows that one can still come in: give --url");
        return CLI_USAGE;
    }
    return end_trial(cli, "/pending-change/confirm", "Confirmed.");
}

static int revert(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    return end_trial(cli, "/pending-change/revert", "Undone.");
}

static const struct cli_command rows[] = {
    {"config show", "[gateway|TARGET]", "Show every key, its value and who said it.", 0, 1, show},
    {"config diff", "[gateway|TARGET]", "Show only what page, REST and this command have set.", 0, 1, diff},
    {"config get", "gateway|TARGET KEY", "Print one value.", 2, 2, get},
    {"config set", "gateway|TARGET KEY=VALUE...",
     "Set what the owner's file leaves open; all of it or nothing. A key with several lines: KEY=LINE for each.", 2, 64,
     set},
    {"config test", "gateway|TARGET KEY=VALUE...", "Say whether it could be set.", 2, 64, test},
    {"config unset", "gateway|TARGET KEY...", "Go back to what counts otherwise.", 2, 64, unset},
    {"config keys", "[gateway|qemu|dongle|testcard|replay]", "List all keys: what they are and when they count.", 0, 1,
     cli_config_keys},
    {"config confirm", "", "Keep new listeners or login rules: with --url, over a connection made after the change.", 0,
     0, confirm},
    {"config revert", "", "Undo them now.", 0, 0, revert},
    {"gateway restart", "", "Let the gateway's process begin anew; pages are back within a second.", 0, 0,
     cli_config_restart},
    {"target add", "NAME machine=qemu|dongle|testcard [KEY=VALUE...]", "Add a target.", 2, 64, cli_config_target_add},
    {"target remove", "NAME [--force] [--erase]",
     "Remove a target that was added here; --force: although it is in use; --erase: with its disks.", 1, 3,
     cli_config_target_remove},
};
const struct cli_commands cli_config_commands = {rows, ARRAY_SIZE(rows)};
