/* The image library over REST. */
#include "library_calls.h"

#define IMAGES "/api/v1/images"

static void test_the_list_says_what_is_there_and_how_much_room(void **state)
{
    (void)state;
    make_file("a.iso", "some bytes");
    make_file(".hidden", "x");
    expect_later(ROUTE_GET, IMAGES, "", 200, "\"name\":\"a.iso\",\"size\":10");
    assert_non_null(strstr(f.body, "\"folder\":false,\"in_use\":false"));
    assert_non_null(strstr(f.body, "\"free\":"));
    assert_null(strstr(f.body, "hidden"));
    library_use(f.api.library, "a.iso");
    expect_later(ROUTE_GET, IMAGES, "", 200, "\"in_use\":true");
    library_unuse(f.api.library, "a.iso");
}

static void test_one_image_with_its_facts(void **state)
{
    (void)state;
    make_file("a.img", "some bytes");
    expect_later(ROUTE_GET, IMAGES "/a.img", "", 200, "\"format\":\"unknown\"");
    assert_non_null(strstr(f.body, "\"sha256\":null,\"summing\":null"));
    assert_non_null(strstr(f.body, "\"firmware\":\""));
    expect_later(ROUTE_GET, IMAGES "/b.img", "", 404, "no-such-image");
    make_file("empty.img", "");
    expect_later(ROUTE_GET, IMAGES "/empty.img", "", 200, "\"usable\":false,\"why\":\"empty\"");
}

