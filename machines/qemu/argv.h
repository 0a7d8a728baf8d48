/* The command line of one virtual machine, from typed options: what the supervisor executes. No shell, no free text: a
 * path or name becomes one argument, with commas doubled where QEMU splits options at them. Pure but for the check that
 * paths fit a socket address; needs only core.
 *
 * What the rest of machines/qemu relies on are the names given here: the node and device ids of QEMU_ID_*, the sockets
 * in the runtime folder, `-S -action shutdown=pause,watchdog=none` (the process is the chassis: it lives on while the
 * machine is "off") and the peer-to-peer D-Bus display. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"

#define QEMU_MAX_DISKS 4
#define QEMU_MAX_SERIALS 4
#define QEMU_MAX_EXTRA 64
#define QEMU_MAX_CPUS 64
#define QEMU_MIN_MEMORY_MB 64
#define QEMU_MAX_MEMORY_MB (1024 * 1024)

/* Ids in the running machine. Disk n is "disk0" + n, and so on. */
#define QEMU_ID_XHCI "xhci"
#define QEMU_ID_TABLET "tablet"
#define QEMU_ID_VIDEO "vga"
#define QEMU_ID_NIC "nic0"
#define QEMU_ID_WATCHDOG "wdt"
#define QEMU_ID_FIRMWARE_LOG "fwlog" /* ring of what SeaBIOS prints: the boot menu recipe reads it */

/* Boot order: lowest first. 0 is left free for "boot once". Virtual drives stand before the machine's own disks, but
 * behind them with a medium that shall be booted once: what it installed is started afterwards. */
enum { QEMU_BOOT_ONCE = 0, QEMU_BOOT_DRIVE = 1, QEMU_BOOT_DISK = 10, QEMU_BOOT_DRIVE_LAST = 14, QEMU_BOOT_NIC = 20 };

enum qemu_firmware { QEMU_BIOS, QEMU_UEFI, QEMU_UEFI_SECURE };
enum qemu_accel { QEMU_TCG, QEMU_KVM };
enum qemu_nic { QEMU_NIC_NONE, QEMU_NIC_USER /* restrict=on */, QEMU_NIC_TAP /* by descriptor */ };
enum qemu_disk_bus { QEMU_BUS_SATA, QEMU_BUS_VIRTIO, QEMU_BUS_NVME };
enum qemu_disk_format { QEMU_QCOW2, QEMU_RAW };

struct qemu_disk {
    const char *path; /* absolute */
    enum qemu_disk_format format;
    enum qemu_disk_bus bus;
    bool no_flush; /* tests only: a crash of the host may lose what the guest synced */
};

struct qemu_options {
    const char *binary; /* NULL: "qemu-system-x86_64" */
    const char *name;   /* [a-z0-9][a-z0-9-]*, at most 63 */
    enum qemu_accel accel;
    unsigned cpus;      /* 1..QEMU_MAX_CPUS */
    unsigned memory_mb; /* QEMU_MIN_MEMORY_MB..QEMU_MAX_MEMORY_MB */

    enum qemu_firmware firmware;
    const char *ovmf_code;  /* read-only flash image; uefi and uefi-secure only */
    const char *ovmf_vars;  /* this machine's own copy of the variables, writable */
    const char *tpm_socket; /* swtpm's control socket; NULL: no TPM */

    struct qemu_disk disks[QEMU_MAX_DISKS];
    unsigned n_disks;

    enum qemu_nic nic;
    const char *mac; /* "52:54:00:12:34:56"; NULL: QEMU's own */
    int tap_fd;      /* QEMU_NIC_TAP: the number it has in the new process */

    unsigned serials; /* 0..QEMU_MAX_SERIALS; the first is the console for serial-over-LAN */

    /* Folder (mode 0700) of this machine's sockets and logs: qmp.sock, serialN.sock, serialN.log. */
    const char *runtime;

    const char *const *extra; /* NULL, or arguments appended as they are (from a root-owned file), NULL-ended */
};

/* An argument list for execve, argv[argc] == NULL. */
struct qemu_argv {
    char **argv;
    size_t argc;
};

/* 0; -EINVAL with the sentence in why: an option is out of range or missing; -ENAMETOOLONG: the runtime folder's name
 * is too long for socket addresses; -ENOMEM. *ret is written only on success. */
int qemu_argv_build(const struct qemu_options *options, struct qemu_argv *ret, char *why, size_t why_size);
void qemu_argv_finish(struct qemu_argv *self); /* frees; zeroed structs are fine */

/* True when this host's KVM works: opens /dev/kvm and runs one instruction in a virtual CPU, in a child that is killed
 * after timeout_ms (the device may exist and hang). Blocks up to that long; for start-up code. */
bool qemu_kvm_works(unsigned timeout_ms);
