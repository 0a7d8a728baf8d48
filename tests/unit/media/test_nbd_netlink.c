/* Messages to the kernel's nbd driver, byte by byte, and answers, whole and broken. Both are in the byte order of the
 * machine; the expected bytes here are little-endian. */
#include <errno.h>
#include <linux/nbd-netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "media/nbd_netlink.h"

static void test_the_question_for_the_family(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        28, 0, 0, 0, 16,  0,   5,   0, 7, 0, 0, 0, 0, 0, 0, 0, /* nlmsghdr: control family, request and acknowledge */
        3,  1, 0, 0,                                           /* GETFAMILY */
        8,  0, 2, 0, 'n', 'b', 'd', 0,                         /* its name */
    };
    uint8_t room[NBD_NETLINK_ROOM];
    struct nbd_netlink_request request = {.serial = 7, .command = NBD_CMD_CONNECT, .index = 4};
    assert_int_equal(nbd_netlink_write(&request, room), sizeof expected);
    assert_memory_equal(room, expected, sizeof expected);
}

static void test_connect(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        124, 0, 0,  0,    33,  0,   5,   0,    9,   0,   0,   0,   0,   0, 0, 0, /* nlmsghdr */
        1,   1, 0,  0,                                                           /* NBD_CMD_CONNECT */
        12,  0, 2,  0,    0,   8,   0,   0,    1,   0,   0,   0,                 /* SIZE_BYTES */
        12,  0, 3,  0,    0,   8,   0,   0,    0,   0,   0,   0,                 /* BLOCK_SIZE_BYTES */
        12,  0, 5,  0,    3,   1,   0,   0,    0,   0,   0,   0,                 /* SERVER_FLAGS */
        12,  0, 4,  0,    27,  0,   0,   0,    0,   0,   0,   0,                 /* TIMEOUT */
        12,  0, 8,  0,    20,  0,   0,   0,    0,   0,   0,   0,                 /* DEAD_CONN_TIMEOUT */
        28,  0, 7,  0x80, 12,  0,   1,   0x80, 8,   0,   1,   0,   5,   0, 0, 0, /* SOCKETS: ITEM: FD */
        12,  0, 1,  0x80, 8,   0,   1,   0,    6,   0,   0,   0,                 /* ITEM: FD */
        14,  0, 10, 0,    'l', 'i', 'g', 'h',  't', 's', 'o', 'u', 't', 0, 0, 0, /* BACKEND_IDENTIFIER */
    };
    static const int sockets[] = {5, 6};
    uint8_t room[NBD_NETLINK_ROOM];
    struct nbd_device_config config = {
        .size = 0x100000800, .block_size = 2048, .flags = 0x103, .timeout_s = 27, .dead_s = 20};
    struct nbd_netlink_request request = {.family = 33,
                                          .command = NBD_CMD_CONNECT,
                                          .serial = 9,
                                          .index = -1,
                                          .config = &config,
                                          .sockets = sockets,
                                          .n_sockets = 2,
                                          .owner = "lightsout"};
    assert_int_equal(nbd_netlink_write(&request, room), sizeof expected);
    assert_memory_equal(room, expected, sizeof expected);
    request.n_sockets = NBD_NETLINK_SOCKETS + 1;
    assert_int_equal(nbd_netlink_write(&request, room), 0);
}

static void test_reconfigure_names_no_size(void **state)
{
    (void)state;
    static const int fd = 5;
    uint8_t room[NBD_NETLINK_ROOM], big[NBD_NETLINK_ROOM];
    struct nbd_device_config config = {.size = 4096, .block_size = 2048, .timeout_s = 27, .dead_s = 20};
    struct nbd_netlink_request request = {
        .family = 33, .command = NBD_CMD_RECONFIGURE, .index = 3, .config = &config, .sockets = &fd, .n_sockets = 1};
    size_t size = nbd_netlink_write(&request, room);
    static const uint8_t index[] = {8, 0, 1, 0, 3, 0, 0, 0}, timeout[] = {12, 0, 4, 0, 27};
    assert_int_equal(size, 20 + 8 + 12 + 12 + 16);
    assert_memory_equal(room + 20, index, sizeof index);
    assert_memory_equal(room + 28, timeout, sizeof timeout);
    char owner[NBD_NETLINK_ROOM];
    memset(owner, 'x', sizeof owner);
    owner[sizeof owner - 1] = 0;
    request.owner = owner;
    assert_int_equal(nbd_netlink_write(&request, big), 0);
}

