/* The protocol without sockets: each conversation is fed whole, in threes and byte by byte, and must give the same. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "media/nbd_reply.h"
#include "nbd_bytes.h"

#define DISK_SIZE 65536

static const size_t steps[] = {1, 3, 8192};

/* What came of a conversation: bytes sent, and one line for each event. */
struct talk {
    struct bytes out;
    char log[2048];
    size_t consumed;
    char chosen[64];
    bool refuse_chosen, no_memory;
    enum nbd_tls_policy tls;
    uint8_t payload[DISK_SIZE];
};

static void note(struct talk *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct talk *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t used = strlen(t->log);
    vsnprintf(t->log + used, sizeof t->log - used, format, args);
    va_end(args);
}

static void on_send(void *data, const void *bytes, size_t size)
{
    struct talk *t = data;
    assert_true(t->out.size + size <= sizeof t->out.data);
    memcpy(t->out.data + t->out.size, bytes, size);
    t->out.size += size;
}

static bool on_find(void *data, const char *name, struct nbd_export_info *ret)
{
    (void)data;
    if (strcmp(name, "disk") != 0 && strcmp(name, "cd") != 0)
        return false;
    *ret = (struct nbd_export_info){.size = DISK_SIZE, .read_only = *name == 'c'};
    return true;
}

static void on_list(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    (void)data;
    fn(fn_data, "disk");
    fn(fn_data, "cd");
}

static bool on_chosen(void *data, const char *name)
{
    struct talk *t = data;
    snprintf(t->chosen, sizeof t->chosen, "%s", name);
    return !t->refuse_chosen;
}

static const struct nbd_wire_host host = {on_send, on_find, on_list, on_chosen};

static void note_event(struct talk *t, struct nbd_wire *wire, int event, const char *why)
{
    const struct nbd_command *c = &wire->command;
    if (event < 0) {
        note(t, "bad: %s\n", why);
    } else if (event == NBD_PAYLOAD) {
        note(t, "payload %u\n", c->length);
        nbd_wire_payload(wire, t->no_memory ? NULL : t->payload);
    } else if (event == NBD_COMMAND) {
        note(t, "command %d error %d fua %d cookie %llx at %llu+%u\n", (int)c->type, (int)c->error, c->fua,
             (unsigned long long)c->cookie, (unsigned long long)c->offset, c->length);
    } else if (event == NBD_STARTTLS) {
        note(t, "starttls\n");
    } else if (event == NBD_FINISHED) {
        note(t, "finished\n");
    }
}

static void converse(struct talk *t, const struct bytes *in, size_t step)
{
    struct nbd_wire wire;
    nbd_wire_init(&wire, &host, t, t->tls);
    int event = NBD_MORE;
    while (t->consumed < in->size && event >= 0 && event != NBD_FINISHED) {
        size_t size;
        uint8_t *room = nbd_wire_room(&wire, &size);
        assert_true(size > 0);
        size = MIN(MIN(size, step), in->size - t->consumed);
        memcpy(room, in->data + t->consumed, size);
        t->consumed += size;
        const char *why = NULL;
        event = nbd_wire_filled(&wire, size, &why);
        assert_true(event >= 0 || why);
        note_event(t, &wire, event, why);
    }
}

static void expect_talk_over(enum nbd_tls_policy tls, const struct bytes *in, const struct bytes *out, const char *log)
{
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        struct talk *t = calloc(1, sizeof *t);
        t->tls = tls;
        converse(t, in, steps[i]);
        assert_string_equal(t->log, log);
        if (out) {
            assert_int_equal(t->out.size, out->size);
            assert_memory_equal(t->out.data, out->data, out->size);
        }
        free(t);
    }
}

static void expect_talk(const struct bytes *in, const struct bytes *out, const char *log)
{
    expect_talk_over(NBD_TLS_NEVER, in, out, log);
}

#define DISK_FLAGS 0x16d /* has flags, flush, fua, trim, write zeroes, multi-conn */
#define CD_FLAGS 0x10f   /* the same, read-only, no trim, no zeroes */
#define DF 0x80          /* with structured replies */

static void test_go_with_all_that_can_be_asked(void **state)
{
    (void)state;
    struct bytes in = {.size = 0}, out = {.size = 0};
    put_client_flags(&in, 3);
    put_info(&in, 6, "cd");
    put_info(&in, 7, "disk");
    put_request(&in, 0, 0, 0x1122334455667788, 512, 1024);
    put_request(&in, 0, 2, 1, 0, 0);
    put_greeting(&out);
    put_info_replies(&out, 6, "cd", DISK_SIZE, CD_FLAGS);
    put_info_replies(&out, 7, "disk", DISK_SIZE, DISK_FLAGS);
    expect_talk(&in, &out, "command 0 error 0 fua 0 cookie 1122334455667788 at 512+1024\nfinished\n");
}

