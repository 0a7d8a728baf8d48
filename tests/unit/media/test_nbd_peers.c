/* The server against the clients that it will meet: QEMU's block driver (qemu-img, qemu-io, qemu-nbd) and libnbd
 * (nbdinfo, nbdcopy). A tool that is not installed is named and left out. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"
#include "media/nbd_server.h"
#include "media/source_file.h"

#define SIZE (12 * 1024 * 1024 + 512)

struct fixture {
    struct loop *loop;
    struct worker_pool *io;
    struct nbd_server *server;
    char folder[32], path[64], image[64], disk[64];
};

static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    (void)data;
    (void)pid;
    (void)export;
    return uid == getuid();
}

static const struct nbd_server_host host = {.admit = admit};

static int make_image(const char *path)
{
    _cleanup_fclose_ FILE *file = fopen(path, "we");
    uint64_t x = 88172645463325252ull;
    for (int i = 0; file && i < SIZE / 8; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        if (fwrite(&x, sizeof x, 1, file) != 1)
            return -1;
    }
    return file ? 0 : -1;
}

static int offer(struct fixture *f, const char *name, const char *path, bool read_only)
{
    struct source *source;
    int fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (fd < 0 || source_file_create(fd, name, read_only, f->io, NULL, NULL, &source) < 0)
        return -1;
    return nbd_server_add(f->server, name, source);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/nbd.sock", f->folder);
    snprintf(f->image, sizeof f->image, "%s/cd.iso", f->folder);
    snprintf(f->disk, sizeof f->disk, "%s/disk.img", f->folder);
    if (make_image(f->image) < 0 || make_image(f->disk) < 0)
        return -1;
    if (loop_create(&f->loop) < 0 || worker_pool_create(f->loop, "io", 3, &f->io) < 0 ||
        nbd_server_create(f->loop, &host, f, &f->server) < 0 || nbd_server_listen(f->server, f->path) < 0)
        return -1;
    return offer(f, "cd", f->image, true) < 0 || offer(f, "disk", f->disk, false) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[96];
    nbd_server_destroy(f->server);
    worker_pool_destroy(f->io);
    loop_destroy(f->loop);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int r = system(command);
    free(f);
    return r;
}

/* Runs a shell command in the folder while the loop turns; its exit status. 127: a tool is missing. */
static int run(struct fixture *f, const char *command)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir(f->folder) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(126);
    }
    uint64_t limit = clock_now_us() + 120000000;
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        loop_dispatch(f->loop, 5);
        assert_true(clock_now_us() < limit);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static bool missing(struct fixture *f, const char *tool)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null", tool);
    if (run(f, command) == 0)
        return false;
    print_message("%s is not installed: left out\n", tool);
    return true;
}

static void test_nbdinfo(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "nbdinfo"))
        return;
    assert_int_equal(run(f, "nbdinfo 'nbd+unix:///cd?socket=nbd.sock' >out 2>&1 || { cat out; exit 1; }"), 0);
    assert_int_equal(run(f, "grep -q 'export-size: 12583424' out && grep -q 'is_read_only: true' out"), 0);
    assert_int_equal(run(f, "grep -q 'block_size_maximum: 33554432' out && grep -q 'newstyle-fixed without TLS, using "
                            "structured packets' out"),
                     0);
    assert_int_equal(run(f, "nbdinfo --list 'nbd+unix:///?socket=nbd.sock' >out 2>&1 || { cat out; exit 1; }"), 0);
    assert_int_equal(run(f, "grep -q 'export=\"cd\"' out && grep -q 'export=\"disk\"' out"), 0);
    assert_int_not_equal(run(f, "nbdinfo 'nbd+unix:///other?socket=nbd.sock' >out 2>&1"), 0);
    assert_int_equal(run(f, "grep -q 'No such file or directory for export: other' out || { cat out; exit 1; }"), 0);
}

static void test_nbdcopy_both_ways(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "nbdcopy"))
        return;
    assert_int_equal(run(f, "nbdcopy 'nbd+unix:///cd?socket=nbd.sock' copy && cmp copy cd.iso"), 0);
    assert_int_equal(run(f,
                         "head -c 12583424 /dev/urandom >new && nbdcopy --flush new 'nbd+unix:///disk?socket=nbd.sock'"
                         " && cmp new disk.img"),
                     0);
    struct nbd_export_stats stats;
    assert_true(nbd_server_stats(f->server, "cd", &stats));
    assert_int_equal(stats.bytes_read, SIZE);
    assert_int_equal(stats.connections, 0);
}

