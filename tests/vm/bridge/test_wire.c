/* What goes over the two wires: USB/IP's messages, and descriptors turned into usbredir's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "core/attrs.h"
#include "tests/vm/bridge/descriptors.h"
#include "tests/vm/bridge/transfers.h"
#include "tests/vm/bridge/usbip.h"

/* A boot keyboard and a disc drive, as a gadget of ours shows them. */
static const uint8_t two_interfaces[] = {
    9, 2,    57,   0, 2, 1, 0,    0x80, 125,                   /* configuration */
    9, 4,    0,    0, 1, 3, 1,    1,    0,                     /* interface 0: HID */
    9, 0x21, 0x11, 1, 0, 1, 0x22, 63,   0,                     /* its class descriptor */
    7, 5,    0x81, 3, 8, 0, 4,                                 /* interrupt in */
    9, 4,    1,    0, 2, 8, 6,    80,   0,                     /* interface 1: mass storage */
    7, 5,    0x82, 2, 0, 2, 0,    7,    5,   0x01, 2, 0, 2, 1, /* bulk in and out */
};

static void submit_is_big_endian(attr_unused void **state)
{
    uint8_t room[USBIP_HEADER_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    usbip_write_submit(&w, &(struct usbip_submit){.sequence = 7,
                                                  .device = 0x10002,
                                                  .endpoint = 0x81,
                                                  .length = 0x1234,
                                                  .interval = 4,
                                                  .setup = {0x80, 6, 0, 1}});
    assert_int_equal(wire_written(&w), USBIP_HEADER_SIZE);
    static const uint8_t wanted[USBIP_HEADER_SIZE] = {
        0, 0, 0,    1,    0, 0, 0, 7, 0,    1,    0,    2,    0, 0, 0, 1, 0,    0, 0, 1, 0, 0, 2, 0,
        0, 0, 0x12, 0x34, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 4, 0x80, 6, 0, 1, 0, 0, 0, 0,
    };
    assert_memory_equal(room, wanted, sizeof wanted);
}

static void unlink_names_what_it_ends(attr_unused void **state)
{
    uint8_t room[USBIP_HEADER_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    usbip_write_unlink(&w, 9, 0x10002, 7);
    assert_int_equal(wire_written(&w), USBIP_HEADER_SIZE);
    assert_int_equal(room[3], 2);
    assert_int_equal(room[7], 9);
    assert_int_equal(room[23], 7);
}

static void replies_tell_status_and_length(attr_unused void **state)
{
    uint8_t bytes[USBIP_HEADER_SIZE] = {0, 0, 0, 3, 0, 0, 0, 7};
    struct usbip_reply reply;
    memcpy(bytes + 20, "\xff\xff\xff\xe0\0\0\0\x10", 8);
    struct wire_reader r = wire_reader_init(bytes, sizeof bytes);
    assert_int_equal(usbip_read_reply(&r, &reply), 0);
    assert_false(reply.unlinked);
    assert_int_equal(reply.sequence, 7);
    assert_int_equal(reply.status, -EPIPE);
    assert_int_equal(reply.length, 16);

    bytes[3] = 4; /* the answer to an unlink has no length: what stands there is noise */
    r = wire_reader_init(bytes, sizeof bytes);
    assert_int_equal(usbip_read_reply(&r, &reply), 0);
    assert_true(reply.unlinked);
    assert_int_equal(reply.length, 0);

    bytes[3] = 1;
    r = wire_reader_init(bytes, sizeof bytes);
    assert_int_equal(usbip_read_reply(&r, &reply), -EBADMSG);
    r = wire_reader_init(bytes, sizeof bytes - 1);
    assert_int_equal(usbip_read_reply(&r, &reply), -EBADMSG);
}

static void import_is_refused_or_granted(attr_unused void **state)
{
    uint8_t bytes[USBIP_IMPORT_DEVICE_SIZE] = {1, 0x11, 0, 3, 0, 0, 0, 0};
    struct wire_reader r = wire_reader_init(bytes, USBIP_IMPORT_REPLY_SIZE);
    assert_int_equal(usbip_read_import_reply(&r), 0);
    bytes[7] = 1;
    r = wire_reader_init(bytes, USBIP_IMPORT_REPLY_SIZE);
    assert_int_equal(usbip_read_import_reply(&r), 1);

    struct usbip_device device;
    memset(bytes, 0xff, sizeof bytes);
    memcpy(bytes + 288, "\0\0\0\1\0\0\0\2\0\0\0\3", 12);
    r = wire_reader_init(bytes, sizeof bytes);
    assert_int_equal(usbip_read_import_device(&r, &device), 0);
    assert_int_equal(strlen(device.bus_id), sizeof device.bus_id - 1); /* an unterminated one is cut */
    assert_int_equal(device.id, 0x10002);
    assert_int_equal(device.speed, USBIP_SPEED_HIGH);
}

static void interfaces_and_endpoints_are_found(attr_unused void **state)
{
    static const uint8_t alternates[INTERFACES_MAX];
    struct usb_redir_interface_info_header interfaces;
    struct usb_redir_ep_info_header endpoints;
    assert_int_equal(
        descriptor_read_configuration(two_interfaces, sizeof two_interfaces, alternates, &interfaces, &endpoints), 0);
    assert_int_equal(interfaces.interface_count, 2);
    assert_int_equal(interfaces.interface_class[0], 3);
    assert_int_equal(interfaces.interface_protocol[1], 80);
    assert_int_equal(endpoints.type[endpoint_index(0x81)], usb_redir_type_interrupt);
    assert_int_equal(endpoints.max_packet_size[endpoint_index(0x81)], 8);
    assert_int_equal(endpoints.type[endpoint_index(0x82)], usb_redir_type_bulk);
    assert_int_equal(endpoints.interface[endpoint_index(0x01)], 1);
    assert_int_equal(endpoints.max_packet_size[endpoint_index(0x01)], 512);
    assert_int_equal(endpoints.type[endpoint_index(0x02)], usb_redir_type_invalid);
}

static void descriptors_cut_anywhere_do_no_harm(attr_unused void **state)
{
    static const uint8_t alternates[INTERFACES_MAX];
    struct usb_redir_interface_info_header interfaces;
    struct usb_redir_ep_info_header endpoints;
    struct usb_redir_device_connect_header device;
    uint8_t bytes[sizeof two_interfaces];
    for (size_t size = 0; size < sizeof bytes; size++) {
        (void)descriptor_read_configuration(two_interfaces, size, alternates, &interfaces, &endpoints);
        assert_int_equal(descriptor_read_device(two_interfaces, size, USBIP_SPEED_HIGH, &device), -EBADMSG);
        memcpy(bytes, two_interfaces, sizeof bytes);
        bytes[size] = 0; /* a length of nothing must not be walked over for ever */
        (void)descriptor_read_configuration(bytes, sizeof bytes, alternates, &interfaces, &endpoints);
    }
    assert_int_equal(descriptor_read_configuration(two_interfaces, 20, alternates, &interfaces, &endpoints), -EBADMSG);
}

static void full_table_gives_no_transfer(attr_unused void **state)
{
    static struct transfers table;
    struct transfer *first = transfers_add(&table, TRANSFER_BULK, 0x81, 5);
    uint32_t sequence = first->sequence;
    for (unsigned i = 1; i < TRANSFERS_MAX; i++)
        assert_non_null(transfers_add(&table, TRANSFER_INTERRUPT_IN, 0x82, 0));
    assert_null(transfers_add(&table, TRANSFER_BULK, 0x81, 6));
    assert_ptr_equal(transfers_by_id(&table, 5), first);
    assert_ptr_equal(transfers_by_sequence(&table, sequence), first);
    transfer_remove(first);
    assert_null(transfers_by_sequence(&table, sequence));
    assert_null(transfers_by_id(&table, 5));
    struct transfer *next = transfers_add(&table, TRANSFER_CONTROL, 0, 5);
    assert_non_null(next);
    assert_int_not_equal(next->sequence, sequence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(submit_is_big_endian),
        cmocka_unit_test(unlink_names_what_it_ends),
        cmocka_unit_test(replies_tell_status_and_length),
        cmocka_unit_test(import_is_refused_or_granted),
        cmocka_unit_test(interfaces_and_endpoints_are_found),
        cmocka_unit_test(descriptors_cut_anywhere_do_no_harm),
        cmocka_unit_test(full_table_gives_no_transfer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
