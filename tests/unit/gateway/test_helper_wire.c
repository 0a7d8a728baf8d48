/* What gateway and helper say to each other comes out as it went in, and nothing out of range comes in. (The fuzz
 * target has the rest.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/edid.h"
#include "core/attrs.h"
#include "gateway/control/control_dongle.h"
#include "gateway/helper/helper_wire.h"

static uint8_t room[8192];

static struct wire_writer written;

/* Writes a message, and reads it. */
#define READS(prefix, kind, ...)                                                                                       \
    (written = wire_writer_init(room, sizeof room),                                                                    \
     prefix##_write_##kind(&written, &(struct prefix##_##kind){__VA_ARGS__}),                                          \
     !written.full && prefix##_read_##kind(room, wire_written(&written), &(struct prefix##_##kind){0}))

static void takes_what_is_in_range(void **state)
{
    (void)state;
    assert_true(READS(helper, up, .personality = PERSONALITIES - 1, .media = 3, .keep = true));
    assert_true(READS(helper, drive, .drive = 1, .force = true));
    assert_true(READS(helper, insert, .drive = 1, .size = 1, .cdrom = true, .read_only = true));
    assert_true(READS(helper, insert, .size = INT64_MAX));
    assert_true(READS(helper, press, .button = 1, .milliseconds = 15000));
    assert_true(READS(helper, answer, .error = -4095, .why = "why"));
    assert_true(READS(helper, state, .udc = HELPER_UDC_SUSPENDED, .leds = {3, 3}, .functions = 0x3F));
    assert_true(READS(helper, state, .left_out = {{0x3F, 0x3F, 0x3F, 0x3F, 0x3F}, 255, 255}));
    assert_true(READS(control, dongle, .personality = PERSONALITIES, .preset = EDID_PRESETS - 1));
}

static void refuses_what_is_not(void **state)
{
    (void)state;
    assert_false(READS(helper, up, .personality = PERSONALITIES));
    assert_false(READS(helper, up, .media = 4));
    assert_false(READS(helper, drive, .drive = GADGET_LUNS));
    assert_false(READS(helper, insert, .drive = GADGET_LUNS, .size = 1));
    assert_false(READS(helper, insert, .size = 0));
    assert_false(READS(helper, insert, .size = 1ull << 63));
    assert_false(READS(helper, insert, .size = 1, .cdrom = true)); /* there are no writable discs */
    assert_false(READS(helper, press, .button = FRONT_PANEL_BUTTONS, .milliseconds = 100));
    assert_false(READS(helper, press, .milliseconds = 49));
    assert_false(READS(helper, press, .milliseconds = 15001));
    assert_false(READS(helper, answer, .error = 1));
    assert_false(READS(helper, answer, .error = -4096));
    assert_false(READS(helper, state, .udc = HELPER_UDC_SUSPENDED + 1));
    assert_false(READS(helper, state, .leds = {4, 0}));
    assert_false(READS(helper, state, .functions = 0x40));
    assert_false(READS(helper, state, .left_out.functions = {0, 0, 0, 0, 0x40}));
    assert_false(READS(control, dongle, .personality = PERSONALITIES + 1));
    assert_false(READS(control, dongle, .preset = EDID_PRESETS));
}

static void every_other_length_is_wrong(void **state)
{
    (void)state;
    struct helper_insert insert;
    assert_true(READS(helper, insert, .size = 5));
    size_t n = wire_written(&written);
    for (size_t i = 0; i < n; i++)
        assert_false(helper_read_insert(room, i, &insert));
    room[n] = 0;
    assert_false(helper_read_insert(room, n + 1, &insert));
}

static void the_longest_fits_into_a_message(void **state)
{
    (void)state;
    struct helper_answer answer = {0}, read;
    memset(answer.why, 'a', sizeof answer.why - 1);
    memset(answer.text, 'b', sizeof answer.text - 1);
    struct wire_writer w = wire_writer_init(room, 4096);
    helper_write_answer(&w, &answer);
    assert_false(w.full);
    assert_true(helper_read_answer(room, wire_written(&w), &read));
    assert_string_equal(read.text, answer.text);
    static struct control_dongle dongle;
    for (unsigned i = 0; i < CONFIG_BOOT_KEYS; i++)
        memset(dongle.boot_keys[i], 'k', CONFIG_BOOT_KEYS_MAX - 1);
    w = wire_writer_init(room, sizeof room);
    control_write_dongle(&w, &dongle);
    assert_false(w.full);
    assert_true(wire_written(&w) <= IPC_MAX_BODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_in_range),
        cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(every_other_length_is_wrong),
        cmocka_unit_test(the_longest_fits_into_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
