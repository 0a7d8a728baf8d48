/* What somebody does to the own account, on top of the book's fixture. */
#pragma once

#include <ctype.h>

#include "auth/keeper/totp.h"
#include "book_fixture.h"

static attr_unused int account_set_up(void **state)
{
    cheap_hashes = true;
    return book_with_ann(state);
}

/* A request of the session that a reply gave. */
static attr_unused struct request *own(enum keeper_message type, const struct reply *session)
{
    struct request *request = request_of(type, "", "");
    struct session *s = sessions_find(&book->sessions, session->token);
    request->id = session->id;
    if (s)
        memcpy(request->token_hash, s->token_hash, sizeof request->token_hash);
    return request;
}

static attr_unused struct reply login_code(const char *user, const char *password, const char *code)
{
    struct request *request = request_of(KEEPER_LOGIN, user, password);
    snprintf(request->code, sizeof request->code, "%s", code);
    return ask(request);
}

/* Base 32 back to bytes, as a phone does it. */
static attr_unused void secret_read(const char *text, uint8_t ret[TOTP_SECRET_SIZE])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint64_t held = 0;
    unsigned bits = 0, n = 0;
    for (; *text; text++) {
        held = held << 5 | (uint64_t)(strchr(alphabet, *text) - alphabet);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            ret[n++] = (uint8_t)(held >> bits);
        }
    }
    assert_int_equal(n, TOTP_SECRET_SIZE);
}

static uint8_t phone[TOTP_SECRET_SIZE];
static char recovery[KEEPER_RECOVERY_CODES][KEEPER_MAX_CODE];
static char otpauth[KEEPER_MAX_URI];

static attr_unused const char *code_at(int64_t wall_s)
{
    static char code[TOTP_DIGITS + 1];
    assert_true(totp_code(phone, sizeof phone, totp_step(wall_s), code));
    return code;
}

static attr_unused struct reply confirm(const struct reply *session, const char *code)
{
    struct request *request = own(KEEPER_TOTP_CONFIRM, session);
    snprintf(request->code, sizeof request->code, "%s", code);
    return ask(request);
}

/* From the beginning to the recovery codes. */
static attr_unused void get_factor(const struct reply *session)
{
    char text[KEEPER_MAX_TOTP_SECRET];
    struct reply begun = ask(own(KEEPER_TOTP_BEGIN, session));
    assert_int_equal(begun.error, 0);
    struct wire_reader r = wire_reader_init(begun.body, begun.size);
    assert_true(ipc_read_string(&r, text, sizeof text));
    assert_true(ipc_read_string(&r, otpauth, sizeof otpauth));
    assert_true(wire_read_complete(&r));
    secret_read(text, phone);
    struct reply done = confirm(session, code_at(now.wall_s));
    assert_int_equal(done.error, 0);
    r = wire_reader_init(done.body, done.size);
    assert_int_equal(wire_read_u8(&r), KEEPER_RECOVERY_CODES);
    for (unsigned i = 0; i < KEEPER_RECOVERY_CODES; i++)
        assert_true(ipc_read_string(&r, recovery[i], sizeof recovery[i]));
    assert_true(wire_read_complete(&r));
}
