#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"
#include "media/library.h"
#include "media/library_entry.h"

struct fixture {
    struct loop *loop;
    struct worker_pool *io;
    struct library *library;
    char folder[64];
    int folder_fd;

    unsigned answers;
    int error, fd;
    char why[400];
    struct library_image image, images[16];
    size_t n_images;
};

static void make(struct fixture *f, const char *name, const char *text)
{
    _cleanup_close_ int fd = openat(f->folder_fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->fd = -1;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.lib.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    f->folder_fd = open(f->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = open(f->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (loop_create(&f->loop) < 0 || worker_pool_create(f->loop, "io", 2, &f->io) < 0)
        return -1;
    return library_create(fd, f->io, &f->library);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[256];
    library_destroy(f->library);
    worker_pool_destroy(f->io);
    loop_destroy(f->loop);
    close(f->folder_fd);
    if (f->fd >= 0)
        close(f->fd);
    snprintf(command, sizeof command, "chmod -R u+rwX '%s'; rm -rf '%s'", f->folder, f->folder);
    int r = system(command);
    free(f);
    return r;
}

static void on_open(void *data, int error, const char *why, int fd, const struct library_image *image)
{
    struct fixture *f = data;
    f->answers++;
    f->error = error;
    snprintf(f->why, sizeof f->why, "%s", why);
    if (f->fd >= 0)
        close(f->fd);
    f->fd = fd;
    if (!error)
        f->image = *image;
}

static void on_list(void *data, int error, const struct library_image *images, size_t n)
{
    struct fixture *f = data;
    f->answers++;
    f->error = error;
    f->n_images = n;
    assert_true(n <= ARRAY_SIZE(f->images));
    for (size_t i = 0; i < n; i++)
        f->images[i] = images[i];
}

static void wait_answer(struct fixture *f, unsigned answers)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (f->answers < answers && clock_now_us() < limit)
        loop_dispatch(f->loop, 100);
    assert_int_equal(f->answers, answers);
}

static int open_image(struct fixture *f, const char *name, bool writable)
{
    unsigned before = f->answers;
    assert_int_equal(library_open(f->library, name, writable, on_open, f), 0);
    wait_answer(f, before + 1);
    return f->error;
}

static void test_an_image_is_opened(void **state)
{
    struct fixture *f = *state;
    make(f, "Größe 1.ISO", "iso bytes");
    assert_int_equal(open_image(f, "Größe 1.ISO", false), 0);
    char room[20] = "";
    assert_int_equal(read(f->fd, room, sizeof room), 9);
    assert_string_equal(room, "iso bytes");
    assert_int_equal(f->image.kind, DRIVE_CDROM);
    assert_int_equal(f->image.size, 9);
    assert_true(f->image.usable);
    assert_int_equal(fcntl(f->fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    make(f, "stick.img", "x");
    assert_int_equal(open_image(f, "stick.img", true), 0);
    assert_int_equal(f->image.kind, DRIVE_DISK);
    assert_int_equal(fcntl(f->fd, F_GETFL) & O_ACCMODE, O_RDWR);
}

static void expect_refusal(struct fixture *f, const char *name, bool writable, int error, const char *why)
{
    assert_int_equal(open_image(f, name, writable), error);
    assert_int_equal(f->fd, -1);
    assert_string_equal(f->why, why);
}

static void test_each_refusal_names_its_reason(void **state)
{
    struct fixture *f = *state;
    make(f, "empty.iso", "");
    make(f, "good.iso", "x");
    assert_int_equal(mkdirat(f->folder_fd, "folder", 0755), 0);
    assert_int_equal(symlinkat("good.iso", f->folder_fd, "link.iso"), 0);
    assert_int_equal(symlinkat("/etc", f->folder_fd, "etc"), 0);
    assert_int_equal(mkfifoat(f->folder_fd, "pipe", 0644), 0);
    expect_refusal(f, "missing.iso", false, -ENOENT, "missing.iso is not in the image library.");
    expect_refusal(f, "empty.iso", false, -ENODATA, "empty.iso is empty. Copy the image again.");
    expect_refusal(f, "folder", true, -EISDIR, "folder is a folder: it is inserted read-only.");
    expect_refusal(f, "link.iso", false, -ELOOP, "link.iso is a link. Put the image itself into the library.");
    expect_refusal(f, "pipe", false, -EINVAL, "pipe is not a plain file.");
    static const char *const bad[] = {"",      ".",    "..",     "../passwd", "folder/x",
                                      "etc/x", "a\nb", "a\177b", "\xff",      "/etc/passwd"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        expect_refusal(f, bad[i], false, -EINVAL,
                       "This is not the name of an image: one file name without / and control characters.");
    char name[400];
    memset(name, 'a', sizeof name);
    name[300] = 0;
    expect_refusal(f, name, false, -EINVAL,
                   "This is not the name of an image: one file name without / and control characters.");
}

static void test_an_unreadable_image_is_named(void **state)
{
    struct fixture *f = *state;
    make(f, "secret.iso", "x");
    assert_int_equal(fchmodat(f->folder_fd, "secret.iso", 0, 0), 0);
    if (geteuid() == 0) {
        /* root reads everything: look as somebody else, on this thread */
        assert_int_equal(fchmodat(f->folder_fd, ".", 0755, 0), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    char why[400];
    struct library_image image;
    int fd;
    int refused = library_entry_open(f->folder_fd, "secret.iso", false, &fd, &image, why, sizeof why);
    int looked = library_entry_look(f->folder_fd, "secret.iso", &image);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(refused, -EACCES);
    assert_string_equal(why, "secret.iso cannot be read by the gateway. Change its permissions.");
    assert_int_equal(looked, 0);
    assert_false(image.usable);
    assert_string_equal(image.why, "not readable");
}

static void test_the_list_is_sorted_and_says_what_cannot_be_used(void **state)
{
    struct fixture *f = *state;
    make(f, "b.iso", "12345");
    make(f, "a.img", "1");
    make(f, "empty.iso", "");
    make(f, ".hidden", "x");
    make(f, "bad\nname.iso", "x");
    assert_int_equal(mkdirat(f->folder_fd, "folder", 0755), 0);
    assert_int_equal(symlinkat("b.iso", f->folder_fd, "z.iso"), 0);
    assert_int_equal(library_list(f->library, on_list, f), 0);
    wait_answer(f, 1);
    assert_int_equal(f->error, 0);
    static const struct {
        const char *name, *why;
        enum drive_kind kind;
    } expected[] = {{"a.img", "", DRIVE_DISK},
                    {"b.iso", "", DRIVE_CDROM},
                    {"empty.iso", "empty", DRIVE_CDROM},
                    {"folder", "", DRIVE_DISK},
                    {"z.iso", "a link", DRIVE_CDROM}};
    assert_int_equal(f->n_images, ARRAY_SIZE(expected));
    for (size_t i = 0; i < f->n_images; i++) {
        assert_string_equal(f->images[i].name, expected[i].name);
        assert_string_equal(f->images[i].why, expected[i].why);
        assert_int_equal(f->images[i].usable, !*expected[i].why);
        assert_int_equal(f->images[i].kind, expected[i].kind);
    }
    assert_int_equal(f->images[1].size, 5);
    assert_true(f->images[3].folder);
    assert_false(f->images[1].folder);
    assert_true(f->images[1].modified > 1600000000);
}

static void test_a_folder_that_went_away(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rmdir(f->folder), 0);
    assert_int_equal(library_list(f->library, on_list, f), 0);
    wait_answer(f, 1);
    assert_true(f->error == 0 || f->error == -ENOENT);
    assert_int_equal(f->n_images, 0);
    assert_int_equal(open_image(f, "x.iso", false), -ENOENT);
    assert_int_equal(mkdir(f->folder, 0700), 0); /* for the tear-down */
}

static void test_destroy_answers_what_is_open(void **state)
{
    struct fixture *f = *state;
    make(f, "a.iso", "x");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(library_open(f->library, "a.iso", false, on_open, f), 0);
        assert_int_equal(library_list(f->library, on_list, f), 0);
    }
    f->library = library_destroy(f->library);
    assert_int_equal(f->answers, 40);
    assert_int_equal(f->error, -ECANCELED);
    f->io = worker_pool_destroy(f->io);
    assert_int_equal(f->answers, 40);
}

static void test_phases_have_stable_names(void **state)
{
    (void)state;
    assert_string_equal(drive_phase_name(DRIVE_EMPTY), "empty");
    assert_string_equal(drive_phase_name(DRIVE_EJECTED_BY_TARGET), "ejected-by-target");
    assert_string_equal(drive_phase_name(DRIVE_FAILED), "failed");
    assert_string_equal(drive_phase_name((enum drive_phase)77), "unknown");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_an_image_is_opened),
        T(test_each_refusal_names_its_reason),
        T(test_an_unreadable_image_is_named),
        T(test_the_list_is_sorted_and_says_what_cannot_be_used),
        T(test_a_folder_that_went_away),
        T(test_destroy_answers_what_is_open),
        cmocka_unit_test(test_phases_have_stable_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