static void test_options_are_refused_by_their_names(void **state)
{
    (void)state;
    struct bytes in = {.size = 0}, out = {.size = 0};
    put_client_flags(&in, 1);
    put_greeting(&out);
    put_info(&in, 7, "other");
    put_option_reply(&out, 7, 0x80000006, "no such export for this client", 30);
    put_option(&in, 5, 0); /* STARTTLS */
    put_option_reply(&out, 5, 0x80000001, "there is no TLS on this local socket", 36);
    put_option(&in, 10, 0); /* SET_META_CONTEXT */
    put_option_reply(&out, 10, 0x80000001, "this server does not know the option", 36);
    put_option(&in, 7, 3); /* too short for itself */
    put(&in, 0, 3);
    put_option_reply(&out, 7, 0x80000003, "the option's lengths do not fit", 31);
    put_option(&in, 7, 8); /* the name is longer than the option */
    put(&in, 0xffffffff, 4);
    put(&in, 0, 4);
    put_option_reply(&out, 7, 0x80000003, "the option's lengths do not fit", 31);
    put_option(&in, 3, 1);
    put(&in, 0, 1);
    put_option_reply(&out, 3, 0x80000003, "LIST takes no data", 18);
    put_option(&in, 7, 4000);
    memset(in.data + in.size, 'x', 4000);
    in.size += 4000;
    put_option_reply(&out, 7, 0x80000009, "the option is too long", 22);
    put_option(&in, 2, 0);
    put_option_reply(&out, 2, 1, NULL, 0);
    expect_talk(&in, &out, "finished\n");
}

static void test_list(void **state)
{
    (void)state;
    struct bytes in = {.size = 0}, out = {.size = 0};
    put_client_flags(&in, 3);
    put_option(&in, 3, 0);
    put_greeting(&out);
    put_option_reply(&out, 3, 2, "\0\0\0\4disk", 8);
    put_option_reply(&out, 3, 2, "\0\0\0\2cd", 6);
    put_option_reply(&out, 3, 1, NULL, 0);
    expect_talk(&in, &out, "");
}

static void test_export_name_with_and_without_zeroes(void **state)
{
    (void)state;
    for (unsigned flags = 1; flags <= 3; flags += 2) {
        struct bytes in = {.size = 0}, out = {.size = 0};
        put_client_flags(&in, flags);
        put_option(&in, 1, 2);
        put_text(&in, "cd");
        put_request(&in, 0, 3, 7, 0, 0);
        put_greeting(&out);
        put(&out, DISK_SIZE, 8);
        put(&out, CD_FLAGS, 2);
        if (flags == 1)
            out.size += 124;
        expect_talk(&in, &out, "command 3 error 0 fua 0 cookie 7 at 0+0\n");
    }
}

static void test_broken_negotiations_end(void **state)
{
    (void)state;
    struct bytes in = {.size = 0};
    put_client_flags(&in, 4);
    expect_talk(&in, NULL, "bad: sent unknown handshake flags\n");

    in.size = 0;
    put_client_flags(&in, 3);
    put(&in, 0, 16);
    expect_talk(&in, NULL, "bad: sent an option without its magic\n");

    in.size = 4;
    put_option(&in, 7, 65537);
    expect_talk(&in, NULL, "bad: sent an option of more than 64 KiB\n");

    in.size = 4;
    put_option(&in, 1, 5);
    put_text(&in, "other");
    expect_talk(&in, NULL, "bad: asked for an export that it cannot have\n");

    in.size = 4;
    put_option(&in, 1, 5);
    put_text(&in, "cd");
    put(&in, 0, 3); /* NULs after the name: another name */
    expect_talk(&in, NULL, "bad: asked for an export that it cannot have\n");

    in.size = 4;
    for (int i = 0; i <= NBD_MAX_OPTIONS; i++)
        put_option(&in, 8, 0);
    struct talk *t = calloc(1, sizeof *t);
    struct nbd_wire wire;
    nbd_wire_init(&wire, &host, t, NBD_TLS_NEVER);
    int event = 0;
    const char *why = NULL;
    for (size_t i = 0; i < in.size && event >= 0; i++) {
        size_t size;
        *nbd_wire_room(&wire, &size) = in.data[i];
        t->out.size = 0; /* as if it were sent */
        event = nbd_wire_filled(&wire, 1, &why);
    }
    assert_int_equal(event, -EPROTO);
    assert_string_equal(why, "negotiates without end");
    free(t);
}

