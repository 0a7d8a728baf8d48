/* The command line against golden files, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "machines/qemu/argv.h"

static struct qemu_options plain(void)
{
    return (struct qemu_options){.name = "demo", .cpus = 1, .memory_mb = 512, .runtime = "/run/lightsout/demo"};
}

/* One argument a line, as in tests/unit/machine_qemu/argv_NAME.txt. UPDATE_GOLDEN=1 writes the files. */
static void assert_golden(const struct qemu_options *options, const char *name)
{
    char why[256], path[512];
    struct qemu_argv argv;
    assert_int_equal(qemu_argv_build(options, &argv, why, sizeof why), 0);
    assert_null(argv.argv[argv.argc]);
    _cleanup_free_ char *got = NULL;
    size_t got_size;
    FILE *out = open_memstream(&got, &got_size);
    for (size_t i = 0; i < argv.argc; i++)
        fprintf(out, "%s\n", argv.argv[i]);
    fclose(out);
    qemu_argv_finish(&argv);

    snprintf(path, sizeof path, "%s/unit/machine_qemu/argv_%s.txt", TEST_DATA, name);
    if (getenv("UPDATE_GOLDEN")) {
        _cleanup_fclose_ FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(got, f);
    }
    static char want[65536];
    _cleanup_fclose_ FILE *f = fopen(path, "r");
    assert_non_null(f);
    want[fread(want, 1, sizeof want - 1, f)] = '\0';
    assert_string_equal(got, want);
}

static void builds_a_bios_machine(void **state)
{
    (void)state;
    struct qemu_options o = plain();
    o.disks[0] = (struct qemu_disk){.path = "/var/lib/lightsout/demo/disk.qcow2"};
    o.n_disks = 1;
    o.nic = QEMU_NIC_USER;
    o.serials = 1;
    assert_golden(&o, "bios");
}

static void builds_a_secure_uefi_machine_with_everything(void **state)
{
    (void)state;
    static const char *const extra[] = {"-device", "virtio-rng-pci", NULL};
    struct qemu_options o = plain();
    o.binary = "/usr/bin/qemu-system-x86_64";
    o.accel = QEMU_KVM;
    o.cpus = 4;
    o.memory_mb = 4096;
    o.firmware = QEMU_UEFI_SECURE;
    o.ovmf_code = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd";
    o.ovmf_vars = "/var/lib/lightsout/demo/vars.fd";
    o.tpm_socket = "/run/lightsout/demo/tpm.sock";
    o.disks[0] = (struct qemu_disk){.path = "/d/a.raw", .format = QEMU_RAW, .bus = QEMU_BUS_VIRTIO};
    o.disks[1] = (struct qemu_disk){.path = "/d/b.qcow2", .bus = QEMU_BUS_NVME, .no_flush = true};
    o.n_disks = 2;
    o.nic = QEMU_NIC_TAP;
    o.tap_fd = 7;
    o.mac = "52:54:00:12:34:56";
    o.serials = 2;
    o.extra = extra;
    assert_golden(&o, "secure");
}

static bool has(const struct qemu_argv *argv, const char *text)
{
    for (size_t i = 0; i < argv->argc; i++)
        if (strstr(argv->argv[i], text))
            return true;
    return false;
}

static void doubles_commas_in_paths(void **state)
{
    (void)state;
    char why[256];
    struct qemu_argv argv;
    struct qemu_options o = plain();
    o.runtime = "/run/a,readonly=on";
    o.disks[0] = (struct qemu_disk){.path = "/d/x,if=none,.qcow2"};
    o.n_disks = 1;
    assert_int_equal(qemu_argv_build(&o, &argv, why, sizeof why), 0);
    assert_true(has(&argv, "file.filename=/d/x,,if=none,,.qcow2"));
    assert_true(has(&argv, "path=/run/a,,readonly=on/qmp.sock"));
    qemu_argv_finish(&argv);
}

static void assert_refused(const struct qemu_options *o, int error, const char *names)
{
    char why[256] = "";
    struct qemu_argv argv;
    assert_int_equal(qemu_argv_build(o, &argv, why, sizeof why), error);
    assert_non_null(strstr(why, names));
}

static void refuses_what_is_out_of_range(void **state)
{
    (void)state;
    struct qemu_options o = plain();
    o.name = "a,b";
    assert_refused(&o, -EINVAL, "name");
    o = plain();
    o.name = "-x";
    assert_refused(&o, -EINVAL, "name");
    o = plain();
    o.cpus = 0;
    assert_refused(&o, -EINVAL, "cpus = 0");
    o = plain();
    o.memory_mb = 1;
    assert_refused(&o, -EINVAL, "memory = 1");
    o = plain();
    o.mac = "52:54:00:12:34:5";
    assert_refused(&o, -EINVAL, "mac");
    o.mac = "52:54:00:12:34:56,x";
    assert_refused(&o, -EINVAL, "mac");
    o = plain();
    o.firmware = QEMU_UEFI;
    assert_refused(&o, -EINVAL, "UEFI");
    o = plain();
    o.n_disks = 1;
    assert_refused(&o, -EINVAL, "disk 0");
    o = plain();
    o.nic = QEMU_NIC_TAP;
    assert_refused(&o, -EINVAL, "tap");
    o = plain();
    char long_path[200] = "/";
    memset(long_path + 1, 'x', 120);
    o.runtime = long_path;
    assert_refused(&o, -ENAMETOOLONG, "runtime folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_a_bios_machine),
        cmocka_unit_test(builds_a_secure_uefi_machine_with_everything),
        cmocka_unit_test(doubles_commas_in_paths),
        cmocka_unit_test(refuses_what_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
