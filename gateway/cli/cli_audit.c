/* The audit log: looking at it, taking it along, and the keys to check it by. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/audit/json.h"
#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"

#define PATH_MAX_SIZE 1024
#define SHOWN 4096

static bool is_plain(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*")] == '\0';
}

/* Seconds since 1970, or YYYY-MM-DD[THH:MM[:SS]] in UTC, or 10m, 3h, 2d ago. "" when it is none. */
static void time_number(const char *text, char ret[24])
{
    struct tm tm = {0};
    char *end;
    long long n = strtoll(text, &end, 10);
    const char *unit = end != text && end[0] && !end[1] ? strchr("smhd", end[0]) : NULL;
    ret[0] = '\0';
    if (end != text && *end == '\0')
        snprintf(ret, 24, "%lld", n);
    else if (unit)
        snprintf(ret, 24, "%lld", (long long)time(NULL) - n * (const int[]){1, 60, 3600, 86400}[unit - "smhd"]);
    else if ((end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm)) || (end = strptime(text, "%Y-%m-%dT%H:%M", &tm)) ||
             (end = strptime(text, "%Y-%m-%d", &tm)))
        snprintf(ret, 24, "%lld", (long long)timegm(&tm));
}

static void print_shown(const char *text)
{
    char room[SHOWN];
    audit_text_show(text, room, sizeof room);
    fputs(room, stdout);
}

static void print_line(struct cli *cli, json_t *line)
{
    if (cli->json) {
        char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
        puts(text ? text : "");
        free(text);
        return;
    }
    time_t when = (time_t)json_integer_value(json_object_get(line, "time"));
    struct tm tm;
    char text[40] = "-";
    if (gmtime_r(&when, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    printf("%6lld %s ", (long long)json_integer_value(json_object_get(line, "number")), text);
    for (unsigned k = 0; k < 4; k++) {
        const char *field = cli_member(line, (const char *const[]){"who", "what", "target", "detail"}[k]);
        print_shown(*field ? field : k == 2 ? "-" : "");
        putchar(k < 3 ? ' ' : '\n');
    }
}

/* Newest last. *seen: the newest number so far. Lines up to it are not shown again. */
static int show(struct cli *cli, const char *query, long long *seen)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "GET", query, NULL, &answer);
    json_t *lines = json_object_get(answer, "lines");
    for (size_t i = json_array_size(lines); i-- > 0;) {
        json_t *line = json_array_get(lines, i);
        long long number = json_integer_value(json_object_get(line, "number"));
        if (number <= *seen)
            continue;
        *seen = number;
        print_line(cli, line);
    }
    fflush(stdout);
    json_decref(answer);
    return r;
}

static int list(struct cli *cli, int argc, char **argv)
{
    static const char *const words[] = {
        "--follow", "--json", "--since=", "--until=", "--who=", "--what=", "--target=", "--limit=", NULL};
    static const char *const times[] = {"--since", "--until"};
    char query[PATH_MAX_SIZE] = "/audit?limit=";
    if (!cli_options_known(argc, argv, 0, words))
        return CLI_USAGE;
    cli->json |= cli_flag(argc, argv, "--json");
    snprintf(query, sizeof query, "/audit?limit=%.8s", cli_option(argc, argv, "--limit", "100"));
    for (unsigned i = 0; i < ARRAY_SIZE(times); i++) {
        const char *wanted = cli_option(argc, argv, times[i], NULL);
        char seconds[24] = "";
        if (wanted)
            time_number(wanted, seconds);
        if (wanted && !seconds[0]) {
            cli_error("%s wants a time like 2026-01-31T12:00, 90m, 3h, 2d, or seconds since 1970; not '%s'", times[i],
                      wanted);
            return CLI_USAGE;
        }
        if (wanted)
            snprintf(query + strlen(query), sizeof query - strlen(query), "&%s=%s", times[i] + 2, seconds);
    }
    for (unsigned i = 0; i < 3; i++) {
        const char *name = (const char *const[]){"--who", "--what", "--target"}[i];
        const char *value = cli_option(argc, argv, name, NULL);
        if (value && (!is_plain(value) || strlen(value) > 64)) {
            cli_error("%s wants a name, not '%s'", name, value);
            return CLI_USAGE;
        }
        if (value)
            snprintf(query + strlen(query), sizeof query - strlen(query), "&%s=%s", name + 2, value);
    }
    long long seen = 0;
    int r = show(cli, query, &seen);
    while (r == CLI_OK && cli_flag(argc, argv, "--follow")) {
        sleep(1);
        r = show(cli, query, &seen);
    }
    return r;
}

