/* Each report descriptor describes exactly the bytes that keyboard.h and pointer.h make, boot prefix included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/wire.h"
#include "usbgadget/hidg.h"
#include "usbgadget/keyboard.h"
#include "usbgadget/pointer.h"

struct sums {
    unsigned input_bits, output_bits, collections;
    int32_t maximum; /* logical, of the last array or variable */
};

/* Reads the short items of HID 1.11, section 6.2.2.2. */
static struct sums sums_of(const struct hidg_descriptor *d)
{
    struct wire_reader r = wire_reader_init(d->bytes, d->size);
    struct sums s = {0};
    unsigned size = 0, count = 0, depth = 0;

    while (r.left) {
        uint8_t item = wire_read_u8(&r);
        uint32_t value = 0;
        unsigned n = item & 3 ? 1u << ((item & 3) - 1) : 0;
        for (unsigned i = 0; i < n; i++)
            value |= (uint32_t)wire_read_u8(&r) << (8 * i);
        switch (item & 0xFC) {
        case 0x74:
            size = value;
            break;
        case 0x94:
            count = value;
            break;
        case 0x24:
            s.maximum = n == 1 ? (int8_t)value : (int16_t)value;
            break;
        case 0x80:
            s.input_bits += size * count;
            break;
        case 0x90:
            s.output_bits += size * count;
            break;
        case 0xA0:
            depth++;
            s.collections++;
            break;
        case 0xC0:
            assert_true(depth-- > 0);
            break;
        }
    }
    assert_true(wire_read_complete(&r));
    assert_int_equal(depth, 0);
    return s;
}

static void test_reports_have_the_described_size(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        const struct hidg_descriptor *d = hidg_descriptor(i);
        struct sums s = sums_of(d);
        assert_int_equal(s.input_bits, 8 * d->report_length);
        assert_int_equal(s.output_bits, i == GADGET_KEYBOARD ? 8 : 0);
        assert_true(s.maximum > 0);
    }
}

static void test_boot_interfaces(void **state)
{
    (void)state;
    const struct hidg_descriptor *keyboard = hidg_descriptor(GADGET_KEYBOARD);
    assert_int_equal(keyboard->report_length, 8);
    assert_int_equal(keyboard->subclass, 1);
    assert_int_equal(keyboard->protocol, 1);
    assert_int_equal(sums_of(keyboard).maximum, 0xDD);

    const struct hidg_descriptor *relative = hidg_descriptor(GADGET_RELATIVE);
    assert_int_equal(relative->report_length, POINTER_RELATIVE_SIZE);
    assert_int_equal(relative->subclass, 1);
    assert_int_equal(relative->protocol, 2);

    assert_int_equal(hidg_descriptor(GADGET_ABSOLUTE)->report_length, POINTER_ABSOLUTE_SIZE);
    assert_int_equal(hidg_descriptor(GADGET_ABSOLUTE)->subclass, 0);
    assert_int_equal(hidg_descriptor(GADGET_CONSUMER)->subclass, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports_have_the_described_size),
        cmocka_unit_test(test_boot_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
