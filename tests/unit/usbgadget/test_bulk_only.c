/* Bulk-only transport: wrappers that are not valid, the thirteen cases of section 6.7, and what helps out of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "usbgadget/bulk_only.h"

#define PACKET 512

static const uint8_t good_wrapper[BULK_CBW] = {'U', 'S', 'B', 'C', 1, 2, 3, 4, 0, 2, 0, 0, 0x80, 0, 6, 0x12};

static void give(struct bulk *b, const uint8_t *bytes, size_t size)
{
    bulk_received(b, bytes, size, size < PACKET);
}

static void begin(struct bulk *b, uint32_t expected, bool host_sends)
{
    uint8_t wrapper[BULK_CBW];
    memcpy(wrapper, good_wrapper, sizeof wrapper);
    for (int i = 0; i < 4; i++)
        wrapper[8 + i] = (uint8_t)(expected >> (8 * i));
    wrapper[12] = host_sends ? 0 : 0x80;
    bulk_init(b);
    give(b, wrapper, sizeof wrapper);
    assert_int_equal(b->state, BULK_COMMAND);
}

static void check_status(struct bulk *b, uint32_t residue, unsigned status)
{
    uint8_t csw[BULK_CSW];
    assert_int_equal(b->state, BULK_STATUS);
    bulk_status(b, csw);
    assert_memory_equal(csw, "USBS\1\2\3\4", 8);
    assert_int_equal(csw[8] | csw[9] << 8 | csw[10] << 16 | (uint32_t)csw[11] << 24, residue);
    assert_int_equal(csw[12], status);
    bulk_status_sent(b);
    assert_int_equal(b->state, BULK_IDLE);
}

static void test_takes_a_wrapper_apart(void **state)
{
    (void)state;
    struct bulk b;
    bulk_init(&b);
    give(&b, good_wrapper, sizeof good_wrapper);
    assert_int_equal(b.state, BULK_COMMAND);
    assert_int_equal(b.tag, 0x04030201);
    assert_int_equal(b.expected, 512);
    assert_false(b.host_sends);
    assert_int_equal(b.cdb[0], 0x12);
}

static void test_bytes_behind_a_command_are_zeros(void **state)
{
    (void)state;
    struct bulk b;
    uint8_t wrapper[BULK_CBW];
    memset(wrapper, 0xEE, sizeof wrapper);
    memcpy(wrapper, good_wrapper, 16);
    bulk_init(&b);
    give(&b, wrapper, sizeof wrapper);
    assert_int_equal(b.cdb[5], 0xEE);
    for (size_t i = 6; i < BULK_CDB; i++)
        assert_int_equal(b.cdb[i], 0);
}

static void test_refuses_what_is_no_wrapper_until_a_reset(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 'u'}, {12, 0x81}, {13, 0x10}, {14, 0}, {14, 17}};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        uint8_t wrapper[BULK_CBW];
        memcpy(wrapper, good_wrapper, sizeof wrapper);
        wrapper[wrong[i].at] = wrong[i].value;
        struct bulk b;
        bulk_init(&b);
        give(&b, wrapper, sizeof wrapper);
        assert_int_equal(b.state, BULK_HALT);
        bulk_halted(&b);
        assert_int_equal(b.state, BULK_DEAD);
        give(&b, good_wrapper, sizeof good_wrapper); /* cleared the halt, but did not reset */
        assert_int_equal(b.state, BULK_HALT);
        bulk_halted(&b);
        bulk_reset(&b);
        give(&b, good_wrapper, sizeof good_wrapper);
        assert_int_equal(b.state, BULK_COMMAND);
    }
}

static void test_refuses_a_wrapper_of_another_length(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 30, 32, PACKET};
    uint8_t bytes[PACKET] = {0};
    memcpy(bytes, good_wrapper, sizeof good_wrapper);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct bulk b;
        bulk_init(&b);
        give(&b, bytes, sizes[i]);
        assert_int_equal(b.state, BULK_HALT);
    }
}

enum { H_NONE, H_IN, H_OUT };

