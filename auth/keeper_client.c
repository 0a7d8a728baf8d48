/* The channel to the keeper: asking, and matching answers to what was asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_audit_wire.h"
#include "auth/keeper_client_internal.h"
#include "auth/keeper_tls_wire.h"
#include "core/log.h"

/* More than a gateway in good health ever has under way; a keeper that stopped answering must not cost memory. */
#define ASKS_MAX 512

struct keeper_ask *ask_new(keeper_ask_fn *answered, void *data)
{
    struct keeper_ask *ask = calloc(1, sizeof *ask);
    if (!ask)
        return NULL;
    ask->answered = answered;
    ask->data = data;
    return ask;
}

void ask_free(struct keeper_ask *ask)
{
    if (!ask)
        return;
    auth_session_unref(ask->session);
    page_free(ask->page);
    free(ask);
}

struct keeper_ask *ask_paged(keeper_ask_fn *answered, void *data, size_t row_size, unsigned max)
{
    struct keeper_ask *ask = ask_new(answered, data);
    if (ask)
        ask->page = page_new(row_size, max);
    if (ask && !ask->page) {
        ask_free(ask);
        return NULL;
    }
    return ask;
}

static void ask_append(struct keeper_client *self, struct keeper_ask *ask)
{
    struct keeper_ask **at = &self->asks;
    while (*at)
        at = &(*at)->next;
    ask->next = NULL;
    *at = ask;
    self->n_asks++;
}

static void ask_unlink(struct keeper_client *self, struct keeper_ask *ask)
{
    struct keeper_ask **at = &self->asks;
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
    self->n_asks--;
}

int ask_send(struct keeper_client *self, struct keeper_ask *ask, enum keeper_message type, const struct wire_writer *w)
{
    if (!self->ipc)
        return -ECONNRESET;
    if (w->full)
        return -EMSGSIZE;
    if (self->n_asks >= ASKS_MAX)
        return -ENOBUFS;
    self->serial = self->serial % KEEPER_MAX_SERIAL + 1;
    ask->serial = self->serial;
    int r = ipc_send(self->ipc, (uint16_t)type, ask->serial, w->start, wire_written(w), NULL, 0);
    if (r < 0)
        return r == -EPIPE ? -ECONNRESET : r;
    ask_append(self, ask);
    return 0;
}

int ask_go(struct keeper_client *self, struct keeper_ask *ask, enum keeper_message type, const struct wire_writer *w)
{
    int r = ask_send(self, ask, type, w);
    if (r < 0)
        ask_free(ask);
    return r;
}

static enum ask_next done_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                   struct keeper_answer *answer)
{
    if (!wire_read_complete(&answer->body))
        return ASK_BAD;
    ask->done(ask->data, answer->error, answer->why);
    return ASK_DONE;
}

int ask_done(struct keeper_client *self, enum keeper_message type, struct wire_writer *w, keeper_done_fn *done,
             void *data)
{
    int r = -ENOMEM;
    struct keeper_ask *ask = ask_new(done_answered, data);
    if (ask) {
        ask->done = done;
        r = ask_go(self, ask, type, w);
    }
    explicit_bzero(w->start, wire_written(w));
    return r;
}

void ask_ready(struct keeper_client *self, struct keeper_ask *ask)
{
    ask->ready = true;
    ask_append(self, ask);
    loop_timer_arm_in(self->ready, 0);
}

/* Its `done` gets the error; the ask is gone. */
static void ask_fail(struct keeper_client *self, struct keeper_ask *ask, int error)
{
    struct keeper_answer answer = {.error = error};
    ask->answered(self, ask, &answer);
    ask_free(ask);
}

static void deliver_ready(void *data)
{
    struct keeper_client *self = data;
    for (;;) {
        struct keeper_ask *ask = self->asks;
        while (ask && !ask->ready)
            ask = ask->next;
        if (!ask)
            return;
        ask_unlink(self, ask);
        struct keeper_answer answer = {0};
        ask->answered(self, ask, &answer);
        ask_free(ask);
    }
}

static void fail_all(struct keeper_client *self)
{
    while (self->asks) {
        struct keeper_ask *ask = self->asks;
        ask_unlink(self, ask);
        ask_fail(self, ask, -ECONNRESET);
    }
}

static void channel_closed(struct keeper_client *self, int error)
{
    self->ipc = ipc_destroy(self->ipc);
    if (error)
        log_error("keeper-client", "the keeper's channel failed: %s", strerror(-error));
    fail_all(self);
    if (self->listener && self->listener->closed)
        self->listener->closed(self->data);
}

static void on_closed(void *data, int error)
{
    channel_closed(data, error);
}

bool answer_parse(struct keeper_answer *ret, const uint8_t *body, size_t size, char why[KEEPER_MAX_WHY])
{
    *ret = (struct keeper_answer){.body = wire_reader_init(body, size)};
    uint32_t error = wire_read_le32(&ret->body);
    ret->retry_s = wire_read_le32(&ret->body);
    if (!ipc_read_string(&ret->body, why, KEEPER_MAX_WHY) || error > 4095)
        return false;
    ret->error = -(int)error;
    ret->why = why[0] ? why : NULL;
    return error == 0 || ret->body.left == 0;
}

