/* What the keeper has outward do (auth/errand_wire.h): a bounded number of questions under way, each with its time,
 * over a channel that is gone and comes back as outward does. The loop's thread. */
#pragma once

#include "auth/errand_wire.h"
#include "core/loop.h"

#define ERRANDS_MAX 16           /* under way */
#define ERRANDS_GRACE_MS 1000    /* beyond the patience that outward was told */
#define ERRANDS_LONGEST_MS 60000 /* whatever it was told */

struct errands;

int errands_create(struct loop *loop, struct errands **ret);
/* What is under way is answered as if outward were gone. NULL allowed; returns NULL. */
struct errands *errands_destroy(struct errands *self);
DEFINE_CLEANUP(struct errands, errands_destroy)

/* A new channel in place of the one before. Takes fd. */
int errands_connect(struct errands *self, int fd);
/* Outward forgets what this channel brought it, and gets another one from the supervisor. */
void errands_begin_anew(struct errands *self);
bool errands_connected(const struct errands *self);

/* Exactly once, never inside errands_ask. entry: for the call; -EHOSTUNREACH too where outward is gone or silent. */
typedef void errand_done_fn(void *data, const struct errand_entry *entry);

/* type: LOGIN, secret the password; LOOK, secret the DN. 0; -EAGAIN: too many are under way; -EINVAL: too long. Then
 * done is not called. */
int errands_ask(struct errands *self, uint16_t type, const struct errand_directory *directory, const char *user,
                const char *secret, errand_done_fn *done, void *data);

/* -ENOTCONN, or the channel's error: the message is lost. -EINVAL: too long. */
int errands_syslog(struct errands *self, const struct errand_syslog *server, const void *message, size_t size);

/* What outward tells of the syslog server; with reached false and a sentence when outward itself is gone. */
typedef void errands_syslog_fn(void *data, const struct errand_syslog_state *state);
void errands_listen(struct errands *self, errands_syslog_fn *fn, void *data);
