/* The REST resources against fake ports: right answers, and every wrong body named. */
#include "api_calls.h"

static void test_targets(void **state)
{
    (void)state;
    expect(ROUTE_GET, "/api/v1/targets", "", 200, "\"name\":\"demo\"");
    expect(ROUTE_GET, TARGET, "", 200, "\"mode\":{\"width\":720,\"height\":400}");
    expect(ROUTE_GET, "/api/v1/targets/nope", "", 404, "no-such-target");
    /* by some other right on it: there, but nothing of its picture */
    f.denied_rights = RIGHT_VIEW;
    expect(ROUTE_GET, "/api/v1/targets", "", 200, "\"signal\":{\"name\":\"hidden\"");
    expect(ROUTE_GET, TARGET, "", 200, "\"mode\":null");
    f.session.grants.n = 0;
    expect(ROUTE_GET, "/api/v1/targets", "", 200, "{\"targets\":[]}");
}

static void test_text_from_a_vm_never_breaks_the_answer(void **state)
{
    (void)state;
    char line[] = "bad \xFF\x01 byte";
    snprintf(f.target.vm_state, sizeof f.target.vm_state, "failed");
    f.target.vm_log[0] = line;
    expect(ROUTE_GET, TARGET, "", 200, "bad \xEF\xBF\xBD\\u0001 byte");
}

static void test_power(void **state)
{
    (void)state;
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"hard-off\"}", 200, "\"state\":\"off\"");
    expect(ROUTE_GET, TARGET "/power", "", 200, "\"state\":\"off\"");
    expect(ROUTE_PUT, TARGET "/boot", "{\"boot\":\"cd\"}", 200, "\"boot_next\":\"cd\"");
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"on\"}", 200, "\"boot_next\":\"default\"");
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"explode\"}", 400, "must be on, soft-off");
    expect(ROUTE_POST, TARGET "/power", "{\"action\":7}", 400, "'action' must be a string");
    expect(ROUTE_POST, TARGET "/power", "{}", 400, "'action' must be a string and is required");
    f.power->refuse = -EBUSY;
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"on\"}", 409, "not-now");
    f.power->refuse = -ETIMEDOUT;
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"on\"}", 504, "no-answer");
    f.target.power = NULL;
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"on\"}", 501, "has no power control");
}

static void test_bodies_that_are_wrong(void **state)
{
    (void)state;
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"on\",\"force\":1}", 400, "unknown key 'force'");
    expect(ROUTE_POST, TARGET "/power", "[1]", 400, "bad-json");
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"on\",\"action\":\"off\"}", 400, "bad-json");
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"on", 400, "bad-json");
    expect(ROUTE_POST, TARGET "/power", "{\"action\":\"o\\u0000n\"}", 400, "bad-json");
}

static void test_drives(void **state)
{
    (void)state;
    expect(ROUTE_POST, TARGET "/drives/0/insert", "{\"image\":\"grub.iso\"}", 200, "\"medium\":\"grub.iso\"");
    assert_string_equal(f.inserted, "grub.iso");
    expect(ROUTE_POST, TARGET "/drives/0/insert", "{\"image\":\"missing.iso\"}", 404, "no image 'missing.iso'");
    expect(ROUTE_POST, TARGET "/drives/1/insert", "{\"image\":\"a\"}", 404, "has 1 drives");
    expect(ROUTE_POST, TARGET "/drives/00/eject", "", 404, "no-such-drive");
    expect(ROUTE_POST, TARGET "/drives/0/insert", "{\"image\":\"a\",\"kind\":\"tape\"}", 400, "cdrom or disk");
    expect(ROUTE_POST, TARGET "/drives/0/eject", "{\"force\":\"yes\"}", 400, "'force' must be true or false");
    expect(ROUTE_POST, TARGET "/drives/0/eject", "", 200, "\"phase\":\"empty\"");
    expect(ROUTE_GET, TARGET "/drives", "", 200, "\"medium\":null");
}