/* What host and device mean to do, and what comes of it. */
static const struct {
    const char *name;
    int host;
    enum bulk_direction device;
    uint32_t expected;
    uint64_t size;
    bool failed;
    uint32_t residue;
    unsigned status;
} cases[] = {
    {"1 Hn = Dn", H_NONE, BULK_NONE, 0, 0, false, 0, 0},
    {"1 failed", H_NONE, BULK_NONE, 0, 0, true, 0, 1},
    {"2 Hn < Di", H_NONE, BULK_IN, 0, 36, false, 0, 2},
    {"3 Hn < Do", H_NONE, BULK_OUT, 0, 24, false, 0, 2},
    {"4 Hi > Dn", H_IN, BULK_NONE, 512, 0, false, 512, 0},
    {"4 failed", H_IN, BULK_NONE, 512, 0, true, 512, 1},
    {"5 Hi > Di", H_IN, BULK_IN, 512, 36, false, 476, 0},
    {"6 Hi = Di", H_IN, BULK_IN, 2048, 2048, false, 0, 0},
    {"7 Hi < Di", H_IN, BULK_IN, 2048, 1ull << 33, false, 0, 2},
    {"8 Hi <> Do", H_IN, BULK_OUT, 512, 24, true, 512, 2},
    {"9 Ho > Dn", H_OUT, BULK_NONE, 1024, 0, false, 1024, 0},
    {"10 Ho <> Di", H_OUT, BULK_IN, 1024, 36, false, 1024, 2},
    {"11 Ho > Do", H_OUT, BULK_OUT, 1024, 24, true, 1000, 1},
    {"12 Ho = Do", H_OUT, BULK_OUT, 24, 24, true, 0, 1},
    {"13 Ho < Do", H_OUT, BULK_OUT, 24, 48, true, 0, 2},
};

static void test_the_thirteen_cases(void **state)
{
    (void)state;
    static const uint8_t data[PACKET];
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bulk b;
        begin(&b, cases[i].expected, cases[i].host == H_OUT);
        bulk_answer(&b, cases[i].device, cases[i].size, cases[i].failed);
        if (cases[i].host == H_IN) {
            assert_int_equal(b.state, BULK_DATA_IN);
            assert_true(b.transfer <= cases[i].expected);
            bulk_sent(&b, b.transfer, false);
        }
        while (b.state == BULK_DATA_OUT)
            give(&b, data, MIN(b.left, (uint32_t)PACKET));
        print_message("case %s\n", cases[i].name);
        check_status(&b, cases[i].residue, cases[i].status);
    }
}

static void test_a_host_that_sends_less_than_it_said_is_done(void **state)
{
    (void)state;
    static const uint8_t data[PACKET];
    struct bulk b;
    begin(&b, 4096, true);
    bulk_answer(&b, BULK_NONE, 0, true);
    give(&b, data, PACKET);
    assert_int_equal(b.state, BULK_DATA_OUT);
    give(&b, data, 100);
    check_status(&b, 4096, 1);
}

static void test_a_read_that_breaks_off_says_what_is_missing(void **state)
{
    (void)state;
    struct bulk b;
    begin(&b, 65536, false);
    bulk_answer(&b, BULK_IN, 65536, false);
    bulk_sent(&b, 4096, true);
    check_status(&b, 65536 - 4096, 1);
}

static void test_short_data_of_whole_packets_ends_with_an_empty_one(void **state)
{
    (void)state;
    struct bulk b;
    begin(&b, 4096, false);
    bulk_answer(&b, BULK_IN, 1024, false);
    assert_true(bulk_ends_empty(&b, 1024, PACKET));
    assert_true(bulk_ends_empty(&b, 0, PACKET));
    assert_false(bulk_ends_empty(&b, 1000, PACKET));
    assert_false(bulk_ends_empty(&b, 4096, PACKET));
}

static void test_knows_the_class_requests(void **state)
{
    (void)state;
    assert_int_equal(bulk_request(0x21, 0xFF, 0, 0), BULK_REQUEST_RESET);
    assert_int_equal(bulk_request(0xA1, 0xFE, 0, 1), BULK_REQUEST_MAX_LUN);
    assert_int_equal(bulk_request(0x21, 0xFF, 1, 0), BULK_REQUEST_OTHER);
    assert_int_equal(bulk_request(0x21, 0xFF, 0, 4), BULK_REQUEST_OTHER);
    assert_int_equal(bulk_request(0xA1, 0xFE, 1, 1), BULK_REQUEST_OTHER);
    assert_int_equal(bulk_request(0x21, 0x00, 0, 0), BULK_REQUEST_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_a_wrapper_apart),
        cmocka_unit_test(test_bytes_behind_a_command_are_zeros),
        cmocka_unit_test(test_refuses_what_is_no_wrapper_until_a_reset),
        cmocka_unit_test(test_refuses_a_wrapper_of_another_length),
        cmocka_unit_test(test_the_thirteen_cases),
        cmocka_unit_test(test_a_host_that_sends_less_than_it_said_is_done),
        cmocka_unit_test(test_a_read_that_breaks_off_says_what_is_missing),
        cmocka_unit_test(test_short_data_of_whole_packets_ends_with_an_empty_one),
        cmocka_unit_test(test_knows_the_class_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
