#include "media/outward/http_answer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *size)
{
    while (*size && is_blank(**text))
        ++*text, --*size;
    while (*size && (is_blank((*text)[*size - 1]) || (*text)[*size - 1] == '\r' || (*text)[*size - 1] == '\n'))
        --*size;
}

/* Digits at the start; moves behind them. */
static bool take_number(const char **text, size_t *size, uint64_t *ret)
{
    uint64_t v = 0;
    if (!*size || **text < '0' || **text > '9')
        return false;
    for (; *size && **text >= '0' && **text <= '9'; ++*text, --*size)
        if (mul_overflows(v, 10, &v) || add_overflows(v, (uint64_t)(**text - '0'), &v))
            return false;
    *ret = v;
    return true;
}

static bool take_char(const char **text, size_t *size, char c)
{
    if (!*size || **text != c)
        return false;
    ++*text, --*size;
    return true;
}

bool http_content_range(const char *text, size_t size, struct http_answer *ret)
{
    uint64_t first = 0, last = 0, total = 0;
    trim(&text, &size);
    if (size < 6 || strncasecmp(text, "bytes", 5) != 0 || !is_blank(text[5]))
        return false;
    text += 5, size -= 5;
    trim(&text, &size);
    bool satisfied = !take_char(&text, &size, '*');
    if (satisfied && (!take_number(&text, &size, &first) || !take_char(&text, &size, '-') ||
                      !take_number(&text, &size, &last) || last < first))
        return false;
    if (!take_char(&text, &size, '/'))
        return false;
    bool known = !take_char(&text, &size, '*');
    if (known && !take_number(&text, &size, &total))
        return false;
    if (size || (!satisfied && !known) || (satisfied && known && last >= total))
        return false;
    ret->ranged = satisfied;
    ret->first = first;
    ret->last = last;
    ret->total_known = known;
    ret->total = total;
    return true;
}

static void read_status(struct http_answer *self, const char *line, size_t size)
{
    *self = (struct http_answer){.status = -1};
    const char *blank = memchr(line, ' ', size);
    if (!blank)
        return;
    size_t left = size - (size_t)(blank - line);
    uint64_t status;
    trim(&blank, &left);
    if (take_number(&blank, &left, &status) && status >= 100 && status <= 999)
        self->status = (int)status;
}

static void keep(char room[HTTP_VALIDATOR_MAX], const char *text, size_t size)
{
    room[0] = '\0';
    if (size >= HTTP_VALIDATOR_MAX)
        return;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return;
    memcpy(room, text, size);
    room[size] = '\0';
}

static void read_range(struct http_answer *self, const char *text, size_t size)
{
    struct http_answer read = {0};
    bool before = self->ranged || self->total_known;
    if (before || !http_content_range(text, size, &read)) {
        self->bad_range = true; /* two of them may say different things */
        return;
    }
    self->ranged = read.ranged;
    self->first = read.first;
    self->last = read.last;
    self->total_known = read.total_known;
    self->total = read.total;
}

static void read_length(struct http_answer *self, const char *text, size_t size)
{
    self->has_length = take_number(&text, &size, &self->length) && size == 0;
}

static void read_encoding(struct http_answer *self, const char *text, size_t size)
{
    if (size != 8 || strncasecmp(text, "identity", 8) != 0)
        self->encoded = true;
}

static void read_etag(struct http_answer *self, const char *text, size_t size)
{
    keep(self->etag, text, size);
    self->etag_strong = self->etag[0] == '"' && size > 1 && text[size - 1] == '"';
}

static void read_modified(struct http_answer *self, const char *text, size_t size)
{
    keep(self->modified, text, size);
    if (self->modified[0] == '"')
        self->modified[0] = '\0'; /* that is how tags begin */
}

static void read_location(struct http_answer *self, const char *text, size_t size)
{
    self->location_plain = size >= 5 && strncasecmp(text, "http:", 5) == 0;
}