static void test_keys_and_text(void **state)
{
    (void)state;
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[\"enter\"]}", 204, "");
    assert_string_equal(f.typed, "enter");
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[\"hyper\"]}", 422, "no key is called 'hyper'");
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[]}", 400, "list of 1 to 16");
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[3]}", 422, "a chord is a string");
    expect(ROUTE_POST, TARGET "/type", "{\"text\":\"hello\"}", 202, "\"characters\":5");
    expect(ROUTE_GET, TARGET "/type", "", 200, "\"remaining\":5");
    expect(ROUTE_DELETE, TARGET "/type", "", 204, "");
    expect(ROUTE_POST, TARGET "/type", "{\"text\":\"x\",\"layout\":\"qq\"}", 422, "cannot-type");
    expect(ROUTE_GET, "/api/v1/layouts", "", 200, "{\"name\":\"us\",\"title\":\"English (US)\",\"kind\":\"ansi\"");
    expect(ROUTE_GET, "/api/v1/layouts/de(nodeadkeys)", "", 200, "\"level3\":230");
    expect(ROUTE_GET, "/api/v1/layouts/de", "", 200, "{\"usage\":46,\"levels\":[{\"dead\":");
    expect(ROUTE_GET, "/api/v1/layouts/qq", "", 404, "no-such-layout");
    expect(ROUTE_POST, TARGET "/type", "{\"text\":\"a\u00e4\u202ea\u00e4\",\"check\":true}", 200,
           "{\"character\":\"\u00e4\",\"code\":\"U+00E4\",\"name\":null,\"count\":2,\"line\":1,\"column\":2}");
    expect(ROUTE_POST, TARGET "/type", "{\"text\":\"a\u00e4\"}", 422, "has no key for '\u00e4' (U+00E4)");
    expect(ROUTE_POST, TARGET "/type", "{\"text\":\"a\u00e4\",\"instead\":\"drop\"}", 400, "must be refuse");
}

static void test_a_taken_seat_is_respected(void **state)
{
    (void)state;
    struct seat_news news;
    seat_request(&f.target.seat, &(struct seat_party){.session = 99, .viewer = 3, .name = "bob"}, 1, &news);
    expect(ROUTE_POST, TARGET "/type", "{\"text\":\"x\"}", 409, "bob is typing");
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[\"a\"]}", 409, "seat-taken");
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[\"a\"],\"force\":true}", 204, "");
    expect(ROUTE_GET, TARGET, "", 200, "\"seat\":{\"holder\":\"bob\",\"shared\":false}");
    f.denied_rights = RIGHT_CONFIGURE; /* who may not take over may not type past the seat either */
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[\"a\"],\"force\":true}", 409, "ask for the keyboard");
    seat_share(&f.target.seat, &(struct seat_party){.session = 98, .name = "cal"}, true, &news);
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[\"a\"]}", 204, "");
}

static void test_a_seat_of_ones_own(void **state)
{
    (void)state;
    struct seat_news news;
    expect(ROUTE_GET, TARGET "/seat", "", 200, "\"mode\":\"exclusive\",\"holder\":null");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"request\"}", 200, "\"yours\":true");
    expect(ROUTE_POST, TARGET "/keys", "{\"keys\":[\"a\"]}", 204, "");
    seat_request(&f.target.seat, &(struct seat_party){.session = 99, .viewer = 3, .name = "b\xFFob\x01"}, 1, &news);
    expect(ROUTE_GET, TARGET "/seat", "", 200, "\"id\":1,\"name\":\"b\xEF\xBF\xBDob\\u0001\"");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"grant\",\"request\":2}", 409, "no-request");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"refuse\",\"request\":1}", 200, "\"requests\":[]");
    seat_request(&f.target.seat, &(struct seat_party){.session = 99, .viewer = 3, .name = "bob"}, 1, &news);
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"grant\"}", 200,
           "\"holder\":\"bob\",\"console\":true,\"yours\":false");
    f.denied_rights = RIGHT_CONFIGURE;
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"take\"}", 403, "forbidden");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"share\"}", 403, "forbidden");
    f.denied_rights = 0;
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"take\"}", 200, "\"yours\":true");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"share\"}", 200, "\"mode\":\"shared\",\"holder\":null");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"exclusive\"}", 200, "\"mode\":\"exclusive\"");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"release\"}", 200, "\"holder\":null");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"steal\"}", 400, "must be request, grant");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"grant\",\"request\":0}", 400, "the id of a request");
    expect(ROUTE_POST, TARGET "/seat", "{\"action\":\"grant\",\"request\":4294967296}", 400, "the id of a request");
    expect(ROUTE_POST, TARGET "/seat", "{}", 400, "is required");
}

