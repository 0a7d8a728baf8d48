/* How a finished file becomes an image: whole, under a free name, never in place of one that is served. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/text.h"
#include "media/library_entry.h"

struct fixture {
    struct loop *loop;
    struct worker_pool *io;
    struct library *library;
    char folder[64], got[256];
    int hidden_fd;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.lib.XXXXXX");
    if (!mkdtemp(f->folder) || loop_create(&f->loop) < 0 || worker_pool_create(f->loop, "io", 1, &f->io) < 0)
        return -1;
    int r = library_create(open(f->folder, O_PATH | O_DIRECTORY | O_CLOEXEC), f->io, &f->library);
    f->hidden_fd = r < 0 ? -1 : library_hidden_folder(f->library, "uploads");
    return f->hidden_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[256];
    close(f->hidden_fd);
    library_destroy(f->library);
    worker_pool_destroy(f->io);
    loop_destroy(f->loop);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int r = system(command);
    free(f);
    return r;
}

static void make(const struct fixture *f, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    _cleanup_close_ int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void expect_text(const struct fixture *f, const char *name, const char *text)
{
    char path[400], room[64] = "";
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s is missing", path);
    assert_true(read(fd, room, sizeof room - 1) >= 0);
    assert_string_equal(room, text);
}

static int adopt(struct fixture *f, const char *text, const char *folder, const char *name, bool replace)
{
    make(f, ".uploads/part", text);
    memset(f->got, 0, sizeof f->got);
    return library_adopt(f->library, f->hidden_fd, "part", folder, name, replace, f->got);
}

static void test_it_gets_its_name_or_a_numbered_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(adopt(f, "one", NULL, "d.iso", false), 0);
    assert_string_equal(f->got, "d.iso");
    assert_int_equal(adopt(f, "two", NULL, "d.iso", false), 0);
    assert_string_equal(f->got, "d (2).iso");
    assert_int_equal(adopt(f, "three", NULL, "d.iso", false), 0);
    assert_string_equal(f->got, "d (3).iso");
    expect_text(f, "d.iso", "one");
    expect_text(f, "d (2).iso", "two");
    assert_int_equal(faccessat(f->hidden_fd, "part", F_OK, 0), -1);
    assert_int_equal(library_adopt(f->library, f->hidden_fd, "part", NULL, "x", false, f->got), -ENOENT);
}

static void test_only_one_that_nobody_uses_is_replaced(void **state)
{
    struct fixture *f = *state;
    make(f, "d.iso", "old");
    library_use(f->library, "d.iso");
    library_use(f->library, "d.iso");
    assert_int_equal(adopt(f, "new", NULL, "d.iso", true), -EBUSY);
    library_unuse(f->library, "d.iso");
    assert_true(library_in_use(f->library, "d.iso"));
    assert_int_equal(adopt(f, "new", NULL, "d.iso", true), -EBUSY);
    expect_text(f, "d.iso", "old");
    library_unuse(f->library, "d.iso");
    assert_false(library_in_use(f->library, "d.iso"));
    library_unuse(f->library, "d.iso");
    assert_int_equal(adopt(f, "new", NULL, "d.iso", true), 0);
    expect_text(f, "d.iso", "new");
}

static void test_names_that_lead_elsewhere_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"", ".", "..", "../x", "a/b", ".hidden", "a\nb", "\xff"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(adopt(f, "x", NULL, bad[i], i % 2), -EINVAL);
        assert_int_equal(adopt(f, "x", bad[i], "x", false), -EINVAL);
    }
    char command[256];
    snprintf(command, sizeof command, "cd '%s' && ln -s /tmp out && mkdir real", f->folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(adopt(f, "x", "out", "x", false), -ENOTDIR);
    assert_int_equal(adopt(f, "x", "missing", "x", false), -ENOENT);
    assert_int_equal(adopt(f, "x", NULL, "real", true), -EISDIR);
    assert_int_equal(adopt(f, "answer", "real", "autounattend.xml", false), 0);
    expect_text(f, "real/autounattend.xml", "answer");
    assert_int_equal(library_hidden_folder(f->library, "../x"), -EINVAL);
}

static void test_numbered_names_stay_short_and_whole(void **state)
{
    (void)state;
    char name[256], room[256];
    library_name_numbered("noext", 7, room);
    assert_string_equal(room, "noext (7)");
    for (size_t i = 0; i < 250; i += 2)
        memcpy(name + i, "\xc3\xa4", 3);
    memcpy(name + 250, ".iso", 5);
    library_name_numbered(name, 999, room);
    assert_true(library_name_plain(room));
    assert_non_null(strstr(room, " (999).iso"));
}

static void test_space_keeps_a_reserve(void **state)
{
    struct fixture *f = *state;
    uint64_t available, total;
    assert_int_equal(library_space(f->library, &available, &total), 0);
    assert_true(available < total);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_it_gets_its_name_or_a_numbered_one),
        T(test_only_one_that_nobody_uses_is_replaced),
        T(test_names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(test_numbered_names_stay_short_and_whole),
        T(test_space_keeps_a_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
