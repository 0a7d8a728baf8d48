/* EDIDs: ours are valid and say what they should, in our own reading and in edid-decode's where that is installed; of
 * anything else every wrong byte is found and named. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/edid.h"
#include "core/attrs.h"

static void set_checksum(struct edid *edid, size_t block)
{
    uint8_t *bytes = edid->bytes + block * EDID_BLOCK, sum = 0;
    for (int i = 0; i < EDID_BLOCK - 1; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[EDID_BLOCK - 1] = (uint8_t)-sum;
}

static void test_presets_say_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int width, height;
        double refresh;
    } wanted[EDID_PRESETS] = {{"1080p60", 1920, 1080, 60},
                              {"1080p50", 1920, 1080, 50},
                              {"1200p60", 1920, 1200, 60},
                              {"720p60", 1280, 720, 60}};
    for (unsigned i = 0; i < EDID_PRESETS; i++) {
        enum edid_preset preset = EDID_PRESETS;
        struct edid edid, read;
        struct edid_facts facts;
        char why[160] = "";
        assert_true(edid_preset_parse(wanted[i].word, &preset));
        assert_string_equal(edid_preset_name(preset), wanted[i].word);
        edid_make(preset, i % 2 ? "Rack 4 / lower one" : NULL, &edid);
        assert_int_equal(edid.size, 256);
        assert_int_equal(edid_parse(edid.bytes, edid.size, &read, why, sizeof why), 0);
        assert_int_equal(read.size, edid.size);
        assert_memory_equal(read.bytes, edid.bytes, edid.size);
        edid_describe(&read, &facts);
        assert_string_equal(facts.manufacturer, "LSO");
        assert_string_equal(facts.name, i % 2 ? "Rack 4 / lowe" : "lightsout");
        assert_string_equal(facts.serial, "");
        assert_string_equal(facts.preset, wanted[i].word);
        assert_int_equal(facts.width, wanted[i].width);
        assert_int_equal(facts.height, wanted[i].height);
        assert_true(facts.refresh > wanted[i].refresh - 0.1 && facts.refresh < wanted[i].refresh + 0.1);
        assert_true(facts.hdmi);
        assert_false(facts.audio);
    }
    enum edid_preset preset;
    assert_false(edid_preset_parse("1080p", &preset));
    assert_false(edid_preset_parse("", &preset));
}

/* Linux's V4L2 developers maintain it; without it our own reading has to do. */
static void test_another_reader_finds_no_fault(void **state)
{
    (void)state;
    if (access("/usr/bin/edid-decode", X_OK) != 0) {
        print_message("edid-decode is not installed: only our own reading was tested\n");
        skip();
    }
    for (unsigned i = 0; i < EDID_PRESETS; i++) {
        struct edid edid;
        char path[] = "/tmp/lightsout-edid-XXXXXX", command[80], line[256];
        bool pass = false, warned = false;
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        edid_make((enum edid_preset)i, NULL, &edid);
        assert_int_equal(write(fd, edid.bytes, edid.size), edid.size);
        close(fd);
        snprintf(command, sizeof command, "/usr/bin/edid-decode --check %s 2>&1", path);
        FILE *answer = popen(command, "r"); /* the path is mkstemp's */
        assert_non_null(answer);
        while (fgets(line, sizeof line, answer)) {
            pass |= strcmp(line, "EDID conformity: PASS\n") == 0;
            warned |= strncmp(line, "Warnings:", 9) == 0 || strncmp(line, "Failures:", 9) == 0;
        }
        assert_int_equal(pclose(answer), 0);
        unlink(path);
        assert_true(pass);
        assert_false(warned);
    }
}

static void refused(const void *bytes, size_t size, const char *says)
{
    struct edid edid = {.size = 4711};
    char why[160] = "";
    assert_int_equal(edid_parse(bytes, size, &edid, why, sizeof why), -EINVAL);
    if (!strstr(why, says))
        fail_msg("\"%s\" does not say \"%s\"", why, says);
    assert_int_equal(edid.size, 4711);
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    struct edid good, bad;
    edid_make(EDID_1080P60, NULL, &good);
    refused("", 0, "this one has 0");
    refused(good.bytes, 255, "this one has 255");
    refused(good.bytes, 128, "1 extension blocks follow, but there are 0");
    refused("hello, I am text and no EDID at all", 35, "this one has 35");
    uint8_t long_one[EDID_MAX_BLOCKS * EDID_BLOCK + 1] = {0};
    refused(long_one, sizeof long_one, "has 513");
    refused(long_one, 256, "does not begin with");
    bad = good;
    bad.bytes[18] = 2;
    set_checksum(&bad, 0);
    refused(bad.bytes, bad.size, "version is 2.3");
    bad = good;
    bad.bytes[60]++;
    refused(bad.bytes, bad.size, "checksum of block 0");
    bad = good;
    bad.bytes[130]++;
    refused(bad.bytes, bad.size, "checksum of block 1");
    bad = good;
    memset(bad.bytes + 35, 0, 19 + 4 * 18);
    set_checksum(&bad, 0);
    refused(bad.bytes, bad.size, "no picture size");
}