static void test_a_sum_is_counted_and_kept(void **state)
{
    (void)state;
    make_file("a.img", "abc");
    expect_later(ROUTE_POST, IMAGES "/a.img/sha256", "", 202, "\"name\":\"a.img\"");
    const uint64_t limit = clock_now_us() + 120000000;
    do
        expect_later(ROUTE_GET, IMAGES "/a.img", "", 200, "\"sha256\":");
    while (strstr(f.body, "\"sha256\":null") && clock_now_us() < limit);
    assert_non_null(strstr(f.body, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    /* and comes along */
    expect_later(ROUTE_PATCH, IMAGES "/a.img", "{\"name\":\"b.img\"}", 200, "ba7816bf");
    assert_non_null(strstr(f.body, "\"name\":\"b.img\""));
}

static void test_changes_and_their_refusals(void **state)
{
    (void)state;
    make_file("a.img", "abc");
    make_file("b.img", "abc");
    expect_later(ROUTE_PATCH, IMAGES "/a.img", "{\"name\":\"b.img\"}", 409, "name-taken");
    expect_later(ROUTE_PATCH, IMAGES "/a.img", "{\"name\":\"../b.img\"}", 422, "bad-name");
    expect_later(ROUTE_PATCH, IMAGES "/a.img", "{\"name\":\".facts\"}", 422, "bad-name");
    expect_later(ROUTE_PATCH, IMAGES "/a.img", "{\"nam\":\"x\"}", 400, "unknown-key");
    expect_later(ROUTE_PATCH, IMAGES "/.uploads", "{\"name\":\"x\"}", 422, "bad-name");
    library_use(f.api.library, "a.img");
    expect_later(ROUTE_PATCH, IMAGES "/a.img", "{\"name\":\"c.img\"}", 409, "in-use");
    expect_later(ROUTE_DELETE, IMAGES "/a.img", "", 409, "in-use");
    library_unuse(f.api.library, "a.img");
    expect_later(ROUTE_DELETE, IMAGES "/a.img", "", 204, "");
    expect_later(ROUTE_DELETE, IMAGES "/a.img", "", 404, "no-such-image");
    expect_later(ROUTE_DELETE, IMAGES "/..", "", 422, "bad-name");
}

static void test_folders_and_their_files(void **state)
{
    (void)state;
    expect_later(ROUTE_POST, "/api/v1/folders", "{\"name\":\"answers\"}", 201, "\"folder\":true");
    expect_later(ROUTE_GET, IMAGES "/answers", "", 200, "with the label ANSWERS");
    expect_later(ROUTE_POST, "/api/v1/folders", "{\"name\":\"answers\"}", 409, "name-taken");
    expect_later(ROUTE_POST, "/api/v1/folders", "{\"name\":\"a/b\"}", 422, "bad-name");
    make_file("answers/autounattend.xml", "<x/>");
    expect_later(ROUTE_GET, IMAGES "/answers", "", 200, "\"files\":[{\"name\":\"autounattend.xml\",\"size\":4}]");
    expect_later(ROUTE_DELETE, IMAGES "/answers/files/none", "", 404, "no-such-image");
    expect_later(ROUTE_DELETE, IMAGES "/answers/files/autounattend.xml", "", 204, "");
    make_file("answers/more", "x");
    expect_later(ROUTE_DELETE, IMAGES "/answers", "", 204, "");
    expect_later(ROUTE_GET, IMAGES "/answers", "", 404, "no-such-image");
}

static void expect_raw(const char *range, const char *if_range, int status, const char *body, const char *header)
{
    const char *const headers[] = {range ? "range:" : "x", range ? range : "", if_range ? "if-range:" : "x",
                                   if_range ? if_range : "", NULL};
    f.headers = headers;
    expect_later(ROUTE_GET, IMAGES "/a.img/raw", "", status, "");
    f.headers = NULL;
    if (status < 400) {
        assert_int_equal(f.body_size, strlen(body));
        assert_memory_equal(f.body, body, strlen(body));
    }
    if (!strstr(f.reply_headers, header))
        fail_msg("no %s in %s", header, f.reply_headers);
}

static void test_downloads_with_ranges(void **state)
{
    (void)state;
    char tag[128];
    make_file("a.img", "0123456789");
    expect_raw(NULL, NULL, 200, "0123456789", "Accept-Ranges: bytes");
    const char *etag = strstr(f.reply_headers, "ETag: ");
    assert_non_null(etag);
    snprintf(tag, sizeof tag, "%.*s", (int)strcspn(etag + 6, "\n"), etag + 6);
    expect_raw("bytes=2-4", NULL, 206, "234", "Content-Range: bytes 2-4/10");
    expect_raw("bytes=-3", tag, 206, "789", "Content-Range: bytes 7-9/10");
    expect_raw("bytes=2-4", "\"another\"", 200, "0123456789", "ETag: ");
    expect_raw("bytes=10-", NULL, 416, "", "Content-Range: bytes */10");
    expect_raw("lines=1", NULL, 200, "0123456789", "ETag: ");
    make_file("a.img", "0123456789a");
    expect_raw("bytes=2-4", tag, 200, "0123456789a", "filename*=UTF-8''a.img");
    expect_later(ROUTE_GET, IMAGES "/none/raw", "", 404, "no-such-image");
    expect_later(ROUTE_POST, "/api/v1/folders", "{\"name\":\"d\"}", 201, "");
    expect_later(ROUTE_GET, IMAGES "/d/raw", "", 422, "bad-image");
}

static void test_without_a_library(void **state)
{
    (void)state;
    struct library *library = take(f.api.library);
    expect_later(ROUTE_GET, IMAGES, "", 200, "\"images\":[]");
    expect_later(ROUTE_GET, IMAGES "/a", "", 404, "no-library");
    expect_later(ROUTE_DELETE, IMAGES "/a", "", 404, "no-library");
    expect_later(ROUTE_GET, IMAGES "/a/raw", "", 404, "no-library");
    f.api.library = library;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_library, tear_down_library)
    const struct CMUnitTest tests[] = {
        T(test_the_list_says_what_is_there_and_how_much_room),
        T(test_one_image_with_its_facts),
        T(test_a_sum_is_counted_and_kept),
        T(test_changes_and_their_refusals),
        T(test_folders_and_their_files),
        T(test_downloads_with_ranges),
        T(test_without_a_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
