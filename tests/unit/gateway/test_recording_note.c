/* What is written down of a recording comes out the same, and what is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
