/* What may be asked to be in a drive, how a drive is shown, and what is answered when a source fails. */
#include "api/drive_spec.h"
#include "api_calls.h"

#include <sys/socket.h>

#define INSERT TARGET "/drives/0/insert"
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void an_address_is_judged_before_anybody_calls_it(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool good;
        enum medium_origin origin;
    } cases[] = {
        {"http://a/b.iso", true, MEDIUM_URL},
        {"https://[2001:db8::1]:8443/b.iso?x=1#y", true, MEDIUM_URL},
        {"nbd://host/export", true, MEDIUM_NBD},
        {"nbds://host:10809/", true, MEDIUM_NBD},
        {"https://mirror/a@b.iso", true, MEDIUM_URL},
        {"ftp://a/b", false, 0},
        {"HTTP://a/b", false, 0},
        {"http:///b", false, 0},
        {"https://user:word@host/b", false, 0},
        {"https://a/b c", false, 0},
        {"https://a/b\r\nHost: c", false, 0},
        {"https://a/\xC3\xA4", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        enum medium_origin origin = MEDIUM_STREAM;
        const char *why = NULL;
        assert_int_equal(api_media_url(cases[i].url, &origin, &why), cases[i].good);
        assert_int_equal(!why, cases[i].good);
        if (cases[i].good)
            assert_int_equal(origin, cases[i].origin);
    }
    char text[2 * MEDIUM_URL_MAX] = "http://a/";
    enum medium_origin origin;
    const char *why;
    memset(text + 9, 'b', MEDIUM_URL_MAX - 10);
    assert_true(api_media_url(text, &origin, &why));
    text[MEDIUM_URL_MAX - 1] = 'b';
    assert_false(api_media_url(text, &origin, &why));
}

static void all_that_was_asked_for_arrives(void **state)
{
    (void)state;
    expect(ROUTE_POST, INSERT,
           "{\"url\":\"https://m/a.iso?key=secret\",\"kind\":\"disk\",\"overlay\":\"keep\",\"boot_once\":true,"
           "\"copy\":true,\"rate\":1000,\"user\":\"u\",\"password\":\"p\",\"ca\":\"pem\"}",
           200, "\"phase\":\"inserted\"");
    assert_int_equal(f.spec.origin, MEDIUM_URL);
    assert_int_equal(f.spec.kind, DRIVE_DISK);
    assert_int_equal(f.spec.overlay, MEDIUM_OVERLAY_KEEP);
    assert_true(f.spec.boot_once && f.spec.copy);
    assert_false(f.spec.read_only); /* who asks for an overlay wants to write */
    assert_int_equal(f.spec.rate, 1000);
    expect(ROUTE_POST, INSERT, "{\"library\":\"a.img\"}", 200, "\"medium\":\"a.img\"");
    assert_int_equal(f.spec.kind, -1);
    assert_true(f.spec.read_only);
    expect(ROUTE_POST, INSERT, "{\"image\":\"a.img\",\"overlay\":\"discard\",\"read_only\":true}", 200, "");
    assert_true(f.spec.read_only);
}

/* Whether this stands in one of the audit lines since the last call; the other stands in none. */
static bool audited(const char *text, const char *never)
{
    static uint8_t room[65536];
    ssize_t n;
    bool found = false;
    while ((n = recv(f.keeper_end, room, sizeof room, MSG_DONTWAIT)) > 0) {
        assert_null(memmem(room, (size_t)n, never, strlen(never)));
        found |= memmem(room, (size_t)n, text, strlen(text)) != NULL;
    }
    return found;
}

static void no_secret_of_an_address_is_written_down(void **state)
{
    (void)state;
    expect(ROUTE_POST, INSERT, "{\"url\":\"https://m/b.iso?key=hush\",\"user\":\"hush\",\"password\":\"hush\"}", 200,
           "");
    assert_true(audited("https://m/b.iso", "hush"));
    expect(ROUTE_POST, INSERT, "{\"url\":\"https://m/c.iso#hush\"}", 200, "");
    assert_true(audited("https://m/c.iso", "hush"));
    expect(ROUTE_POST, INSERT, "{\"url\":\"https://hush:hush@m/d.iso\"}", 422, "");
    assert_false(audited("d.iso", "hush"));
}

