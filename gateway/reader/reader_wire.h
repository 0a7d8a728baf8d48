/* What gateway and reader say to each other, and supervisor and reader, over core/ipc. Packing and unpacking are pure;
 * the receiver checks every length and range. */
#pragma once

#include "core/ipc.h"

#define READER_MOST_PIXELS (4096u * 2304u)
#define READER_MOST_TEXT 16000 /* bytes of an answer; more is cut at a whole character */
#define READER_LANGUAGE 12
#define READER_LIMIT_US 20000000 /* for one picture */
#define READER_REST_US 60000000  /* without a question: it ends, and is started again when it is wanted */

enum reader_type {
    READER_PEER = 1, /* from the supervisor, one descriptor: a channel to the gateway */
    READER_ASK,      /* from the gateway, one descriptor: width x height bytes, a grey each, 0 black */
    READER_READY = 64,
    READER_ENDS, /* to the supervisor: it ends by itself, which is no failure */
    READER_ANSWER,
};

struct reader_ask {
    uint16_t width, height;
    char language[READER_LANGUAGE]; /* "eng" */
};

struct reader_answer {
    int32_t error; /* 0; -ENOPKG: it is not installed, or lacks the language; -ETIMEDOUT, -EINVAL, -EIO */
    char text[READER_MOST_TEXT + 1]; /* UTF-8; with an error a sentence */
};

void reader_write_ask(struct wire_writer *w, const struct reader_ask *ask);
void reader_write_answer(struct wire_writer *w, int error, const char *text);
/* False: malformed; *ret is then undefined. */
bool reader_read_ask(const uint8_t *body, size_t size, struct reader_ask *ret);
bool reader_read_answer(const uint8_t *body, size_t size, struct reader_answer *ret);
bool reader_language_is_name(const char *language);
