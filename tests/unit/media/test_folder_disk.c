/* What we make of a folder, judged by fsck.fat and mtools. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"
#include "media/folder_disk.h"
#include "media/recognise.h"
#include "tool.h"

#define PARTITION (2048u * 512u)

struct fixture {
    struct loop *loop;
    struct worker_pool *io;
    struct source *source;
    char folder[64], disk[80], part[80];
    int fd;
    unsigned left_out;
    char why[300], said[1 << 20];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.fat.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->disk, sizeof f->disk, "%s.disk", f->folder);
    snprintf(f->part, sizeof f->part, "%s.part", f->folder);
    f->fd = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return loop_create(&f->loop) < 0 || worker_pool_create(f->loop, "io", 2, &f->io) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    source_close(f->source);
    worker_pool_destroy(f->io);
    loop_destroy(f->loop);
    close(f->fd);
    unlink(f->disk);
    unlink(f->part);
    tool_run((const char *const[]){"rm", "-rf", f->folder, NULL}, f->said, sizeof f->said);
    free(f);
    return 0;
}

static void put(struct fixture *f, const char *name, const void *bytes, size_t size)
{
    int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static void make(struct fixture *f, const char *label)
{
    int r = folder_disk_create(f->fd, label, f->io, &f->left_out, f->why, sizeof f->why, &f->source);
    if (r < 0)
        fail_msg("%d: %s", r, f->why);
}

struct result {
    bool done;
    int error;
};

static void on_done(void *data, int error)
{
    *(struct result *)data = (struct result){true, error};
}

static int read_at(struct fixture *f, uint64_t offset, void *room, size_t length)
{
    struct result result = {0};
    uint64_t limit = clock_now_us() + 120000000;
    source_read(f->source, offset, room, length, on_done, &result);
    while (!result.done && clock_now_us() < limit)
        loop_dispatch(f->loop, 100);
    assert_true(result.done);
    return result.error;
}

/* All of it into files: the disk for mtools, the partition for fsck; in pieces that fit no border. */
static void save(struct fixture *f)
{
    enum { PIECE = 1 << 20 };
    static uint8_t room[PIECE];
    int disk = open(f->disk, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int part = open(f->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(disk >= 0 && part >= 0);
    for (uint64_t at = 0, n = 1000; at < f->source->size; at += n, n = PIECE - 7) {
        static const uint8_t zeros[PIECE];
        n = MIN(n, f->source->size - at);
        n = at < PARTITION ? MIN(n, PARTITION - at) : n;
        assert_int_equal(read_at(f, at, room, n), 0);
        if (!memcmp(room, zeros, n))
            continue; /* a hole */
        assert_int_equal(pwrite(disk, room, n, (off_t)at), n);
        if (at >= PARTITION)
            assert_int_equal(pwrite(part, room, n, (off_t)(at - PARTITION)), n);
    }
    assert_int_equal(ftruncate(disk, (off_t)f->source->size), 0);
    assert_int_equal(ftruncate(part, (off_t)(f->source->size - PARTITION)), 0);
    close(disk);
    close(part);
}

static void judge(struct fixture *f)
{
    if (!tool_there("fsck.fat") || !tool_there("mdir"))
        skip();
    save(f);
    int r = tool_run((const char *const[]){"fsck.fat", "-n", "-v", f->part, NULL}, f->said, sizeof f->said);
    if (r)
        fail_msg("fsck.fat: %d: %.2000s", r, f->said);
}

static const char *mtool(struct fixture *f, const char *tool, const char *option, const char *path)
{
    char image[100];
    snprintf(image, sizeof image, "%s@@1M", f->disk);
    int r = tool_run((const char *const[]){tool, "-i", image, option, path, NULL}, f->said, sizeof f->said);
    if (r)
        fail_msg("%s %s: %d: %.2000s", tool, path, r, f->said);
    return f->said;
}

static const char *mtype(struct fixture *f, const char *path)
{
    return mtool(f, "mtype", "--", path);
}

static void test_an_answer_file_is_found_by_its_name(void **state)
{
    struct fixture *f = *state;
    put(f, "autounattend.xml", "<unattend/>\n", 12);
    assert_int_equal(mkdirat(f->fd, "$OEM$", 0755), 0);
    put(f, "$OEM$/Setup Complete.cmd", "echo done\r\n", 11);
    make(f, "Oemdrv");
    assert_int_equal(f->left_out, 0);
    judge(f);
    assert_string_equal(mtype(f, "::/autounattend.xml"), "<unattend/>\n");
    assert_string_equal(mtype(f, "::/$OEM$/Setup Complete.cmd"), "echo done\r\n");
    assert_non_null(strstr(mtool(f, "mdir", "-a", "::/"), "Volume in drive : is OEMDRV"));
    assert_non_null(strstr(f->said, "autounattend.xml"));
}

static void test_an_empty_folder_is_an_empty_disk(void **state)
{
    struct fixture *f = *state;
    make(f, "CIDATA");
    judge(f);
    assert_non_null(strstr(mtool(f, "mdir", "-a", "::/"), "No files"));
}

static void test_names_of_all_kinds(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {
        "README.TXT",
        "readme first.txt",
        "readme firstborn.txt",
        "readme firmly.txt",
        "readme fire.txt",
        "readme fir.txt",
        "readme fixed.txt",
        "Übergröße und mehr.inf",
        "файл.txt",
        "日本語のファイル.txt",
        "😀.txt",
        ".hidden",
        "a.b.c.d",
        "+,;=[].txt",
        "exactly13char",
        "exactly26characters-in-name",
        "no extension at all",
        "UPPER.lower",
        "x",
    };
    char long_one[256];
    memset(long_one, 'n', 255);
    long_one[255] = 0;
    put(f, long_one, "long", 4);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        put(f, names[i], names[i], strlen(names[i]));
    make(f, "NAMES");
    assert_int_equal(f->left_out, 0);
    judge(f);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char path[300];
        if (!strcmp(names[i], "😀.txt"))
            continue; /* beyond what mtools writes on a command line; fsck.fat has read it */
        snprintf(path, sizeof path, "::/%s", names[i][0] == '+' ? "?,;=*.txt" : names[i]);
        assert_string_equal(mtype(f, path), names[i]);
    }
}

static void test_what_fat_cannot_have_is_left_out_and_counted(void **state)
{
    struct fixture *f = *state;
    put(f, "Same.txt", "1", 1);
    put(f, "same.TXT", "2", 1);
    put(f, "GRÖSSE", "3", 1);
    put(f, "größe", "4", 1); /* not the same: two letters */
    put(f, "grösse", "5", 1);
    put(f, "a:b", "6", 1);
    put(f, "dot.", "7", 1);
    assert_int_equal(symlinkat("Same.txt", f->fd, "link"), 0);
    assert_int_equal(mkfifoat(f->fd, "fifo", 0600), 0);
    make(f, "LEFT OUT");
    assert_int_equal(f->left_out, 6);
    judge(f);
    assert_string_equal(mtype(f, "::/Same.txt"), "1");
}

static void test_as_many_files_as_are_allowed(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < FOLDER_DISK_FILES; i++) {
        char name[80];
        snprintf(name, sizeof name, "a driver with a long name, number %u.inf", i);
        put(f, name, &i, sizeof i);
    }
    make(f, "MANY");
    judge(f);
    assert_string_equal(mtool(f, "mdir", "-b", "::/a driver with a long name, number 4095.inf"),
                        "::/a driver with a long name, number 4095.inf\n");
    source_close(f->source);
    f->source = NULL;
    put(f, "one more", "", 0);
    assert_int_equal(folder_disk_create(f->fd, "MANY", f->io, &f->left_out, f->why, sizeof f->why, &f->source),
                     -EMFILE);
    assert_non_null(strstr(f->why, "4096"));
}

