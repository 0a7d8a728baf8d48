/* Which process is a target's machine: what a new supervisor needs to find it again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct vm_record {
    pid_t pid;
    uint64_t start_time; /* child_start_time */
};

/* In the target's folder. 0 or -errno. */
int vm_record_save(int folder, const struct vm_record *record);
int vm_record_load(int folder, struct vm_record *ret); /* also -ESTALE: it was written before this boot */
void vm_record_remove(int folder);

/* Whether the process is of this user and runs this program for this runtime folder. The record lies in a folder that
 * the VM's own user may write, so it is not believed. *ret_same: its command line is exactly argv. */
bool vm_record_check(pid_t pid, uid_t uid, char *const *argv, const char *runtime, bool *ret_same);
