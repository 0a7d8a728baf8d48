/* Small files of ours that must survive a kill at any moment and be readable for people: lines of "key value". What is
 * read back is as hostile as anything from outside. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"

#define FIELD_KEY_SIZE 24
#define FIELD_VALUE_SIZE 1400
#define FIELD_FILE_SIZE 8192

struct field_reader {
    const char *at, *end;
    bool bad;
};

/* The next line; false at the end, and at what is no such line (then bad): a key of letters, digits and '-', one blank,
 * printable UTF-8 (perhaps none), a newline. Pure. */
bool field_next(struct field_reader *self, char key[FIELD_KEY_SIZE], char value[FIELD_VALUE_SIZE]);
/* All of value is a decimal number. */
bool field_number(const char *value, uint64_t *ret);
/* All of value is `digits` lower-case hexadecimal digits. */
bool field_is_hex(const char *value, size_t digits);

struct field_writer {
    char text[FIELD_FILE_SIZE];
    size_t size;
    bool full;
};

/* What is no printable UTF-8 becomes '?'. */
void field_write(struct field_writer *self, const char *key, const char *format, ...) attr_printf(3, 4);

/* Blocking. The whole of a plain file of at most `size` bytes; the number of bytes or -errno. */
int field_file_read(int folder_fd, const char *name, char *room, size_t size);
/* Replaces it at once, on the disk when this returns if `sync`. Writers of one folder may be several threads. */
int field_file_write(int folder_fd, const char *name, const struct field_writer *fields, bool sync);
