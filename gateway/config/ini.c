#include "gateway/config/ini.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct ini_reader {
    const struct ini_listener *listener;
    void *data;
    int line;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && is_blank(text[n - 1]))
        text[--n] = '\0';
    return text;
}

/* Control characters would let a value forge lines in logs and in a VM's arguments. */
static bool has_control(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)bytes[i] < 0x20 && bytes[i] != '\t')
            return true;
    return memchr(bytes, 0x7F, size) != NULL;
}

static void mistake(struct ini_reader *self, const char *what, const char *remedy)
{
    self->listener->mistake(self->data, self->line, what, remedy);
}

static void parse_section(struct ini_reader *self, char *text)
{
    size_t n = strlen(text);
    if (text[n - 1] != ']') {
        mistake(self, "the section's name has no closing bracket", "write [gateway] or [target NAME]");
        return;
    }
    text[n - 1] = '\0';
    char *name = trim(text + 1);
    char *argument = name + strcspn(name, " \t");
    if (*argument)
        *argument++ = '\0';
    self->listener->section(self->data, self->line, name, trim(argument));
}

static void parse_pair(struct ini_reader *self, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals) {
        mistake(self, "the line is neither [section] nor key = value nor a comment", "begin a comment with #");
        return;
    }
    *equals = '\0';
    char *key = trim(text);
    if (!*key)
        mistake(self, "there is no key before the =", "write key = value");
    else
        self->listener->pair(self->data, self->line, key, trim(equals + 1));
}

static void parse_line(struct ini_reader *self, const char *bytes, size_t size)
{
    if (size > 0 && bytes[size - 1] == '\r')
        size--;
    char room[INI_MAX_LINE + 1];
    if (size > INI_MAX_LINE) {
        mistake(self, "the line is longer than 4096 bytes", "shorten it");
        return;
    }
    if (has_control(bytes, size)) {
        mistake(self, "the line holds control characters", "remove them; is this a text file?");
        return;
    }
    memcpy(room, bytes, size);
    room[size] = '\0';
    char *text = trim(room);
    if (*text == '\0')
        return;
    if (*text == '#' || *text == ';') {
        if (self->listener->comment)
            self->listener->comment(self->data, trim(text + 1));
        return;
    }
    if (*text == '[')
        parse_section(self, text);
    else
        parse_pair(self, text);
}

void ini_parse(const char *text, size_t size, const struct ini_listener *listener, void *data)
{
    struct ini_reader self = {.listener = listener, .data = data, .line = 1};
    if (size > INI_MAX_FILE) {
        mistake(&self, "the file is larger than 256 KiB", "give the path of a configuration file");
        return;
    }
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t n = end ? (size_t)(end - text) : size;
        parse_line(&self, text, n);
        n += end != NULL;
        text += n;
        size -= n;
        self.line++;
    }
}