static void test_modes_without_a_detailed_timing(void **state)
{
    (void)state;
    struct edid edid;
    struct edid_facts facts;
    edid_make(EDID_720P60, NULL, &edid);
    memset(edid.bytes + 54, 0, 18);
    memset(edid.bytes + 72, 0, 18);
    edid_describe(&edid, &facts);
    assert_int_equal(facts.width, 1280); /* the first standard timing */
    assert_int_equal(facts.height, 720);
    memset(edid.bytes + 38, 1, 16);
    edid_describe(&edid, &facts);
    assert_int_equal(facts.width, 1024);
    assert_int_equal(facts.height, 768);
    assert_string_equal(facts.preset, "");
}

static void test_hexadecimal_text(void **state)
{
    (void)state;
    struct edid made, read;
    char text[2048], why[160] = "";
    size_t n = 0;
    edid_make(EDID_1200P60, NULL, &made);
    for (size_t i = 0; i < made.size; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, i % 2 ? "%02x%s" : "%02X%s", made.bytes[i],
                              i % 16 == 15 ? "\r\n"
                              : i % 3      ? " "
                                           : "");
    assert_int_equal(edid_parse((uint8_t *)text, n, &read, why, sizeof why), 0);
    assert_int_equal(read.size, made.size);
    assert_memory_equal(read.bytes, made.bytes, made.size);
    text[n - 3] = 'x'; /* a letter that is no digit: then it can only be meant as bytes */
    refused(text, n, "this has");
    refused("00 FF F", 7, "this one has 7");
}

static void test_serial_numbers_and_foreign_text(void **state)
{
    (void)state;
    struct edid edid;
    struct edid_facts facts;
    edid_make(EDID_1080P60, "a\nb\x80", &edid);
    edid_describe(&edid, &facts);
    assert_string_equal(facts.name, "a?b?");
    edid.bytes[12] = 0x39;
    edid.bytes[13] = 0x30;
    edid_describe(&edid, &facts);
    assert_string_equal(facts.serial, "12345");
    assert_string_equal(facts.preset, "");
    const uint8_t serial[18] = {0, 0, 0, 0xFF, 0, 'S', 'N', '-', 7, '7', '\n', ' ', ' '};
    memcpy(edid.bytes + 72, serial, sizeof serial);
    edid_describe(&edid, &facts);
    assert_string_equal(facts.serial, "SN-?7");
    edid.bytes[8] = 0xFF;
    edid_describe(&edid, &facts);
    assert_string_equal(facts.manufacturer, "??O");
}

/* A data block that says it is longer than the collection ends it. */
static void test_extensions_that_lie(void **state)
{
    (void)state;
    struct edid edid;
    struct edid_facts facts;
    edid_make(EDID_1080P60, NULL, &edid);
    uint8_t *extension = edid.bytes + EDID_BLOCK;
    extension[3] |= 0x40;
    edid_describe(&edid, &facts);
    assert_true(facts.audio);
    extension[3] &= 0x0F;
    extension[4] |= 31;
    edid_describe(&edid, &facts);
    assert_false(facts.hdmi);
    assert_false(facts.audio);
    for (int end = 0; end < 256; end++) {
        extension[2] = (uint8_t)end;
        edid_describe(&edid, &facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets_say_what_they_are), cmocka_unit_test(test_another_reader_finds_no_fault),
        cmocka_unit_test(test_what_is_wrong_is_named),    cmocka_unit_test(test_modes_without_a_detailed_timing),
        cmocka_unit_test(test_hexadecimal_text),          cmocka_unit_test(test_serial_numbers_and_foreign_text),
        cmocka_unit_test(test_extensions_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
