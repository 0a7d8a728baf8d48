/* Virtual media. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli.h"

static void size_text(json_int_t size, char ret[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)size;
    unsigned unit = 0;

    while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(ret, 24, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static int media_images(struct cli *cli, int argc, char **argv)
{
    static const char *const headings[] = {"NAME", "SIZE", "KIND", "NOTE"};
    json_t *answer = NULL;

    (void)argc;
    (void)argv;
    int r = cli_call(cli, "GET", "/images", NULL, &answer);
    if (r != CLI_OK)
        return r;
    json_t *list = json_object_get(answer, "images");
    size_t n = json_array_size(list);
    const char **cells = calloc(n * ARRAY_SIZE(headings) + 1, sizeof *cells);
    char(*sizes)[24] = calloc(n + 1, sizeof *sizes);
    if (cli->json) {
        cli_print_json(answer);
    } else if (cells && sizes) {
        for (size_t i = 0; i < n; i++) {
            json_t *image = json_array_get(list, i);
            const char **row = cells + i * ARRAY_SIZE(headings);
            size_text(json_integer_value(json_object_get(image, "size")), sizes[i]);
            row[0] = cli_member(image, "name");
            row[1] = sizes[i];
            row[2] = cli_member(image, "kind");
            row[3] = cli_member(image, "why");
        }
        cli_print_table(headings, ARRAY_SIZE(headings), cells, n);
    }
    free(cells);
    free(sizes);
    json_decref(answer);
    return CLI_OK;
}

static int media_drives(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *drive;
    size_t i;

    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/drives", argv[0]), NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json) {
        cli_print_json(answer);
    } else {
        json_array_foreach(json_object_get(answer, "drives"), i, drive)
        {
            printf("%d  %-18s %-6s ", (int)i, cli_member(drive, "phase"), cli_member(drive, "kind"));
            cli_print_text(*cli_member(drive, "reason") ? cli_member(drive, "reason") : cli_member(drive, "medium"),
                           false);
            printf("\n");
        }
    }
    json_decref(answer);
    return CLI_OK;
}

/* "/targets/NAME/drives/N/VERB" in a buffer of the caller, or NULL as cli_path. Bad drive numbers are the gateway's to
 * refuse. */
static const char *drive_path(char *room, size_t size, const char *target, const char *drive, const char *verb)
{
    char number[32], tail[96];
    const char *encoded = cli_path("%s", drive);

    snprintf(number, sizeof number, "%s", encoded ? encoded : "none");
    snprintf(tail, sizeof tail, "/drives/%s/%s", number, verb);
    const char *path = cli_path("/targets/%s", target);
    if (!path)
        return NULL;
    snprintf(room, size, "%s%s", path, tail);
    return room;
}

/* The argument after `name` among the last ones, or the given default. */
static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 0; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return argv[i + 1];
    return otherwise;
}

static bool has_flag(int argc, char **argv, const char *name)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return false;
}

/* Every argument from `first` on must be one of the words; those that end in '=' take a value behind them. */
static bool options_known(int argc, char **argv, int first, const char *const *words)
{
    for (int i = first; i < argc; i++) {
        const char *const *w = words;
        while (*w && strncmp(*w, argv[i], strcspn(*w, "=")) != 0)
            w++;
        if (!*w || strlen(argv[i]) != strcspn(*w, "=") || (strchr(*w, '=') && ++i == argc)) {
            cli_error("unknown or incomplete option '%s'", argv[MIN(i, argc - 1)]);
            return false;
        }
    }
    return true;
}

static int print_drive(struct cli *cli, int r, json_t *answer)
{
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        printf("%s\n", cli_member(answer, "phase"));
    json_decref(answer);
    return CLI_OK;
}

static int media_insert(struct cli *cli, int argc, char **argv)
{
    static const char *const known[] = {"--drive=", "--kind=", "--writable", NULL};
    char room[1200];
    json_t *answer = NULL;

    if (!options_known(argc, argv, 2, known))
        return CLI_USAGE;
    const char *kind = option(argc, argv, "--kind", NULL);
    json_t *body = json_pack("{s:s, s:b}", "image", argv[1], "read_only", !has_flag(argc, argv, "--writable"));
    if (kind)
        json_object_set_new(body, "kind", json_string(kind));
    const char *path = drive_path(room, sizeof room, argv[0], option(argc, argv, "--drive", "0"), "insert");
    int r = cli_call(cli, "POST", path, body, &answer);
    return print_drive(cli, r, answer);
}

static int media_eject(struct cli *cli, int argc, char **argv)
{
    static const char *const known[] = {"--drive=", "--force", NULL};
    char room[1200];
    json_t *answer = NULL;

    if (!options_known(argc, argv, 1, known))
        return CLI_USAGE;
    const char *path = drive_path(room, sizeof room, argv[0], option(argc, argv, "--drive", "0"), "eject");
    int r = cli_call(cli, "POST", path, json_pack("{s:b}", "force", has_flag(argc, argv, "--force")), &answer);
    return print_drive(cli, r, answer);
}

static const struct cli_command rows[] = {
    {"media images", "", "the image library", 0, 0, media_images},
    {"media list", "TARGET", "the drives and what is in them", 1, 1, media_drives},
    {"media insert", "TARGET IMAGE [--drive N] [--kind cdrom|disk] [--writable]", "put an image into a drive", 2, 7,
     media_insert},
    {"media eject", "TARGET [--drive N] [--force]", "take the medium out", 1, 4, media_eject},
};
const struct cli_commands cli_media_commands = {rows, ARRAY_SIZE(rows)};
