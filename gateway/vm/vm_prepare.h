/* What must be there before a machine can start. Each call does one thing and says what is next, because making a disk
 * is another process's work that is waited for. */
#pragma once

#include "gateway/supervisor/child.h"
#include "gateway/vm/vm_options.h"

/* 0: nothing is missing. 1: the program in *ret must run to its end, then ask again; its argv stays valid until the
 * next call. -errno with a sentence in why. folder: descriptor of the target's folder. */
int vm_prepare_disks(const struct vm_config *config, const struct vm_paths *paths, const char *const **ret_argv,
                     char *why, size_t why_size);

/* This machine's own copy of the firmware's variables. */
int vm_prepare_variables(const struct vm_config *config, int folder, char *why, size_t why_size);

/* The TPM's program, to be started before each start of the machine; it ends with it. */
int vm_prepare_tpm(const struct vm_config *config, const struct vm_paths *paths, int folder,
                   const char *const **ret_argv, char *why, size_t why_size);

/* The descriptor of the tap device that the administrator made. */
int vm_prepare_tap(const char *name, char *why, size_t why_size);

/* Confines the program that is about to be executed (struct child_spec): a VM or TPM that was broken into from inside
 * reaches its own files and nothing else of this user's. */
struct vm_confinement {
    const struct vm_paths *paths;
    bool off; /* free arguments may name any file */
};
int vm_prepare_confine(void *confinement);
