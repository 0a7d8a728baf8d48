/* Virtual media. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/cli_stream.h"

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

const char *cli_drive_path(char *room, size_t size, const char *target, const char *drive, const char *verb)
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

/* What is to be inserted: exactly one of them. */
struct medium {
    const char *file, *url, *image;
};

static bool find_medium(int argc, char **argv, struct medium *ret, int *ret_first)
{
    bool named = argc > 1 && strncmp(argv[1], "--", 2) != 0;
    *ret_first = named ? 2 : 1;
    ret->file = cli_option(argc, argv, "--file", NULL);
    ret->url = cli_option(argc, argv, "--url", NULL);
    ret->image = named ? argv[1] : cli_option(argc, argv, "--library", NULL);
    bool twice = named && cli_flag(argc, argv, "--library");
    if (!twice && !!ret->file + !!ret->url + !!ret->image == 1)
        return true;
    cli_error("name one medium: an image of the library, or --file PATH, or --url URL");
    return false;
}

/* Bytes a second: digits, then perhaps k, M or G (of 1000). */
static bool read_rate(const char *text, uint64_t *ret)
{
    static const char units[] = "kMG";
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    for (const char *u = units; unit && u <= unit; u++)
        value = value > UINT64_MAX / 1000 ? 0 : value * 1000;
    if (*text < '0' || *text > '9' || (*end && (!unit || end[1])) || value == 0 || value > INT64_MAX) {
        cli_error("--rate takes bytes a second, such as 500k, 10M or 1G");
        return false;
    }
    *ret = value;
    return true;
}

/* The place of a word among some; -1 after an error was printed. */
static int choice(const char *option, const char *word, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(words[i], word))
            return i;
    cli_error("'%s' is nothing that %s takes", word, option);
    return -1;
}

static const char *const overlays[] = {"none", "discard", "keep"};

static int insert_file(struct cli *cli, int argc, char **argv, const char *file)
{
    static const char *const kinds[] = {"", "cdrom", "disk"};
    struct cli_stream what = {.path = file, .target = argv[0], .eject_at_end = cli_flag(argc, argv, "--eject-at-end")};
    int kind = choice("--kind", cli_option(argc, argv, "--kind", ""), kinds, 3);
    const char *overlay_word = cli_option(argc, argv, "--overlay", "none");
    int overlay = choice("--overlay", overlay_word, overlays, 3);
    const char *rate = cli_option(argc, argv, "--rate", NULL), *drive = cli_option(argc, argv, "--drive", "0");
    char *end;
    unsigned long number = strtoul(drive, &end, 10);

    if (kind < 0 || overlay < 0 || (rate && !read_rate(rate, &what.wish.rate)))
        return CLI_USAGE;
    if (*drive < '0' || *drive > '9' || *end || number > 255) {
        cli_error("--drive takes the number of a drive, from 0");
        return CLI_USAGE;
    }
    if (cli_flag(argc, argv, "--writable") && overlay == 0) {
        cli_error(
            "a file is never written to: --writable needs --overlay discard or keep, which takes what is written");
        return CLI_USAGE;
    }
    what.wish.drive = (uint8_t)number;
    what.wish.kind = (uint8_t)kind;
    what.wish.overlay = (enum medium_overlay)overlay;
    what.wish.writable = overlay != 0;
    what.wish.copy = cli_flag(argc, argv, "--copy");
    what.wish.boot_once = cli_flag(argc, argv, "--boot-once");
    return cli_stream_run(cli, &what);
}

/* Credentials and the authority of a URL. False after an error was printed. */
static bool add_url(int argc, char **argv, json_t *body)
{
    static const struct {
        const char *option, *member, *what;
    } files[] = {{"--password-file", "password", "password file"}, {"--ca", "ca", "certificate"}};
    const char *user = cli_option(argc, argv, "--user", NULL);
    if (user)
        json_object_set_new(body, "user", json_string(user));
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        const char *path = cli_option(argc, argv, files[i].option, NULL);
        if (!path)
            continue;
        char *text = cli_read_file(path, files[i].what);
        if (!text)
            return false;
        json_object_set_new(body, files[i].member, json_string(text));
        free(text);
    }
    return true;
}

