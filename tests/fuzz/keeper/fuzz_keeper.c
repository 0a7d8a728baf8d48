/* The keeper's messages from a gateway that was taken over: whatever it sends, in whatever order, the book stays sound:
 * somebody who is enabled can administrate, and answers fit their message.
 *
 * Input: records of u8 type, u8 minutes that pass, le16 size, body. Text that begins with '*' in a token or a secret
 * stands for the last token given out, or the secret of the day; the session number 42 for that of the last login. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "core/log.h"
#include "core/text.h"

#define RECORDS_A_BOOK 5000

static struct book *book;
static struct instant now;
static char secret[SECRET_SIZE], token[AUTH_TOKEN_HEX + 1];
static uint64_t session_id;
static uint8_t token_hash[32];
static unsigned records;

static void check(bool good)
{
    if (!good)
        abort();
}

static void book_begin_anew(void)
{
    char why[512];
    book = book_close(book);
    now = (struct instant){.us = 1000000, .wall_s = 1800000000};
    check(book_open(&book, ":memory:", now, why, sizeof why) == 0);
    check(book_new_secret(book, now, secret) == 0);
    records = 0;
    token[0] = 0;
}

/* A hash that costs nothing: equal when password and setting's salt are. */
static void cheap_hash(struct request *request)
{
    snprintf(request->hash, sizeof request->hash, "$y$%.200s", request->password);
    request->hash_error = 0;
}

static void stand_in(struct request *request)
{
    if (request->token[0] == '*')
        text_copy(request->token, sizeof request->token, token);
    if (request->secret[0] == '*')
        snprintf(request->secret, sizeof request->secret, "%s", secret);
    if (request->id == '*') {
        request->id = session_id;
        memcpy(request->token_hash, token_hash, sizeof token_hash);
    }
}

static void keep_token(const struct request *request)
{
    struct wire_reader r = wire_reader_init(request->body, wire_written(&request->answer));
    char user[AUTH_USER_MAX], text[AUTH_TOKEN_HEX + 1];
    if (wire_read_le32(&r) != 0)
        return;
    wire_read_bytes(&r, 4 + 2 + 8);
    ipc_read_string(&r, user, sizeof user);
    wire_read_bytes(&r, 1 + 1 + 8);
    if (!ipc_read_string(&r, text, sizeof text) || !text[0])
        return;
    text_copy(token, sizeof token, text);
    const struct session *session = sessions_find(&book->sessions, token);
    check(session != NULL);
    session_id = session->id;
    memcpy(token_hash, session->token_hash, sizeof token_hash);
}

static void check_book(void)
{
    unsigned users = 0, administrators = 0;
    check(users_count(&book->store, &users) == 0);
    check(users_other_administrators(&book->store, 0, &administrators) == 0);
    check(book->needs_setup == (users == 0));
    check(book->needs_setup || administrators > 0);
}

static void serve(uint8_t type, const uint8_t *body, size_t size)
{
    attr_cleanup(keeper_request_destroyp) struct request *request = request_create();
    check(request != NULL);
    if (request_parse(request, type, 1, body, size) < 0)
        return;
    stand_in(request);
    enum book_next next = book_begin(book, request, now);
    for (unsigned n = 0; next != BOOK_ANSWER; n++) {
        check(n < 3);
        if (next == BOOK_HASH)
            cheap_hash(request);
        next = book_finish(book, request, now);
    }
    if (type != KEEPER_AUDIT)
        check(!request->answer.full && wire_written(&request->answer) >= 10);
    check(request->n_ended <= KEEPER_MAX_SESSIONS);
    if (type == KEEPER_SETUP || type == KEEPER_LOGIN)
        keep_token(request);
    if (type == KEEPER_USER_PUT || type == KEEPER_USER_DELETE || type == KEEPER_SETUP)
        check_book();
    records++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_ERROR);
    if (!book || records > RECORDS_A_BOOK)
        book_begin_anew();
    struct wire_reader r = wire_reader_init(data, size);
    while (r.left > 0) {
        uint8_t type = wire_read_u8(&r);
        int64_t minutes = wire_read_u8(&r);
        now.us += minutes * 60 * 1000000;
        now.wall_s += minutes * 60;
        size_t body_size = wire_read_le16(&r);
        const uint8_t *body = wire_read_bytes(&r, body_size);
        if (!body)
            break;
        serve(type, body, body_size);
    }
    return 0;
}
