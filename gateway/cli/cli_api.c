/* Any request of the REST API, for what has no command of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/fd_read.h"
#include "core/route.h"
#include "gateway/cli/cli.h"

#define PREFIX "/api/v1"

/* The body from standard input, as it is; NULL after an error was printed. */
static char *read_stdin(void)
{
    char *text = malloc(ROUTE_MAX_BODY + 1);
    ssize_t n = text ? fd_read_up_to(STDIN_FILENO, text, ROUTE_MAX_BODY + 1) : -1;
    if (n < 0 || n > ROUTE_MAX_BODY) {
        cli_error("standard input cannot be read, or is longer than %d bytes", ROUTE_MAX_BODY);
        free(text);
        return NULL;
    }
    text[n] = '\0';
    return text;
}

static bool is_method(const char *word)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        if (strcmp(word, methods[i]) == 0)
            return true;
    cli_error("'%s' is no method: GET, POST, PUT, PATCH or DELETE", word);
    return false;
}

static int api(struct cli *cli, int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "";
    if (!is_method(argv[0]))
        return CLI_USAGE;
    if (strncmp(path, PREFIX "/", sizeof PREFIX) == 0)
        path += sizeof PREFIX - 1;
    if (*path != '/') {
        cli_error("'%s' is no path: it begins with a slash, /targets for example", path);
        return CLI_USAGE;
    }
    int next = argc > 2 && strcmp(argv[2], "--if-match") != 0 ? 3 : 2;
    if (!cli_options_known(argc, argv, next, (const char *const[]){"--if-match=", NULL}))
        return CLI_USAGE;
    _cleanup_free_ char *input = next == 3 && strcmp(argv[2], "-") == 0 ? read_stdin() : NULL;
    if (next == 3 && strcmp(argv[2], "-") == 0 && !input)
        return CLI_USAGE;
    _cleanup_free_ char *answer = NULL;
    size_t size = 0;
    const char *body = input ? input : next == 3 ? argv[2] : NULL;
    const struct cli_request request = {
        .method = argv[0], .path = path, .body = body, .if_match = cli_option(argc, argv, "--if-match", NULL)};
    int r = cli_request(cli, &request, &answer, &size);
    if (r == CLI_OK && size)
        fwrite(answer, 1, size, stdout);
    if (r == CLI_OK && size && answer[size - 1] != '\n' && (answer[0] == '{' || answer[0] == '['))
        putchar('\n');
    return r;
}

static const struct cli_command rows[] = {
    {"api", "GET|POST|PUT|PATCH|DELETE PATH [JSON|-] [--if-match ETAG]",
     "any request of the REST API (docs/api.md, openapi.json on the page's address); - reads the body from standard "
     "input",
     2, 5, api},
};
const struct cli_commands cli_api_commands = {rows, ARRAY_SIZE(rows)};
