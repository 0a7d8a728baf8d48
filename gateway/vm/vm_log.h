/* What a VM's process prints: a file, so that the process outlives its readers, kept small. */
#pragma once

#include <stdint.h>

#include "gateway/control/control.h"
#include "gateway/supervisor/uid.h"

#define VM_LOG_MAX (1 << 20) /* bytes; then all but the tail is thrown away */
#define VM_LOG_KEEP (64 << 10)

struct vm_log {
    int fd;      /* append-only; the process's stdout and stderr */
    off_t begin; /* where the present process's lines begin */
    off_t seen;  /* size when vm_log_changed was asked last */
};

/* folder: descriptor of the target's folder. 0 or -errno. */
int vm_log_open(struct vm_log *self, int folder, const struct uid_choice *user);
void vm_log_close(struct vm_log *self);

void vm_log_mark(struct vm_log *self);    /* a new process begins */
bool vm_log_changed(struct vm_log *self); /* since it was asked last; cuts the file when it is too long */

/* The last lines since the mark, oldest first, made printable; returns how many. */
unsigned vm_log_tail(struct vm_log *self, char lines[TARGET_LOG_LINES][TARGET_LOG_LINE]);
