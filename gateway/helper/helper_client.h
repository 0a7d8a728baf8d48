/* The gateway's side of its channel to the helper: questions and their answers, and what the helper says by itself. The
 * helper comes and goes; questions that are open when it goes are answered with -ENOTCONN. Net thread. */
#pragma once

#include "core/ipc.h"
#include "gateway/helper/helper_wire.h"

struct helper_client;

struct helper_client_owner {
    void (*lost)(void *data); /* the channel broke: another one is wanted */
};

/* Of one target. */
struct helper_client_listener {
    void (*state)(void *data, const struct helper_state *state); /* first after each connection, then each change */
    void (*lost)(void *data);                                    /* after open questions were answered */
};

/* fds: n_fds of them, valid during the call; those that are taken are set to -1. */
typedef void helper_done_fn(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds);

int helper_client_create(struct loop *loop, const struct helper_client_owner *owner, void *data,
                         struct helper_client **ret);
/* Open questions are answered (-ECANCELED) before it returns. NULL allowed; returns NULL. */
struct helper_client *helper_client_destroy(struct helper_client *self);

int helper_client_connect(struct helper_client *self, int fd); /* takes fd */
/* name: of the target, outlives the listener; number `target` means it from now on. */
void helper_client_listen(struct helper_client *self, unsigned target, const char *name,
                          const struct helper_client_listener *listener, void *data);
/* Nobody listens any more; open questions of the target are answered (-ECANCELED) before it returns. */
void helper_client_forget(struct helper_client *self, unsigned target);
/* The configuration has changed: the helper reads it again, before all that is asked from now on. */
void helper_client_again(struct helper_client *self);

/* Asks; done exactly once, perhaps before it returns (no helper: -ENOTCONN with a sentence). fds stay the caller's.
 * helper_write_* fills w. */
void helper_client_ask(struct helper_client *self, enum helper_type type, const struct wire_writer *w, const int *fds,
                       unsigned n_fds, helper_done_fn *done, void *data);

/* Short forms. */
void helper_client_ask_target(struct helper_client *self, enum helper_type type, unsigned target, helper_done_fn *done,
                              void *data);
void helper_client_press(struct helper_client *self, const struct helper_press *press, helper_done_fn *done,
                         void *data);
