/* What is agreed on before the first command: exports, options, TLS. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nbd_talk.h"

#define DF 0x80 /* with structured replies */

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
    put_info_replies(&out, 6, "cd", TALK_DISK, TALK_CD_FLAGS);
    put_info_replies(&out, 7, "disk", TALK_DISK, TALK_DISK_FLAGS);
    talk_expect(&in, &out, "command 0 error 0 fua 0 cookie 1122334455667788 at 512+1024\nfinished\n");
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
    talk_expect(&in, &out, "finished\n");
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
    talk_expect(&in, &out, "");
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
        put(&out, TALK_DISK, 8);
        put(&out, TALK_CD_FLAGS, 2);
        if (flags == 1)
            out.size += 124;
        talk_expect(&in, &out, "command 3 error 0 fua 0 cookie 7 at 0+0\n");
    }
}

static void test_broken_negotiations_end(void **state)
{
    (void)state;
    struct bytes in = {.size = 0};
    put_client_flags(&in, 4);
    talk_expect(&in, NULL, "bad: sent unknown handshake flags\n");

    in.size = 0;
    put_client_flags(&in, 3);
    put(&in, 0, 16);
    talk_expect(&in, NULL, "bad: sent an option without its magic\n");

    in.size = 4;
    put_option(&in, 7, 65537);
    talk_expect(&in, NULL, "bad: sent an option of more than 64 KiB\n");

    in.size = 4;
    put_option(&in, 1, 5);
    put_text(&in, "other");
    talk_expect(&in, NULL, "bad: asked for an export that it cannot have\n");

    in.size = 4;
    put_option(&in, 1, 5);
    put_text(&in, "cd");
    put(&in, 0, 3); /* NULs after the name: another name */
    talk_expect(&in, NULL, "bad: asked for an export that it cannot have\n");

    in.size = 4;
    for (int i = 0; i <= NBD_MAX_OPTIONS; i++)
        put_option(&in, 8, 0);
    struct talk *t = calloc(1, sizeof *t);
    struct nbd_wire wire;
    nbd_wire_init(&wire, &talk_host, t, NBD_TLS_NEVER);
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

static void test_an_export_that_goes_during_the_negotiation(void **state)
{
    (void)state;
    struct bytes in;
    talk_enter(&in, "disk");
    put_request(&in, 0, 0, 1, 0, 1);
    struct talk *t = calloc(1, sizeof *t);
    t->refuse_chosen = true;
    talk_converse(t, &in, 1);
    assert_string_equal(t->log, "bad: the export went away during the negotiation\n");
    free(t);
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
    put_info_replies(&out, 7, "disk", TALK_DISK, TALK_DISK_FLAGS | DF);
    put_request(&in, 4, 0, 1, 0, 512); /* DF */
    put_request(&in, 4, 4, 2, 0, 512); /* not of a TRIM */
    talk_expect(&in, &out,
                "command 0 error 0 fua 0 cookie 1 at 0+512\n"
                "command 4 error 22 fua 0 cookie 2 at 0+512\n");
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
    put_info_replies(&out, 7, "cd", TALK_DISK, TALK_CD_FLAGS);
    talk_expect_over(NBD_TLS_REQUIRED, &in, &out, "starttls\n");

    in.size = 4;
    put_option(&in, 1, 2);
    put_text(&in, "cd");
    talk_expect_over(NBD_TLS_REQUIRED, &in, NULL, "bad: asked for an export without TLS\n");

    in.size = 4;
    out.size = 0;
    put_greeting(&out);
    put_option(&in, 2, 0);
    put_option_reply(&out, 2, 1, NULL, 0);
    talk_expect_over(NBD_TLS_REQUIRED, &in, &out, "finished\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go_with_all_that_can_be_asked),
        cmocka_unit_test(test_options_are_refused_by_their_names),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_export_name_with_and_without_zeroes),
        cmocka_unit_test(test_broken_negotiations_end),
        cmocka_unit_test(test_an_export_that_goes_during_the_negotiation),
        cmocka_unit_test(test_structured_replies_are_agreed_on),
        cmocka_unit_test(test_before_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
