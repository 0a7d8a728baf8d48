/* Build tool: squeeze IN OUT copies a page file without what only its authors read: comments, indentation and empty
 * lines of .js and .css; other files as they are. Lines stay lines, so that JavaScript's rules about their ends do too.
 * What it cannot tell apart (a string without an end) is a mistake. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct squeeze {
    const char *at, *end;
    FILE *out;
    bool javascript;
    bool begun;    /* something stands in this line */
    char last;     /* last character written that is neither blank nor line's end; '"' behind a value */
    char word[16]; /* the word that ends with it, cut */
    size_t n_word;
    bool blank;     /* a blank waits to be written */
    int templates;  /* nested `...${ ... }` */
    int braces[32]; /* open { in each of them */
};

static void put(struct squeeze *self, char c)
{
    if (self->blank && self->begun)
        putc(' ', self->out);
    self->n_word = self->begun && !self->blank && isalnum((unsigned char)self->last) ? self->n_word : 0;
    self->blank = false;
    self->begun = true;
    if (isalnum((unsigned char)c) && self->n_word < sizeof self->word - 1)
        self->word[self->n_word++] = c;
    self->word[self->n_word] = '\0';
    putc(c, self->out);
    self->last = c;
}

static void put_newline(struct squeeze *self)
{
    self->blank = false;
    if (self->begun)
        putc('\n', self->out);
    self->begun = false;
}

/* Within quotes, templates and regular expressions every byte counts. */
static void put_exactly(struct squeeze *self, char c)
{
    if (self->blank && self->begun)
        putc(' ', self->out);
    self->blank = false;
    self->begun = true;
    putc(c, self->out);
    self->last = '"';
    self->n_word = 0;
}

static int copy_quoted(struct squeeze *self, char quote)
{
    put_exactly(self, *self->at++);
    while (self->at < self->end && *self->at != quote && *self->at != '\n') {
        if (*self->at == '\\' && self->at + 1 < self->end)
            put_exactly(self, *self->at++);
        put_exactly(self, *self->at++);
    }
    if (self->at == self->end || *self->at == '\n')
        return -1;
    put_exactly(self, *self->at++);
    return 0;
}

static int copy_regular_expression(struct squeeze *self)
{
    bool in_class = false;
    put_exactly(self, *self->at++);
    while (self->at < self->end && *self->at != '\n' && (in_class || *self->at != '/')) {
        if (*self->at == '[' || *self->at == ']')
            in_class = *self->at == '[';
        if (*self->at == '\\' && self->at + 1 < self->end)
            put_exactly(self, *self->at++);
        put_exactly(self, *self->at++);
    }
    if (self->at == self->end || *self->at == '\n')
        return -1;
    put_exactly(self, *self->at++);
    return 0;
}

/* From behind ` or the } of an insertion to the next ` or ${. */
static int copy_template(struct squeeze *self)
{
    while (self->at < self->end && *self->at != '`' && !(self->at[0] == '$' && self->at[1] == '{')) {
        if (*self->at == '\\' && self->at + 1 < self->end)
            put_exactly(self, *self->at++);
        put_exactly(self, *self->at++);
    }
    if (self->at == self->end)
        return -1;
    if (*self->at == '`') {
        put_exactly(self, *self->at++);
        return 0;
    }
    if (self->templates == sizeof self->braces / sizeof self->braces[0])
        return -1;
    put_exactly(self, *self->at++);
    put_exactly(self, *self->at++);
    self->last = '(';
    self->braces[self->templates++] = 0;
    return 0;
}

/* Here a slash begins a regular expression: behind an operator, an opening bracket, or a word that wants a value. */
static bool value_follows(const struct squeeze *self)
{
    static const char *const words[] = {"return", "typeof", "case", "in",   "of",
                                        "void",   "delete", "do",   "else", "await"};
    if (isalnum((unsigned char)self->last)) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (strcmp(self->word, words[i]) == 0)
                return true;
        return false;
    }
    return !self->last || !strchr(")]}\"_$", self->last);
}

/* A comment with a line's end in it counts as one. */
static int skip_comment(struct squeeze *self)
{
    const char *end = self->at + 2;
    bool lines = false;
    while (end + 1 < self->end && !(end[0] == '*' && end[1] == '/'))
        lines |= *end++ == '\n';
    if (end + 1 >= self->end)
        return -1;
    self->at = end + 2;
    if (lines)
        put_newline(self);
    else
        self->blank = true;
    return 0;
}

static int step_javascript(struct squeeze *self)
{
    char c = *self->at;
    if (c == '/' && self->at[1] == '/') {
        while (self->at < self->end && *self->at != '\n')
            self->at++;
        return 0;
    }
    if (c == '/' && value_follows(self))
        return copy_regular_expression(self);
    if (c == '`') {
        put_exactly(self, *self->at++);
        return copy_template(self);
    }
    if (c == '{' && self->templates)
        self->braces[self->templates - 1]++;
    if (c == '}' && self->templates && self->braces[self->templates - 1]-- == 0) {
        self->templates--;
        put_exactly(self, *self->at++);
        return copy_template(self);
    }
    put(self, *self->at++);
    return 0;
}

/* The text ends with a NUL, so that one may look a character ahead. */
static int squeeze(struct squeeze *self)
{
    int r = 0;
    while (r == 0 && self->at < self->end) {
        char c = *self->at;
        if (c == '/' && self->at[1] == '*')
            r = skip_comment(self);
        else if (c == '\'' || c == '"')
            r = copy_quoted(self, c);
        else if (c == '\n' || c == '\r') {
            put_newline(self);
            self->at++;
        } else if (c == ' ' || c == '\t') {
            self->blank = true;
            self->at++;
        } else if (self->javascript)
            r = step_javascript(self);
        else
            put(self, *self->at++);
    }
    return self->templates ? -1 : r;
}

static char *read_all(const char *path, size_t *ret_size)
{
    enum { ROOM = 4 << 20 };
    FILE *in = fopen(path, "rb");
    char *bytes = in ? malloc(ROOM) : NULL;
    *ret_size = bytes ? fread(bytes, 1, ROOM - 1, in) : 0;
    if (bytes)
        bytes[*ret_size] = '\0';
    if (in)
        fclose(in);
    return bytes;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), n = strlen(ending);
    return length >= n && strcmp(text + length - n, ending) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: squeeze IN OUT\n", stderr);
        return 2;
    }
    size_t size;
    char *bytes = read_all(argv[1], &size);
    FILE *out = bytes ? fopen(argv[2], "wb") : NULL;
    int r = out ? 0 : -1;
    if (r == 0 && (ends_with(argv[1], ".js") || ends_with(argv[1], ".css"))) {
        struct squeeze self = {.at = bytes, .end = bytes + size, .out = out, .javascript = ends_with(argv[1], ".js")};
        r = squeeze(&self);
        if (r < 0)
            fprintf(stderr, "squeeze: %s: something is open at byte %zu\n", argv[1], (size_t)(self.at - bytes));
    } else if (r == 0) {
        fwrite(bytes, 1, size, out);
    }
    if (out && (ferror(out) | fclose(out)))
        r = -1;
    free(bytes);
    if (r < 0)
        remove(argv[2]);
    return r < 0;
}
