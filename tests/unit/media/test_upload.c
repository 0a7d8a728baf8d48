/* An upload arrives whole, or is a sentence that says why not; the library never shows half of one. */
#include "upload_fixture.h"

#define SIZE 3000001

static uint8_t image[SIZE];

static void test_it_appears_when_it_is_whole(void **state)
{
    struct upload_fixture *f = *state;
    char sum[65];
    sum_text(image, SIZE, sum);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = SIZE, .who = "ann", .sha256 = sum}), 0);
    assert_string_equal(f->state.name, "a.img");
    assert_string_equal(f->state.who, "ann");
    assert_int_equal(send_piece(f, 0, image, 1000000, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(f->state.offset, 1000000);
    assert_int_equal(f->state.phase, UPLOAD_ARRIVING);
    assert_true(f->state.expires > 1600000000);
    assert_int_equal(list_library(f), 0);
    assert_int_equal(send_piece(f, 1000000, image + 1000000, SIZE - 1000000, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(f->state.offset, SIZE);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    assert_string_equal(f->state.sha256, sum);
    expect_image(f, "a.img", image, SIZE);
    assert_int_equal(list_library(f), 1);
    assert_int_equal(get_facts(f, "a.img"), 0);
    assert_string_equal(f->facts.sha256, sum);
    assert_int_equal(files_in(f, ".uploads"), 1); /* that it is done is remembered */
    struct upload_state all[4];
    assert_int_equal(uploads_list(f->uploads, all, 4), 1);
    assert_int_equal(uploads_cancel(f->uploads, f->state.id), 0);
    assert_int_equal(uploads_cancel(f->uploads, f->state.id), -ENOENT);
}

static void test_it_goes_on_after_a_restart(void **state)
{
    struct upload_fixture *f = *state;
    char sum[65];
    sum_text(image, SIZE, sum);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = SIZE, .sha256 = sum}), 0);
    for (uint64_t at = 0; at < SIZE;) {
        const size_t n = MIN((size_t)SIZE - at, (size_t)700000);
        assert_int_equal(send_piece(f, at, image + at, n, UPLOAD_CHECK_NONE, NULL), 0);
        at += n;
        close_uploads(f);
        open_uploads(f);
        assert_true(uploads_find(f->uploads, f->state.id, &f->state));
        assert_int_equal(f->state.offset, at);
    }
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    expect_image(f, "a.img", image, SIZE);
    assert_string_equal(f->state.sha256, sum);
    close_uploads(f);
    open_uploads(f);
    assert_true(uploads_find(f->uploads, f->state.id, &f->state));
    assert_int_equal(f->state.phase, UPLOAD_DONE);
}

static void test_a_piece_with_another_sum_is_forgotten(void **state)
{
    struct upload_fixture *f = *state;
    uint8_t right[32], sha1[20], wrong[32] = {1};
    char sum[65];
    sum_text(image, SIZE, sum);
    sum_of(image, 100000, right);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = SIZE, .sha256 = sum}), 0);
    assert_int_equal(send_piece(f, 0, image + 1, 100000, UPLOAD_CHECK_SHA256, right), -EBADMSG);
    assert_int_equal(f->state.offset, 0);
    assert_int_equal(send_piece(f, 0, image, 100000, UPLOAD_CHECK_SHA256, right), 0);
    assert_int_equal(f->state.offset, 100000);
    assert_int_equal(send_piece(f, 100000, image, 200000, UPLOAD_CHECK_SHA1, wrong), -EBADMSG);
    assert_int_equal(f->state.offset, 100000);
    struct upload_writer *writer; /* one that breaks off cannot be checked */
    assert_int_equal(uploads_write(f->uploads, f->state.id, 100000, UPLOAD_CHECK_SHA256, right, &writer), 0);
    assert_int_equal(put(f, writer, image + 7, 600000), 0);
    assert_int_equal(finish_writer(f, writer, false), -EBADMSG);
    assert_int_equal(f->state.offset, 100000);
    assert_int_equal(EVP_Digest(image + 100000, SIZE - 100000, sha1, NULL, EVP_sha1(), NULL), 1);
    assert_int_equal(send_piece(f, 100000, image + 100000, SIZE - 100000, UPLOAD_CHECK_SHA1, sha1), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    expect_image(f, "a.img", image, SIZE);
}

