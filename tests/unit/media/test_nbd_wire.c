/* Commands, their payloads, and the headers of their answers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "media/nbd_reply.h"
#include "nbd_talk.h"

static void test_commands_are_checked_once(void **state)
{
    (void)state;
    struct bytes in;
    talk_enter(&in, "disk");
    put_request(&in, 0, 0, 1, TALK_DISK - 10, 10);
    put_request(&in, 0, 0, 2, TALK_DISK - 10, 11);
    put_request(&in, 0, 0, 3, ~0ull, 2);
    put_request(&in, 0, 0, 4, 0, (32 << 20) + 1);
    put_request(&in, 0, 4, 5, 0, TALK_DISK);
    put_request(&in, 0, 4, 6, 1, TALK_DISK);
    put_request(&in, 2, 0, 7, 0, 1); /* a flag that was not offered */
    put_request(&in, 0, 7, 8, 0, 1); /* BLOCK_STATUS, nor this */
    put_request(&in, 0, 3, 9, 1, 0);
    put_request(&in, 1, 3, 10, 0, 0);
    put_request(&in, 0, 0, 11, 5, 0);
    put_request(&in, 0, 0xffff, 12, 0, 0);
    talk_expect(&in, NULL,
                "command 0 error 0 fua 0 cookie 1 at 65526+10\n"
                "command 0 error 22 fua 0 cookie 2 at 65526+11\n"
                "command 0 error 22 fua 0 cookie 3 at 18446744073709551615+2\n"
                "command 0 error 22 fua 0 cookie 4 at 0+33554433\n"
                "command 4 error 0 fua 0 cookie 5 at 0+65536\n"
                "command 4 error 22 fua 0 cookie 6 at 1+65536\n"
                "command 0 error 22 fua 0 cookie 7 at 0+1\n"
                "command 7 error 22 fua 0 cookie 8 at 0+1\n"
                "command 3 error 22 fua 0 cookie 9 at 1+0\n"
                "command 3 error 0 fua 1 cookie a at 0+0\n"
                "command 0 error 0 fua 0 cookie b at 5+0\n"
                "command 65535 error 22 fua 0 cookie c at 0+0\n");

    talk_enter(&in, "disk");
    put(&in, 0, NBD_REQUEST_SIZE);
    talk_expect(&in, NULL, "bad: sent a request without its magic\n");
}

/* The payload of a refused write is thrown away, and the next command is found behind it. */
static void test_writes_and_their_payloads(void **state)
{
    (void)state;
    struct bytes in;
    talk_enter(&in, "disk");
    put_request(&in, 1, 1, 1, 100, 5);
    put_text(&in, "hello");
    put_request(&in, 0, 1, 2, TALK_DISK - 1, 2);
    put_text(&in, "xx");
    put_request(&in, 0, 1, 3, 0, 0);
    put_request(&in, 0, 3, 4, 0, 0);
    talk_expect(&in, NULL,
                "payload 5\n"
                "command 1 error 0 fua 1 cookie 1 at 100+5\n"
                "command 1 error 28 fua 0 cookie 2 at 65535+2\n"
                "command 1 error 0 fua 0 cookie 3 at 0+0\n"
                "command 3 error 0 fua 0 cookie 4 at 0+0\n");

    for (size_t i = 0; i < TALK_STEPS; i++) {
        struct talk *t = calloc(1, sizeof *t);
        talk_converse(t, &in, talk_steps[i]);
        assert_memory_equal(t->payload, "hello", 5);
        free(t);
    }

    talk_enter(&in, "cd");
    put_request(&in, 0, 1, 1, 0, 4000);
    in.size += 4000;
    put_request(&in, 0, 4, 2, 0, 1);
    put_request(&in, 0, 3, 3, 0, 0);
    talk_expect(&in, NULL,
                "command 1 error 1 fua 0 cookie 1 at 0+4000\n"
                "command 4 error 1 fua 0 cookie 2 at 0+1\n"
                "command 3 error 0 fua 0 cookie 3 at 0+0\n");
}

static void test_a_write_without_memory_keeps_the_connection(void **state)
{
    (void)state;
    struct bytes in;
    talk_enter(&in, "disk");
    put_request(&in, 0, 1, 1, 0, 3000);
    in.size += 3000;
    put_request(&in, 0, 3, 2, 0, 0);
    struct talk *t = calloc(1, sizeof *t);
    t->no_memory = true;
    talk_converse(t, &in, 100);
    assert_string_equal(t->log, "payload 3000\n"
                                "command 1 error 12 fua 0 cookie 1 at 0+3000\n"
                                "command 3 error 0 fua 0 cookie 2 at 0+0\n");
    free(t);
}

