/* What the client prints: nothing that a target or a file name contains reaches the terminal as a control sequence, or
 * turns the direction of what stands beside it. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/utf8.h"
#include "gateway/cli/cli.h"

static size_t harmless(const char *text, size_t size)
{
    return utf8_turns(text, size) ? 0 : utf8_printable(text, size);
}

static void print_escaped(FILE *out, const char *text, bool keep_newlines)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size;) {
        size_t length = harmless(text + i, size - i);
        if (length) {
            fwrite(text + i, 1, length, out);
            i += length;
        } else if (text[i] == '\n' && keep_newlines) {
            fputc(text[i++], out);
        } else {
            fprintf(out, "\\x%02X", (unsigned char)text[i++]);
        }
    }
}

void cli_print_text(const char *text, bool keep_newlines)
{
    print_escaped(stdout, text, keep_newlines);
}

void cli_error(const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fputs("lightsout: ", stderr);
    print_escaped(stderr, line, false);
    fputc('\n', stderr);
}

void cli_print_json(json_t *json)
{
    /* jansson escapes control characters; ENSURE_ASCII also those that terminals obey above U+007F */
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', stdout);
}

/* Columns that a text takes: characters, not bytes. */
static size_t width_of(const char *text)
{
    size_t width = 0, size = strlen(text);
    for (size_t i = 0; i < size;) {
        size_t length = harmless(text + i, size - i);
        width += length ? 1 : 4;
        i += length ? length : 1;
    }
    return width;
}

static void print_row(const char *const *cells, size_t columns, const size_t *widths)
{
    for (size_t c = 0; c < columns; c++) {
        print_escaped(stdout, cells[c], false);
        if (c + 1 < columns)
            printf("%*s", (int)(widths[c] - width_of(cells[c]) + 2), "");
    }
    fputc('\n', stdout);
}

void cli_print_table(json_t *list, const char *const *headings, size_t columns,
                     void (*fill)(json_t *item, struct cli_row *row))
{
    const size_t n = json_array_size(list);
    _cleanup_free_ struct cli_row *rows = calloc(n + 1, sizeof *rows);
    size_t widths[CLI_COLUMNS] = {0};
    assert(columns <= CLI_COLUMNS);
    if (!rows) {
        cli_error("no memory for a list of %zu", n);
        return;
    }
    for (size_t c = 0; c < columns; c++)
        widths[c] = width_of(headings[c]);
    for (size_t r = 0; r < n; r++) {
        fill(json_array_get(list, r), &rows[r]);
        for (size_t c = 0; c < columns; c++)
            widths[c] = MAX(widths[c], width_of(rows[r].cells[c]));
    }
    print_row(headings, columns, widths);
    for (size_t r = 0; r < n; r++)
        print_row(rows[r].cells, columns, widths);
}

const char *cli_member(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}
