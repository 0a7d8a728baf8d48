/* Targets and their power. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

/* "--group WORD": the others are left out. */
static json_t *of_group(json_t *list, const char *group)
{
    json_t *chosen = json_array(), *t;
    size_t i;
    json_array_foreach(list, i, t)
    {
        if (!group || strcmp(cli_member(t, "group"), group) == 0)
            json_array_append(chosen, t);
    }
    return chosen;
}

static void target_row(json_t *target, struct cli_row *row)
{
    snprintf(row->room[0], sizeof row->room[0], "%" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(target, "viewers")));
    row->cells[0] = cli_member(target, "name");
    row->cells[1] = cli_member(target, "machine");
    row->cells[2] = cli_member(target, "power");
    row->cells[3] = cli_member(json_object_get(target, "signal"), "name");
    row->cells[4] = row->room[0];
    row->cells[5] = cli_member(json_object_get(target, "seat"), "holder");
    row->cells[6] = cli_member(json_object_get(target, "health"), "state");
    row->cells[7] = cli_member(target, "group");
    row->cells[8] = cli_member(target, "title");
    row->cells[9] = cli_member(json_object_get(target, "last_event"), "text");
}

static void print_list(json_t *list)
{
    static const char *const headings[] = {"NAME", "MACHINE", "POWER", "SCREEN", "VIEWERS",
                                           "SEAT", "HEALTH",  "GROUP", "TITLE",  "LAST EVENT"};
    cli_print_table(list, headings, ARRAY_SIZE(headings), target_row);
}

static int target_list(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    if (!cli_options_known(argc, argv, 0, (const char *const[]){"--group=", NULL}))
        return CLI_USAGE;
    int r = cli_call(cli, "GET", "/targets", NULL, &answer);
    if (r != CLI_OK)
        return r;
    json_t *list = of_group(json_object_get(answer, "targets"), cli_option(argc, argv, "--group", NULL));
    if (cli->json) {
        json_object_set(answer, "targets", list);
        cli_print_json(answer);
    } else {
        print_list(list);
    }
    json_decref(list);
    json_decref(answer);
    return CLI_OK;
}

static int target_events(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *event;
    size_t i;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/events", argv[0]), NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json) {
        cli_print_json(answer);
    } else {
        json_array_foreach(json_object_get(answer, "events"), i, event)
        {
            char when[32] = "";
            time_t seconds = (time_t)json_integer_value(json_object_get(event, "time"));
            struct tm tm;
            if (localtime_r(&seconds, &tm))
                strftime(when, sizeof when, "%F %T", &tm);
            printf("%s  %-9s %-6s  ", when, cli_member(event, "kind"), cli_member(event, "tone"));
            cli_print_text(cli_member(event, "text"), false);
            printf("\n");
        }
    }
    json_decref(answer);
    return CLI_OK;
}

static int target_show(struct cli *cli, int argc, char **argv)
{
    json_t *t = NULL, *line;
    size_t i;

    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s", argv[0]), NULL, &t);
    if (r != CLI_OK)
        return r;
    if (cli->json) {
        cli_print_json(t);
    } else {
        json_t *mode = json_object_get(t, "mode"), *signal = json_object_get(t, "signal"),
               *vm = json_object_get(t, "vm");
        printf("name     %s\nmachine  %s\npower    %s\nscreen   %s ", cli_member(t, "name"), cli_member(t, "machine"),
               cli_member(t, "power"), cli_member(signal, "name"));
        if (json_is_object(mode))
            printf("%dx%d", (int)json_integer_value(json_object_get(mode, "width")),
                   (int)json_integer_value(json_object_get(mode, "height")));
        printf("\n");
        if (*cli_member(signal, "why")) {
            printf("         ");
            cli_print_text(cli_member(signal, "why"), false);
            printf("\n");
        }
        printf("health   %s ", cli_member(json_object_get(t, "health"), "state"));
        cli_print_text(cli_member(json_object_get(t, "health"), "why"), false);
        printf("\n");
        if (*cli_member(t, "group"))
            printf("group    %s\n", cli_member(t, "group"));
        if (*cli_member(t, "title")) {
            printf("title    ");
            cli_print_text(cli_member(t, "title"), false);
            printf("\n");
        }
        if (*cli_member(t, "waits"))
            printf("waits    %s: as soon as it is powered off\n", cli_member(t, "waits"));
        if (json_is_object(vm)) {
            printf("vm       %s ", cli_member(vm, "state"));
            cli_print_text(cli_member(vm, "why"), false);
            printf("\n");
            json_array_foreach(json_object_get(vm, "log"), i, line)
            {
                printf("         ");
                cli_print_text(json_string_value(line), false);
                printf("\n");
            }
        }
    }
    json_decref(t);
    return CLI_OK;
}

/* Prints a power answer in a word, or whole. */
static int print_power(struct cli *cli, int r, json_t *answer)
{
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        printf("%s\n", cli_member(answer, "state"));
    json_decref(answer);
    return CLI_OK;
}

static int power(struct cli *cli, const char *action, const char *target)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "POST", cli_path("/targets/%s/power", target), json_pack("{s:s}", "action", action), &answer);
    return print_power(cli, r, answer);
}

static int power_on(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return power(cli, "on", argv[0]);
}

static int power_off(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return power(cli, "soft-off", argv[0]);
}

static int power_hard_off(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return power(cli, "hard-off", argv[0]);
}

static int power_reset(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return power(cli, "reset", argv[0]);
}

static int power_nmi(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return power(cli, "nmi", argv[0]);
}

static int power_state(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/power", argv[0]), NULL, &answer);
    return print_power(cli, r, answer);
}

static int boot(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "PUT", cli_path("/targets/%s/boot", argv[0]), json_pack("{s:s}", "boot", argv[1]), &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        printf("%s\n", cli_member(answer, "boot_next"));
    json_decref(answer);
    return CLI_OK;
}

static const struct cli_command rows[] = {
    {"target list", "[--group WORD]", "the targets: group, title, power, health, viewers, what happened last", 0, 2,
     target_list},
    {"target events", "TARGET", "what has happened to it lately, newest first", 1, 1, target_events},
    {"target show", "TARGET", "one target in full, with its VM's last lines", 1, 1, target_show},
    {"power state", "TARGET", "on, off or going-off", 1, 1, power_state},
    {"power on", "TARGET", "power on", 1, 1, power_on},
    {"power off", "TARGET", "ask the OS to shut down (the power button)", 1, 1, power_off},
    {"power hard-off", "TARGET", "cut the power", 1, 1, power_hard_off},
    {"power reset", "TARGET", "press the reset button", 1, 1, power_reset},
    {"power nmi", "TARGET", "send a non-maskable interrupt", 1, 1, power_nmi},
    {"boot", "TARGET default|cd|disk|pxe|menu|setup", "what the next reset or power-on boots, once", 2, 2, boot},
};
const struct cli_commands cli_target_commands = {rows, ARRAY_SIZE(rows)};