static bool on_answer(struct keeper_client *self, const struct ipc_message *message)
{
    struct keeper_ask *ask = self->asks;
    while (ask && (ask->ready || ask->serial != message->serial))
        ask = ask->next;
    if (!ask)
        return true; /* came too late for a signature that nobody waits for any more */
    char why[KEEPER_MAX_WHY];
    struct keeper_answer answer;
    if (!answer_parse(&answer, message->body, message->body_size, why))
        return false; /* the ask stays in the list and fails with the channel */
    ask_unlink(self, ask);
    switch (ask->answered(self, ask, &answer)) {
    case ASK_DONE:
        ask_free(ask);
        return true;
    case ASK_AGAIN:
        return true;
    case ASK_BAD:
        break;
    }
    ask_fail(self, ask, -ECONNRESET);
    return false;
}

static bool on_session_ended(struct keeper_client *self, struct wire_reader *r)
{
    uint64_t id = wire_read_le64(r);
    if (!wire_read_complete(r))
        return false;
    struct keeper_cached *entry = cache_find_id(self, id);
    if (entry)
        cache_end(self, entry);
    return true;
}

static bool on_session_changed(struct keeper_client *self, struct wire_reader *r)
{
    struct grants grants;
    uint64_t id = wire_read_le64(r);
    uint8_t role = wire_read_u8(r);
    if (!grants_read(r, &grants) || !wire_read_complete(r) || role > ROLE_CUSTOM)
        return false;
    struct keeper_cached *entry = cache_find_id(self, id);
    if (entry)
        cache_rights(self, entry->session, (enum auth_role)role, &grants);
    return true;
}

static bool on_certificate_changed(struct keeper_client *self, struct wire_reader *r)
{
    if (wire_read_complete(r) && self->listener->certificate_changed)
        self->listener->certificate_changed(self->data);
    return !r->bad && r->left == 0;
}

static bool on_setup_state(struct keeper_client *self, struct wire_reader *r)
{
    uint8_t needs_setup = wire_read_u8(r);
    if (!wire_read_complete(r) || needs_setup > 1)
        return false;
    if (self->listener && self->listener->setup_state)
        self->listener->setup_state(self->data, needs_setup);
    return true;
}

static bool on_audit_refusing(struct keeper_client *self, struct wire_reader *r)
{
    uint8_t refuses = wire_read_u8(r);
    self->audit_refuses = refuses == 1;
    return wire_read_complete(r) && refuses <= 1;
}

static void on_message(void *data, struct ipc_message *message)
{
    struct keeper_client *self = data;
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    bool good = false;
    if (message->type == KEEPER_ANSWER)
        good = on_answer(self, message);
    else if (message->type == KEEPER_SESSION_ENDED)
        good = on_session_ended(self, &r);
    else if (message->type == KEEPER_SESSION_CHANGED)
        good = on_session_changed(self, &r);
    else if (message->type == KEEPER_SETUP_STATE)
        good = on_setup_state(self, &r);
    else if (message->type == KEEPER_AUDIT_REFUSING)
        good = on_audit_refusing(self, &r);
    else if (message->type == KEEPER_CERTIFICATE_CHANGED)
        good = on_certificate_changed(self, &r);
    if (!good)
        channel_closed(self, -EPROTO);
}

static const struct ipc_listener channel_listener = {.message = on_message, .closed = on_closed};

int keeper_client_create(struct loop *loop, int fd, const struct keeper_client_listener *listener, void *data,
                         struct keeper_client **ret)
{
    _cleanup_close_ int channel = fd;
    attr_cleanup(keeper_client_destroyp) struct keeper_client *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->listener = listener;
    self->data = data;
    int r = loop_timer_add(loop, deliver_ready, self, &self->ready);
    if (r >= 0)
        r = loop_timer_add(loop, cache_expire, self, &self->expiry);
    if (r >= 0)
        r = ipc_create(loop, channel, &channel_listener, self, &self->ipc);
    if (r < 0)
        return r;
    channel = -1;
    *ret = take(self);
    return 0;
}

struct keeper_client *keeper_client_destroy(struct keeper_client *self)
{
    if (!self)
        return NULL;
    self->ipc = ipc_destroy(self->ipc);
    self->listener = NULL; /* asks still get their answer, the listener nothing more */
    fail_all(self);
    keeper_lines_drop(self);
    loop_timer_remove(self->ready);
    loop_timer_remove(self->expiry);
    cache_drop_all(self);
    free(self);
    return NULL;
}

int keeper_client_reconnect(struct keeper_client *self, int fd)
{
    _cleanup_close_ int channel = fd;
    if (self->ipc) { /* the new channel came before the end of the old one was seen */
        self->ipc = ipc_destroy(self->ipc);
        fail_all(self);
    }
    int r = ipc_create(self->loop, channel, &channel_listener, self, &self->ipc);
    if (r < 0)
        return r;
    channel = -1;
    self->audit_refuses = false; /* it says so first */
    cache_recheck(self);
    keeper_lines_again(self);
    return 0;
}
