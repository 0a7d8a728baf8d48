#include "gateway/vm/vm_options.h"

#include <errno.h>
#include <stdio.h>

int vm_paths_init(struct vm_paths *self, const struct vm_config *config)
{
    const struct state *state = config->state;
    const char *name = config->target->name;
    int r = state_path(state, "vm", name, NULL, self->folder, sizeof self->folder);
    r = r ? r : state_path(state, "run", name, NULL, self->runtime, sizeof self->runtime);
    r = r ? r : state_path(state, "run", name, "qmp.sock", self->qmp, sizeof self->qmp);
    r = r ? r : state_path(state, "run", name, "tpm.sock", self->tpm_socket, sizeof self->tpm_socket);
    r = r ? r : state_path(state, "vm", name, "firmware-variables.fd", self->variables, sizeof self->variables);
    for (unsigned i = 0; r == 0 && i < CONFIG_MAX_DISKS; i++) {
        const char *path = config->target->disks[i].path;
        snprintf(self->disks[i], sizeof self->disks[i], "%s%s%s", *path == '/' ? "" : self->folder,
                 *path == '/' ? "" : "/", path);
    }
    return r;
}

const char *vm_firmware_code(enum config_firmware firmware)
{
    static const char *const files[] = {
        [CONFIG_UEFI] = "/usr/share/OVMF/OVMF_CODE_4M.fd",
        [CONFIG_UEFI_SECURE] = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
    };
    return files[firmware];
}

const char *vm_firmware_variables(enum config_firmware firmware)
{
    static const char *const files[] = {
        [CONFIG_UEFI] = "/usr/share/OVMF/OVMF_VARS_4M.fd",
        [CONFIG_UEFI_SECURE] = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd", /* with the usual keys enrolled */
    };
    return files[firmware];
}

static void set_disks(struct qemu_options *options, const struct vm_config *config, const struct vm_paths *paths)
{
    static const enum qemu_disk_bus buses[] = {
        [CONFIG_BUS_SATA] = QEMU_BUS_SATA, [CONFIG_BUS_VIRTIO] = QEMU_BUS_VIRTIO, [CONFIG_BUS_NVME] = QEMU_BUS_NVME};
    for (unsigned i = 0; i < CONFIG_MAX_DISKS; i++) {
        const struct config_disk *disk = &config->target->disks[i];
        if (!disk->path[0])
            continue;
        options->disks[options->n_disks++] = (struct qemu_disk){
            .path = paths->disks[i], .bus = buses[disk->bus], .format = disk->raw ? QEMU_RAW : QEMU_QCOW2};
    }
}

static enum qemu_accel accel(const struct vm_config *config)
{
    unsigned wanted = config->target->accel;
    return wanted == CONFIG_ACCEL_KVM || (wanted == CONFIG_ACCEL_AUTO && config->kvm) ? QEMU_KVM : QEMU_TCG;
}

int vm_options_argv(const struct vm_config *config, const struct vm_paths *paths, struct qemu_argv *ret, char *why,
                    size_t why_size)
{
    static const enum qemu_firmware firmwares[] = {
        [CONFIG_BIOS] = QEMU_BIOS, [CONFIG_UEFI] = QEMU_UEFI, [CONFIG_UEFI_SECURE] = QEMU_UEFI_SECURE};
    static const enum qemu_nic nics[] = {
        [CONFIG_NIC_NONE] = QEMU_NIC_NONE, [CONFIG_NIC_USER] = QEMU_NIC_USER, [CONFIG_NIC_TAP] = QEMU_NIC_TAP};
    const struct config_target *target = config->target;
    char mac[18];
    const uint8_t *m = target->mac.bytes;
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    struct qemu_options options = {
        .name = target->name,
        .accel = accel(config),
        .cpus = target->cpus,
        .memory_mb = target->memory_mb,
        .firmware = firmwares[target->firmware],
        .ovmf_code = vm_firmware_code(target->firmware),
        .ovmf_vars = target->firmware == CONFIG_BIOS ? NULL : paths->variables,
        .tpm_socket = target->tpm ? paths->tpm_socket : NULL,
        .nic = nics[target->nic.kind],
        .mac = target->mac.given ? mac : NULL,
        .tap_fd = VM_TAP_FD,
        .serials = 1 + target->serial_extra,
        .runtime = paths->runtime,
        .extra = target->extra.n ? (const char *const *)target->extra.list : NULL,
    };
    set_disks(&options, config, paths);
    return qemu_argv_build(&options, ret, why, why_size);
}
