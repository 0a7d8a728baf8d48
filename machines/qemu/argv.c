#include "machines/qemu/argv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "core/cleanup.h"

#define ARGS_MAX (160 + QEMU_MAX_EXTRA)

struct builder {
    char *args[ARGS_MAX + 1];
    size_t n;
    int error;
};

/* Takes text; a NULL or a full list turns the builder bad. */
static void add_owned(struct builder *b, char *text)
{
    if (!text || b->n == ARGS_MAX) {
        free(text);
        b->error = b->error ? b->error : text ? -E2BIG : -ENOMEM;
        return;
    }
    b->args[b->n++] = text;
}

static void add(struct builder *b, const char *text)
{
    add_owned(b, strdup(text));
}

/* A flag and its value, printed. */
attr_printf(3, 4) static void add_pair(struct builder *b, const char *flag, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    add(b, flag);
    add_owned(b, n < 0 ? NULL : text);
}

/* The text with each comma doubled, as QEMU's option lists want it; NULL (builder bad) without memory. */
static char *escaped(struct builder *b, const char *text)
{
    char *out = malloc(2 * strlen(text) + 1), *to = out;
    if (!out) {
        b->error = -ENOMEM;
        return NULL;
    }
    for (; *text; text++) {
        if (*text == ',')
            *to++ = ',';
        *to++ = *text;
    }
    *to = '\0';
    return out;
}

static bool name_is_valid(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    return n >= 1 && n <= 63 && name[0] != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static bool mac_is_valid(const char *mac)
{
    for (int i = 0; i < 17; i++)
        if (i % 3 == 2 ? mac[i] != ':' : !mac[i] || !strchr("0123456789abcdefABCDEF", mac[i]))
            return false;
    return mac[17] == '\0';
}

static bool path_is_valid(const char *path)
{
    return path && path[0] == '/' && strlen(path) < 4096;
}

attr_printf(3, 4) static int refuse(char *why, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, size, format, args);
    va_end(args);
    return -EINVAL;
}

static int check_disks(const struct qemu_options *o, char *why, size_t size)
{
    if (o->n_disks > QEMU_MAX_DISKS)
        return refuse(why, size, "%u disks are configured; at most %d are possible", o->n_disks, QEMU_MAX_DISKS);
    for (unsigned i = 0; i < o->n_disks; i++)
        if (!path_is_valid(o->disks[i].path))
            return refuse(why, size, "disk %u needs an absolute path", i);
    return 0;
}

static int check_firmware(const struct qemu_options *o, char *why, size_t size)
{
    if (o->firmware != QEMU_BIOS && (!path_is_valid(o->ovmf_code) || !path_is_valid(o->ovmf_vars)))
        return refuse(why, size, "UEFI firmware needs the paths of OVMF's code and of this machine's variables");
    if (o->tpm_socket &&
        (!path_is_valid(o->tpm_socket) || strlen(o->tpm_socket) >= sizeof(struct sockaddr_un){0}.sun_path))
        return refuse(why, size, "the TPM's socket needs an absolute path of at most 107 bytes");
    return 0;
}

static int check(const struct qemu_options *o, char *why, size_t size)
{
    if (!name_is_valid(o->name))
        return refuse(why, size, "a machine's name is 1 to 63 characters of a-z, 0-9 and -, not beginning with -");
    if (o->cpus < 1 || o->cpus > QEMU_MAX_CPUS)
        return refuse(why, size, "cpus = %u is out of range: 1 to %d", o->cpus, QEMU_MAX_CPUS);
    if (o->memory_mb < QEMU_MIN_MEMORY_MB || o->memory_mb > QEMU_MAX_MEMORY_MB)
        return refuse(why, size, "memory = %u MiB is out of range: %d to %d", o->memory_mb, QEMU_MIN_MEMORY_MB,
                      QEMU_MAX_MEMORY_MB);
    if (o->serials > QEMU_MAX_SERIALS)
        return refuse(why, size, "%u serial ports are configured; at most %d are possible", o->serials,
                      QEMU_MAX_SERIALS);
    if (o->mac && !mac_is_valid(o->mac))
        return refuse(why, size, "mac = %.40s is not of the form 52:54:00:12:34:56", o->mac);
    if (o->nic == QEMU_NIC_TAP && o->tap_fd < 3)
        return refuse(why, size, "the tap network card needs an open descriptor");
    if (!path_is_valid(o->runtime))
        return refuse(why, size, "the machine's runtime folder needs an absolute path");
    if (strlen(o->runtime) + sizeof "/serial0.sock" > sizeof(struct sockaddr_un){0}.sun_path) {
        refuse(why, size, "the runtime folder %.200s is too long a name for sockets (at most 94 bytes): move it",
               o->runtime);
        return -ENAMETOOLONG;
    }
    int r = check_disks(o, why, size);
    return r < 0 ? r : check_firmware(o, why, size);
}

