/* Commands for QEMU's monitor that are given one after the other, each when the former has succeeded. Net thread. */
#pragma once

#include "machines/qemu/qmp.h"

#define QMP_SEQUENCE_MAX 16

struct qmp_sequence;

/* NULL without memory; the functions below then do nothing, but run calls done with -ENOMEM. */
struct qmp_sequence *qmp_sequence_new(struct qmp *qmp);

/* Takes arguments (may be NULL). may_fail: a refusal is as good as success, "eject" when nothing is in. */
void qmp_sequence_add(struct qmp_sequence *self, const char *command, json_t *arguments, bool may_fail);

/* Takes the sequence. done (may be NULL) is called once, perhaps before return: 0, or the error of the command that
 * failed (the rest is not tried), with QEMU's sentence. */
void qmp_sequence_run(struct qmp_sequence *self, void (*done)(void *data, int error, const char *why), void *data);

struct qmp_sequence *qmp_sequence_free(
    struct qmp_sequence *self); /* one that was not run; NULL allowed; returns NULL */
