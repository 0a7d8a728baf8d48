/* Client of QEMU's monitor (QMP) over its unix socket: connects by itself and again after each loss, with back-off; one
 * command on the wire at a time, the others wait in a queue. Net thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "core/loop.h"

#define QMP_QUEUE_MAX 256
/* QEMU answers nothing while it waits for a medium whose server is away (25 s at most); longer than this it is treated
 * as lost. */
#define QMP_TIMEOUT_MS 40000

struct qmp;

struct qmp_listener {
    void (*ready)(void *data); /* connected, capabilities agreed on: commands may be sent */
    /* body is the event's data or NULL, valid during the call. */
    void (*event)(void *data, const char *name, const json_t *body);
    /* Not connected any more, or not reachable, each reason once. Open commands have had their done before. Tries go
     * on. */
    void (*lost)(void *data, const char *why);
};

/* path: absolute, its last part of at most 12 characters (core/near.h). */
int qmp_create(struct loop *loop, const char *path, const struct qmp_listener *listener, void *data, struct qmp **ret);
/* NULL allowed; returns NULL. Open commands are done with -ECANCELED. Not from inside a callback. */
struct qmp *qmp_destroy(struct qmp *self);

bool qmp_is_ready(const struct qmp *self);
void qmp_retry_now(struct qmp *self);             /* connects at once when it is waiting for the next try */
void qmp_drop(struct qmp *self, const char *why); /* gives the connection up, as after nonsense; retries */

/* answer: the value of "return", valid during the call, with error 0. -EREMOTEIO: QEMU refused, why is its text;
 * -ETIMEDOUT; -ENOTCONN; -ECANCELED. */
typedef void qmp_done_fn(void *data, int error, const json_t *answer, const char *why);

/* Sends or queues. arguments (may be NULL) is taken, also on failure. fd >= 0 travels with the command; it is
 * duplicated. done may be NULL and is never called from inside. -ENOTCONN, -ENOBUFS, -ENOMEM: done is not called. */
int qmp_call(struct qmp *self, const char *command, json_t *arguments, int fd, qmp_done_fn *done, void *data);
