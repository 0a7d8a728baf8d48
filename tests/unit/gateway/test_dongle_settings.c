/* What is remembered of a dongle: it comes back as it was, and a damaged file is no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/dongle/dongle_settings.h"

static void comes_back(void **state)
{
    (void)state;
    char path[] = "/tmp/lightsout-settings-XXXXXX";
    struct dongle_settings settings = {.chosen = true,
                                       .has_personality = true,
                                       .personality = PERSONALITY_STORAGE_FIRST,
                                       .has_found = true,
                                       .found = PERSONALITY_KEYBOARD,
                                       .has_found_medium = true,
                                       .found_medium = PERSONALITY_DRIVE};
    struct dongle_settings read;
    edid_make(EDID_1080P60, NULL, &settings.edid);
    close(mkstemp(path));
    assert_int_equal(dongle_settings_save(path, &settings), 0);
    dongle_settings_load(path, &read);
    assert_true(read.chosen && !read.automatic && read.has_found && read.has_found_medium);
    assert_int_equal(read.personality, PERSONALITY_STORAGE_FIRST);
    assert_int_equal(read.found, PERSONALITY_KEYBOARD);
    assert_int_equal(read.found_medium, PERSONALITY_DRIVE);
    assert_int_equal(read.edid.size, settings.edid.size);
    assert_memory_equal(read.edid.bytes, settings.edid.bytes, settings.edid.size);
    unlink(path);
}

static void automatic_comes_back(void **state)
{
    (void)state;
    char room[DONGLE_SETTINGS_MAX];
    struct dongle_settings settings = {.chosen = true, .automatic = true}, read;
    assert_true(dongle_settings_print(&settings, room, sizeof room) > 0);
    assert_string_equal(room, "personality = auto\n");
    dongle_settings_parse(room, &read);
    assert_true(read.chosen && read.automatic && !read.has_personality);
}

static void the_largest_edid_fits(void **state)
{
    (void)state;
    char room[DONGLE_SETTINGS_MAX];
    struct dongle_settings settings = {.chosen = true, .has_found = true, .has_found_medium = true};
    settings.edid.size = sizeof settings.edid.bytes;
    assert_true(dongle_settings_print(&settings, room, sizeof room) > 0);
    assert_int_equal(dongle_settings_print(&settings, room, 200), -90 /* EMSGSIZE */);
}

static void damage_is_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n\n",
        "=",
        "personality",
        "personality =",
        "personality = everything\n",
        "found = auto\n",
        "edid = 00ffzz\n",
        "edid = 00ff\n",
        "a-key-that-is-longer-than-there-is-room-for = 1\n",
        "personality = a-word-that-is-longer-than-there-is-room-for\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct dongle_settings settings;
        dongle_settings_parse(texts[i], &settings);
        assert_false(settings.chosen || settings.has_found || settings.has_found_medium);
        assert_int_equal(settings.edid.size, 0);
    }
    struct dongle_settings settings;
    dongle_settings_load("/nowhere/at/all", &settings);
    assert_false(settings.chosen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(automatic_comes_back),
        cmocka_unit_test(the_largest_edid_fits),
        cmocka_unit_test(damage_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