static void what_is_asked_wrongly_is_named(void **state)
{
    (void)state;
    expect(ROUTE_POST, INSERT, "{}", 400, "one of 'image' and 'url'");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"library\":\"b\"}", 400, "one of 'image' and 'url'");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"url\":\"http://b/\"}", 400, "not both");
    expect(ROUTE_POST, INSERT, "{\"url\":\"file:///etc/passwd\"}", 422, "bad-url");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"overlay\":\"x\"}", 400, "none, discard or keep");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"rate\":-1}", 400, "'rate' must be a number");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"rate\":\"1\"}", 400, "'rate' must be a number");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"user\":\"u\"}", 400, "belong to an 'url'");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"copy\":true}", 400, "in the library already");
    expect(ROUTE_POST, INSERT, "{\"image\":\"a\",\"copy\":1}", 400, "'copy' must be true or false");
}

static void copying_needs_its_own_right(void **state)
{
    (void)state;
    f.denied_rights = RIGHT_LIBRARY;
    expect(ROUTE_POST, INSERT, "{\"url\":\"http://b/\",\"copy\":true}", 403, "right 'library'");
    expect(ROUTE_POST, INSERT, "{\"url\":\"http://b/\"}", 200, "");
    f.denied_rights = 0;
}

static void each_failure_has_its_word(void **state)
{
    (void)state;
    static const struct {
        int error;
        int status;
        const char *image, *url; /* the code, by where it comes from */
    } cases[] = {
        {-EHOSTUNREACH, 502, NULL, "source-failed"}, {-EPERM, 403, NULL, "address-refused"},
        {-EINVAL, 422, "bad-image", "bad-url"},      {-EBUSY, 409, "drive-busy", "drive-busy"},
        {-ENOSPC, 507, "no-room", "no-room"},        {-ENODEV, 409, "not-there", "not-there"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        f.insert_error = cases[i].error;
        if (cases[i].image)
            expect(ROUTE_POST, INSERT, "{\"image\":\"a\"}", cases[i].status, cases[i].image);
        expect(ROUTE_POST, INSERT, "{\"url\":\"http://b/\"}", cases[i].status, cases[i].url);
    }
    f.insert_error = 0;
}

static void a_drive_shows_what_is_known_of_it(void **state)
{
    (void)state;
    f.drive.state = (struct drive_state){.phase = DRIVE_INSERTED,
                                         .origin = MEDIUM_STREAM,
                                         .link = DRIVE_LINK_WAITING,
                                         .copying = true,
                                         .copy_done = 5,
                                         .size = 10,
                                         .paused = true,
                                         .idle_ms = UINT64_MAX,
                                         .id = {0xab}};
    snprintf(f.drive.state.words, sizeof f.drive.state.words, "It waits.");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"origin\":\"stream\"");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"link\":\"waiting\"");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"copy\":{\"done\":5,\"size\":10,\"complete\":false}");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"idle_ms\":null");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"paused\":true");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"id\":\"ab00000000");
    f.drive.state = (struct drive_state){.phase = DRIVE_EMPTY, .idle_ms = 7};
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"idle_ms\":7");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"copy\":null");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"id\":null");
}

static void an_overlay_is_exported_or_thrown_away(void **state)
{
    (void)state;
    expect(ROUTE_POST, TARGET "/drives/0/overlay", "{\"action\":\"export\",\"name\":\"new.img\"}", 200, "\"index\":0");
    assert_string_equal(f.inserted, "new.img");
    expect(ROUTE_POST, TARGET "/drives/0/overlay", "{\"action\":\"discard\"}", 204, "");
    expect(ROUTE_POST, TARGET "/drives/0/overlay", "{\"action\":\"export\"}", 400, "'name' is required");
    expect(ROUTE_POST, TARGET "/drives/0/overlay", "{\"action\":\"burn\"}", 400, "export or discard");
    f.insert_error = -ENOENT;
    expect(ROUTE_POST, TARGET "/drives/0/overlay", "{\"action\":\"discard\"}", 404, "no-overlay");
    f.insert_error = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_is_judged_before_anybody_calls_it),
        TEST(all_that_was_asked_for_arrives),
        TEST(no_secret_of_an_address_is_written_down),
        TEST(what_is_asked_wrongly_is_named),
        TEST(copying_needs_its_own_right),
        TEST(each_failure_has_its_word),
        TEST(a_drive_shows_what_is_known_of_it),
        TEST(an_overlay_is_exported_or_thrown_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
