/* Media in the kernel's mass storage: changes that the host sees, doors that it holds, and all that the kernel does not
 * say. Backed by plain files; guest_nbd.c has block devices. */
#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host_side.h"
#include "usbgadget/big_cd.h"
#include "usbgadget/gadget_internal.h"

#define PRODUCT 0x0105
#define DISC_SIZE (320u * 2048)
#define DISK_SIZE (256u * 512)
#define A "/tmp/a.iso"
#define B "/tmp/b.iso"
#define DISK "/tmp/disk.img"

static uint8_t bytes_a[DISC_SIZE], bytes_b[DISC_SIZE], bytes_disk[DISK_SIZE], got[DISC_SIZE + 4096];
static bool without_forced_eject;

static bool absent(const char *path)
{
    return without_forced_eject && strstr(path, "/forced_eject");
}

struct fixture {
    struct gadget *gadget;
    struct gadget_place place;
    char why[256], cd[HOST_PATH], disk[HOST_PATH];
};

static void make_file(const char *path, uint8_t *bytes, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, size), size);
}

static void make_sparse(const char *path, uint64_t size)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static void up(struct fixture *f, enum personality personality, const bool *media)
{
    int r = gadget_up(f->gadget, personality, media, f->why, sizeof f->why);
    if (r < 0)
        fail_msg("gadget_up: %d %s", r, f->why);
}

static void find_drives(struct fixture *f)
{
    assert_true(host_wait_disc("sr", f->cd));
    assert_true(host_wait_disc("sd", f->disk));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gadget_config config = host_gadget_config(PRODUCT);
    *state = f;
    without_forced_eject = false;
    f->place = gadget_place_default;
    f->place.absent = absent;
    make_file(A, bytes_a, sizeof bytes_a, 1);
    make_file(B, bytes_b, sizeof bytes_b, 2);
    make_file(DISK, bytes_disk, sizeof bytes_disk, 3);
    return gadget_create_at(&f->place, &config, &f->gadget, f->why, sizeof f->why) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    gadget_destroy(f->gadget);
    bool clean = host_wait_no_device(PRODUCT) && host_wait_no_disc("sr") && host_wait_no_disc("sd");
    unlink(A), unlink(B), unlink(DISK);
    free(f);
    return clean ? 0 : -1;
}

/* What a host reads. It may have to be told twice that there is a new medium: the first command after it fails.
 */
struct reading {
    const char *disc;
    int error;
    size_t size;
};

static bool reads(void *data)
{
    struct reading *reading = data;
    reading->error = host_read_disc(reading->disc, got, sizeof got, &reading->size);
    return reading->error == 0;
}

static void expect_disc(const char *disc, const uint8_t *bytes, size_t size)
{
    struct reading reading = {.disc = disc};
    assert_true(host_wait(reads, &reading));
    assert_int_equal(reading.size, size);
    assert_memory_equal(got, bytes, size);
}

static bool cannot_open(void *data)
{
    size_t size;
    return host_read_disc(data, got, sizeof got, &size) == -ENOMEDIUM;
}

static void test_the_host_sees_each_change_and_keeps_its_keyboard(void **state)
{
    struct fixture *f = *state;
    up(f, PERSONALITY_KEYBOARD_DRIVE, NULL);
    find_drives(f);
    _cleanup_close_ int keyboard = gadget_open_hid(f->gadget, GADGET_KEYBOARD);
    assert_true(keyboard >= 0);
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 0);
    assert_true(host_wait(cannot_open, f->cd));
    for (unsigned i = 0; i < 4; i++) {
        const char *path = i % 2 ? B : A;
        assert_int_equal(gadget_lun_insert(f->gadget, 0, path, true, true), 0);
        assert_int_equal(gadget_lun_loaded(f->gadget, 0), 1);
        expect_disc(f->cd, i % 2 ? bytes_b : bytes_a, DISC_SIZE);
    }
    assert_int_equal(gadget_lun_eject(f->gadget, 0, false), 0);
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 0);
    assert_true(host_wait(cannot_open, f->cd));
    assert_int_equal(gadget_lun_eject(f->gadget, 0, true), 0); /* once more is no error */
    static const uint8_t none[8];
    assert_int_equal(write(keyboard, none, 8), 8); /* the same descriptor: nothing was bound anew */
}

