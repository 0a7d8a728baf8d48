/* From the configuration to the command lines that the supervisor executes. */
#pragma once

#include "gateway/vm/vm.h"
#include "machines/qemu/argv.h"

#define VM_TAP_FD 3 /* the only descriptor a VM is given */

/* Where things of one target are. */
struct vm_paths {
    char folder[CONFIG_PATH_MAX];  /* STATE/vm/NAME */
    char runtime[CONFIG_PATH_MAX]; /* STATE/run/NAME */
    char qmp[CONFIG_PATH_MAX];
    char variables[CONFIG_PATH_MAX];
    char tpm_socket[CONFIG_PATH_MAX];
    char disks[CONFIG_MAX_DISKS][2 * CONFIG_PATH_MAX];
};

int vm_paths_init(struct vm_paths *self, const struct vm_config *config);

/* Firmware files of the host (package ovmf). NULL for a BIOS. */
const char *vm_firmware_code(enum config_firmware firmware);
const char *vm_firmware_variables(enum config_firmware firmware); /* the template that each VM gets a copy of */

int vm_options_argv(const struct vm_config *config, const struct vm_paths *paths, struct qemu_argv *ret, char *why,
                    size_t why_size);
