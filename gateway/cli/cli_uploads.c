/* Files on their way into the library, whoever sends them. */
#include "core/attrs.h"
#include "gateway/cli/cli.h"

static void upload_row(json_t *upload, struct cli_row *row)
{
    cli_size_text((uint64_t)json_integer_value(json_object_get(upload, "offset")), row->room[0]);
    cli_size_text((uint64_t)json_integer_value(json_object_get(upload, "size")), row->room[1]);
    row->cells[0] = cli_member(upload, "id");
    row->cells[1] = cli_member(upload, "name");
    row->cells[2] = cli_member(upload, "phase");
    row->cells[3] = row->room[0];
    row->cells[4] = row->room[1];
    row->cells[5] = cli_member(upload, "who");
    row->cells[6] = cli_member(upload, "why");
}

static int uploads(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    static const char *const headings[] = {"UPLOAD", "NAME", "STATE", "ARRIVED", "OF", "BY", "WHY"};
    json_t *answer = NULL;
    int r = cli_call(cli, "GET", "/uploads", NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        cli_print_table(json_object_get(answer, "uploads"), headings, ARRAY_SIZE(headings), upload_row);
    json_decref(answer);
    return CLI_OK;
}

static int cancel(struct cli *cli, attr_unused int argc, char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "DELETE", cli_path("/uploads/%s", argv[0]), NULL, &answer);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"media uploads", "", "files on their way into the library, and those that came lately", 0, 0, uploads},
    {"media cancel", "UPLOAD", "end an upload; what has arrived of it is deleted", 1, 1, cancel},
};
const struct cli_commands cli_uploads_commands = {rows, ARRAY_SIZE(rows)};
