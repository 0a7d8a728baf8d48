/* What a dongle brings: the capture device, its EDID, and what the target sees on USB. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"

#define EDID_FILE_MAX 4096 /* bytes; an EDID as text with room */

static void print_line(const char *heading, const char *text)
{
    if (!*text)
        return;
    printf("%-9s ", heading);
    cli_print_text(text, false);
    printf("\n");
}

static int capture(struct cli *cli, int argc, char **argv)
{
    static const char *const members[] = {"driver", "card",   "bus",     "input",   "format",
                                          "why",    "memory", "timings", "offered", "priority"};
    json_t *answer = NULL, *value;
    const char *key;

    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/capture", argv[0]), NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json) {
        cli_print_json(answer);
    } else {
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
            print_line(members[i], cli_member(answer, members[i]));
        printf("since the start:");
        json_object_foreach(json_object_get(answer, "statistics"), key, value)
            printf(" %s %" JSON_INTEGER_FORMAT, key, json_integer_value(value));
        printf("\n");
    }
    json_decref(answer);
    return CLI_OK;
}

static int print_edid(struct cli *cli, json_t *answer)
{
    if (cli->json) {
        cli_print_json(answer);
    } else if (!json_is_true(json_object_get(answer, "present"))) {
        printf("none: the capture device has no EDID that can be read\n");
    } else {
        const double hertz = (double)json_integer_value(json_object_get(answer, "refresh_millihertz")) / 1000;
        const bool hdmi = json_is_true(json_object_get(answer, "hdmi"));
        print_line("preset", *cli_member(answer, "preset") ? cli_member(answer, "preset") : "none of ours");
        printf("%-9s %dx%d at %.2f Hz%s%s\n", "prefers", (int)json_integer_value(json_object_get(answer, "width")),
               (int)json_integer_value(json_object_get(answer, "height")), hertz, hdmi ? ", HDMI" : "",
               json_is_true(json_object_get(answer, "audio")) ? ", audio" : "");
        print_line("maker", cli_member(answer, "manufacturer"));
        print_line("name", cli_member(answer, "name"));
        print_line("serial", cli_member(answer, "serial"));
    }
    json_decref(answer);
    return CLI_OK;
}

/* The body for a file of bytes or hexadecimal text; NULL after a message. Whether it is an EDID the gateway says. */
static json_t *file_body(const char *path)
{
    char bytes[EDID_FILE_MAX + 1], hex[2 * EDID_FILE_MAX + 1] = "";
    FILE *file = fopen(path, "rb");

    if (!file) {
        cli_error("cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    const bool failed = ferror(file);
    fclose(file);
    if (failed || size > EDID_FILE_MAX) {
        cli_error("%s: %s", path, failed ? "reading it failed" : "this is too long for an EDID");
        return NULL;
    }
    bytes[size] = '\0';
    json_t *text = strlen(bytes) == size ? json_string(bytes) : NULL; /* NULL too for what is not UTF-8 */
    for (size_t i = 0; !text && i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", (uint8_t)bytes[i]);
    return text ? json_pack("{s:o}", "hex", text) : json_pack("{s:s}", "hex", hex);
}

static int save_edid(struct cli *cli, const char *target, const char *path)
{
    _cleanup_free_ char *bytes = NULL;
    size_t size = 0;
    int r = cli_fetch(cli, cli_path("/targets/%s/edid/raw", target), &bytes, &size);

    if (r != CLI_OK)
        return r;
    FILE *file = fopen(path, "wb");
    const bool written = file && fwrite(bytes, 1, size, file) == size;
    if ((file && fclose(file) != 0) || !written) {
        cli_error("cannot write %s: %s", path, strerror(errno));
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int edid(struct cli *cli, int argc, char **argv)
{
    const char *option = argc > 1 ? argv[1] : "";
    json_t *answer = NULL, *body = NULL;

    if (argc == 3 && strcmp(option, "--save") == 0)
        return save_edid(cli, argv[0], argv[2]);
    if (argc == 3 && strcmp(option, "--preset") == 0) {
        body = json_pack("{s:s}", "preset", argv[2]);
    } else if (argc == 3 && strcmp(option, "--file") == 0) {
        body = file_body(argv[2]);
        if (!body)
            return CLI_USAGE;
    } else if (argc != 1) {
        cli_error("usage: lightsout edid TARGET [--preset NAME | --file FILE | --save FILE]");
        return CLI_USAGE;
    }
    int r = cli_call(cli, body ? "PUT" : "GET", cli_path("/targets/%s/edid", argv[0]), body, &answer);
    return r == CLI_OK ? print_edid(cli, answer) : r;
}

static void print_usb(json_t *answer)
{
    json_t *offer = json_object_get(answer, "offer");
    const bool automatic = json_is_true(json_object_get(answer, "automatic"));

    print_line("state", cli_member(answer, "state"));
    printf("%-9s %s%s\n", "shows", cli_member(answer, "personality"), automatic ? " (chosen automatically)" : "");
    print_line("", cli_member(answer, "words"));
    print_line("why", cli_member(answer, "why"));
    print_line("left out", cli_member(answer, "left_out"));
    print_line("trouble", cli_member(answer, "trouble"));
    if (json_is_object(offer)) {
        printf("%-9s %s ('usb TARGET accept' takes it)\n", "offers", cli_member(offer, "name"));
        print_line("", cli_member(offer, "words"));
    }
}

static int usb(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    int r;

    if (argc == 1)
        r = cli_call(cli, "GET", cli_path("/targets/%s/usb", argv[0]), NULL, &answer);
    else if (strcmp(argv[1], "accept") == 0)
        r = cli_call(cli, "POST", cli_path("/targets/%s/usb/accept-offer", argv[0]), NULL, &answer);
    else
        r = cli_call(cli, "PUT", cli_path("/targets/%s/usb", argv[0]), json_pack("{s:s}", "personality", argv[1]),
                     &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        print_usb(answer);
    json_decref(answer);
    return CLI_OK;
}

static const struct cli_command rows[] = {
    {"capture", "TARGET", "the capture device: what it offers, what is used and why", 1, 1, capture},
    {"edid", "TARGET [--preset 1080p60|1080p50|1200p60|720p60|configured | --file FILE | --save FILE]",
     "what the capture device tells the target's graphics about itself", 1, 3, edid},
    {"usb", "TARGET [auto|full|keyboard|drive|keyboard+drive|storage-first|accept]",
     "what the target sees on USB; another choice; or take what is offered", 1, 2, usb},
};
const struct cli_commands cli_dongle_commands = {rows, ARRAY_SIZE(rows)};