static void add_chassis(struct builder *b, const struct qemu_options *o)
{
    /* secure boot keeps its variables from the OS by system management mode */
    bool secure = o->firmware == QEMU_UEFI_SECURE;
    add(b, "-nodefaults");
    add(b, "-no-user-config");
    add_pair(b, "-name", "guest=%s", o->name);
    add_pair(b, "-machine", "q35,accel=%s%s,vmport=off", o->accel == QEMU_KVM ? "kvm" : "tcg", secure ? ",smm=on" : "");
    add_pair(b, "-cpu", "%s", o->accel == QEMU_KVM ? "host" : "max");
    add_pair(b, "-smp", "%u", o->cpus);
    add_pair(b, "-m", "%u", o->memory_mb);
    add_pair(b, "-rtc", "base=utc");
    add(b, "-S");
    add_pair(b, "-action", "shutdown=pause,watchdog=none");
    add_pair(b, "-display", "dbus,p2p=yes");
    add_pair(b, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    add_pair(b, "-boot", "menu=on,splash-time=3000");
}

static void add_firmware(struct builder *b, const struct qemu_options *o)
{
    if (o->firmware == QEMU_BIOS) {
        add_pair(b, "-chardev", "ringbuf,id=" QEMU_ID_FIRMWARE_LOG ",size=65536");
        add_pair(b, "-device", "isa-debugcon,iobase=0x402,chardev=" QEMU_ID_FIRMWARE_LOG);
        return;
    }
    _cleanup_free_ char *code = escaped(b, o->ovmf_code), *vars = escaped(b, o->ovmf_vars);
    if (!code || !vars)
        return;
    if (o->firmware == QEMU_UEFI_SECURE) {
        add_pair(b, "-global", "driver=cfi.pflash01,property=secure,value=on");
        add_pair(b, "-global", "ICH9-LPC.disable_s3=1");
    }
    add_pair(b, "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=%s", code);
    add_pair(b, "-drive", "if=pflash,format=raw,unit=1,file=%s", vars);
}

static void add_tpm(struct builder *b, const struct qemu_options *o)
{
    if (!o->tpm_socket)
        return;
    _cleanup_free_ char *socket = escaped(b, o->tpm_socket);
    if (!socket)
        return;
    add_pair(b, "-chardev", "socket,id=tpm,path=%s", socket);
    add_pair(b, "-tpmdev", "emulator,id=tpm0,chardev=tpm");
    add_pair(b, "-device", "%s,tpmdev=tpm0", o->firmware == QEMU_BIOS ? "tpm-tis" : "tpm-crb");
}

/* No USB keyboard: it would take the keys from the PS/2 one that q35 always has, which every firmware, installer and
 * system knows, and hand out one event in 8 ms where that one goes by interrupt. */
static void add_peripherals(struct builder *b)
{
    add_pair(b, "-device", "VGA,id=" QEMU_ID_VIDEO ",vgamem_mb=64");
    add_pair(b, "-device", "qemu-xhci,id=" QEMU_ID_XHCI ",p2=8,p3=8");
    add_pair(b, "-device", "usb-tablet,id=" QEMU_ID_TABLET ",bus=" QEMU_ID_XHCI ".0");
    add_pair(b, "-device", "i6300esb,id=" QEMU_ID_WATCHDOG);
}

static void add_disk(struct builder *b, const struct qemu_disk *disk, unsigned i)
{
    _cleanup_free_ char *path = escaped(b, disk->path);
    if (!path)
        return;
    add_pair(b, "-blockdev", "driver=%s,node-name=disk%u-image,discard=unmap%s,file.driver=file,file.filename=%s",
             disk->format == QEMU_RAW ? "raw" : "qcow2", i, disk->no_flush ? ",cache.no-flush=on" : "", path);
    char what[64];
    switch (disk->bus) {
    case QEMU_BUS_SATA:
        snprintf(what, sizeof what, "ide-hd,bus=ide.%u", i);
        break;
    case QEMU_BUS_VIRTIO:
        snprintf(what, sizeof what, "virtio-blk-pci");
        break;
    case QEMU_BUS_NVME:
        snprintf(what, sizeof what, "nvme,serial=disk%u", i);
        break;
    }
    add_pair(b, "-device", "%s,id=disk%u,drive=disk%u-image,bootindex=%u", what, i, i, QEMU_BOOT_DISK + i);
}

static void add_nic(struct builder *b, const struct qemu_options *o)
{
    if (o->nic == QEMU_NIC_NONE)
        return;
    if (o->nic == QEMU_NIC_USER)
        add_pair(b, "-netdev", "user,id=net0,restrict=on");
    else
        add_pair(b, "-netdev", "tap,id=net0,fd=%d", o->tap_fd);
    /* e1000e: every installer knows it and both firmwares boot from it */
    add_pair(b, "-device", "e1000e,id=" QEMU_ID_NIC ",netdev=net0,bootindex=%d%s%s", QEMU_BOOT_NIC,
             o->mac ? ",mac=" : "", o->mac ? o->mac : "");
}

static void add_sockets(struct builder *b, const struct qemu_options *o)
{
    _cleanup_free_ char *runtime = escaped(b, o->runtime);
    if (!runtime)
        return;
    add_pair(b, "-chardev", "socket,id=qmp,path=%s/qmp.sock,server=on,wait=off", runtime);
    add_pair(b, "-mon", "chardev=qmp,mode=control");
    for (unsigned i = 0; i < o->serials; i++) {
        add_pair(b, "-chardev",
                 "socket,id=serial%u,path=%s/serial%u.sock,server=on,wait=off,logfile=%s/serial%u.log,logappend=on", i,
                 runtime, i, runtime, i);
        add_pair(b, "-serial", "chardev:serial%u", i);
    }
}

static void builder_finish(struct builder *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->args[i]);
}

