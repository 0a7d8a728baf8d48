/* What the files of the client share; for auth/keeper_*.c only. */
#pragma once

#include "auth/keeper_account.h"
#include "auth/keeper_audit.h"
#include "auth/keeper_client.h"
#include "auth/keeper_wire.h"

struct keeper_answer {
    int error; /* 0 or -errno */
    unsigned retry_s;
    const char *why; /* NULL when empty */
    struct wire_reader body;
};

enum ask_next {
    ASK_DONE,
    ASK_AGAIN, /* the ask was sent once more for the next page */
    ASK_BAD,   /* the answer makes no sense; done was not called */
};

struct keeper_ask;
struct keeper_line;

/* What the pages of a list brought so far: rows of one size, and the texts and grants that they point to. */
struct keeper_page {
    void *rows;
    size_t row_size;
    unsigned n, max;
    uint64_t last; /* number of the last row */
    struct keeper_kept *kept;
};
struct keeper_page *page_new(size_t row_size, unsigned max);
void page_free(struct keeper_page *self); /* NULL allowed */
/* The next row, zeroed; NULL (and the reader bad) when there are more than were to be expected. */
void *page_row(struct keeper_page *self, struct wire_reader *r);
/* Read, and kept as long as the page. Never NULL: "" and the reader bad when it makes no sense, or memory is out. */
const char *page_string(struct keeper_page *self, struct wire_reader *r, size_t room);
const struct grants *page_grants(struct keeper_page *self, struct wire_reader *r);
/* A whole page: u8 more, le16 n, at most so many as still fit, and n rows by `row`, which says false to nonsense.
 * Nothing follows. */
bool page_read(struct keeper_page *self, struct wire_reader *r,
               bool (*row)(struct keeper_page *page, struct wire_reader *r), bool *ret_more);

typedef enum ask_next keeper_ask_fn(struct keeper_client *client, struct keeper_ask *ask, struct keeper_answer *answer);

/* One thing asked for, until its done was called. */
struct keeper_ask {
    struct keeper_ask *next;
    uint32_t serial;
    keeper_ask_fn *answered; /* calls done; also with an error when the channel closes */
    void *data;
    union {
        keeper_login_fn *login;
        keeper_secret_fn *secret;
        keeper_accounts_fn *accounts;
        keeper_sessions_fn *sessions;
        keeper_totp_fn *totp;
        keeper_codes_fn *codes;
        keeper_tokens_fn *tokens;
        keeper_token_made_fn *token_made;
        keeper_done_fn *done;
        keeper_audit_fn *audit;
        keeper_audit_page_fn *audit_page;
        keeper_pem_fn *pem;
        keeper_directory_fn *directory;
    };
    struct auth_session *session; /* which one it is about, held */
    uint8_t token_hash[32];       /* KEEPER_SESSION */
    bool ready;                   /* needs no answer of the keeper: delivered from the loop */
    unsigned limit;
    char user[AUTH_USER_MAX]; /* whose sessions or tokens are listed */
    struct keeper_page *page; /* what the pages so far brought */
};

struct keeper_cached {
    struct auth_session *session;
    uint64_t touched_us;
    bool logout; /* the keeper has not confirmed the logout yet: asked again after a reconnect */
};

struct keeper_client {
    struct loop *loop;
    struct ipc *ipc; /* NULL while there is no keeper */
    const struct keeper_client_listener *listener;
    void *data;
    uint32_t serial;
    struct keeper_ask *asks; /* oldest first */
    unsigned n_asks;
    struct loop_timer *ready; /* delivers asks that need no keeper */
    struct loop_timer *expiry;
    struct keeper_cached cache[KEEPER_MAX_CACHED];
    unsigned n_cached;
    struct keeper_line *lines; /* of the audit log, oldest first, until they are written */
    unsigned n_lines;
    bool audit_refuses;
};

/* keeper_audit.c */
void keeper_lines_again(struct keeper_client *self); /* to a new keeper */
void keeper_lines_drop(struct keeper_client *self);

/* keeper_client.c */
struct keeper_ask *ask_new(keeper_ask_fn *answered, void *data);
void ask_free(struct keeper_ask *ask);
/* Sends it and, on success, owns it. */
int ask_send(struct keeper_client *self, struct keeper_ask *ask, enum keeper_message type, const struct wire_writer *w);
void ask_ready(struct keeper_client *self, struct keeper_ask *ask); /* owns it */
/* Reads the head that all answers share. */
bool answer_parse(struct keeper_answer *ret, const uint8_t *body, size_t size, char why[KEEPER_MAX_WHY]);

/* One that gathers pages. */
struct keeper_ask *ask_paged(keeper_ask_fn *answered, void *data, size_t row_size, unsigned max);
/* Sends it, or frees it. */
int ask_go(struct keeper_client *self, struct keeper_ask *ask, enum keeper_message type, const struct wire_writer *w);
/* An ask whose answer has nothing but its head. w is wiped. */
int ask_done(struct keeper_client *self, enum keeper_message type, struct wire_writer *w, keeper_done_fn *done,
             void *data);
void write_own(struct wire_writer *w, const struct auth_session *session);
/* At most max bytes of it, cut at a character. */
void write_cut(struct wire_writer *w, const char *text, size_t max);

/* keeper_cache.c */
void token_hash(const char *token, uint8_t ret[32]);
struct keeper_cached *cache_find(struct keeper_client *self, const uint8_t hash[32]);
struct keeper_cached *cache_find_id(struct keeper_client *self, uint64_t id);
int cache_add(struct keeper_client *self, struct auth_session *session); /* takes a reference of its own */
void cache_end(struct keeper_client *self, struct keeper_cached *entry); /* marks it ended, forgets it, tells */
/* What it may do now; tells when that is something else. */
void cache_rights(struct keeper_client *self, struct auth_session *session, enum auth_role role,
                  const struct grants *grants);
void cache_drop_all(struct keeper_client *self);
void cache_arm_expiry(struct keeper_client *self);
void cache_expire(void *data);
void cache_used(struct keeper_client *self, struct keeper_cached *entry);
void cache_recheck(struct keeper_client *self); /* after a reconnect */
