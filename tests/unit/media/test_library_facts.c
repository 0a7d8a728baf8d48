/* What an image is, is told once: what a target writes later changes nothing, what somebody replaces by hand is looked
 * at again. And the library's records are read as what anybody may have written. */
#include "media/library_entry.h"
#include "media/library_record.h"
#include "upload_fixture.h"

static int open_file(const struct upload_fixture *f, const char *name, int flags)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    int fd = open(path, flags | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    return fd;
}

static void make(const struct upload_fixture *f, const char *name, const char *begin, size_t size)
{
    uint8_t bytes[4096] = {0};
    _cleanup_close_ int fd = open_file(f, name, O_CREAT | O_TRUNC | O_WRONLY);
    memcpy(bytes, begin, size);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
}

static enum drive_kind opened_kind;

static void on_open(void *data, int error, const char *why, int fd, const struct library_image *image)
{
    struct upload_fixture *f = data;
    if (image)
        opened_kind = image->kind;
    f->answered = true;
    f->error = error;
    text_copy(f->why, sizeof f->why, why);
    if (fd >= 0)
        close(fd);
}

static int open_image(struct upload_fixture *f, const char *name, bool writable)
{
    f->answered = false;
    assert_int_equal(library_open(f->library, name, writable, on_open, f), 0);
    wait_for(f, &f->answered);
    return f->error;
}

static void expect_format(struct upload_fixture *f, const char *name, enum image_format format)
{
    assert_int_equal(get_facts(f, name), 0);
    assert_string_equal(image_format_name(f->facts.image.format), image_format_name(format));
}

static void on_sum(void *data, int error, const char *why, const struct library_facts *facts)
{
    on_facts(data, error, why, facts);
}

static void sum(struct upload_fixture *f, const char *name)
{
    f->answered = false;
    assert_int_equal(library_sum(f->library, name, on_sum, f), 0);
    assert_int_equal(library_sum(f->library, name, on_sum, f), -EALREADY);
    wait_for(f, &f->answered);
    assert_int_equal(f->error, 0);
}

static void test_what_a_target_writes_changes_nothing(void **state)
{
    struct upload_fixture *f = *state;
    make(f, "a.img", "", 0);
    expect_format(f, "a.img", IMAGE_UNKNOWN);
    sum(f, "a.img");
    expect_format(f, "a.img", IMAGE_UNKNOWN);
    assert_int_equal(strlen(f->facts.sha256), 64);
    assert_int_equal(open_image(f, "a.img", true), 0);
    int fd = open_file(f, "a.img", O_RDWR);
    assert_int_equal(pwrite(fd, "\x1f\x8b\x08", 3, 0), 3);
    close(fd);
    expect_format(f, "a.img", IMAGE_UNKNOWN);
    assert_string_equal(f->facts.sha256, ""); /* of what it was */
    sum(f, "a.img");
    close_uploads(f); /* also after a restart */
    open_uploads(f);
    expect_format(f, "a.img", IMAGE_UNKNOWN);
    assert_int_equal(strlen(f->facts.sha256), 64);
}

static void test_what_was_never_asked_is_told_before_it_is_written(void **state)
{
    struct upload_fixture *f = *state;
    make(f, "a.img", "\x1f\x8b\x08", 3);
    assert_int_equal(open_image(f, "a.img", true), 0);
    make(f, "a.img", "", 0);
    expect_format(f, "a.img", IMAGE_GZIP);
    char path[300]; /* another file in its place is another image */
    make(f, "new", "", 0);
    snprintf(path, sizeof path, "mv '%s/new' '%s/a.img'", f->folder, f->folder);
    assert_int_equal(system(path), 0);
    expect_format(f, "a.img", IMAGE_UNKNOWN);
}

static void test_by_hand_it_is_looked_at_again(void **state)
{
    struct upload_fixture *f = *state;
    make(f, "a.img", "", 0);
    expect_format(f, "a.img", IMAGE_UNKNOWN);
    int fd = open_file(f, "a.img", O_RDWR);
    assert_int_equal(pwrite(fd, "\x1f\x8b\x08", 3, 0), 3);
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1700000000}};
    assert_int_equal(futimens(fd, times), 0); /* whatever the clock's steps are */
    close(fd);
    expect_format(f, "a.img", IMAGE_GZIP);
}

