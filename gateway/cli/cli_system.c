/* The gateway's own machine and program: the clock, the statistics. */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

static void print_clock(json_t *answer)
{
    const json_t *clock = json_object_get(answer, "clock");
    json_int_t ms = json_integer_value(json_object_get(clock, "time"));
    time_t seconds = (time_t)(ms / 1000);
    char text[32] = "";
    struct tm tm;
    if (gmtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    printf("%s.%03dZ %s\n", text, (int)(ms % 1000),
           json_is_true(json_object_get(clock, "synchronised")) ? "kept right" : "not kept right");
}

/* "now": of the machine where this runs; or 2026-11-22T09:30:00Z. -1 after an error was printed. */
static json_int_t read_time(const char *text)
{
    struct tm tm = {0};
    struct timeval now;
    if (!strcmp(text, "now") && gettimeofday(&now, NULL) == 0)
        return (json_int_t)now.tv_sec * 1000 + now.tv_usec / 1000;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!end || strcmp(end, "Z") != 0) {
        cli_error("'%s' is no time: say now, or one like 2026-11-22T09:30:00Z", text);
        return -1;
    }
    return (json_int_t)timegm(&tm) * 1000;
}

static int clock_command(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    int r;
    if (argc) {
        json_int_t ms = read_time(argv[0]);
        if (ms < 0)
            return CLI_USAGE;
        r = cli_call(cli, "POST", "/system/clock", json_pack("{s:I}", "time", ms), &answer);
    } else {
        r = cli_call(cli, "GET", "/system", NULL, &answer);
    }
    if (r == CLI_OK)
        cli->json ? cli_print_json(answer) : print_clock(answer);
    json_decref(answer);
    return r;
}

static int statistics(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "GET", "/statistics", NULL, &answer);
    if (r == CLI_OK)
        cli_print_json(answer);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"clock", "[now|TIME]", "the gateway's; set to this machine's, or to 2026-11-22T09:30:00Z, where nothing keeps it",
     0, 1, clock_command},
    {"statistics", "", "the gateway's figures, as JSON", 0, 0, statistics},
};
const struct cli_commands cli_system_commands = {rows, ARRAY_SIZE(rows)};