static void test_large_files_make_it_fat32(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[1 << 20], room[1 << 20];
    char path[100];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    assert_int_equal(mkdirat(f->fd, "sub", 0755), 0);
    int fd = openat(f->fd, "sub/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, 280 << 20), sizeof bytes);
    close(fd);
    put(f, "sub/odd", bytes, 123457);
    put(f, "sub/empty", "", 0);
    make(f, "BIG");
    judge(f);
    assert_non_null(strstr(f->said, "32 bits per FAT entry") ? f->said : strstr(f->said, "FAT"));
    mtool(f, "mdir", "-a", "::/sub/empty");
    snprintf(path, sizeof path, "%s/../%s.odd", f->folder, strrchr(f->folder, '/') + 1);
    assert_int_equal(tool_run((const char *const[]){"sh", "-c", "mcopy -n -i \"$1@@1M\" ::/sub/odd \"$2\"", "sh",
                                                    f->disk, path, NULL},
                              f->said, sizeof f->said),
                     0);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, room, sizeof room), 123457);
    assert_memory_equal(room, bytes, 123457);
    close(fd);
    unlink(path);
}

static void test_more_than_two_gigabytes_are_refused(void **state)
{
    struct fixture *f = *state;
    int fd = openat(f->fd, "huge", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, (off_t)FOLDER_DISK_MAX + 1), 0);
    assert_int_equal(folder_disk_create(f->fd, "BIG", f->io, &f->left_out, f->why, sizeof f->why, &f->source), -EFBIG);
    assert_non_null(strstr(f->why, "huge"));
    close(fd);
}

