/* What is written down of a recording comes out the same, and what is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/recording_end.h"
#include "gateway/recordings/recording_note.h"

static void test_notes_are_checked(void **state)
{
    struct api_recording r = {.target = "card",
                              .who = "Zo\xC3\xAB",
                              .note = "a \"note\"\n\\",
                              .every_s = 5,
                              .pinned = true,
                              .began_ms = 1795000000000ull,
                              .duration_ms = 43200000,
                              .bytes = 1ull << 40,
                              .frames = 7,
                              .width = 7680,
                              .height = 4320};
    struct api_recording read;
    char text[RECORDING_NOTE_MAX];
    (void)state;
    recording_end_say(&r, API_END_FAILED, "Input/output error");
    memset(r.note + strlen(r.note), 1, API_RECORDING_NOTE - strlen(r.note)); /* the longest as text */
    assert_true(recording_note_write(&r, text) > 0);
    assert_true(recording_note_read(text, &read));
    assert_memory_equal(&read, &r, sizeof r);
    static const char *const bad[] = {"", "{}", "[]", "{\"version\":1}", "null"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(recording_note_read(bad[i], &read));
    char *at = strstr(text, "\"every\":5");
    memcpy(at, "\"every\":-", 9);
    assert_false(recording_note_read(text, &read));
    assert_false(recording_id_valid("../../../../../../../etc/passwd0"));
    assert_true(recording_id_valid("0123456789abcdef0123456789abcdef"));
}

static bool is_name(const char *name)
{
    return strlen(name) > 2 && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name);
}

static void test_each_end_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    struct api_recording r, read;
    char text[RECORDING_NOTE_MAX];
    assert_null(recording_end_words(API_END_UNSAID));
    for (unsigned end = API_END_UNSAID + 1; end < API_ENDS; end++) {
        const struct recording_end_words *words = recording_end_words((enum api_recording_end)end);
        assert_true(is_name(words->name));
        assert_int_equal(recording_end_named(words->name), end);
        r = (struct api_recording){.target = "card"};
        recording_end_say(&r, (enum api_recording_end)end, end == API_END_FAILED ? "No such device" : NULL);
        assert_int_equal(r.ended[strlen(r.ended) - 1], '.');
        assert_null(strpbrk(r.ended, "{}"));
        assert_true(recording_note_write(&r, text) > 0);
        assert_true(recording_note_read(text, &read));
        assert_memory_equal(&read, &r, sizeof r);
    }
    assert_string_equal(r.ended, "The recording could not be written: No such device.");
    recording_end_say(&r, API_END_UNSAID, NULL);
    assert_string_equal(r.ended, "");
    assert_int_equal(recording_end_named(""), API_END_UNSAID);
    assert_int_equal(recording_end_named("to-come"), API_END_UNSAID);
}

/* Those wrote a sentence alone. */
static void test_notes_of_older_gateways_are_read(void **state)
{
    (void)state;
    struct api_recording read;
    assert_true(recording_note_read(
        "{\"version\":1,\"target\":\"card\",\"who\":\"ann\",\"note\":\"\",\"ended\":\"It is over.\","
        "\"every\":0,\"running\":false,\"pinned\":false,\"began\":1,\"duration\":2,\"bytes\":3,"
        "\"frames\":4,\"width\":5,\"height\":6}",
        &read));
    assert_string_equal(read.ended, "It is over.");
    assert_int_equal(read.end, API_END_UNSAID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_are_checked),
        cmocka_unit_test(test_each_end_has_a_name_and_a_sentence),
        cmocka_unit_test(test_notes_of_older_gateways_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
