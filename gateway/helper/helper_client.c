#include "gateway/helper/helper_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/config/config.h"

#define MOST_QUESTIONS 512 /* open at a time: a name for each target, and some more */
#define NO_TARGET 0xffff
#define MOST_BYTES (256 << 10)

struct question {
    uint32_t serial; /* 0: free */
    unsigned target; /* NO_TARGET: of none */
    helper_done_fn *done;
    void *data;
};

struct helper_client {
    struct loop *loop;
    const struct helper_client_owner *owner;
    void *data;
    struct ipc *ipc;
    uint32_t serial;
    struct question questions[MOST_QUESTIONS];
    struct {
        const struct helper_client_listener *listener;
        void *data;
        const char *name;
    } targets[CONFIG_MAX_TARGETS];
};

int helper_client_create(struct loop *loop, const struct helper_client_owner *owner, void *data,
                         struct helper_client **ret)
{
    struct helper_client *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct helper_client){.loop = loop, .owner = owner, .data = data};
    *ret = self;
    return 0;
}

static void answer_with(helper_done_fn *done, void *data, int error, const char *why)
{
    struct helper_answer answer = {.error = error};
    snprintf(answer.why, sizeof answer.why, "%s", why);
    done(data, &answer, NULL, 0);
}

static void fail_questions(struct helper_client *self, int error)
{
    for (size_t i = 0; i < ARRAY_SIZE(self->questions); i++) {
        struct question question = self->questions[i];
        self->questions[i] = (struct question){0};
        if (question.serial)
            answer_with(question.done, question.data, error, "The helper has ended.");
    }
}

struct helper_client *helper_client_destroy(struct helper_client *self)
{
    if (!self)
        return NULL;
    self->ipc = ipc_destroy(self->ipc);
    memset(self->targets, 0, sizeof self->targets);
    fail_questions(self, -ECANCELED);
    free(self);
    return NULL;
}

static void on_answer(struct helper_client *self, struct ipc_message *message)
{
    struct helper_answer answer;
    for (size_t i = 0; i < ARRAY_SIZE(self->questions); i++) {
        struct question question = self->questions[i];
        if (question.serial == 0 || question.serial != message->serial)
            continue;
        self->questions[i] = (struct question){0};
        if (helper_read_answer(message->body, message->body_size, &answer))
            question.done(question.data, &answer, message->fds, answer.error < 0 ? 0 : message->n_fds);
        else
            answer_with(question.done, question.data, -EPROTO, "The helper's answer makes no sense.");
        return;
    }
    log_error("gateway", "the helper answered what was not asked");
}

static void on_state(struct helper_client *self, const struct ipc_message *message)
{
    struct helper_state state;
    if (!helper_read_state(message->body, message->body_size, &state) || state.target >= CONFIG_MAX_TARGETS) {
        log_error("gateway", "the helper told a state that makes no sense");
        return;
    }
    const struct helper_client_listener *listener = self->targets[state.target].listener;
    if (listener)
        listener->state(self->targets[state.target].data, &state);
}

static void on_message(void *data, struct ipc_message *message)
{
    struct helper_client *self = data;
    if (message->type == HELPER_ANSWER)
        on_answer(self, message);
    else if (message->type == HELPER_STATE)
        on_state(self, message);
    else
        log_error("gateway", "the helper sent message %u, which makes no sense", message->type);
}

static void lose(struct helper_client *self)
{
    self->ipc = ipc_destroy(self->ipc);
    fail_questions(self, -ENOTCONN);
    for (size_t i = 0; i < ARRAY_SIZE(self->targets); i++)
        if (self->targets[i].listener)
            self->targets[i].listener->lost(self->targets[i].data);
}

static void on_closed(void *data, int error)
{
    struct helper_client *self = data;
    log_warn("gateway", "the helper is gone%s%s; dongles have no keys and drives until it is back",
             error < 0 ? ": " : "", error < 0 ? strerror(-error) : "");
    lose(self);
    self->owner->lost(self->data);
}