/* Where the file's first byte stands. */
static uint64_t find(struct fixture *f, const char *text)
{
    static uint8_t room[8 << 20];
    size_t size = MIN(sizeof room, f->source->size);
    assert_int_equal(read_at(f, 0, room, size), 0);
    uint8_t *at = memmem(room, size, text, strlen(text));
    assert_non_null(at);
    return (uint64_t)(at - room);
}

/* A file system's clock moves in ticks: waits for the next one. */
static void wait_for_another_time(struct fixture *f, const char *name)
{
    struct stat before, st;
    uint64_t limit = clock_now_us() + 120000000;
    assert_int_equal(fstatat(f->fd, name, &before, 0), 0);
    do {
        put(f, "tick", "", 0);
        assert_int_equal(fstatat(f->fd, "tick", &st, 0), 0);
    } while (st.st_ctim.tv_sec == before.st_ctim.tv_sec && st.st_ctim.tv_nsec == before.st_ctim.tv_nsec &&
             clock_now_us() < limit);
}

static void test_a_file_that_changes_is_an_error_and_never_mixed(void **state)
{
    struct fixture *f = *state;
    char room[16];
    put(f, "changes.xml", "as it was at first", 18);
    put(f, "stays.xml", "this one remains", 16);
    make(f, "ANSWERS");
    uint64_t changes = find(f, "as it was at first"), stays = find(f, "this one remains");
    /* its time is put back, as programs that synchronise folders do */
    struct stat st;
    assert_int_equal(fstatat(f->fd, "changes.xml", &st, 0), 0);
    wait_for_another_time(f, "changes.xml");
    put(f, "changes.xml", "AS IT WAS AT FIRST", 18);
    struct timespec times[2] = {st.st_mtim, st.st_mtim};
    assert_int_equal(utimensat(f->fd, "changes.xml", times, 0), 0);
    assert_int_equal(read_at(f, changes, room, 8), -EIO);
    assert_int_equal(read_at(f, stays, room, 16), 0);
    assert_memory_equal(room, "this one remains", 16);
    /* another file under the same name */
    put(f, "new", "THIS ONE REMAINS", 16);
    assert_int_equal(renameat(f->fd, "new", f->fd, "stays.xml"), 0);
    assert_int_equal(read_at(f, stays, room, 16), -EIO);
    assert_int_equal(read_at(f, 0, room, 16), 0); /* the rest is there */
}

static void test_labels(void **state)
{
    struct fixture *f = *state;
    char label[12];
    folder_disk_label("answers", label);
    assert_string_equal(label, "ANSWERS");
    folder_disk_label("my answer files", label);
    assert_string_equal(label, "MYANSWERFIL");
    folder_disk_label("日本", label);
    assert_string_equal(label, "__");
    folder_disk_label("", label);
    assert_string_equal(label, "FILES");
    static const char *const wrong[] = {"", "TWELVE CHARS", "a/b", "ä", "a.b", "a\n"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(folder_disk_create(f->fd, wrong[i], f->io, &f->left_out, f->why, sizeof f->why, &f->source),
                         -EINVAL);
}

static bool read_for_recognition(void *data, uint64_t offset, void *room, size_t size)
{
    return read_at(data, offset, room, size) == 0;
}

static void test_uefi_starts_from_it_when_a_loader_is_in_it(void **state)
{
    struct fixture *f = *state;
    struct image_facts facts;
    assert_int_equal(mkdirat(f->fd, "efi", 0755), 0);
    assert_int_equal(mkdirat(f->fd, "efi/boot", 0755), 0);
    put(f, "efi/boot/bootx64.efi", "MZ", 2);
    make(f, "SHELL");
    recognise(f->source->size, read_for_recognition, f, &facts);
    assert_int_equal(facts.format, IMAGE_DISK);
    assert_true(facts.boots_uefi);
    assert_false(facts.boots_bios);
    assert_string_equal(facts.label, "SHELL");
    assert_string_equal(facts.why, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_an_answer_file_is_found_by_its_name),
        T(test_an_empty_folder_is_an_empty_disk),
        T(test_names_of_all_kinds),
        T(test_what_fat_cannot_have_is_left_out_and_counted),
        T(test_as_many_files_as_are_allowed),
        T(test_large_files_make_it_fat32),
        T(test_more_than_two_gigabytes_are_refused),
        T(test_a_file_that_changes_is_an_error_and_never_mixed),
        T(test_labels),
        T(test_uefi_starts_from_it_when_a_loader_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
