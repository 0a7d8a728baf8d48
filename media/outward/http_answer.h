/* What of an HTTP answer's head matters to who reads ranges of a file, and what it is worth (RFC
 * 9110: 8.4, 8.8, 13.1.5, 14.4, 15.3.7). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"

#define HTTP_VALIDATOR_MAX 256

struct http_answer {
    int status; /* 0: none yet */
    bool ranged, bad_range, total_known, has_length, encoded, location_plain;
    bool etag_strong;
    uint64_t first, last, total, length;
    char etag[HTTP_VALIDATOR_MAX], modified[HTTP_VALIDATOR_MAX]; /* "": none, or too long to be kept */
};

/* A line of the head, with or without its line's end; a status line begins a new answer. */
void http_answer_line(struct http_answer *self, const char *line, size_t size);

/* "bytes 0-511/1000", "bytes 0-511/" with a star for an unknown total, "bytes", star, "/1000". False: malformed. */
bool http_content_range(const char *text, size_t size, struct http_answer *ret);

/* "": it has none that says that the bytes are the same. */
const char *http_answer_validator(const struct http_answer *self);

struct http_expected {
    uint64_t first, length; /* what was asked for */
    uint64_t size;          /* of the file; 0: that is what is asked */
    const char *validator;
};

/* 0: the body is what was asked for, `last - first + 1` bytes of it. Else *ret_why is a clause about the server:
 * -ESTALE: the file is another one now; -ENOENT, -EACCES; -EAGAIN: it may do better later; -ENOTSUP: no ranges, no
 * length; -EPROTO: it does not keep to the protocol. */
int http_answer_judge(const struct http_answer *self, const struct http_expected *expected, const char **ret_why);
