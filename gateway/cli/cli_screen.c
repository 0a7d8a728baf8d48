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
#include "gateway/cli/cli.h"

#define POLL_US 250000
#define PATH_ROOM 1200

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static bool is_number(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n > 0 && n <= 5 && !text[n];
}

static int screenshot(struct cli *cli, int argc, char **argv)
{
    static const char *const words[] = {"--width=", NULL};
    bool jpeg = ends_with(argv[1], ".jpg") || ends_with(argv[1], ".jpeg"), to_stdout = !strcmp(argv[1], "-");
    _cleanup_free_ char *bytes = NULL;
    char path[PATH_ROOM];
    size_t size = 0;

    if (!cli_options_known(argc, argv, 2, words))
        return CLI_USAGE;
    const char *width = cli_option(argc, argv, "--width", NULL);
    if (width && !is_number(width)) {
        cli_error("--width takes a number of pixels, not '%s'", width);
        return CLI_USAGE;
    }
    const char *plain = cli_path("/targets/%s/screenshot", argv[0]);
    snprintf(path, sizeof path, "%s?format=%s%s%s", plain ? plain : "", jpeg ? "jpeg" : "png", width ? "&width=" : "",
             width ? width : "");
    int r = cli_fetch(cli, plain ? path : NULL, &bytes, &size);
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

/* The text's path, with what --region and --recognise say. CLI_OK; CLI_USAGE after an error was printed; CLI_NOT_FOUND:
 * no target has such a name, and room holds "". */
static int text_path(int argc, char **argv, char room[PATH_ROOM])
{
    const char *region = cli_option(argc, argv, "--region", NULL);
    const char *language = cli_option(argc, argv, "--recognise", NULL);
    const char *plain = cli_path("/targets/%s/screen-text", argv[0]);
    unsigned x, y, width, height;
    int end = 0;
    size_t n = (size_t)snprintf(room, PATH_ROOM, "%s", plain ? plain : "");

    if (region && (sscanf(region, "%5u,%5u,%5u,%5u%n", &x, &y, &width, &height, &end) != 4 || region[end])) {
        cli_error("--region takes X,Y,WIDTH,HEIGHT in pixels, not '%s'", region);
        return CLI_USAGE;
    }
    if (language &&
        (!*language || language[strspn(language, "abcdefghijklmnopqrstuvwxyz_")] || strlen(language) > 31)) {
        cli_error("--recognise takes the name of a language, such as eng, not '%s'", language);
        return CLI_USAGE;
    }
    if (!plain)
        return CLI_NOT_FOUND;
    if (region)
        n += (size_t)snprintf(room + n, PATH_ROOM - n, "?x=%u&y=%u&width=%u&height=%u", x, y, width, height);
    if (language)
        snprintf(room + n, PATH_ROOM - n, "%crecognise=%s", region ? '&' : '?', language);
    return CLI_OK;
}

static int screen_text(struct cli *cli, int argc, char **argv)
{
    static const char *const words[] = {"--region=", "--recognise=", NULL};
    json_t *answer = NULL;
    char path[PATH_ROOM];

    int r = cli_options_known(argc, argv, 1, words) ? text_path(argc, argv, path) : CLI_USAGE;
    if (r == CLI_USAGE)
        return r;
    r = cli_call(cli, "GET", r == CLI_OK ? path : NULL, NULL, &answer);
    if (r != CLI_OK)
        return r;
    _cleanup_free_ char *text = join_lines(answer);
    if (cli->json)
        cli_print_json(answer);
    else if (text)
        cli_print_text(text, true);
    if (!cli->json && !strcmp(cli_member(answer, "method"), "recognition"))
        cli_error("recognised, not read: there may be mistakes in it");
    json_decref(answer);
    return CLI_OK;
}

/* Reads --timeout SECONDS; false when it is no number from 1 to 86400. */
static bool read_timeout(int argc, char **argv, double *ret)
{
    char *end;

    *ret = strtod(cli_option(argc, argv, "--timeout", "60"), &end);
    return !*end && *ret > 0 && *ret <= 86400;
}

/* No picture, no text mode, or somebody else's text is being recognised. */
static bool not_yet(void)
{
    long status = cli_last_status();
    return status == 409 || status == 429 || status == 504 ||
           (status == 422 && strcmp(cli_last_error(), "no-recognition") != 0);
}

/* Whether the screen shows it now. */
static int screen_shows(struct cli *cli, const char *path, const regex_t *pattern, bool *ret)
{
    _cleanup_free_ char *bytes = NULL;
    json_t *answer = NULL;

    *ret = false;
    cli->quiet = true;
    int r = cli_call(cli, "GET", path, NULL, &answer);
    cli->quiet = false;
    if (r == CLI_REFUSED && not_yet())
        return CLI_OK;
    if (r == CLI_REFUSED || r == CLI_NOT_FOUND || r == CLI_DENIED) /* once more, to print why */
        return cli_call(cli, "GET", path, NULL, &answer);
    if (r != CLI_OK)
        return r;
    bytes = join_lines(answer);
    *ret = bytes && regexec(pattern, bytes, 0, NULL, 0) == 0;
    json_decref(answer);
    return CLI_OK;
}

static int wait_text(struct cli *cli, int argc, char **argv)
{
    static const char *const words[] = {"--timeout=", "--region=", "--recognise=", NULL};
    char path[PATH_ROOM];
    regex_t pattern;
    double timeout;
    bool shown = false;
    int r = cli_options_known(argc, argv, 2, words) ? text_path(argc, argv, path) : CLI_USAGE;

    if (r == CLI_USAGE)
        return r;
    if (!read_timeout(argc, argv, &timeout)) {
        cli_error("--timeout takes seconds from 1 to 86400");
        return CLI_USAGE;
    }
    if (regcomp(&pattern, argv[1], REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0) {
        cli_error("'%s' is no extended regular expression", argv[1]);
        return CLI_USAGE;
    }
    const char *asked = r == CLI_OK ? path : NULL; /* NULL: no target has such a name, which is said then */
    uint64_t end = clock_now_us() + (uint64_t)(timeout * 1e6);
    while ((r = screen_shows(cli, asked, &pattern, &shown)) == CLI_OK && !shown && clock_now_us() < end)
        usleep(POLL_US);
    regfree(&pattern);
    if (r == CLI_OK && !shown) {
        cli_error("'%s' did not show '%s' within %g s", argv[0], argv[1], timeout);
        r = CLI_TIMEOUT;
    }
    return r;
}

static const struct cli_command rows[] = {
    {"screenshot", "TARGET FILE.png|FILE.jpg|- [--width PIXELS]",
     "save the picture (- : PNG on standard output), smaller if so wanted", 2, 4, screenshot},
    {"screen-text", "TARGET [--region X,Y,WIDTH,HEIGHT] [--recognise LANGUAGE]",
     "the text of a text screen or of a part of it (pixels); --recognise eng: what no console font fits, by tesseract",
     1, 5, screen_text},
    {"wait-text", "TARGET REGEX [--timeout S] [--region X,Y,WIDTH,HEIGHT] [--recognise LANGUAGE]",
     "wait until the screen shows it (60 s)", 2, 8, wait_text},
};
const struct cli_commands cli_screen_commands = {rows, sizeof rows / sizeof *rows};
