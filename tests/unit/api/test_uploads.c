/* Uploads as a tus 1.0.0 client makes them, and every wrong header named. */
#include "library_calls.h"

#include "api/upload_metadata.h"

#define UPLOADS "/api/v1/uploads"
#define VERSION "tus-resumable:", "1.0.0"
#define OCTETS "content-type:", "application/offset+octet-stream"

/* Base64 of "a.img". */
#define A_IMG "filename YS5pbWc="

static char upload[64]; /* path of the last one made */

static void give_body(const char *bytes)
{
    const size_t size = strlen(bytes);
    for (size_t at = 0; at < size && !f.status; at++) { /* one byte at a time */
        f.more_wanted = false;
        f.call.on_body->piece(f.call.on_body_data, bytes + at, 1);
        const uint64_t limit = clock_now_us() + 120000000;
        while (!f.more_wanted && !f.status && clock_now_us() < limit)
            loop_dispatch(f.loop, 50);
    }
    if (!f.status)
        f.call.on_body->end(f.call.on_body_data);
}

static void request(enum route_method method, const char *path, const char *const *headers, const char *bytes,
                    int status, const char *header)
{
    f.headers = headers;
    f.body_length = strlen(bytes);
    assert_true(fixture_call(&f, method, path, "", "", 0));
    if (!f.status && f.call.on_body)
        give_body(bytes);
    wait_reply();
    f.headers = NULL;
    f.body_length = 0;
    if (f.status != status || !strstr(f.reply_headers, header))
        fail_msg("%s -> %d %s\n%s (expected %d with %s)", path, f.status, f.body, f.reply_headers, status, header);
    const char *location = strstr(f.reply_headers, "Location: ");
    if (location)
        snprintf(upload, sizeof upload, "%.*s", (int)strcspn(location + 10, "\n"), location + 10);
}

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void head(int status, const char *header)
{
    f.head = true;
    request(ROUTE_GET, upload, HEADERS(VERSION), "", status, header);
    f.head = false;
}

static void wait_phase(const char *phase)
{
    const uint64_t limit = clock_now_us() + 120000000;
    do {
        loop_dispatch(f.loop, 20);
        expect_later(ROUTE_GET, upload, "", 200, "\"phase\":");
    } while (!strstr(f.body, phase) && clock_now_us() < limit);
    assert_non_null(strstr(f.body, phase));
}

static void test_created_appended_done(void **state)
{
    (void)state;
    request(ROUTE_POST, UPLOADS, HEADERS(VERSION, "upload-length:", "10", "upload-metadata:", A_IMG), "", 201,
            "Upload-Offset: 0");
    assert_non_null(strstr(f.reply_headers, "Upload-Expires: "));
    head(200, "Upload-Length: 10");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "0"), "01234", 204, "Upload-Offset: 5");
    head(200, "Upload-Offset: 5");
    expect_later(ROUTE_GET, UPLOADS, "", 200, "\"name\":\"a.img\"");
    assert_non_null(strstr(f.body, "\"who\":\"ann\""));
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "5"), "56789", 204, "Upload-Offset: 10");
    wait_phase("\"phase\":\"done\"");
    assert_non_null(strstr(f.body, "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"));
    head(200, "Upload-Offset: 10");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "10"), "", 204, "Upload-Offset: 10");
    expect_later(ROUTE_GET, "/api/v1/images/a.img", "", 200, "84d89877");
    request(ROUTE_DELETE, upload, HEADERS(VERSION), "", 204, "Tus-Resumable: 1.0.0");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "10"), "", 404, "Tus-Resumable");
}

static void test_created_with_its_bytes(void **state)
{
    (void)state;
    request(ROUTE_POST, UPLOADS,
            HEADERS(VERSION, OCTETS, "upload-length:", "10", "upload-metadata:", A_IMG ",replace,filetype eA=="),
            "0123456789", 201, "Upload-Offset: 10");
    wait_phase("\"phase\":\"done\"");
    request(ROUTE_POST, UPLOADS, HEADERS(VERSION, "upload-length:", "10", "upload-metadata:", A_IMG), "", 409, "");
    assert_non_null(strstr(f.body, "name-taken"));
    /* one with another checksum leaves nothing */
    request(ROUTE_POST, UPLOADS,
            HEADERS(VERSION, OCTETS, "upload-length:", "3",
                    "upload-metadata:", "filename Yg==", "upload-checksum:", "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            "abc", 460, "");
    expect_later(ROUTE_GET, UPLOADS, "", 200, "{\"uploads\":[{");
    assert_null(strstr(f.body, "\"name\":\"b\""));
}

static void test_checksums_of_pieces(void **state)
{
    (void)state;
    request(ROUTE_POST, UPLOADS, HEADERS(VERSION, "upload-length:", "6", "upload-metadata:", A_IMG), "", 201, "");
    const char *sha1 = "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=";                     /* abc */
    const char *sha256 = "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="; /* abc */
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "0", "upload-checksum:", sha1), "abd", 460,
            "");
    head(200, "Upload-Offset: 0");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "0", "upload-checksum:", sha1), "abc", 204,
            "Upload-Offset: 3");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "3", "upload-checksum:", sha256), "abc",
            204, "Upload-Offset: 6");
    wait_phase("\"phase\":\"done\"");
}

