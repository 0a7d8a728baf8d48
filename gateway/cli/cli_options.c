/* What stands behind a command's arguments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"

#define FILE_MAX 65536

const char *cli_option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 0; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return argv[i + 1];
    return otherwise;
}

bool cli_flag(int argc, char **argv, const char *name)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return false;
}

bool cli_options_known(int argc, char **argv, int first, const char *const *words)
{
    for (int i = first; i < argc; i++) {
        const char *const *w = words;
        while (*w && (strncmp(*w, argv[i], strcspn(*w, "=")) != 0 || strlen(argv[i]) != strcspn(*w, "=")))
            w++;
        if (!*w || (strchr(*w, '=') && ++i == argc)) {
            cli_error("unknown or incomplete option '%s'", argv[MIN(i, argc - 1)]);
            return false;
        }
    }
    return true;
}

char *cli_read_file(const char *path, const char *what)
{
    char *text = malloc(FILE_MAX);
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    size_t n = f && text ? fread(text, 1, FILE_MAX, f) : 0;
    if (!f || !text || ferror(f) || n == FILE_MAX) {
        cli_error("the %s '%s' cannot be read: %s", what, path, n == FILE_MAX ? "it is too long" : strerror(errno));
        free(text);
        return NULL;
    }
    text[n] = 0;
    if (n && text[n - 1] == '\n')
        text[n - 1] = 0;
    return text;
}