void http_answer_line(struct http_answer *self, const char *line, size_t size)
{
    static const struct {
        const char *name;
        void (*read)(struct http_answer *self, const char *text, size_t size);
    } fields[] = {
        {"content-range", read_range}, {"content-length", read_length},  {"content-encoding", read_encoding},
        {"etag", read_etag},           {"last-modified", read_modified}, {"location", read_location},
    };
    if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        read_status(self, line, size);
        return;
    }
    const char *colon = memchr(line, ':', size);
    if (!colon)
        return;
    size_t name = (size_t)(colon - line), left = size - name - 1;
    const char *text = colon + 1;
    trim(&text, &left);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (strlen(fields[i].name) == name && strncasecmp(fields[i].name, line, name) == 0)
            fields[i].read(self, text, left);
}

const char *http_answer_validator(const struct http_answer *self)
{
    return self->etag_strong ? self->etag : self->modified;
}

/* Says the answer that it is of another file than the one we know? */
static bool other_file(const struct http_answer *self, const struct http_expected *expected)
{
    if (!expected->validator[0])
        return false;
    bool tag = expected->validator[0] == '"';
    const char *now = tag ? self->etag : self->modified;
    return now[0] && strcmp(now, expected->validator) != 0;
}

static bool says_nothing_of_file(const struct http_answer *self, const struct http_expected *expected)
{
    bool tag = expected->validator[0] == '"';
    return expected->validator[0] && !(tag ? self->etag : self->modified)[0];
}

static int judge_part(const struct http_answer *self, const struct http_expected *expected, const char **ret_why)
{
    if (self->encoded) {
        *ret_why = "sends the file compressed, although it was not asked to";
        return -EPROTO;
    }
    if (self->bad_range || !self->ranged) {
        *ret_why = "does not say, or not clearly, which part of the file it sends";
        return -EPROTO;
    }
    if (!self->total_known) {
        *ret_why = "does not say how large the file is";
        return expected->size ? -EPROTO : -ENOTSUP;
    }
    if (self->total > INT64_MAX) {
        *ret_why = "says that the file is larger than any can be";
        return -EPROTO;
    }
    if ((expected->size && self->total != expected->size) || other_file(self, expected)) {
        *ret_why = "has another file there now";
        return -ESTALE;
    }
    uint64_t end = MIN(expected->first + expected->length, self->total);
    if (self->first != expected->first || self->last + 1 != end) {
        *ret_why = "sends another part of the file than it was asked for";
        return -EPROTO;
    }
    if (self->has_length && self->length != self->last - self->first + 1) {
        *ret_why = "sends a part of another length than it says";
        return -EPROTO;
    }
    if (says_nothing_of_file(self, expected)) {
        *ret_why = "does not say any more which version of the file it sends";
        return -EPROTO;
    }
    return 0;
}

static int judge_whole(const struct http_answer *self, const struct http_expected *expected, const char **ret_why)
{
    if (expected->size &&
        (other_file(self, expected) || (self->has_length && !self->encoded && self->length != expected->size))) {
        *ret_why = "has another file there now";
        return -ESTALE;
    }
    *ret_why = "cannot send parts of the file (it does not know ranges)";
    return expected->size ? -EPROTO : -ENOTSUP;
}

int http_answer_judge(const struct http_answer *self, const struct http_expected *expected, const char **ret_why)
{
    switch (self->status) {
    case 206:
        return judge_part(self, expected, ret_why);
    case 200:
        return judge_whole(self, expected, ret_why);
    case 416:
        if (expected->size && self->total_known && self->total != expected->size) {
            *ret_why = "has another file there now";
            return -ESTALE;
        }
        *ret_why = expected->size ? "says that the file ends earlier" : "says that the file is empty";
        return expected->size ? -EPROTO : -ENOTSUP;
    case 401:
    case 403:
        *ret_why = "does not let us have the file (user or password?)";
        return -EACCES;
    case 407:
        *ret_why = "is behind a proxy that wants a password";
        return -EACCES;
    case 404:
    case 410:
        *ret_why = "has no such file";
        return -ENOENT;
    case 408:
    case 425:
    case 429:
        *ret_why = "is too busy";
        return -EAGAIN;
    }
    if (self->status >= 500) {
        *ret_why = "has an error of its own";
        return -EAGAIN;
    }
    *ret_why = self->status >= 300 && self->status < 400 ? "sends us elsewhere, but not where" : "answers nonsense";
    return -EPROTO;
}