static void test_wrong_headers_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *const headers[12];
        int status;
        const char *code;
    } wrong[] = {
        {{"upload-length:", "10", "upload-metadata:", A_IMG}, 412, "bad-version"},
        {{"tus-resumable:", "0.2.2", "upload-length:", "10", "upload-metadata:", A_IMG}, 412, "bad-version"},
        {{VERSION, "upload-metadata:", A_IMG}, 400, "bad-length"},
        {{VERSION, "upload-length:", "-1", "upload-metadata:", A_IMG}, 400, "bad-length"},
        {{VERSION, "upload-length:", "18446744073709551616", "upload-metadata:", A_IMG}, 400, "bad-length"},
        {{VERSION, "upload-length:", "18446744073709551615", "upload-metadata:", A_IMG}, 422, "bad-name"},
        {{VERSION, "upload-length:", "1152921504606846976", "upload-metadata:", A_IMG}, 507, "no-room"},
        {{VERSION, "upload-length:", "10"}, 400, "bad-metadata"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", "name YQ=="}, 400, "it has none"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", "filename ****"}, 400, "no base64"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", "filename YQBi"}, 400, "no text"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", "filename YQ==,filename Yg=="}, 400, "twice"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", "filename Li4vYQ=="}, 422, "bad-name"}, /* ../a */
        {{VERSION, "upload-length:", "10", "upload-metadata:", A_IMG ",folder bm9uZQ=="}, 404, "no-such-folder"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", A_IMG ",sha256 YQ=="}, 422, "sha256"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", A_IMG, "upload-checksum:", "md5 YQ=="},
         400,
         "bad-checksum"},
        {{VERSION, "upload-length:", "10", "upload-metadata:", A_IMG, "upload-checksum:", "sha1 YQ=="},
         400,
         "bad-checksum"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        request(ROUTE_POST, UPLOADS, wrong[i].headers, "", wrong[i].status, "Tus-Resumable: 1.0.0");
        if (!strstr(f.body, wrong[i].code))
            fail_msg("%zu: %s has no %s", i, f.body, wrong[i].code);
    }
    expect_later(ROUTE_GET, UPLOADS, "", 200, "{\"uploads\":[]}");
    request(ROUTE_POST, UPLOADS, HEADERS(VERSION, "upload-length:", "10", "upload-metadata:", A_IMG), "x", 415, "");
    request(ROUTE_POST, UPLOADS, HEADERS(VERSION, OCTETS, "upload-length:", "1", "upload-metadata:", A_IMG), "xy", 413,
            "");
}

static void test_wrong_pieces_are_named(void **state)
{
    (void)state;
    request(ROUTE_POST, UPLOADS, HEADERS(VERSION, "upload-length:", "3", "upload-metadata:", A_IMG), "", 201, "");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "1"), "x", 409, "");
    assert_non_null(strstr(f.body, "goes on at byte 0"));
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS), "x", 400, "");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, "upload-offset:", "0"), "x", 415, "");
    request(ROUTE_PATCH, upload, HEADERS(OCTETS, "upload-offset:", "0"), "x", 412, "Tus-Version: 1.0.0");
    request(ROUTE_PATCH, upload, HEADERS(VERSION, OCTETS, "upload-offset:", "0"), "wxyz", 413, "");
    request(ROUTE_PATCH, UPLOADS "/0123", HEADERS(VERSION, OCTETS, "upload-offset:", "0"), "x", 404, "");
    head(200, "Upload-Offset: 0");
    f.head = true;
    request(ROUTE_GET, upload, HEADERS("x", "y"), "", 412, "");
    request(ROUTE_GET, UPLOADS "/0123", HEADERS(VERSION), "", 404, "");
    f.head = false;
    request(ROUTE_DELETE, upload, HEADERS("tus-resumable:", "2"), "", 412, "");
    request(ROUTE_DELETE, upload, HEADERS("x", "y"), "", 204, "");
}

static void test_a_broken_request_keeps_what_came(void **state)
{
    (void)state;
    request(ROUTE_POST, UPLOADS, HEADERS(VERSION, "upload-length:", "6", "upload-metadata:", A_IMG), "", 201, "");
    f.headers = HEADERS(VERSION, OCTETS, "upload-offset:", "0");
    f.body_length = 6;
    assert_true(fixture_call(&f, ROUTE_PATCH, upload, "", "", 0));
    f.call.on_body->piece(f.call.on_body_data, "abc", 3);
    f.call.on_body->broken(f.call.on_body_data);
    wait_reply();
    f.body_length = 0;
    head(200, "Upload-Offset: 3");
    /* before it is there, nobody can ever ask for it */
    f.headers = HEADERS(VERSION, OCTETS, "upload-length:", "6", "upload-metadata:", "filename Yg==");
    f.body_length = 6;
    assert_true(fixture_call(&f, ROUTE_POST, UPLOADS, "", "", 0));
    f.call.on_body->piece(f.call.on_body_data, "abc", 3);
    f.call.on_body->broken(f.call.on_body_data);
    wait_reply();
    f.headers = NULL;
    f.body_length = 0;
    expect_later(ROUTE_GET, UPLOADS, "", 200, "\"name\":\"a.img\"");
}

static void test_options(void **state)
{
    (void)state;
    request(ROUTE_OPTIONS, UPLOADS, HEADERS("x", "y"), "", 204, "Tus-Checksum-Algorithm: sha1,sha256");
    assert_non_null(strstr(f.reply_headers, "creation-with-upload"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_library, tear_down_library)
    const struct CMUnitTest tests[] = {
        T(test_created_appended_done),
        T(test_created_with_its_bytes),
        T(test_checksums_of_pieces),
        T(test_wrong_headers_are_named),
        T(test_wrong_pieces_are_named),
        T(test_a_broken_request_keeps_what_came),
        T(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
