/* The supervisor's link to the reader: started when the gateway wants it, given a channel to it, and left to end by
 * itself when nobody asks any more. */
#pragma once

#include "gateway/owner/state.h"
#include "gateway/supervisor/uid.h"

struct reader_link;

struct reader_link_owner {
    bool (*give)(void *data, int fd); /* a channel for the gateway; fd stays ours. False: there is no gateway now */
};

/* user and units outlive it. */
int reader_link_create(struct loop *loop, const struct uid_choice *user, const char *units,
                       const struct reader_link_owner *owner, void *data, struct reader_link **ret);
void reader_link_want(struct reader_link *self);                   /* the gateway asks for one */
void reader_link_stop(struct reader_link *self, int timeout_ms);   /* NULL allowed */
struct reader_link *reader_link_destroy(struct reader_link *self); /* NULL allowed; returns NULL */
