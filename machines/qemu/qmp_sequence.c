#include "machines/qemu/qmp_sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct step {
    const char *command;
    json_t *arguments;
    bool may_fail;
};

struct qmp_sequence {
    struct qmp *qmp;
    struct step steps[QMP_SEQUENCE_MAX];
    unsigned n, at;
    bool broken; /* ran out of room or memory while it was built */
    void (*done)(void *data, int error, const char *why);
    void *data;
};

struct qmp_sequence *qmp_sequence_new(struct qmp *qmp)
{
    struct qmp_sequence *self = calloc(1, sizeof *self);
    if (self)
        self->qmp = qmp;
    return self;
}

void qmp_sequence_add(struct qmp_sequence *self, const char *command, json_t *arguments, bool may_fail)
{
    if (!self || self->n == QMP_SEQUENCE_MAX) {
        json_decref(arguments);
        if (self)
            self->broken = true;
        return;
    }
    self->steps[self->n++] = (struct step){command, arguments, may_fail};
}

struct qmp_sequence *qmp_sequence_free(struct qmp_sequence *self)
{
    for (unsigned i = self ? self->at : 0; self && i < self->n; i++)
        json_decref(self->steps[i].arguments);
    free(self);
    return NULL;
}

static void finish(struct qmp_sequence *self, int error, const char *why)
{
    void (*done)(void *, int, const char *) = self->done;
    void *data = self->data;
    qmp_sequence_free(self);
    if (done)
        done(data, error, why);
}

static void next(struct qmp_sequence *self);

static void on_answer(void *data, int error, const json_t *answer, const char *why)
{
    struct qmp_sequence *self = data;
    (void)answer;
    if (error == 0 || (error == -EREMOTEIO && self->steps[self->at - 1].may_fail))
        next(self);
    else
        finish(self, error, why);
}

static void next(struct qmp_sequence *self)
{
    if (self->at == self->n) {
        finish(self, 0, NULL);
        return;
    }
    struct step *step = &self->steps[self->at++];
    int r = qmp_call(self->qmp, step->command, step->arguments, -1, on_answer, self);
    if (r < 0)
        finish(self, r, r == -ENOTCONN ? "QEMU cannot be reached" : strerror(-r));
}

void qmp_sequence_run(struct qmp_sequence *self, void (*done)(void *data, int error, const char *why), void *data)
{
    if (!self || self->broken) {
        qmp_sequence_free(self);
        if (done)
            done(data, -ENOMEM, "out of memory");
        return;
    }
    self->done = done;
    self->data = data;
    next(self);
}
