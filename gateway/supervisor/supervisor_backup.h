/* A backup that the page asks for: `lightsoutd --backup` as a process of its own, into a file without a name, which the
 * gateway then hands out. The passphrase travels by descriptor, never as an argument. One at a time. */
#pragma once

#include "core/ipc.h"
#include "core/loop.h"

struct supervisor_backup;

struct supervisor_backup_config {
    const char *config_path, *state; /* both outlive it; config_path NULL: the default one, which may be absent */
    struct ipc *(*gateway)(void *data);
    void *data;
};

int supervisor_backup_create(struct loop *loop, const struct supervisor_backup_config *config,
                             struct supervisor_backup **ret);
struct supervisor_backup *supervisor_backup_destroy(struct supervisor_backup *self); /* NULL allowed; returns NULL */

/* CONTROL_BACKUP_ASK: a passphrase, as a string. The answer is CONTROL_BACKUP with the same serial: le32 error, string
 * why, le64 size, and a descriptor when there was no error. False: none of ours, or malformed. */
bool supervisor_backup_message(struct supervisor_backup *self, const struct ipc_message *message);
