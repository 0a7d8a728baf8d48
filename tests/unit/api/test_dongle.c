/* What a dongle brings, over REST: capture device, EDID, and what the target sees on USB. */
#include "api/base64.h"
#include "api_calls.h"

static void test_capture(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/capture", "", 200, "\"card\":\"receiver \xEF\xBF\xBD 1\"");
    expect(ROUTE_GET, TARGET "/capture", "", 200, "\"statistics\":{\"frames\":7,");
    expect(ROUTE_GET, TARGET "/capture", "", 200, "\"has_edid\":true");
    expect(ROUTE_GET, TARGET, "", 200, "\"capture\":true");
    expect(ROUTE_GET, "/api/v1/targets/nope/capture", "", 404, "no-such-target");
}

static void test_edid_by_preset(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/edid", "", 200, "\"preset\":\"1080p60\"");
    expect(ROUTE_GET, TARGET "/edid", "", 200, "\"presets\":[\"1080p60\",\"1080p50\",\"1200p60\",\"720p60\"]");
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"1200p60\"}", 200, "\"height\":1200,\"refresh_millihertz\":59950");
    expect(ROUTE_GET, TARGET "/edid", "", 200, "\"preset\":\"1200p60\"");
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"4k\"}", 400, "must be 1080p60, 1080p50");
    expect(ROUTE_PUT, TARGET "/edid", "{}", 400, "one of 'preset', 'hex' and 'base64'");
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"720p60\",\"hex\":\"00\"}", 400, "one of");
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":1}", 400, "'preset' must be a string");
    f.edid_error = -ENOTSUP;
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"720p60\"}", 501, "cannot be written");
    expect(ROUTE_GET, TARGET "/edid", "", 200, "\"preset\":\"1200p60\"");
    f.edid_error = 0;
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"configured\"}", 200, "\"preset\":\"1080p60\"");
    expect(ROUTE_GET, TARGET "/edid", "", 200, "\"preset\":\"1080p60\"");
}

static void hex_body(const struct edid *edid, char *body, size_t size)
{
    size_t n = (size_t)snprintf(body, size, "{\"hex\":\"");
    for (size_t i = 0; i < edid->size; i++)
        n += (size_t)snprintf(body + n, size - n, i % 16 ? "%02X" : "\\n%02X", edid->bytes[i]);
    snprintf(body + n, size - n, "\"}");
}

static void test_edid_of_ones_own(void **state)
{
    struct edid own;
    char body[2048];
    (void)state;
    edid_make(EDID_720P60, "own", &own);
    own.bytes[12] = 1; /* a serial number: no preset any more */
    own.bytes[127] -= 1;
    hex_body(&own, body, sizeof body);
    expect(ROUTE_PUT, TARGET "/edid", body, 200, "\"serial\":\"1\",\"width\":1280");
    assert_int_equal(f.edid.size, own.size);
    assert_memory_equal(f.edid.bytes, own.bytes, own.size);
    expect(ROUTE_GET, TARGET "/edid", "", 200, "\"preset\":null");
    expect(ROUTE_GET, TARGET "/edid", "", 200, "\"hex\":\"00ffffffffffff00326f0410");
    own.bytes[20] ^= 1;
    hex_body(&own, body, sizeof body);
    expect(ROUTE_PUT, TARGET "/edid", body, 422, "checksum of block 0");
    expect(ROUTE_PUT, TARGET "/edid", "{\"hex\":\"00 FF\"}", 422, "128, 256, 384 or 512");
    expect(ROUTE_PUT, TARGET "/edid", "{\"hex\":\"\"}", 422, "bad-edid");
    expect(ROUTE_PUT, TARGET "/edid", "{\"base64\":\"AP///////wA=\"}", 422, "this one has 8");
    expect(ROUTE_PUT, TARGET "/edid", "{\"base64\":\"AP//////\\u007f\"}", 400, "no base64");
    assert_true(fixture_call(&f, ROUTE_GET, TARGET "/edid/raw", "", "", 0));
    assert_int_equal(f.status, 200);
    assert_memory_equal(f.body, f.edid.bytes, f.edid.size);
}

static void test_no_edid_and_no_device(void **state)
{
    struct target_ops without = fixture_target_ops;
    (void)state;
    f.edid.size = 0; /* as of a receiver that was just switched on */
    expect(ROUTE_GET, TARGET "/edid", "", 200, "{\"present\":false,");
    expect(ROUTE_GET, TARGET "/edid/raw", "", 404, "no-edid");
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"720p60\"}", 200, "\"height\":720");
    f.edid_fixed = true; /* as of a capture stick */
    expect(ROUTE_GET, TARGET "/edid", "", 200, "{\"present\":false,");
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"1080p60\"}", 501, "takes no EDID");
    without.set_edid = NULL;
    f.target.ops = &without;
    expect(ROUTE_PUT, TARGET "/edid", "{\"preset\":\"720p60\"}", 501, "takes no EDID");
    without.describe_capture = NULL;
    expect(ROUTE_GET, TARGET "/edid", "", 501, "has no capture device");
    expect(ROUTE_GET, TARGET "/capture", "", 501, "not-supported");
    expect(ROUTE_GET, TARGET, "", 200, "\"capture\":false");
}

