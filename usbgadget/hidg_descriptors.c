/* What the four HID functions say of themselves. The names of the items are those of HID 1.11, section 6.2.2; usages
 * are of HUT 1.4. */
#include "core/attrs.h"
#include "usbgadget/hidg.h"
#include "usbgadget/keyboard.h"
#include "usbgadget/pointer.h"

#define USAGE_PAGE_DESKTOP 0x05, 0x01
#define USAGE_PAGE_KEYBOARD 0x05, 0x07
#define USAGE_PAGE_LEDS 0x05, 0x08
#define USAGE_PAGE_BUTTONS 0x05, 0x09
#define USAGE_PAGE_CONSUMER 0x05, 0x0C
#define USAGE(u) 0x09, (u)
#define USAGE_16(low, high) 0x0A, (low), (high)
#define USAGE_MINIMUM(u) 0x19, (u)
#define USAGE_MAXIMUM(u) 0x29, (u)
#define USAGE_MAXIMUM_16(low, high) 0x2A, (low), (high)
#define LOGICAL_MINIMUM(v) 0x15, (v)
#define LOGICAL_MAXIMUM(v) 0x25, (v)
#define LOGICAL_MAXIMUM_16(low, high) 0x26, (low), (high)
#define REPORT_SIZE(bits) 0x75, (bits)
#define REPORT_COUNT(n) 0x95, (n)
#define INPUT_ARRAY 0x81, 0x00
#define INPUT_CONSTANT 0x81, 0x03
#define INPUT_VARIABLE 0x81, 0x02
#define INPUT_RELATIVE 0x81, 0x06
#define OUTPUT_VARIABLE 0x91, 0x02
#define OUTPUT_CONSTANT 0x91, 0x03
#define COLLECTION_APPLICATION 0xA1, 0x01
#define COLLECTION_PHYSICAL 0xA1, 0x00
#define END_COLLECTION 0xC0

/* Layout of HID 1.11, appendix B.1, so that both protocols carry the same bytes. The array goes up to the last key that
 * is defined (0xDD): with the usual 0x65, keys of other countries and F13..F24 would be dropped. */
static const uint8_t keyboard[] = {
    USAGE_PAGE_DESKTOP,
    USAGE(0x06),
    COLLECTION_APPLICATION,
    /* modifiers */
    USAGE_PAGE_KEYBOARD,
    USAGE_MINIMUM(0xE0),
    USAGE_MAXIMUM(0xE7),
    LOGICAL_MINIMUM(0),
    LOGICAL_MAXIMUM(1),
    REPORT_SIZE(1),
    REPORT_COUNT(8),
    INPUT_VARIABLE,
    /* reserved */
    REPORT_COUNT(1),
    REPORT_SIZE(8),
    INPUT_CONSTANT,
    /* LEDs: num, caps, scroll, compose, kana */
    REPORT_COUNT(5),
    REPORT_SIZE(1),
    USAGE_PAGE_LEDS,
    USAGE_MINIMUM(1),
    USAGE_MAXIMUM(5),
    OUTPUT_VARIABLE,
    REPORT_COUNT(1),
    REPORT_SIZE(3),
    OUTPUT_CONSTANT,
    /* keys */
    REPORT_COUNT(6),
    REPORT_SIZE(8),
    LOGICAL_MINIMUM(0),
    LOGICAL_MAXIMUM_16(0xDD, 0x00),
    USAGE_PAGE_KEYBOARD,
    USAGE_MINIMUM(0),
    USAGE_MAXIMUM(0xDD),
    INPUT_ARRAY,
    END_COLLECTION,
};

/* Buttons, five of them, and three bits that say nothing. */
#define BUTTONS                                                                                                        \
    USAGE_PAGE_BUTTONS, USAGE_MINIMUM(1), USAGE_MAXIMUM(5), LOGICAL_MINIMUM(0), LOGICAL_MAXIMUM(1), REPORT_COUNT(5),   \
        REPORT_SIZE(1), INPUT_VARIABLE, REPORT_COUNT(1), REPORT_SIZE(3), INPUT_CONSTANT

/* AC Pan is the wheel that goes sideways. */
#define PAN                                                                                                            \
    USAGE_PAGE_CONSUMER, USAGE_16(0x38, 0x02), LOGICAL_MINIMUM(0x81), LOGICAL_MAXIMUM(0x7F), REPORT_SIZE(8),           \
        REPORT_COUNT(1), INPUT_RELATIVE

static const uint8_t absolute[] = {
    USAGE_PAGE_DESKTOP,
    USAGE(0x02),
    COLLECTION_APPLICATION,
    USAGE(0x01),
    COLLECTION_PHYSICAL,
    BUTTONS,
    /* X, Y */
    USAGE_PAGE_DESKTOP,
    USAGE(0x30),
    USAGE(0x31),
    LOGICAL_MINIMUM(0),
    LOGICAL_MAXIMUM_16(0xFF, 0x7F),
    REPORT_SIZE(16),
    REPORT_COUNT(2),
    INPUT_VARIABLE,
    /* wheel */
    USAGE(0x38),
    LOGICAL_MINIMUM(0x81),
    LOGICAL_MAXIMUM(0x7F),
    REPORT_SIZE(8),
    REPORT_COUNT(1),
    INPUT_RELATIVE,
    PAN,
    END_COLLECTION,
    END_COLLECTION,
};

/* Its first three bytes are the boot mouse of HID 1.11, appendix B.2: a host in boot protocol reads no further. */
static const uint8_t relative[] = {
    USAGE_PAGE_DESKTOP,
    USAGE(0x02),
    COLLECTION_APPLICATION,
    USAGE(0x01),
    COLLECTION_PHYSICAL,
    BUTTONS,
    /* X, Y, wheel */
    USAGE_PAGE_DESKTOP,
    USAGE(0x30),
    USAGE(0x31),
    USAGE(0x38),
    LOGICAL_MINIMUM(0x81),
    LOGICAL_MAXIMUM(0x7F),
    REPORT_SIZE(8),
    REPORT_COUNT(3),
    INPUT_RELATIVE,
    PAN,
    END_COLLECTION,
    END_COLLECTION,
};

static const uint8_t consumer[] = {
    USAGE_PAGE_CONSUMER,
    USAGE(0x01),
    COLLECTION_APPLICATION,
    LOGICAL_MINIMUM(0),
    LOGICAL_MAXIMUM_16(0xFF, 0x03),
    USAGE_MINIMUM(0),
    USAGE_MAXIMUM_16(0xFF, 0x03),
    REPORT_SIZE(16),
    REPORT_COUNT(HIDG_CONSUMER_KEYS),
    INPUT_ARRAY,
    END_COLLECTION,
};

static const struct hidg_descriptor descriptors[GADGET_HIDS] = {
    [GADGET_KEYBOARD] = {keyboard, sizeof keyboard, KEYBOARD_REPORT_SIZE, 1, 1},
    [GADGET_ABSOLUTE] = {absolute, sizeof absolute, POINTER_ABSOLUTE_SIZE, 0, 0},
    [GADGET_RELATIVE] = {relative, sizeof relative, POINTER_RELATIVE_SIZE, 1, 2},
    [GADGET_CONSUMER] = {consumer, sizeof consumer, HIDG_CONSUMER_SIZE, 0, 0},
};

const struct hidg_descriptor *hidg_descriptor(enum gadget_function hid)
{
    assert(hid < GADGET_HIDS);
    return &descriptors[hid];
}