static void test_other_bytes_than_announced_are_no_image(void **state)
{
    struct upload_fixture *f = *state;
    char sum[65];
    sum_text(image, SIZE, sum);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = 5000, .sha256 = sum}), 0);
    assert_int_equal(send_piece(f, 0, image, 5000, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_FAILED);
    assert_non_null(strstr(f->state.why, "its SHA-256 is another"));
    assert_int_equal(list_library(f), 0);
    assert_int_equal(files_in(f, ".uploads"), 1);
    struct upload_writer *writer;
    assert_int_equal(uploads_write(f->uploads, f->state.id, 5000, UPLOAD_CHECK_NONE, NULL, &writer), -EPERM);
}

static void test_two_writers_and_wrong_offsets_are_refused(void **state)
{
    struct upload_fixture *f = *state;
    struct upload_writer *a, *b;
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = SIZE}), 0);
    assert_int_equal(uploads_write(f->uploads, f->state.id, 5, UPLOAD_CHECK_NONE, NULL, &a), -ESTALE);
    assert_int_equal(uploads_write(f->uploads, "0123", 0, UPLOAD_CHECK_NONE, NULL, &a), -ENOENT);
    assert_int_equal(uploads_write(f->uploads, f->state.id, 0, UPLOAD_CHECK_NONE, NULL, &a), 0);
    assert_int_equal(uploads_write(f->uploads, f->state.id, 0, UPLOAD_CHECK_NONE, NULL, &b), -EBUSY);
    assert_int_equal(uploads_cancel(f->uploads, f->state.id), -EBUSY);
    assert_int_equal(put(f, a, image, SIZE), 0);
    assert_int_equal(put(f, a, image, 1), -EFBIG);
    assert_int_equal(finish_writer(f, a, true), -EFBIG);
}

