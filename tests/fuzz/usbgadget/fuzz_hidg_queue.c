/* Any order of presses, releases, resets and sends: the queues never overflow, releases are never refused, and when all
 * is sent the target's last report says what is down. The chooser takes any order of events and never runs in circles.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/wire.h"
#include "usbgadget/chooser.h"
#include "usbgadget/hidg_keys.h"
#include "usbgadget/hidg_pointer.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void fuzz_keys(struct wire_reader *r, bool consumer)
{
    struct hidg_keys keys;
    uint8_t report[KEYBOARD_REPORT_SIZE] = {0};
    hidg_keys_init(&keys, consumer);
    while (r->left && !r->bad) {
        uint8_t op = wire_read_u8(r);
        uint16_t usage = wire_read_u8(r);
        struct input_change several[INPUT_CHANGES_MAX];
        switch (op % 9) {
        case 8:
            usage %= INPUT_CHANGES_MAX + 1;
            for (unsigned i = 0; i < usage; i++)
                several[i] = (struct input_change){wire_read_u8(r), wire_read_u8(r) & 1};
            (void)hidg_keys_keys(&keys, several, usage);
            break;
        case 0 ... 2:
            (void)hidg_keys_key(&keys, usage, true);
            break;
        case 3 ... 4:
            check(hidg_keys_key(&keys, usage, false) != -EAGAIN);
            break;
        case 5:
            for (; usage && hidg_keys_next(&keys, report); usage--)
                hidg_keys_sent(&keys);
            break;
        case 6:
            if (usage & 1)
                hidg_keys_unsay(&keys);
            if (usage & 2)
                hidg_keys_collapse(&keys);
            hidg_keys_restart(&keys);
            break;
        case 7:
            hidg_keys_release_all(&keys);
            break;
        }
        check(keys.n <= HIDG_KEYS_MAX);
    }
    bool sent = false;
    while (hidg_keys_next(&keys, report)) {
        hidg_keys_sent(&keys);
        sent = true;
    }
    bool any = false;
    for (unsigned i = 0; i < (consumer ? HIDG_CONSUMER_SIZE : KEYBOARD_REPORT_SIZE); i++)
        any |= report[i] != 0;
    check(!sent || any == hidg_keys_any_down(&keys));
}

static void fuzz_pointer(struct wire_reader *r, bool absolute)
{
    struct hidg_pointer pointer;
    uint8_t report[POINTER_ABSOLUTE_SIZE] = {0};
    hidg_pointer_init(&pointer, absolute);
    while (r->left && !r->bad) {
        uint8_t op = wire_read_u8(r), buttons = wire_read_u8(r);
        struct hidg_pointer_state state = {.buttons = buttons, .x = wire_read_le16(r) & INPUT_ABS_MAX};
        state.motion.dx = absolute ? 0 : (int16_t)wire_read_le16(r);
        state.motion.wheel = (int8_t)wire_read_u8(r);
        uint8_t pressed = state.buttons & POINTER_BUTTONS & (uint8_t)~pointer.buttons;
        switch (op % 5) {
        case 0 ... 1:
            check(hidg_pointer_push(&pointer, &state) == 0 || pressed);
            break;
        case 2:
            for (; buttons && hidg_pointer_next(&pointer, report); buttons--)
                hidg_pointer_sent(&pointer);
            break;
        case 3:
            if (buttons & 1)
                hidg_pointer_collapse(&pointer);
            hidg_pointer_restart(&pointer);
            break;
        case 4:
            hidg_pointer_release_all(&pointer);
            break;
        }
        check(pointer.n <= HIDG_POINTER_MAX);
    }
    bool sent = false;
    while (hidg_pointer_next(&pointer, report)) {
        hidg_pointer_sent(&pointer);
        sent = true;
    }
    check(!sent || report[0] == pointer.buttons);
}

static void fuzz_chooser(struct wire_reader *r)
{
    struct chooser chooser;
    struct chooser_config config = {.automatic = true, .patience_us = 15000000, .quiet_us = 60000000};
    uint64_t now = 1;
    unsigned switches = 0;
    bool medium_changed = false;
    config.first = wire_read_u8(r) % PERSONALITIES;
    config.known = wire_read_u8(r) & 1;
    chooser_init(&chooser, &config);
    while (r->left && !r->bad) {
        enum chooser_event event = wire_read_u8(r) % (CHOOSER_TICK + 1);
        now += (uint64_t)wire_read_u8(r) * 500000;
        switches = event == CHOOSER_POWER_ON || event == CHOOSER_POWER_OFF ? 0 : switches;
        bool used = chooser.key_down || (chooser.locked && chooser.medium);
        medium_changed |= event == CHOOSER_MEDIUM_IN || event == CHOOSER_MEDIUM_OUT;
        enum chooser_step step = chooser_event(&chooser, event, now);
        check(step != CHOOSER_SWITCH || !used || event == CHOOSER_POWER_ON);
        if (step == CHOOSER_SWITCH && event == CHOOSER_RESET) { /* begins anew, once for a change of medium */
            check(medium_changed);
            switches = 0;
        }
        medium_changed &= step != CHOOSER_SWITCH;
        switches += step == CHOOSER_SWITCH;
        check(switches <= 2 * PERSONALITIES);
        check(chooser.current < PERSONALITIES && chooser.next < PERSONALITIES);
        check(step == CHOOSER_STAY || chooser_why_words(chooser_why(&chooser)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    uint8_t kind = wire_read_u8(&r) % 5;
    if (kind < 2)
        fuzz_keys(&r, kind);
    else if (kind < 4)
        fuzz_pointer(&r, kind == 2);
    else
        fuzz_chooser(&r);
    return 0;
}