static void enter(struct bytes *in, const char *name)
{
    in->size = 0;
    put_client_flags(in, 3);
    put_info(in, 7, name);
}

static void test_commands_are_checked_once(void **state)
{
    (void)state;
    struct bytes in;
    enter(&in, "disk");
    put_request(&in, 0, 0, 1, DISK_SIZE - 10, 10);
    put_request(&in, 0, 0, 2, DISK_SIZE - 10, 11);
    put_request(&in, 0, 0, 3, ~0ull, 2);
    put_request(&in, 0, 0, 4, 0, (32 << 20) + 1);
    put_request(&in, 0, 4, 5, 0, DISK_SIZE);
    put_request(&in, 0, 4, 6, 1, DISK_SIZE);
    put_request(&in, 2, 0, 7, 0, 1); /* a flag that was not offered */
    put_request(&in, 0, 7, 8, 0, 1); /* BLOCK_STATUS, nor this */
    put_request(&in, 0, 3, 9, 1, 0);
    put_request(&in, 1, 3, 10, 0, 0);
    put_request(&in, 0, 0, 11, 5, 0);
    put_request(&in, 0, 0xffff, 12, 0, 0);
    expect_talk(&in, NULL,
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

    enter(&in, "disk");
    put(&in, 0, NBD_REQUEST_SIZE);
    expect_talk(&in, NULL, "bad: sent a request without its magic\n");
}

/* The payload of a refused write is thrown away, and the next command is found behind it. */
static void test_writes_and_their_payloads(void **state)
{
    (void)state;
    struct bytes in;
    enter(&in, "disk");
    put_request(&in, 1, 1, 1, 100, 5);
    put_text(&in, "hello");
    put_request(&in, 0, 1, 2, DISK_SIZE - 1, 2);
    put_text(&in, "xx");
    put_request(&in, 0, 1, 3, 0, 0);
    put_request(&in, 0, 3, 4, 0, 0);
    expect_talk(&in, NULL,
                "payload 5\n"
                "command 1 error 0 fua 1 cookie 1 at 100+5\n"
                "command 1 error 28 fua 0 cookie 2 at 65535+2\n"
                "command 1 error 0 fua 0 cookie 3 at 0+0\n"
                "command 3 error 0 fua 0 cookie 4 at 0+0\n");

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        struct talk *t = calloc(1, sizeof *t);
        converse(t, &in, steps[i]);
        assert_memory_equal(t->payload, "hello", 5);
        free(t);
    }

    enter(&in, "cd");
    put_request(&in, 0, 1, 1, 0, 4000);
    in.size += 4000;
    put_request(&in, 0, 4, 2, 0, 1);
    put_request(&in, 0, 3, 3, 0, 0);
    expect_talk(&in, NULL,
                "command 1 error 1 fua 0 cookie 1 at 0+4000\n"
                "command 4 error 1 fua 0 cookie 2 at 0+1\n"
                "command 3 error 0 fua 0 cookie 3 at 0+0\n");
}

static void test_a_write_without_memory_keeps_the_connection(void **state)
{
    (void)state;
    struct bytes in;
    enter(&in, "disk");
    put_request(&in, 0, 1, 1, 0, 3000);
    in.size += 3000;
    put_request(&in, 0, 3, 2, 0, 0);
    struct talk *t = calloc(1, sizeof *t);
    t->no_memory = true;
    converse(t, &in, 100);
    assert_string_equal(t->log, "payload 3000\n"
                                "command 1 error 12 fua 0 cookie 1 at 0+3000\n"
                                "command 3 error 0 fua 0 cookie 2 at 0+0\n");
    free(t);
}