static void test_personality(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/usb", "", 200, "\"state\":\"configured\",\"bound\":true,\"personality\":\"full\"");
    expect(ROUTE_GET, TARGET "/usb", "", 200, "\"choices\":[{\"name\":\"full\",\"words\":\"");
    expect(ROUTE_GET, TARGET "/usb", "", 200, "\"offer\":null");
    expect(ROUTE_PUT, TARGET "/usb", "{\"personality\":\"keyboard+drive\"}", 200, "\"personality\":\"keyboard+drive\"");
    expect(ROUTE_PUT, TARGET "/usb", "{\"personality\":\"auto\"}", 200, "\"automatic\":true");
    assert_string_equal(f.personality, "auto");
    expect(ROUTE_PUT, TARGET "/usb", "{\"personality\":\"mouse\"}", 400, "known are auto");
    expect(ROUTE_PUT, TARGET "/usb", "{\"personality\":1}", 400, "must be a string");
    expect(ROUTE_PUT, TARGET "/usb", "{}", 400, "required");
    f.usb_error = -EBUSY;
    expect(ROUTE_PUT, TARGET "/usb", "{\"personality\":\"full\"}", 409, "usb-busy");
    f.usb_error = -ENOSPC;
    expect(ROUTE_PUT, TARGET "/usb", "{\"personality\":\"full\"}", 409, "no-room");
    f.target.usb = NULL;
    expect(ROUTE_GET, TARGET "/usb", "", 501, "has no USB of ours");
    expect(ROUTE_PUT, TARGET "/usb", "{\"personality\":\"full\"}", 501, "not-supported");
    expect(ROUTE_GET, TARGET, "", 200, "\"usb\":null");
}

static void test_an_offer_is_shown_and_taken(void **state)
{
    (void)state;
    f.usb.offered = true;
    f.usb.offer = PERSONALITY_STORAGE_FIRST;
    f.usb.why = CHOOSER_WHY_DRIVE_UNREAD;
    expect(ROUTE_GET, TARGET, "", 200, "\"offer\":{\"name\":\"storage-first\",\"words\":\"");
    expect(ROUTE_GET, TARGET, "", 200, "not read the drive in time.\",\"why_id\":\"drive-unread\"");
    expect(ROUTE_GET, TARGET "/usb", "", 200, "not read the drive in time.\",\"why_id\":\"drive-unread\"");
    expect(ROUTE_POST, TARGET "/usb/accept-offer", "", 200, "\"personality\":\"storage-first\"");
    expect(ROUTE_POST, TARGET "/usb/accept-offer", "", 409, "no-offer");
    expect(ROUTE_POST, TARGET "/usb/accept-offer", "{\"x\":1}", 400, "unknown key");
}

static void test_what_has_happened_has_id_arguments_and_sentence(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/usb", "", 200, "\"why\":\"\",\"why_id\":null");
    expect(ROUTE_GET, TARGET "/usb", "", 200, "\"events\":[]");
    target_events_add(f.usb.events, 1780000000000, TARGET_EVENT_USB_SWITCHED,
                      (const char *const[TARGET_EVENT_ARGS]){"drive", "drive-unread", "It \xFF."});
    expect(ROUTE_GET, TARGET "/usb", "", 200,
           "\"events\":[{\"number\":1,\"time\":1780000000,\"kind\":\"usb\",\"tone\":\"info\",\"id\":\"usb-switched\","
           "\"args\":[\"drive\",\"drive-unread\",\"It \xEF\xBF\xBD.\"],"
           "\"text\":\"Changed to \\\"drive\\\". It \xEF\xBF\xBD.\"}]");
}

static void test_what_is_left_out_has_reasons(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/usb", "", 200, "\"left_out\":\"\",\"left_out_parts\":[]");
    f.usb.left_out = (struct left_out){.in = 3, .out = 2};
    f.usb.left_out.functions[LEFT_OUT_NO_HID] = 1u << GADGET_CONSUMER;
    f.usb.left_out.functions[LEFT_OUT_NO_ENDPOINT] = 1u << GADGET_STORAGE | 1u << GADGET_BIG_CD;
    expect(ROUTE_GET, TARGET "/usb", "", 200,
           "drives, drive for large discs (the USB controller has 3 IN and 2 OUT endpoints)\",\"left_out_parts\":["
           "{\"id\":\"no-hid\",\"functions\":[\"consumer\"],\"endpoints\":[]},"
           "{\"id\":\"no-endpoint\",\"functions\":[\"storage\",\"big-cd\"],\"endpoints\":[3,2]}]");
}

static void test_base64(void **state)
{
    static const struct {
        const char *text, *bytes;
    } good[] = {{"", ""},        {"Zg==", "f"},        {"Zm8=", "fo"},
                {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"+/+/", "\xFB\xFF\xBF"}};
    static const char *const bad[] = {"Z", "Zg=", "Zg", "Z===", "====", "Zm9v====", "Zm-v", "Z=9v", "Zm9v\n"};
    uint8_t room[8];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_int_equal(base64_decode(good[i].text, room, sizeof room), strlen(good[i].bytes));
        assert_memory_equal(room, good[i].bytes, strlen(good[i].bytes));
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(base64_decode(bad[i], room, sizeof room), -EINVAL);
    assert_int_equal(base64_decode("AAAAAAAAAAA=", room, 8), 8);
    assert_int_equal(base64_decode("AAAAAAAAAAAA", room, 8), -EMSGSIZE);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_capture),
        TEST(test_edid_by_preset),
        TEST(test_edid_of_ones_own),
        TEST(test_no_edid_and_no_device),
        TEST(test_personality),
        TEST(test_an_offer_is_shown_and_taken),
        TEST(test_what_has_happened_has_id_arguments_and_sentence),
        TEST(test_what_is_left_out_has_reasons),
        TEST(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