static void hold_the_door(struct fixture *f, bool gentle)
{
    up(f, PERSONALITY_DRIVE, NULL);
    find_drives(f);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, A, true, true), 0);
    expect_disc(f->cd, bytes_a, DISC_SIZE);
    int door = open(f->cd, O_RDONLY | O_CLOEXEC); /* locks it */
    assert_true(door >= 0);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, B, true, true), -EBUSY);
    assert_int_equal(gadget_lun_eject(f->gadget, 0, false), -EBUSY);
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 1);
    assert_int_equal(pread(door, got, DISC_SIZE, 0), DISC_SIZE);
    assert_memory_equal(got, bytes_a, DISC_SIZE);
    if (gentle) {
        close(door); /* unlocks it */
        assert_int_equal(gadget_lun_insert(f->gadget, 0, B, true, true), 0);
    } else {
        assert_int_equal(gadget_lun_eject(f->gadget, 0, true), 0);
        assert_int_equal(gadget_lun_loaded(f->gadget, 0), 0);
        posix_fadvise(door, 0, 0, POSIX_FADV_DONTNEED);
        assert_int_equal(ioctl(door, BLKFLSBUF, 0), 0);
        assert_int_equal(pread(door, got, 4096, 65536), -1); /* an error, never the wrong bytes */
        close(door);
        assert_int_equal(gadget_lun_insert(f->gadget, 0, B, true, true), 0);
    }
    expect_disc(f->cd, bytes_b, DISC_SIZE);
}

static void test_a_held_door(void **state)
{
    hold_the_door(*state, true);
}

static void test_a_held_door_forced(void **state)
{
    hold_the_door(*state, false);
}

static void test_a_held_door_forced_on_older_kernels(void **state)
{
    without_forced_eject = true;
    hold_the_door(*state, false);
}

static bool is_empty(void *data)
{
    struct fixture *f = data;
    return gadget_lun_loaded(f->gadget, 0) == 0;
}

static void test_the_hosts_own_eject(void **state)
{
    struct fixture *f = *state;
    up(f, PERSONALITY_DRIVE, NULL);
    find_drives(f);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, A, true, true), 0);
    expect_disc(f->cd, bytes_a, DISC_SIZE);
    _cleanup_close_ int fd = open(f->cd, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(ioctl(fd, CDROMEJECT, 0), 0);
    assert_true(host_wait(is_empty, f));
    up(f, PERSONALITY_KEYBOARD, NULL);
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 0); /* and it does not come back by itself */
}

static void test_refused_media_leave_the_old_one_in(void **state)
{
    struct fixture *f = *state;
    up(f, PERSONALITY_DRIVE, NULL);
    find_drives(f);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, A, true, true), 0);
    static const struct {
        uint64_t size;
        int error;
    } rows[] = {
        {299ull * 2048, -ERANGE},
        {0, -ERANGE},
        {DISC_SIZE + 1, -EINVAL},
        {DISC_SIZE + 512, -EINVAL},
        {BIG_CD_KERNEL_LIMIT + 2048, -EFBIG},
        {20ull << 30, -EFBIG},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_sparse("/tmp/odd", rows[i].size);
        assert_int_equal(gadget_lun_insert(f->gadget, 0, "/tmp/odd", true, true), rows[i].error);
    }
    assert_int_equal(gadget_lun_insert(f->gadget, 0, "/tmp/nothing", true, true), -ENOENT);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, "/tmp", true, true), -ENOTBLK);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, "a.iso", true, true), -EINVAL);
    assert_int_equal(gadget_lun_insert(f->gadget, GADGET_LUNS, A, true, true), -EINVAL);
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 1);
    expect_disc(f->cd, bytes_a, DISC_SIZE);
    make_sparse("/tmp/odd", BIG_CD_KERNEL_LIMIT); /* the largest that is not cut */
    assert_int_equal(gadget_lun_insert(f->gadget, 0, "/tmp/odd", true, true), 0);
    make_sparse("/tmp/small", 300ull * 2048);
    assert_int_equal(host_disc_size(f->cd), BIG_CD_KERNEL_LIMIT);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, "/tmp/small", true, true), 0);
    unlink("/tmp/odd"), unlink("/tmp/small");
}

