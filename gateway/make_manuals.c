/* Build tool: make_manuals TEMPLATE OUT puts what the program's tables know into a manual page (mdoc): a line
 * @COMMANDS@,
 * @OPTIONS@, @GATEWAY-KEYS@ or @TARGET-KEYS@ becomes the list of that. */
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/cli_commands.h"
#include "gateway/config/config_keys.h"
#include "gateway/options.h"

/* Text as it is: nothing in it is a macro or an escape. A newline becomes a blank. */
static void put_text(FILE *out, const char *text)
{
    const char *begin = text;
    for (; *text; text++) {
        bool line_begins = text == begin;
        if (line_begins && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else if (*text == ' ' && text > begin && strchr(".;:?!", text[-1]))
            putc('\n', out); /* a sentence begins its line */
        else
            putc(*text == '\n' ? ' ' : *text, out);
    }
}

static void put_line(FILE *out, const char *text)
{
    put_text(out, text);
    putc('\n', out);
}

/* Behind a macro, where quotes hold blanks together and a double quote would end them. */
static void put_argument(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        char one[2] = {*text, '\0'};
        if (*text == '"')
            fputs("\\(dq", out);
        else
            put_text(out, one);
    }
    fputs("\"\n", out);
}

static void put_commands(FILE *out)
{
    const struct cli_command *c;
    for (size_t i = 0; (c = cli_command_at(i)); i++) {
        char term[1024];
        snprintf(term, sizeof term, "%s%s%s", c->name, *c->usage ? " " : "", c->usage);
        fputs(".It Li ", out);
        put_argument(out, term);
        put_line(out, c->help);
    }
}

static void put_options(FILE *out)
{
    fputs(".Bd -literal\n", out);
    options_help(out);
    fputs(".Ed\n", out);
}

static const char *effect(const struct config_key *key)
{
    switch (key->applies) {
    case CONFIG_APPLIES_NOW:
        return "takes effect at once";
    case CONFIG_APPLIES_MACHINE:
        return "takes effect when the machine is started the next time";
    case CONFIG_APPLIES_GATEWAY:
        return "takes effect when the gateway is started anew";
    default:
        return "takes effect after a restart";
    }
}

static void put_machines(FILE *out, const struct config_key *key)
{
    if (key->section != CONFIG_SECTION_TARGET || key->machines == CONFIG_FOR_ALL)
        return;
    fputs("Of machines:", out);
    for (unsigned i = 0; i <= CONFIG_DONGLE; i++)
        if (key->machines & (1u << i))
            fprintf(out, " %s", config_machine_name(i));
    fputs(".\n", out);
}

static void put_keys(FILE *out, enum config_section section)
{
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->section != section)
            continue;
        fprintf(out, ".It Cm %s\n", key->name);
        put_line(out, key->help);
        put_machines(out, key);
        if (*key->standard) {
            fputs("Default: ", out);
            put_line(out, key->standard);
            fputs(".br\n", out);
        }
        fputs("To set it, ", out);
        put_text(out, key->remedy);
        fprintf(out, ".\n%s%s.\n", key->page ? "The page may set it; it " : "File only; it ", effect(key));
    }
}

static const struct {
    const char *line;
    void (*put)(FILE *out);
} sections[] = {
    {"@COMMANDS@\n", put_commands},
    {"@OPTIONS@\n", put_options},
};

static void put_template_line(FILE *out, const char *line)
{
    if (strcmp(line, "@GATEWAY-KEYS@\n") == 0)
        return put_keys(out, CONFIG_SECTION_GATEWAY);
    if (strcmp(line, "@TARGET-KEYS@\n") == 0)
        return put_keys(out, CONFIG_SECTION_TARGET);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (strcmp(line, sections[i].line) == 0)
            return sections[i].put(out);
    fputs(line, out);
}

int main(int argc, char **argv)
{
    char line[1024];
    FILE *in = argc == 3 ? fopen(argv[1], "r") : NULL;
    FILE *out = in ? fopen(argv[2], "w") : NULL;

    if (!out) {
        fputs("usage: make_manuals TEMPLATE OUT\n", stderr);
        return 2;
    }
    while (fgets(line, sizeof line, in))
        put_template_line(out, line);
    int r = ferror(in) | ferror(out);
    fclose(in);
    return r | fclose(out) ? 1 : 0;
}