static void test_taken_names_and_images_in_use(void **state)
{
    struct upload_fixture *f = *state;
    const struct upload_request request = {.name = "a.img", .size = 1000},
                                again = {.name = "a.img", .size = 2000, .replace = true};
    assert_int_equal(begin(f, &request), 0);
    struct upload_state first = f->state;
    assert_int_equal(begin(f, &request), -EEXIST);
    assert_non_null(strstr(f->why, "is being uploaded already"));
    f->state = first;
    assert_int_equal(send_piece(f, 0, image, 1000, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    assert_int_equal(begin(f, &request), -EEXIST);
    assert_non_null(strstr(f->why, "is in the library already"));
    library_use(f->library, "a.img");
    assert_int_equal(begin(f, &again), -EBUSY);
    library_unuse(f->library, "a.img");
    assert_int_equal(begin(f, &again), 0);
    library_use(f->library, "a.img"); /* meanwhile */
    assert_int_equal(send_piece(f, 0, image + 9, 2000, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_ARRIVING);
    assert_non_null(strstr(f->state.why, "is in use"));
    expect_image(f, "a.img", image, 1000);
    library_unuse(f->library, "a.img");
    assert_int_equal(send_piece(f, 2000, NULL, 0, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    expect_image(f, "a.img", image + 9, 2000);
}

static void test_hostile_names_sizes_and_sums(void **state)
{
    struct upload_fixture *f = *state;
    static const char *const bad[] = {"", ".", "..", "../x", "/etc/passwd", ".uploads", "a\nb", "a/b", "\xff", "a\x7f"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(begin(f, &(struct upload_request){.name = bad[i], .size = 1}), -EINVAL);
        assert_int_equal(begin(f, &(struct upload_request){.name = "a", .folder = bad[i], .size = 1}), -EINVAL);
    }
    assert_int_equal(begin(f, &(struct upload_request){.name = "a", .folder = "none", .size = 1}), -ENOENT);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a", .size = 0}), -EINVAL);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a", .size = UINT64_MAX}), -EINVAL);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a", .size = 1, .sha256 = "12"}), -EINVAL);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a", .size = 1ull << 60}), -ENOSPC);
    assert_non_null(strstr(f->why, "There is no room for it: it needs 1152921504607 MB"));
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.gz", .size = INT64_MAX}), -ENOSPC);
    char name[300];
    memset(name, 'a', sizeof name);
    name[256] = 0;
    assert_int_equal(begin(f, &(struct upload_request){.name = name, .size = 1}), -EINVAL);
    name[255] = 0;
    assert_int_equal(begin(f, &(struct upload_request){.name = name, .size = 1}), 0);
    assert_int_equal(send_piece(f, 0, image, 1, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
}

static void test_files_of_a_folder(void **state)
{
    struct upload_fixture *f = *state;
    char path[200];
    snprintf(path, sizeof path, "%s/answers", f->folder);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(begin(f, &(struct upload_request){.name = "meta-data", .folder = "answers", .size = 0}), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    assert_int_equal(begin(f, &(struct upload_request){.name = "x.gz", .folder = "answers", .size = 3}), 0);
    assert_int_equal(send_piece(f, 0, (const uint8_t *)"\x1f\x8b\x08", 3, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    expect_image(f, "answers/x.gz", (const uint8_t *)"\x1f\x8b\x08", 3); /* such a file stays as it is */
    assert_int_equal(files_in(f, "answers"), 2);
    assert_int_equal(files_in(f, ".facts"), 0);
}

static void test_too_many_at_a_time(void **state)
{
    struct upload_fixture *f = *state;
    char name[32];
    for (unsigned i = 0; i < UPLOAD_MAX; i++) {
        snprintf(name, sizeof name, "%u", i);
        assert_int_equal(begin(f, &(struct upload_request){.name = name, .size = 10}), 0);
    }
    assert_int_equal(begin(f, &(struct upload_request){.name = "x", .size = 10}), -EMFILE);
    assert_int_equal(uploads_cancel(f->uploads, f->state.id), 0);
    assert_int_equal(begin(f, &(struct upload_request){.name = "x", .size = 10}), 0);
}

static void test_destroy_answers_whoever_waits(void **state)
{
    struct upload_fixture *f = *state;
    struct upload_writer *writer, *closing;
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = SIZE}), 0);
    assert_int_equal(uploads_write(f->uploads, f->state.id, 0, UPLOAD_CHECK_NONE, NULL, &writer), 0);
    assert_int_equal(begin(f, &(struct upload_request){.name = "b.img", .size = SIZE}), 0);
    assert_int_equal(uploads_write(f->uploads, f->state.id, 0, UPLOAD_CHECK_NONE, NULL, &closing), 0);
    f->answered = false;
    upload_writer_put(writer, image, SIZE, on_more, f);
    struct upload_fixture other = {.error = 0};
    upload_writer_put(closing, image, 1000, on_more, &other);
    other.answered = false;
    upload_writer_close(closing, true, on_closed, &other);
    f->answered = false;
    f->uploads = uploads_destroy(f->uploads);
    assert_true(other.answered);
    assert_int_equal(other.error, -ECANCELED);
    f->answered = false;
    upload_writer_close(writer, true, on_closed, f);
    assert_true(f->answered);
    assert_int_equal(f->error, -ECANCELED);
}

int main(void)
{
    uint32_t x = 3;
    for (size_t i = 0; i < SIZE; i++) {
        x = x * 1664525 + 1013904223;
        image[i] = (uint8_t)(x >> 24);
    }
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_it_appears_when_it_is_whole),
        T(test_it_goes_on_after_a_restart),
        T(test_a_piece_with_another_sum_is_forgotten),
        T(test_other_bytes_than_announced_are_no_image),
        T(test_two_writers_and_wrong_offsets_are_refused),
        T(test_taken_names_and_images_in_use),
        T(test_hostile_names_sizes_and_sums),
        T(test_files_of_a_folder),
        T(test_too_many_at_a_time),
        T(test_destroy_answers_whoever_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