static enum drive_kind listed_kind;

static void on_kind(void *data, int error, const struct library_image *images, size_t n)
{
    struct upload_fixture *f = data;
    f->answered = true;
    f->error = error;
    if (n)
        listed_kind = images[0].kind;
}

static void expect_kind(struct upload_fixture *f, const char *name, enum drive_kind kind)
{
    f->answered = false;
    listed_kind = opened_kind = (enum drive_kind) - 1;
    assert_int_equal(library_list(f->library, on_kind, f), 0);
    wait_for(f, &f->answered);
    assert_int_equal(listed_kind, kind);
    assert_int_equal(open_image(f, name, false), 0);
    assert_int_equal(opened_kind, kind);
}

static void test_the_kind_is_what_it_is_before_how_it_is_named(void **state)
{
    struct upload_fixture *f = *state;
    const struct library_facts disc = {.image.format = IMAGE_ISO}, disk = {.image.format = IMAGE_DISK}, other = {0};
    make(f, "stick.img", "", 0);
    expect_kind(f, "stick.img", DRIVE_DISK);
    assert_int_equal(library_facts_keep(f->library, "stick.img", &disc), 0);
    expect_kind(f, "stick.img", DRIVE_CDROM);
    assert_int_equal(library_facts_keep(f->library, "stick.img", &other), 0);
    expect_kind(f, "stick.img", DRIVE_DISK);
    assert_int_equal(library_kind("a.ISO", NULL), DRIVE_CDROM);
    assert_int_equal(library_kind("a.iso", &other.image), DRIVE_CDROM);
    assert_int_equal(library_kind("a.iso", &disk.image), DRIVE_DISK);
    assert_int_equal(library_kind(".iso", NULL), DRIVE_DISK);
}

static void test_facts_that_cannot_be_kept_forbid_writing(void **state)
{
    struct upload_fixture *f = *state;
    make(f, "a.img", "", 0);
    close(open_file(f, ".facts", O_CREAT | O_WRONLY)); /* a file where the folder should be */
    assert_int_equal(get_facts(f, "a.img"), 0);
    assert_true(open_image(f, "a.img", true) < 0);
    assert_non_null(strstr(f->why, "cannot be kept beside it"));
    assert_int_equal(open_image(f, "a.img", false), 0);
}

static void test_a_spoilt_record_is_looked_for_again(void **state)
{
    struct upload_fixture *f = *state;
    make(f, "a.img", "\x1f\x8b\x08", 3);
    expect_format(f, "a.img", IMAGE_GZIP);
    int fd = open_file(f, ".facts/a.img", O_RDWR);
    assert_int_equal(pwrite(fd, "x", 1, 40), 1);
    close(fd);
    expect_format(f, "a.img", IMAGE_GZIP);
    struct library_record record;
    assert_int_equal(library_record_parse("facts 1\nend 1\n", 14, &record), 0);
    static const char *const bad[] = {"",
                                      "facts 1\n",
                                      "facts 2\nend 1\n",
                                      "facts 1\nend 1\nmore 1\n",
                                      "facts 1\nrange-size 1\nend 1\n",
                                      "facts 1\nlabel a\x01\nend 1\n",
                                      "facts 1\nsha256 12\nend 1\n",
                                      "facts 1\nsize 99999999999999999999\nend 1\n"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(library_record_parse(bad[i], strlen(bad[i]), &record), -EBADMSG);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_what_a_target_writes_changes_nothing), T(test_what_was_never_asked_is_told_before_it_is_written),
        T(test_by_hand_it_is_looked_at_again),        T(test_facts_that_cannot_be_kept_forbid_writing),
        T(test_a_spoilt_record_is_looked_for_again),  T(test_the_kind_is_what_it_is_before_how_it_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