static void test_an_export_that_goes_during_the_negotiation(void **state)
{
    (void)state;
    struct bytes in;
    enter(&in, "disk");
    put_request(&in, 0, 0, 1, 0, 1);
    struct talk *t = calloc(1, sizeof *t);
    t->refuse_chosen = true;
    converse(t, &in, 1);
    assert_string_equal(t->log, "bad: the export went away during the negotiation\n");
    free(t);
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

static void test_structured_replies_are_agreed_on(void **state)
{
    (void)state;
    struct bytes in = {.size = 0}, out = {.size = 0};
    put_client_flags(&in, 3);
    put_greeting(&out);
    put_option(&in, 8, 1);
    put(&in, 0, 1);
    put_option_reply(&out, 8, 0x80000003, "STRUCTURED_REPLY takes no data", 30);
    put_option(&in, 8, 0);
    put_option_reply(&out, 8, 1, NULL, 0);
    put_option(&in, 8, 0);
    put_option_reply(&out, 8, 0x80000003, "structured replies were agreed on already", 41);
    put_info(&in, 7, "disk");
    put_info_replies(&out, 7, "disk", DISK_SIZE, DISK_FLAGS | DF);
    put_request(&in, 4, 0, 1, 0, 512); /* DF */
    put_request(&in, 4, 4, 2, 0, 512); /* not of a TRIM */
    expect_talk(&in, &out,
                "command 0 error 0 fua 0 cookie 1 at 0+512\n"
                "command 4 error 22 fua 0 cookie 2 at 0+512\n");
}

static void test_zeroes(void **state)
{
    (void)state;
    struct bytes in;
    enter(&in, "disk");
    put_request(&in, 1, 6, 1, 0, DISK_SIZE); /* FUA */
    put_request(&in, 2, 6, 2, 512, 512);     /* NO_HOLE */
    put_request(&in, 2, 1, 3, 0, 0);         /* which is not of a WRITE */
    put_request(&in, 0, 6, 4, 512, DISK_SIZE);
    put_request(&in, 16, 6, 5, 0, 1); /* FAST_ZERO was not offered */
    expect_talk(&in, NULL,
                "command 6 error 0 fua 1 cookie 1 at 0+65536\n"
                "command 6 error 0 fua 0 cookie 2 at 512+512\n"
                "command 1 error 22 fua 0 cookie 3 at 0+0\n"
                "command 6 error 28 fua 0 cookie 4 at 512+65536\n"
                "command 6 error 22 fua 0 cookie 5 at 0+1\n");
    enter(&in, "cd");
    put_request(&in, 0, 6, 1, 0, 1);
    expect_talk(&in, NULL, "command 6 error 1 fua 0 cookie 1 at 0+1\n");
}

/* Nothing is told in the clear, whatever is asked. */
static void test_before_tls(void **state)
{
    (void)state;
    static const char no[] = "this server speaks TLS only: say STARTTLS first";
    static const uint32_t options[] = {3, 8, 9, 10, 4711};
    struct bytes in = {.size = 0}, out = {.size = 0};
    put_client_flags(&in, 3);
    put_greeting(&out);
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
        put_option(&in, options[i], 0);
        put_option_reply(&out, options[i], 0x80000005, no, sizeof no - 1);
    }
    put_info(&in, 6, "disk");
    put_option_reply(&out, 6, 0x80000005, no, sizeof no - 1);
    put_info(&in, 7, "disk");
    put_option_reply(&out, 7, 0x80000005, no, sizeof no - 1);
    put_option(&in, 5, 2);
    put(&in, 0, 2);
    put_option_reply(&out, 5, 0x80000003, "STARTTLS takes no data", 22);
    put_option(&in, 5, 0);
    put_option_reply(&out, 5, 1, NULL, 0);
    put_option(&in, 5, 0); /* from here on it is as if through TLS */
    put_option_reply(&out, 5, 0x80000003, "TLS has begun already", 21);
    put_info(&in, 7, "cd");
    put_info_replies(&out, 7, "cd", DISK_SIZE, CD_FLAGS);
    expect_talk_over(NBD_TLS_REQUIRED, &in, &out, "starttls\n");

    in.size = 4;
    put_option(&in, 1, 2);
    put_text(&in, "cd");
    expect_talk_over(NBD_TLS_REQUIRED, &in, NULL, "bad: asked for an export without TLS\n");

    in.size = 4;
    out.size = 0;
    put_greeting(&out);
    put_option(&in, 2, 0);
    put_option_reply(&out, 2, 1, NULL, 0);
    expect_talk_over(NBD_TLS_REQUIRED, &in, &out, "finished\n");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go_with_all_that_can_be_asked),
        cmocka_unit_test(test_options_are_refused_by_their_names),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_export_name_with_and_without_zeroes),
        cmocka_unit_test(test_broken_negotiations_end),
        cmocka_unit_test(test_commands_are_checked_once),
        cmocka_unit_test(test_writes_and_their_payloads),
        cmocka_unit_test(test_a_write_without_memory_keeps_the_connection),
        cmocka_unit_test(test_an_export_that_goes_during_the_negotiation),
        cmocka_unit_test(test_structured_replies_are_agreed_on),
        cmocka_unit_test(test_zeroes),
        cmocka_unit_test(test_before_tls),
        cmocka_unit_test(test_headers_of_answers),
        cmocka_unit_test(test_errors_become_the_protocols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