static void test_qemu_img(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "qemu-img"))
        return;
    assert_int_equal(run(f, "qemu-img compare -f raw -F raw 'nbd+unix:///cd?socket=nbd.sock' cd.iso >out 2>&1"
                            " || { cat out; exit 1; }"),
                     0);
    assert_int_equal(run(f, "qemu-img convert -f raw -O raw 'nbd+unix:///cd?socket=nbd.sock' copy && cmp copy cd.iso"),
                     0);
    assert_int_equal(run(f, "qemu-img convert -n -f raw -O raw cd.iso 'nbd+unix:///disk?socket=nbd.sock'"
                            " && cmp disk.img cd.iso"),
                     0);
    assert_int_not_equal(run(f, "qemu-img convert -n -f raw -O raw cd.iso 'nbd+unix:///cd?socket=nbd.sock' 2>out"), 0);
}

static void test_qemu_io(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "qemu-io"))
        return;
    assert_int_equal(run(f, "qemu-io -f raw -c 'write -P 0x5a 1000k 5M' -c 'read -P 0x5a 1000k 5M' -c flush"
                            " -c 'write -f -P 7 512 512' -c 'read -P 7 512 512' -c 'discard 8M 1M'"
                            " -c 'aio_write -P 1 0 64k' -c 'aio_write -P 2 64k 64k' -c aio_flush -c 'read -P 2 64k 64k'"
                            " 'nbd+unix:///disk?socket=nbd.sock' >out 2>&1 || { cat out; exit 1; };"
                            " if grep -i -E 'fail|error' out; then exit 1; fi"),
                     0);
    assert_int_equal(run(f, "dd if=disk.img bs=1k skip=1000 count=5120 status=none | tr -d '\\132' | cmp - /dev/null"),
                     0);
}

/* Zeroes, by which nbdcopy and qemu-img leave out what is empty. */
static void test_zeroes(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "qemu-io") || missing(f, "nbdcopy"))
        return;
    assert_int_equal(run(f, "qemu-io -f raw -c 'write -P 9 0 4M' -c 'write -z 1M 512k' -c 'write -z -u 2M 1M'"
                            " -c 'read -P 0 1M 512k' -c 'read -P 0 2M 1M' -c 'read -P 9 3M 1M'"
                            " 'nbd+unix:///disk?socket=nbd.sock' >out 2>&1 || { cat out; exit 1; };"
                            " if grep -i -E 'fail|error' out; then exit 1; fi"),
                     0);
    assert_int_equal(run(f, "truncate -s 12583424 sparse; printf x | dd of=sparse bs=1 seek=7000000 conv=notrunc"
                            " status=none; nbdcopy sparse 'nbd+unix:///disk?socket=nbd.sock' && cmp sparse disk.img"),
                     0);
}

/* Random writes with checksums, read back by another pass. */
static void test_fio(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "fio") || run(f, "fio --enghelp 2>/dev/null | grep -qw nbd") != 0)
        return;
    assert_int_equal(run(f, "fio --name=v --ioengine=nbd --uri='nbd+unix:///disk?socket=nbd.sock' --rw=randwrite"
                            " --bsrange=512-128k --size=12M --iodepth=32 --verify=crc32c --verify_fatal=1 --do_verify=1"
                            " >out 2>&1 || { cat out; exit 1; }; grep -q 'err= 0' out || { cat out; exit 1; }"),
                     0);
}

static void test_qemu_nbd_list(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "qemu-nbd"))
        return;
    assert_int_equal(run(f, "qemu-nbd --list -k \"$PWD/nbd.sock\" >out 2>&1 || { cat out; exit 1; }"), 0);
    assert_int_equal(run(f, "grep -q 'exports available: 2' out && grep -q 'size:  12583424' out"), 0);
}

/* What a VM sees when its image changes under it: an error, never other bytes. */
static void test_a_changed_image_is_an_error_at_the_peer(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "qemu-io"))
        return;
    assert_int_equal(run(f, "sleep 0.02; printf x | dd of=cd.iso bs=1 seek=70000 conv=notrunc status=none"), 0);
    assert_int_not_equal(run(f, "qemu-io -r -f raw -c 'read 0 64k' 'nbd+unix:///cd?socket=nbd.sock' >out 2>&1"), 0);
    assert_int_equal(run(f, "grep -q 'Input/output error' out || { cat out; exit 1; }"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_nbdinfo),       T(test_nbdcopy_both_ways),
        T(test_qemu_img),      T(test_qemu_io),
        T(test_zeroes),        T(test_fio),
        T(test_qemu_nbd_list), T(test_a_changed_image_is_an_error_at_the_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