static const uint8_t family_answer[] = {
    32, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, /* control family */
    6,  0, 1, 0, 33, 0, 0, 0,                                     /* FAMILY_ID, padded */
    4,  0, 9, 0,                                                  /* something that does not concern us */
};
static const uint8_t index_answer[] = {
    28, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 8, 0, 1, 0, 2, 0, 0, 0,
};
static const uint8_t status_answer[] = {
    44, 0, 0, 0,    33, 0, 0, 0,             /* length, type, flags */
    1,  0, 0, 0,    0,  0, 0, 0, 5, 1, 0, 0, /* serial, port; NBD_CMD_STATUS */
    24, 0, 9, 0x80,                          /* DEVICE_LIST */
    20, 0, 1, 0x80,                          /* DEVICE_ITEM */
    8,  0, 1, 0,    3,  0, 0, 0,             /* DEVICE_INDEX */
    5,  0, 2, 0,    1,  0, 0, 0,             /* DEVICE_CONNECTED */
};
static const uint8_t acknowledgement[] = {
    36, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 33, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0,
};
static const uint8_t busy[] = {
    36,   0,    0,  0, 2, 0, 0,  0, 1, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0xff,
    0xff, 0xff, 28, 0, 0, 0, 33, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0,    0,
};

static void test_answers(void **state)
{
    (void)state;
    struct nbd_netlink_answer answer = {.done = false};
    assert_true(nbd_netlink_read(family_answer, sizeof family_answer, 1, &answer));
    assert_true(answer.has_family && answer.family == 33 && !answer.done);
    assert_true(nbd_netlink_read(index_answer, sizeof index_answer, 1, &answer));
    assert_true(answer.has_index && answer.index == 2 && !answer.done);
    assert_true(nbd_netlink_read(status_answer, sizeof status_answer, 1, &answer));
    assert_true(answer.has_connected && answer.connected);
    assert_true(nbd_netlink_read(acknowledgement, sizeof acknowledgement, 1, &answer));
    assert_true(answer.done && answer.error == 0);
    answer.done = false;
    assert_true(nbd_netlink_read(busy, sizeof busy, 1, &answer));
    assert_true(answer.done && answer.error == -EBUSY);
}

static void test_answers_to_others(void **state)
{
    (void)state;
    struct nbd_netlink_answer answer = {.done = false};
    assert_true(nbd_netlink_read(busy, sizeof busy, 2, &answer));
    assert_true(nbd_netlink_read(index_answer, sizeof index_answer, 2, &answer));
    assert_false(answer.done || answer.has_index);
}

/* Two messages in one datagram, and every way to cut them short. */
static void test_cut_answers(void **state)
{
    (void)state;
    uint8_t both[sizeof status_answer + sizeof busy];
    memcpy(both, status_answer, sizeof status_answer);
    memcpy(both + sizeof status_answer, busy, sizeof busy);
    for (size_t size = 0; size <= sizeof both; size++) {
        struct nbd_netlink_answer answer = {.done = false};
        uint8_t *exact = malloc(size + 1); /* so that the sanitizer sees what is read behind the end */
        memcpy(exact, both, size);
        bool ok = nbd_netlink_read(exact, size, 1, &answer);
        assert_int_equal(ok, size == 0 || size == sizeof status_answer || size == sizeof both);
        assert_int_equal(answer.done, size == sizeof both);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_question_for_the_family), cmocka_unit_test(test_connect),
        cmocka_unit_test(test_reconfigure_names_no_size),   cmocka_unit_test(test_answers),
        cmocka_unit_test(test_answers_to_others),           cmocka_unit_test(test_cut_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