static int key(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    (void)argv;
    int r = cli_call(cli, "GET", "/audit/state", NULL, &answer);
    if (r == CLI_OK)
        cli->json ? cli_print_json(answer) : (void)printf("%s\n", cli_member(answer, "key"));
    json_decref(answer);
    return r;
}

static int state(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    (void)argv;
    int r = cli_call(cli, "GET", "/audit/state", NULL, &answer);
    if (r == CLI_OK)
        cli_print_json(answer);
    json_decref(answer);
    return r;
}

static int mac_key(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    (void)argv;
    int r = cli_call(cli, "POST", "/audit/mac-key", NULL, &answer);
    if (r == CLI_OK)
        printf("%lld:%s\n", (long long)json_integer_value(json_object_get(answer, "number")),
               cli_member(answer, "key"));
    json_decref(answer);
    return r;
}

/* The line at the end of a part says where to go on. */
static bool next_part(char *text, size_t *size, char path[PATH_MAX_SIZE])
{
    unsigned long long line, head;
    char *at = NULL;
    for (char *newline = text; newline; newline = strchr(newline + 1, '\n'))
        if (strncmp(newline + (*newline == '\n'), "{\"next\":", 8) == 0)
            at = newline + (*newline == '\n');
    if (!at || sscanf(at, "{\"next\":{\"line\":%llu,\"head\":%llu}}", &line, &head) != 2)
        return false;
    *size = (size_t)(at - text);
    snprintf(path, PATH_MAX_SIZE, "/audit/export?line=%llu&head=%llu", line, head);
    return true;
}

int cli_audit_fetch(struct cli *cli, FILE *out)
{
    char path[PATH_MAX_SIZE] = "/audit/export";
    for (bool more = true; more;) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = cli_fetch(cli, path, &text, &size);
        if (r != CLI_OK)
            return r;
        char *whole = realloc(text, size + 1);
        if (!whole)
            return CLI_REFUSED;
        text = whole;
        text[size] = '\0';
        more = next_part(text, &size, path);
        if (fwrite(text, 1, size, out) != size) {
            cli_error("cannot be written: %m");
            return CLI_REFUSED;
        }
    }
    return CLI_OK;
}

static int export(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    bool out = strcmp(argv[0], "-") == 0;
    FILE *file = out ? stdout : fopen(argv[0], "wx");
    if (!file) {
        cli_error("'%s' cannot be made: %m", argv[0]);
        return CLI_REFUSED;
    }
    int r = cli_audit_fetch(cli, file);
    if ((out ? fflush(file) : fclose(file)) != 0 && r == CLI_OK) {
        cli_error("'%s' cannot be written: %m", argv[0]);
        r = CLI_REFUSED;
    }
    return r;
}

static const struct cli_command rows[] = {
    {"audit verify", "[--key KEY|FILE]... [--mac-key FILE] [--against FILE] [STORE|EXPORT|-]",
     "is the log as it was written? exit code 7: no", 0, 24, cli_audit_verify},
    {"audit key", "", "the first public key, by which everything can be checked", 0, 0, key},
    {"audit mac-key", "", "a new MAC key, to keep elsewhere: NUMBER:KEY", 0, 0, mac_key},
    {"audit state", "", "what the log stands at, and what goes outside", 0, 0, state},
    {"audit export", "FILE|-", "all of it, as one JSON object a line", 1, 1, export},
    {"audit", "[--follow] [--json] [--since TIME] [--until TIME] [--who W] [--what W] [--target T] [--limit N]",
     "the newest lines", 0, 14, list},
};
const struct cli_commands cli_audit_commands = {rows, ARRAY_SIZE(rows)};
