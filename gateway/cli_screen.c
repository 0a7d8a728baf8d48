/* The picture: as a file, as text, and waiting for a text. */
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/wire.h"
#include "gateway/cli.h"

#define POLL_US 250000

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static int screenshot(struct cli *cli, int argc, char **argv)
{
    bool jpeg = ends_with(argv[1], ".jpg") || ends_with(argv[1], ".jpeg"), to_stdout = !strcmp(argv[1], "-");
    _cleanup_free_ char *bytes = NULL;
    size_t size = 0;

    (void)argc;
    int r = cli_fetch(cli, cli_path(jpeg ? "/targets/%s/screenshot?format=jpeg" : "/targets/%s/screenshot", argv[0]),
                      &bytes, &size);
    if (r != CLI_OK)
        return r;
    FILE *out = to_stdout ? stdout : fopen(argv[1], "wbe");
    if (!out) {
        cli_error("cannot write '%s': %s", argv[1], strerror(errno));
        return CLI_REFUSED;
    }
    bool written = fwrite(bytes, 1, size, out) == size;
    written = (to_stdout ? fflush(out) : fclose(out)) == 0 && written;
    if (!written) {
        cli_error("cannot write '%s': %s", argv[1], strerror(errno));
        return CLI_REFUSED;
    }
    return CLI_OK;
}

/* All lines in one string (malloc'ed); NULL on lack of memory. */
static char *join_lines(json_t *answer)
{
    json_t *lines = json_object_get(answer, "lines"), *line;
    size_t i, size = 1;

    json_array_foreach(lines, i, line) size += json_string_length(line) + 1;
    char *text = malloc(size);
    if (!text)
        return NULL;
    struct wire_writer w = wire_writer_init(text, size);
    json_array_foreach(lines, i, line)
    {
        if (json_is_string(line))
            wire_write_bytes(&w, json_string_value(line), json_string_length(line));
        wire_write_u8(&w, '\n');
    }
    wire_write_u8(&w, 0);
    return text;
}

static int screen_text(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;

    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/screen-text", argv[0]), NULL, &answer);
    if (r != CLI_OK)
        return r;
    _cleanup_free_ char *text = join_lines(answer);
    if (cli->json)
        cli_print_json(answer);
    else if (text)
        cli_print_text(text, true);
    json_decref(answer);
    return CLI_OK;
}

/* Reads --timeout SECONDS; false when it is no number from 1 to 86400. */
static bool read_timeout(int argc, char **argv, double *ret)
{
    char *end;

    *ret = 60;
    if (argc == 2)
        return true;
    if (argc != 4 || strcmp(argv[2], "--timeout") != 0)
        return false;
    *ret = strtod(argv[3], &end);
    return !*end && *ret > 0 && *ret <= 86400;
}

/* Whether the screen shows it now. A screen without a text mode or picture just does not show it yet. */
static int screen_shows(struct cli *cli, const char *target, const regex_t *pattern, bool *ret)
{
    _cleanup_free_ char *bytes = NULL;
    json_t *answer = NULL;

    *ret = false;
    cli->quiet = true;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/screen-text", target), NULL, &answer);
    cli->quiet = false;
    if (r == CLI_REFUSED && (cli_last_status() == 409 || cli_last_status() == 422))
        return CLI_OK;
    if (r == CLI_NOT_FOUND || r == CLI_DENIED) /* once more, to print why */
        return cli_call(cli, "GET", cli_path("/targets/%s/screen-text", target), NULL, &answer);
    if (r != CLI_OK)
        return r;
    bytes = join_lines(answer);
    *ret = bytes && regexec(pattern, bytes, 0, NULL, 0) == 0;
    json_decref(answer);
    return CLI_OK;
}

static int wait_text(struct cli *cli, int argc, char **argv)
{
    regex_t pattern;
    double timeout;
    bool shown = false;
    int r = CLI_OK;

    if (!read_timeout(argc, argv, &timeout)) {
        cli_error("--timeout takes seconds from 1 to 86400");
        return CLI_USAGE;
    }
    if (regcomp(&pattern, argv[1], REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0) {
        cli_error("'%s' is no extended regular expression", argv[1]);
        return CLI_USAGE;
    }
    uint64_t end = clock_now_us() + (uint64_t)(timeout * 1e6);
    while ((r = screen_shows(cli, argv[0], &pattern, &shown)) == CLI_OK && !shown && clock_now_us() < end)
        usleep(POLL_US);
    regfree(&pattern);
    if (r == CLI_OK && !shown) {
        cli_error("'%s' did not show '%s' within %g s", argv[0], argv[1], timeout);
        r = CLI_TIMEOUT;
    }
    return r;
}

static const struct cli_command rows[] = {
    {"screenshot", "TARGET FILE.png|FILE.jpg|-", "save the picture (- : PNG on standard output)", 2, 2, screenshot},
    {"screen-text", "TARGET", "the text of a text screen", 1, 1, screen_text},
    {"wait-text", "TARGET REGEX [--timeout S]", "wait until the screen shows it (60 s)", 2, 4, wait_text},
};
const struct cli_commands cli_screen_commands = {rows, sizeof rows / sizeof *rows};