static void test_zeroes(void **state)
{
    (void)state;
    struct bytes in;
    talk_enter(&in, "disk");
    put_request(&in, 1, 6, 1, 0, TALK_DISK); /* FUA */
    put_request(&in, 2, 6, 2, 512, 512);     /* NO_HOLE */
    put_request(&in, 2, 1, 3, 0, 0);         /* which is not of a WRITE */
    put_request(&in, 0, 6, 4, 512, TALK_DISK);
    put_request(&in, 16, 6, 5, 0, 1); /* FAST_ZERO was not offered */
    talk_expect(&in, NULL,
                "command 6 error 0 fua 1 cookie 1 at 0+65536\n"
                "command 6 error 0 fua 0 cookie 2 at 512+512\n"
                "command 1 error 22 fua 0 cookie 3 at 0+0\n"
                "command 6 error 28 fua 0 cookie 4 at 512+65536\n"
                "command 6 error 22 fua 0 cookie 5 at 0+1\n");
    talk_enter(&in, "cd");
    put_request(&in, 0, 6, 1, 0, 1);
    talk_expect(&in, NULL, "command 6 error 1 fua 0 cookie 1 at 0+1\n");
}

static void expect_reply(struct nbd_command command, enum nbd_error error, bool structured,
                         const struct bytes *expected)
{
    uint8_t room[NBD_REPLY_ROOM];
    assert_int_equal(nbd_reply_write(room, &command, error, structured), expected->size);
    assert_memory_equal(room, expected->data, expected->size);
}

static void test_headers_of_answers(void **state)
{
    (void)state;
    struct nbd_command read = {.type = NBD_CMD_READ, .cookie = 77, .offset = 4096, .length = 512};
    struct nbd_command write = {.type = NBD_CMD_WRITE, .cookie = 78}, empty = {.type = NBD_CMD_READ, .cookie = 79};
    struct bytes b = {.size = 0};
    put_reply(&b, 0, 77);
    expect_reply(read, NBD_OK, false, &b);
    b.size = 0;
    put_chunk(&b, 1, 77, 8 + 512);
    put(&b, 4096, 8);
    expect_reply(read, NBD_OK, true, &b);
    b.size = 0;
    put_chunk(&b, 0, 79, 0);
    expect_reply(empty, NBD_OK, true, &b);
    b.size = 0;
    put_reply(&b, 0, 78);
    expect_reply(write, NBD_OK, true, &b);
    b.size = 0;
    put_chunk(&b, 0x8001, 78, 6 + 24);
    put(&b, 1, 4);
    put(&b, 24, 2);
    put_text(&b, "this export is read-only");
    expect_reply(write, NBD_EPERM, true, &b);
    static const enum nbd_error all[] = {NBD_EPERM,  NBD_EIO,     NBD_ENOMEM,   NBD_EINVAL,
                                         NBD_ENOSPC, NBD_ENOTSUP, NBD_ESHUTDOWN};
    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) { /* each sentence finds room */
        uint8_t room[NBD_REPLY_ROOM];
        size_t size = nbd_reply_write(room, &read, all[i], true);
        assert_true(size > 40 && size < sizeof room);
        assert_int_equal(size, 20 + room[19]);
    }
}

static void test_errors_become_the_protocols(void **state)
{
    (void)state;
    assert_int_equal(nbd_error_from_errno(0), 0);
    assert_int_equal(nbd_error_from_errno(-EROFS), NBD_EPERM);
    assert_int_equal(nbd_error_from_errno(-EIO), NBD_EIO);
    assert_int_equal(nbd_error_from_errno(-ESTALE), NBD_EIO);
    assert_int_equal(nbd_error_from_errno(-ENOSPC), NBD_ENOSPC);
    assert_int_equal(nbd_error_from_errno(-ECANCELED), NBD_ESHUTDOWN);
    assert_int_equal(nbd_error_from_errno(-ENOMEM), NBD_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_are_checked_once),
        cmocka_unit_test(test_writes_and_their_payloads),
        cmocka_unit_test(test_a_write_without_memory_keeps_the_connection),
        cmocka_unit_test(test_zeroes),
        cmocka_unit_test(test_headers_of_answers),
        cmocka_unit_test(test_errors_become_the_protocols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