static bool takes_writes(void *data)
{
    struct fixture *f = data;
    _cleanup_close_ int fd = open(f->disk, O_RDWR | O_CLOEXEC | O_SYNC);
    return fd >= 0 && pwrite(fd, bytes_b, 4096, 8192) == 4096;
}

static bool is_write_protected(void *data)
{
    struct fixture *f = data;
    int read_only = 0;
    _cleanup_close_ int fd = open(f->disk, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && ioctl(fd, BLKROGET, &read_only) == 0 && read_only;
}

static void test_a_disk_is_written_then_protected(void **state)
{
    struct fixture *f = *state;
    up(f, PERSONALITY_DRIVE, NULL);
    find_drives(f);
    assert_int_equal(gadget_lun_insert(f->gadget, 1, DISK, false, false), 0);
    expect_disc(f->disk, bytes_disk, DISK_SIZE);
    assert_true(host_wait(takes_writes, f));
    memcpy(bytes_disk + 8192, bytes_b, 4096);
    /* the same image read-only, while it is in */
    assert_int_equal(gadget_lun_insert(f->gadget, 1, DISK, false, true), 0);
    assert_true(host_wait(is_write_protected, f));
    expect_disc(f->disk, bytes_disk, DISK_SIZE);
    size_t size;
    assert_int_equal(host_read_disc(DISK, got, sizeof got, &size), 0);
    assert_memory_equal(got, bytes_disk, DISK_SIZE);
    /* while its door is held, a change of kind takes nothing out */
    int door = open(f->disk, O_RDONLY | O_CLOEXEC);
    assert_int_equal(gadget_lun_insert(f->gadget, 1, DISK, false, false), -EBUSY);
    assert_int_equal(gadget_lun_loaded(f->gadget, 1), 1);
    close(door);
    assert_int_equal(gadget_lun_eject(f->gadget, 1, false), 0);
}

static void test_media_stay_in_over_a_change_of_personality(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(gadget_lun_insert(f->gadget, 0, A, true, true), 0); /* before anything is bound */
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 1);
    up(f, PERSONALITY_DRIVE, NULL);
    find_drives(f);
    expect_disc(f->cd, bytes_a, DISC_SIZE);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, B, true, true), 0);
    up(f, PERSONALITY_KEYBOARD, NULL);
    assert_true(host_wait_no_disc("sr"));
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 1);
    up(f, PERSONALITY_STORAGE_FIRST, NULL);
    find_drives(f);
    expect_disc(f->cd, bytes_b, DISC_SIZE);
    gadget_down(f->gadget);
    assert_int_equal(gadget_lun_eject(f->gadget, 0, false), 0);
    assert_int_equal(gadget_lun_loaded(f->gadget, 0), 0);
}

static void test_empty_drives_withdrawn(void **state)
{
    struct fixture *f = *state;
    static const bool first[GADGET_LUNS] = {true};
    char interfaces[32];
    f->gadget->config.empty_drives = false;
    up(f, PERSONALITY_KEYBOARD_DRIVE, NULL);
    host_interfaces(PRODUCT, interfaces);
    assert_string_equal(interfaces, "K");
    assert_int_equal(gadget_up(f->gadget, PERSONALITY_DRIVE, NULL, f->why, sizeof f->why), -ENODATA);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, A, true, true), 0);
    up(f, PERSONALITY_KEYBOARD_DRIVE, first);
    find_drives(f);
    expect_disc(f->cd, bytes_a, DISC_SIZE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_the_host_sees_each_change_and_keeps_its_keyboard),
        T(test_a_held_door),
        T(test_a_held_door_forced),
        T(test_a_held_door_forced_on_older_kernels),
        T(test_the_hosts_own_eject),
        T(test_refused_media_leave_the_old_one_in),
        T(test_a_disk_is_written_then_protected),
        T(test_media_stay_in_over_a_change_of_personality),
        T(test_empty_drives_withdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
