/* The gateway's side of the reader: pictures out, text back. The reader is asked for when there is a picture, and comes
 * and goes by itself. Net thread. */
#pragma once

#include "core/loop.h"
#include "gateway/reader/reader_wire.h"

struct reader_client;

struct reader_client_owner {
    int (*want)(void *data); /* a channel to the reader: the supervisor is asked. 0 or -errno */
};

/* text: UTF-8; with error < 0 (-ENOPKG, -ETIMEDOUT, -EBUSY, -EIO) a sentence. Valid during the call. */
typedef void reader_done_fn(void *data, int error, const char *text);

int reader_client_create(struct loop *loop, const struct reader_client_owner *owner, void *data,
                         struct reader_client **ret);
/* What waits is answered before it returns (-ECANCELED). NULL allowed; returns NULL. */
struct reader_client *reader_client_destroy(struct reader_client *self);
int reader_client_connect(struct reader_client *self, int fd); /* takes fd */

/* picture: a file in memory of width x height greys; stays the caller's, who may close it at once. One is read at a
 * time, few wait. done is called once, perhaps before it returns. */
void reader_client_ask(struct reader_client *self, const struct reader_ask *ask, int picture, reader_done_fn *done,
                       void *data);