static int ask(const char *path, const char *query)
{
    assert_true(fixture_call(&f, ROUTE_GET, path, query, "", 0));
    return f.status;
}

static void test_pictures(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/screenshot", "", 200, "PNG");
    expect(ROUTE_GET, TARGET "/screen-text", "", 200, "\"lines\":[\"login:\",\"\"]");
    expect(ROUTE_GET, TARGET "/screen-text", "", 200, "\"cursor\":{\"x\":7,\"y\":0}");
    expect(ROUTE_GET, TARGET "/screen-text", "", 200, "\"exact\":true,\"unknown\":[]");
    expect(ROUTE_GET, TARGET "/screen-text", "", 200, "\"font\":\"VGA 9x16\",\"method\":\"fonts\"");
    f.no_cursor = true;
    expect(ROUTE_GET, TARGET "/screen-text", "", 200, "\"cursor\":null");
    f.no_cursor = false;
    assert_int_equal(ask(TARGET "/screen-text", "x=3&y=0&width=90&height=16"), 200);
    assert_non_null(strstr(f.body, "\"unknown\":[[0,8,2]]"));
    assert_non_null(strstr(f.body, "\"cell\":{\"x\":3,"));
    assert_int_equal(ask(TARGET "/screen-text", "format=text"), 200);
    assert_string_equal(f.body, "login:\n\n");
    static const char *const bad[] = {"x=1",         "x=1&y=1&width=0&height=1",    "x=1&y=1&width=-1&height=1",
                                      "format=html", "x=1&y=1&width=9999&height=1", "recognise=../x",
                                      "recognise=e"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(ask(TARGET "/screen-text", bad[i]), 400);
    assert_int_equal(ask(TARGET "/screen-text", "recognise=eng"), 422);
    assert_int_equal(ask(TARGET "/screenshot", "format=jpeg"), 409);
    assert_int_equal(ask(TARGET "/screenshot", "width=99999"), 400);
    assert_int_equal(ask(TARGET "/screenshot", "format=bmp"), 400);
}

static void test_viewers(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/viewers", "", 200, "\"viewers\":[{\"id\":7,\"user\":\"anna\",\"types\":true");
    expect(ROUTE_GET, TARGET "/viewers", "", 200, "\"since\":1700000100,\"address\":\"192.0.2.7\"}]");
    expect(ROUTE_DELETE, TARGET "/viewers/8", "", 204, "");
    expect(ROUTE_DELETE, TARGET "/viewers/7", "", 404, "not-found");
    expect(ROUTE_DELETE, TARGET "/viewers/8x", "", 404, "not-found");
    expect(ROUTE_DELETE, TARGET "/viewers/-8", "", 404, "not-found");
}

static void test_secret_only_locally(void **state)
{
    (void)state;
    expect(ROUTE_POST, "/api/v1/setup-secret", "", 403, "local-only");
}

static void test_every_row_names_who_may_call(void **state)
{
    (void)state;
    for (size_t t = 0; t < f.n_tables; t++)
        for (size_t i = 0; i < f.tables[t].n_rows; i++) {
            const struct route *row = &f.tables[t].rows[i];
            assert_true(row->access >= ROUTE_SETUP && row->access <= ROUTE_ANYWHERE);
            assert_true(row->access < ROUTE_RIGHT || row->rights);
            /* whatever changes something asks for more than a session, but for login, logout, set-up and one's own
             * account; what may be of several targets asks for the right on each of them in its handler */
            if (row->method != ROUTE_GET && row->access < ROUTE_RIGHT)
                assert_true(strstr(row->path, "/session") || strstr(row->path, "/setup") ||
                            strstr(row->path, "/account"));
        }
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_targets),
        TEST(test_text_from_a_vm_never_breaks_the_answer),
        TEST(test_power),
        TEST(test_bodies_that_are_wrong),
        TEST(test_drives),
        TEST(test_keys_and_text),
        TEST(test_a_taken_seat_is_respected),
        TEST(test_a_seat_of_ones_own),
        TEST(test_pictures),
        TEST(test_viewers),
        TEST(test_secret_only_locally),
        TEST(test_every_row_names_who_may_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