int qemu_argv_build(const struct qemu_options *o, struct qemu_argv *ret, char *why, size_t why_size)
{
    int r = check(o, why, why_size);
    if (r < 0)
        return r;
    attr_cleanup(builder_finish) struct builder b = {0};
    add(&b, o->binary ? o->binary : "qemu-system-x86_64");
    add_chassis(&b, o);
    add_firmware(&b, o);
    add_tpm(&b, o);
    add_peripherals(&b);
    for (unsigned i = 0; i < o->n_disks; i++)
        add_disk(&b, &o->disks[i], i);
    add_nic(&b, o);
    add_sockets(&b, o);
    for (size_t i = 0; o->extra && o->extra[i]; i++)
        add(&b, o->extra[i]);
    char **argv = calloc(b.n + 1, sizeof *argv);
    if (!argv || b.error) {
        free(argv);
        snprintf(why, why_size, b.error == -E2BIG ? "too many arguments" : "out of memory");
        return b.error ? b.error : -ENOMEM;
    }
    memcpy(argv, b.args, b.n * sizeof *argv);
    *ret = (struct qemu_argv){.argv = argv, .argc = b.n};
    b.n = 0;
    return 0;
}

void qemu_argv_finish(struct qemu_argv *self)
{
    for (size_t i = 0; i < self->argc; i++)
        free(self->argv[i]);
    free(self->argv);
    *self = (struct qemu_argv){0};
}
