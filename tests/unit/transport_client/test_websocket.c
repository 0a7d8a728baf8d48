/* The client's half of RFC 6455: the handshake of its section 1.3, frames of its section 5.7, and servers that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "transport/client/websocket.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define UPGRADE "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
#define CHAT "Sec-WebSocket-Protocol: chat\r\n"

static int answer(const char *text, size_t *used, int *status)
{
    return websocket_answer(text, strlen(text), "chat", KEY, used, status);
}

static void answer_is_checked(void **state)
{
    (void)state;
    static const char good[] = UPGRADE ACCEPT CHAT "\r\nbytes";
    size_t used = 0;
    int status = 0;
    for (size_t n = 0; n < sizeof good - 6; n++)
        assert_int_equal(websocket_answer(good, n, "chat", KEY, &used, &status), 0);
    assert_int_equal(answer(good, &used, &status), 1);
    assert_string_equal(good + used, "bytes");
    assert_int_equal(status, 101);
    static const char *const bad[] = {
        "HTTP/1.1 403 Refused\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
        UPGRADE CHAT "\r\n",
        UPGRADE ACCEPT "\r\n",
        UPGRADE ACCEPT "Sec-WebSocket-Protocol: cha\r\n\r\n",
        UPGRADE "Sec-WebSocket-Accept: AAAALMBiTxaQ9kYGzzhZRbK+xOo=\r\n" CHAT "\r\n",
        UPGRADE ACCEPT CHAT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        "HTTP/1.1 101 x\r\n" ACCEPT CHAT "\r\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(answer(bad[i], &used, &status), -1);
    assert_int_equal(answer(bad[0], &used, &status), -1);
    assert_int_equal(status, 403);
    static char endless[10000];
    memset(endless, 'x', sizeof endless - 1);
    assert_int_equal(answer(endless, &used, &status), -1);
}

static void request_names_everything(void **state)
{
    (void)state;
    char room[512], key[WEBSOCKET_KEY + 1];
    assert_int_equal(websocket_key(key), 0);
    assert_int_equal(strlen(key), WEBSOCKET_KEY);
    size_t n = websocket_request(room, sizeof room, "h:1", "/p", "https://h:1", "chat", KEY);
    assert_int_equal(n, strlen(room));
    assert_non_null(strstr(room, "GET /p HTTP/1.1\r\nHost: h:1\r\nOrigin: https://h:1\r\n"));
    assert_int_equal(websocket_request(room, 40, "h:1", "/p", NULL, "chat", KEY), 0);
}

/* Section 5.7: a single-frame masked text message of "Hello", and lengths that need more bytes. */
static void frames_of_ours_are_masked(void **state)
{
    (void)state;
    uint8_t room[WEBSOCKET_HEAD_MAX + 5], mask_bytes[] = {0x37, 0xfa, 0x21, 0x3d};
    static const uint8_t want[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    uint32_t mask;
    memcpy(&mask, mask_bytes, sizeof mask);
    size_t n = websocket_head(room, WEBSOCKET_TEXT, 5, mask);
    memcpy(room + n, "Hello", 5);
    websocket_mask(room + n, 5, mask);
    assert_int_equal(n, 6);
    assert_memory_equal(room, want, sizeof want);
    static uint8_t text[33], twice[33];
    websocket_mask(twice, sizeof twice, mask);
    for (size_t i = 0; i < sizeof text; i++)
        assert_int_equal(twice[i], text[i] ^ mask_bytes[i & 3]);
    assert_int_equal(websocket_head(room, WEBSOCKET_BINARY, 126, 0), 8);
    assert_memory_equal(room, "\x82\xfe\x00\x7e", 4);
    assert_int_equal(websocket_head(room, WEBSOCKET_BINARY, 65536, 0), 14);
    assert_memory_equal(room, "\x82\xff\0\0\0\0\0\1\0\0", 10);
}

/* Feeds the reader in pieces of n bytes; writes what it gives as "b:Hello|p:x|", and "!" for a broken peer. */
static void feed(const void *bytes, size_t size, size_t n, char *ret)
{
    uint8_t *room = malloc(64 + 14 + 125);
    struct websocket_reader reader;
    struct websocket_message m;
    int r = 0;
    *ret = 0;
    websocket_reader_init(&reader, room, 64 + 14 + 125, 64);
    for (size_t at = 0; at < size && r >= 0;) {
        size_t free_bytes, piece = MIN(n, size - at);
        uint8_t *to = websocket_reader_room(&reader, &free_bytes);
        piece = MIN(piece, free_bytes);
        assert_true(piece > 0);
        memcpy(to, (const uint8_t *)bytes + at, piece);
        websocket_reader_add(&reader, piece);
        at += piece;
        while ((r = websocket_reader_next(&reader, &m)) > 0)
            snprintf(ret + strlen(ret), 200, "%c:%.*s|", "-tb-----cpo"[m.opcode], (int)m.size, (const char *)m.bytes);
    }
    if (r < 0)
        memcpy(ret + strlen(ret), "!", 2);
    free(room);
}

static void check_feed(const void *bytes, size_t size, const char *want)
{
    static const size_t pieces[] = {1, 2, 3, 7, 1000};
    char got[1024];
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        feed(bytes, size, pieces[i], got);
        assert_string_equal(got, want);
    }
}

#define FEED(text, want) check_feed(text, sizeof(text) - 1, want)

static void messages_come_whole_with_control_frames_between(void **state)
{
    (void)state;
    FEED("\x82\x05Hello", "b:Hello|");
    FEED("\x81\x05Hello\x82\x00\x82\x02OK", "t:Hello|b:|b:OK|");
    FEED("\x02\x03Hel\x80\x02lo\x88\x02\x03\xe8", "b:Hello|c:\x03\xe8|");
    FEED("\x02\x03Hel\x89\x01x\x00\x01l\x8a\x00\x80\x01o\x82\x01z", "p:x|o:|b:Hello|b:z|");
    FEED("\x82\x7e\x00\x05Hello\x82\x7f\0\0\0\0\0\0\0\x01!", "b:Hello|b:!|");
    char large[2 + 64], want[70] = "b:";
    memset(large, 'y', sizeof large);
    memcpy(large, "\x82\x40", 2);
    memset(want + 2, 'y', 64);
    memcpy(want + 66, "|", 2);
    check_feed(large, sizeof large, want);
}

static void peers_that_break_the_protocol(void **state)
{
    (void)state;
    FEED("\xc2\x01x", "!");                                          /* an extension's bit */
    FEED("\x82\x81\0\0\0\0x", "!");                                  /* masked */
    FEED("\x83\x01x", "!");                                          /* unknown opcodes */
    FEED("\x8b\x01x", "!");                                          /* */
    FEED("\x80\x01x", "!");                                          /* goes on with nothing */
    FEED("\x02\x01x\x82\x01y", "!");                                 /* a message inside a message */
    FEED("\x09\x01x", "!");                                          /* a control frame in parts */
    FEED("\x89\x7e\x00\x7ex", "!");                                  /* or too long */
    FEED("\x82\x41x", "!");                                          /* longer than the limit */
    FEED("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xffx", "!");          /* by far */
    FEED("\x02\x21yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\x80\x20y", "!"); /* in two frames */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_checked),
        cmocka_unit_test(request_names_everything),
        cmocka_unit_test(frames_of_ours_are_masked),
        cmocka_unit_test(messages_come_whole_with_control_frames_between),
        cmocka_unit_test(peers_that_break_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
