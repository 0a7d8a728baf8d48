#include "media/field_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/utf8.h"

#define AT_A_TIME 64 /* temporary names */

static bool key_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool printable(const char *text, size_t size)
{
    size_t n = 1;
    for (size_t at = 0; n && at < size; at += n)
        n = utf8_printable(text + at, size - at);
    return n;
}

bool field_next(struct field_reader *self, char key[FIELD_KEY_SIZE], char value[FIELD_VALUE_SIZE])
{
    if (self->bad || self->at == self->end)
        return false;
    const char *end = memchr(self->at, '\n', (size_t)(self->end - self->at));
    const char *blank = end ? memchr(self->at, ' ', (size_t)(end - self->at)) : NULL;
    const size_t key_size = blank ? (size_t)(blank - self->at) : 0;
    self->bad = !key_size || key_size >= FIELD_KEY_SIZE || end - blank > FIELD_VALUE_SIZE ||
                !printable(blank + 1, (size_t)(end - blank - 1));
    for (size_t i = 0; i < key_size && !self->bad; i++)
        self->bad = !key_character(self->at[i]);
    if (self->bad)
        return false;
    memcpy(key, self->at, key_size);
    key[key_size] = 0;
    memcpy(value, blank + 1, (size_t)(end - blank - 1));
    value[end - blank - 1] = 0;
    self->at = end + 1;
    return true;
}

bool field_number(const char *value, uint64_t *ret)
{
    uint64_t n = 0;
    if (!*value)
        return false;
    for (; *value; value++)
        if (*value < '0' || *value > '9' || mul_overflows(n, 10u, &n) || add_overflows(n, (unsigned)(*value - '0'), &n))
            return false;
    *ret = n;
    return true;
}

bool field_is_hex(const char *value, size_t digits)
{
    return strlen(value) == digits && strspn(value, "0123456789abcdef") == digits;
}

void field_write(struct field_writer *self, const char *key, const char *format, ...)
{
    char value[FIELD_VALUE_SIZE];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(value, sizeof value, format, args);
    va_end(args);
    const size_t left = sizeof self->text - self->size, size = length < 0 ? 0 : (size_t)length;
    if (length < 0 || size >= sizeof value || strlen(key) + size + 2 > left) {
        self->full = true;
        return;
    }
    for (size_t at = 0, n; at < size; at += n ? n : 1) {
        n = utf8_printable(value + at, size - at);
        if (!n)
            value[at] = '?';
    }
    const size_t key_size = strlen(key);
    memcpy(self->text + self->size, key, key_size);
    self->text[self->size + key_size] = ' ';
    memcpy(self->text + self->size + key_size + 1, value, size);
    self->size += key_size + 1 + size;
    self->text[self->size++] = '\n';
}

int field_file_read(int folder_fd, const char *name, char *room, size_t size)
{
    _cleanup_close_ int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > size)
        return -EBADMSG;
    ssize_t n = pread(fd, room, size, 0);
    return n < 0 ? -errno : (int)n;
}

static int write_new(int folder_fd, const char *name, const struct field_writer *fields, bool sync)
{
    unlinkat(folder_fd, name, 0); /* what somebody who was killed left */
    _cleanup_close_ int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, fields->text, fields->size);
    if (n != (ssize_t)fields->size)
        return n < 0 ? -errno : -ENOSPC;
    return sync && fsync(fd) < 0 ? -errno : 0;
}

int field_file_write(int folder_fd, const char *name, const struct field_writer *fields, bool sync)
{
    static atomic_uint counter;
    char temporary[32];
    if (fields->full)
        return -EMSGSIZE;
    snprintf(temporary, sizeof temporary, ".new-%u", atomic_fetch_add(&counter, 1) % AT_A_TIME);
    int r = write_new(folder_fd, temporary, fields, sync);
    if (r == 0 && renameat(folder_fd, temporary, folder_fd, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(folder_fd, temporary, 0);
    else if (sync && fsync(folder_fd) < 0)
        r = -errno;
    return r;
}
