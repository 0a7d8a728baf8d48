/* The bytes QEMU's monitor sends, cut into lines and told apart. Pure, for the client and its fuzzer: what is fed may
 * be anything, a peer that sends nonsense gets a named error and nothing else. Source: QEMU's docs/interop/qmp-spec. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QMP_LINE_MAX (1 << 20)

enum qmp_kind { QMP_GREETING, QMP_RETURN, QMP_ERROR, QMP_EVENT };

struct qmp_message {
    enum qmp_kind kind;
    uint64_t id;        /* of the command, with QMP_RETURN and QMP_ERROR; 0 when there was none */
    const json_t *body; /* the greeting's "QMP", the value of "return", the error object, the event's "data" or NULL */
    const char *text;   /* event's name, or the error's description */
    const char *error_class;
};

struct qmp_stream {
    char *line;
    size_t size, room;
};

void qmp_stream_init(struct qmp_stream *self);
void qmp_stream_finish(struct qmp_stream *self);

/* Called for each whole message; it and what it points to is valid during the call. False ends the feeding. */
typedef bool qmp_message_fn(void *data, const struct qmp_message *message);

/* 0; -EPROTO with what is wrong in *ret_why (a constant); -ENOMEM; -ECANCELED when fn said so. After an error the
 * stream takes no more: finish it. */
int qmp_stream_feed(struct qmp_stream *self, const void *bytes, size_t size, qmp_message_fn *fn, void *data,
                    const char **ret_why);
