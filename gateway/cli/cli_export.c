/* Images that other machines have by NBD, and folders of the library. */
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

static void export_row(json_t *export, struct cli_row *row)
{
    bool usable = json_is_true(json_object_get(export, "usable"));
    row->cells[0] = cli_member(export, "name");
    row->cells[1] = cli_member(export, "image");
    row->cells[2] = cli_member(export, "identity");
    row->cells[3] = json_is_true(json_object_get(export, "read_only")) ? "read" : "read, write";
    row->cells[4] = usable ? "usable" : cli_member(export, "why");
}

static int export_list(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "GET", "/exports", NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json) {
        cli_print_json(answer);
    } else {
        static const char *const headings[] = {"NAME", "IMAGE", "FOR", "ACCESS", "STATE"};
        cli_print_table(json_object_get(answer, "exports"), headings, ARRAY_SIZE(headings), export_row);
    }
    json_decref(answer);
    return CLI_OK;
}

static int export_add(struct cli *cli, int argc, char **argv)
{
    if (!cli_options_known(argc, argv, 3, (const char *const[]){"--writable", NULL}))
        return CLI_USAGE;
    json_t *answer = NULL;
    int r = cli_call(cli, "POST", "/exports",
                     json_pack("{s:s, s:s, s:s, s:b}", "name", argv[0], "image", argv[1], "identity", argv[2],
                               "read_only", !cli_flag(argc, argv, "--writable")),
                     &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    json_decref(answer);
    return r;
}

static int export_delete(struct cli *cli, attr_unused int argc, char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "DELETE", cli_path("/exports/%s", argv[0]), NULL, &answer);
    json_decref(answer);
    return r;
}

static int folder_make(struct cli *cli, attr_unused int argc, char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "POST", "/folders", json_pack("{s:s}", "name", argv[0]), &answer);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"media folder", "NAME",
     "make a folder of the library, which is inserted as a disk; fill it by media upload "
     "--folder",
     1, 1, folder_make},
    {"export list", "", "images that other machines have by NBD, and who", 0, 0, export_list},
    {"export add", "NAME IMAGE psk:NAME|cert:NAME [--writable]", "give an image to one identity", 3, 4, export_add},
    {"export delete", "NAME", "take it back; its connections end", 1, 1, export_delete},
};
const struct cli_commands cli_export_commands = {rows, ARRAY_SIZE(rows)};
