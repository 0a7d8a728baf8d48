/* A book on a real store in a folder of its own, and requests asked of it at a chosen time. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/keeper.h"
#include "core/text.h"

#define SECOND 1000000ll
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define PASSWORD "correct horse battery"
#define STORE "keeper.db"

struct reply {
    int error;
    unsigned retry_s;
    char why[KEEPER_MAX_WHY];
    uint64_t id, left_ms; /* session */
    char user[AUTH_USER_MAX], token[AUTH_TOKEN_HEX + 1], browser[AUTH_TOKEN_HEX + 1];
    uint8_t role, kind;
    struct grants grants;
    uint8_t body[IPC_MAX_BODY]; /* what stands behind the head of other answers */
    size_t size;
    unsigned n_changed;
    unsigned n_ended;
    uint64_t ended[KEEPER_MAX_SESSIONS];
};

static struct book *book;
static struct instant now;
static char folder[64];

static attr_unused void book_reopen(void)
{
    char why[KEEPER_MAX_REASON] = "";
    book = book_close(book);
    int r = book_open(&book, STORE, now, why, sizeof why);
    if (r < 0)
        print_error("%s\n", why);
    assert_int_equal(r, 0);
}

static int folder_set_up(attr_unused void **state)
{
    snprintf(folder, sizeof folder, "/tmp/lightsout-keeper-XXXXXX");
    now = (struct instant){.us = 1000 * HOUR, .wall_s = 1800000000};
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static attr_unused int book_set_up(void **state)
{
    if (folder_set_up(state) < 0)
        return -1;
    book_reopen();
    return 0;
}

static int book_tear_down(attr_unused void **state)
{
    book = book_close(book);
    static const char *const files[] = {STORE,     STORE "-wal", STORE "-journal", STORE "-shm", "tls.key",
                                        "tls.crt", "given.crt",  "given.key",      "device.key", AUDIT_KEYS_FILE};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlink(files[i]);
    return chdir("/") < 0 || rmdir(folder) < 0;
}

static attr_unused void pass(int64_t us)
{
    now.us += us;
    now.wall_s += us / SECOND;
}

static bool is_session(uint16_t type)
{
    return type == KEEPER_SETUP || type == KEEPER_LOGIN || type == KEEPER_LOGIN_CERTIFICATE || type == KEEPER_SESSION;
}

static struct reply reply_read(struct request *request)
{
    struct reply reply = {0};
    struct wire_reader r = wire_reader_init(request->body, wire_written(&request->answer));
    reply.error = -(int)wire_read_le32(&r);
    reply.retry_s = wire_read_le32(&r);
    assert_true(ipc_read_string(&r, reply.why, sizeof reply.why));
    if (!reply.error && is_session(request->type)) {
        reply.id = wire_read_le64(&r);
        ipc_read_string(&r, reply.user, sizeof reply.user);
        reply.role = wire_read_u8(&r);
        reply.kind = wire_read_u8(&r);
        reply.left_ms = wire_read_le64(&r);
        ipc_read_string(&r, reply.token, sizeof reply.token);
        ipc_read_string(&r, reply.browser, sizeof reply.browser);
        assert_true(grants_read(&r, &reply.grants));
        assert_true(wire_read_complete(&r));
    }
    reply.size = r.left;
    memcpy(reply.body, r.at, r.left);
    for (struct request_news *news = request->news; news; news = news->next)
        reply.n_changed++;
    reply.n_ended = request->n_ended;
    memcpy(reply.ended, request->ended, sizeof reply.ended);
    return reply;
}

/* What the directory says, in tests that have one. */
static struct errand_entry *(*directory_answers)(const struct request *request);

static struct errand_entry *directory_answer(const struct request *request)
{
    return directory_answers ? directory_answers(request) : NULL;
}

/* For tests that are not about hashing: then a hash costs nothing, and is equal when the password is. */
static bool cheap_hashes;

static void hash_for(struct request *request)
{
    if (!cheap_hashes) {
        request_hash(request);
        return;
    }
    snprintf(request->hash, sizeof request->hash, "$y$%.200s", request->password);
    explicit_bzero(request->password, sizeof request->password);
}

/* All the way through, as the desk does it. */
static struct reply ask(struct request *request)
{
    enum book_next next = book_begin(book, request, now);
    while (next != BOOK_ANSWER) {
        if (next == BOOK_HASH)
            hash_for(request);
        else
            request->entry = directory_answer(request);
        next = book_finish(book, request, now);
    }
    struct reply reply = reply_read(request);
    keeper_request_destroy(request);
    return reply;
}

static struct request *request_of(enum keeper_message type, const char *user, const char *password)
{
    struct request *request = request_create();
    assert_non_null(request);
    request->type = (uint16_t)type;
    text_copy(request->user, sizeof request->user, user);
    text_copy(request->password, sizeof request->password, password);
    text_copy(request->peer, sizeof request->peer, "10.0.0.1");
    return request;
}

static attr_unused struct reply setup(const char *secret, const char *user, const char *password)
{
    struct request *request = request_of(KEEPER_SETUP, user, password);
    snprintf(request->secret, sizeof request->secret, "%s", secret);
    return ask(request);
}

static attr_unused struct reply login(const char *user, const char *password)
{
    return ask(request_of(KEEPER_LOGIN, user, password));
}

static attr_unused struct reply session(const char *token)
{
    struct request *request = request_of(KEEPER_SESSION, "", "");
    text_copy(request->token, sizeof request->token, token);
    return ask(request);
}

static attr_unused struct reply put(const char *user, const char *password, enum auth_role role, bool create)
{
    struct request *request = request_of(KEEPER_USER_PUT, user, password);
    request->role = (uint8_t)role;
    request->flags = create ? KEEPER_CHANGE_CREATE : 0;
    return ask(request);
}

static attr_unused struct reply enable(const char *user, bool enabled)
{
    struct request *request = request_of(KEEPER_USER_PUT, user, "");
    request->flags = KEEPER_CHANGE_ENABLED | (enabled ? KEEPER_CHANGE_ENABLE : 0);
    return ask(request);
}

/* A book whose first Administrator is "ann". */
static attr_unused int book_with_ann(void **state)
{
    char secret[SECRET_SIZE];
    if (book_set_up(state) < 0 || book_new_secret(book, now, secret) < 0)
        return -1;
    return setup(secret, "ann", PASSWORD).error;
}

#define TEST_WITH(set_up, name) cmocka_unit_test_setup_teardown(name, set_up, book_tear_down)