static struct question *free_question(struct helper_client *self)
{
    for (size_t i = 0; i < ARRAY_SIZE(self->questions); i++)
        if (self->questions[i].serial == 0)
            return &self->questions[i];
    return NULL;
}

static uint32_t next_serial(struct helper_client *self)
{
    self->serial = (self->serial + 1) & ~IPC_CALL_SERIAL;
    if (self->serial == 0)
        self->serial = 1;
    return self->serial;
}

/* All messages of a target begin with its number. */
static unsigned target_of(const struct wire_writer *w)
{
    return wire_written(w) < 2 ? NO_TARGET : (unsigned)(w->start[0] | w->start[1] << 8);
}

void helper_client_ask(struct helper_client *self, enum helper_type type, const struct wire_writer *w, const int *fds,
                       unsigned n_fds, helper_done_fn *done, void *data)
{
    struct question *question = free_question(self);
    if (!self->ipc || !question) {
        answer_with(done, data, self->ipc ? -EBUSY : -ENOTCONN,
                    self->ipc ? "The helper has too much to do." : "The helper, which opens devices, is not there.");
        return;
    }
    uint32_t serial = next_serial(self);
    *question = (struct question){.serial = serial, .target = target_of(w), .done = done, .data = data};
    int r = w->full ? -EMSGSIZE : ipc_send(self->ipc, (uint16_t)type, serial, w->start, wire_written(w), fds, n_fds);
    if (r < 0) {
        *question = (struct question){0};
        answer_with(done, data, r, "The helper does not listen.");
    }
}

void helper_client_ask_target(struct helper_client *self, enum helper_type type, unsigned target, helper_done_fn *done,
                              void *data)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_write_target(&w, &(struct helper_target){.target = (uint16_t)target});
    helper_client_ask(self, type, &w, NULL, 0, done, data);
}

void helper_client_press(struct helper_client *self, const struct helper_press *press, helper_done_fn *done, void *data)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_write_press(&w, press);
    helper_client_ask(self, HELPER_PRESS, &w, NULL, 0, done, data);
}

/* ---- which targets there are ---- */

static void ignore(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    (void)data, (void)answer, (void)fds, (void)n_fds;
}

static void tell_name(struct helper_client *self, unsigned target)
{
    struct helper_name name = {.target = (uint16_t)target};
    uint8_t room[128];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (!self->ipc || !self->targets[target].listener)
        return;
    snprintf(name.name, sizeof name.name, "%s", self->targets[target].name);
    helper_write_name(&w, &name);
    helper_client_ask(self, HELPER_NAME, &w, NULL, 0, ignore, NULL);
}

static void tell_names(struct helper_client *self)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        tell_name(self, i);
}

int helper_client_connect(struct helper_client *self, int fd)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    if (self->ipc)
        lose(self);
    int r = ipc_create(self->loop, fd, &listener, self, &self->ipc);
    if (r < 0)
        return r;
    ipc_let_wait(self->ipc, MOST_QUESTIONS, MOST_BYTES);
    tell_names(self);
    return 0;
}

void helper_client_listen(struct helper_client *self, unsigned target, const char *name,
                          const struct helper_client_listener *listener, void *data)
{
    self->targets[target].listener = listener;
    self->targets[target].data = data;
    self->targets[target].name = name;
    tell_name(self, target);
}

void helper_client_forget(struct helper_client *self, unsigned target)
{
    self->targets[target].listener = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(self->questions); i++) {
        struct question question = self->questions[i];
        if (!question.serial || question.target != target)
            continue;
        self->questions[i].done = ignore; /* its answer still comes */
        self->questions[i].target = NO_TARGET;
        answer_with(question.done, question.data, -ECANCELED, "The target is gone.");
    }
}

void helper_client_again(struct helper_client *self)
{
    struct wire_writer nothing = wire_writer_init(NULL, 0);
    if (!self->ipc)
        return; /* one that is to come reads it anyway */
    helper_client_ask(self, HELPER_AGAIN, &nothing, NULL, 0, ignore, NULL);
    tell_names(self);
}