static int insert_here(struct cli *cli, int argc, char **argv, const struct medium *medium)
{
    char room[1200];
    json_t *answer = NULL, *body = json_object();
    const char *kind = cli_option(argc, argv, "--kind", NULL), *rate = cli_option(argc, argv, "--rate", NULL);
    const char *overlay = cli_option(argc, argv, "--overlay", NULL);
    uint64_t bytes = 0;
    bool writable = cli_flag(argc, argv, "--writable") || (overlay && strcmp(overlay, "none") != 0);

    json_object_set_new(body, medium->url ? "url" : "image", json_string(medium->url ? medium->url : medium->image));
    json_object_set_new(body, "read_only", json_boolean(!writable));
    if (kind)
        json_object_set_new(body, "kind", json_string(kind));
    if (overlay)
        json_object_set_new(body, "overlay", json_string(overlay));
    if (cli_flag(argc, argv, "--boot-once"))
        json_object_set_new(body, "boot_once", json_true());
    if (cli_flag(argc, argv, "--copy"))
        json_object_set_new(body, "copy", json_true());
    if ((rate && !read_rate(rate, &bytes)) || (medium->url && !add_url(argc, argv, body))) {
        json_decref(body);
        return CLI_USAGE;
    }
    if (rate)
        json_object_set_new(body, "rate", json_integer((json_int_t)bytes));
    const char *path = cli_drive_path(room, sizeof room, argv[0], cli_option(argc, argv, "--drive", "0"), "insert");
    int r = cli_call(cli, "POST", path, body, &answer);
    return print_drive(cli, r, answer);
}

static int media_insert(struct cli *cli, int argc, char **argv)
{
    static const char *const known[] = {"--file=",    "--url=",           "--library=",  "--drive=",       "--kind=",
                                        "--writable", "--overlay=",       "--boot-once", "--copy",         "--rate=",
                                        "--user=",    "--password-file=", "--ca=",       "--eject-at-end", NULL};
    struct medium medium;
    int first;
    if (!find_medium(argc, argv, &medium, &first) || !cli_options_known(argc, argv, first, known))
        return CLI_USAGE;
    return medium.file ? insert_file(cli, argc, argv, medium.file) : insert_here(cli, argc, argv, &medium);
}

static int media_eject(struct cli *cli, int argc, char **argv)
{
    static const char *const known[] = {"--drive=", "--force", NULL};
    char room[1200];
    json_t *answer = NULL;

    if (!cli_options_known(argc, argv, 1, known))
        return CLI_USAGE;
    const char *path = cli_drive_path(room, sizeof room, argv[0], cli_option(argc, argv, "--drive", "0"), "eject");
    int r = cli_call(cli, "POST", path, json_pack("{s:b}", "force", cli_flag(argc, argv, "--force")), &answer);
    return print_drive(cli, r, answer);
}

static int media_overlay(struct cli *cli, int argc, char **argv)
{
    static const char *const known[] = {"--drive=", NULL};
    bool export = !strcmp(argv[1], "export");
    char room[1200];
    json_t *answer = NULL;

    if ((!export && strcmp(argv[1], "discard") != 0) || (export && argc < 3)) {
        cli_error("an overlay is either exported, with a name, or discarded");
        return CLI_USAGE;
    }
    if (!cli_options_known(argc, argv, export ? 3 : 2, known))
        return CLI_USAGE;
    json_t *body =
        export ? json_pack("{s:s, s:s}", "action", "export", "name", argv[2]) : json_pack("{s:s}", "action", "discard");
    const char *path = cli_drive_path(room, sizeof room, argv[0], cli_option(argc, argv, "--drive", "0"), "overlay");
    int r = cli_call(cli, "POST", path, body, &answer);
    if (r == CLI_OK && answer && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        printf(export ? "exported\n" : "discarded\n");
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"media list", "TARGET", "the drives and what is in them", 1, 1, media_drives},
    {"media insert",
     "TARGET IMAGE | --file PATH | --url URL | --library IMAGE [--drive N] [--kind cdrom|disk] [--writable]\n"
     "      [--overlay none|discard|keep] [--boot-once] [--copy] [--rate BYTES[k|M|G]]\n"
     "      [--user U --password-file F] [--ca F] [--eject-at-end]",
     "put a medium into a drive; a file (or /dev/sr0) is streamed as long as the command runs, until Ctrl-C", 2, 25,
     media_insert},
    {"media eject", "TARGET [--drive N] [--force]", "take the medium out", 1, 4, media_eject},
    {"media overlay", "TARGET export NAME | discard [--drive N]",
     "make a new image of what was written to a medium, or throw it away", 2, 5, media_overlay},
};
const struct cli_commands cli_media_commands = {rows, ARRAY_SIZE(rows)};
