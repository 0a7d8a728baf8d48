/* The form of the configuration file: sections, `key = value` lines, whole-line comments. Pure, bounded; the bytes may
 * be anything. What a key means is config_keys.h's.
 *
 *     # a comment; ';' begins one as well. Only whole lines are comments, so values may hold '#'.
 *     [gateway]
 *     listen = 127.0.0.1:8443
 *     [target demo]
 *     memory = 512
 */
#pragma once

#include <stddef.h>

#define INI_MAX_FILE (256 * 1024)
#define INI_MAX_LINE 4096

/* Strings are trimmed of blanks, valid during the call. Each line gives at most one call. */
struct ini_listener {
    void (*section)(void *data, int line, const char *name, const char *argument); /* argument "" when there is none */
    void (*pair)(void *data, int line, const char *key, const char *value);
    void (*mistake)(void *data, int line, const char *what, const char *remedy);
    void (*comment)(void *data, const char *text); /* NULL: nobody wants to know; text without the # or ; */
};

/* Reads to the end whatever it meets; files larger than INI_MAX_FILE give one mistake and nothing else. */
void ini_parse(const char *text, size_t size, const struct ini_listener *listener, void *data);
