/* What the files of the client share; for auth/keeper_*.c only. */
#pragma once

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
struct keeper_page;
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
        keeper_users_fn *users;
        keeper_done_fn *done;
        keeper_audit_fn *audit;
    };
    struct auth_session *session; /* which one it is about, held */
    uint8_t token_hash[32];       /* KEEPER_SESSION */
    bool ready;                   /* needs no answer of the keeper: delivered from the loop */
    unsigned limit;
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
    struct keeper_cached cache[KEEPER_MAX_SESSIONS];
    unsigned n_cached;
};

/* keeper_client.c */
struct keeper_ask *ask_new(keeper_ask_fn *answered, void *data);
void ask_free(struct keeper_ask *ask);
/* Sends it and, on success, owns it. */
int ask_send(struct keeper_client *self, struct keeper_ask *ask, enum keeper_message type, const struct wire_writer *w);
void ask_ready(struct keeper_client *self, struct keeper_ask *ask); /* owns it */
/* Reads the head that all answers share. */
bool answer_parse(struct keeper_answer *ret, const uint8_t *body, size_t size, char why[KEEPER_MAX_WHY]);

/* keeper_cache.c */
void token_hash(const char *token, uint8_t ret[32]);
struct keeper_cached *cache_find(struct keeper_client *self, const uint8_t hash[32]);
struct keeper_cached *cache_find_id(struct keeper_client *self, uint64_t id);
int cache_add(struct keeper_client *self, struct auth_session *session); /* takes a reference of its own */
void cache_end(struct keeper_client *self, struct keeper_cached *entry); /* marks it ended, forgets it, tells */
void cache_drop_all(struct keeper_client *self);
void cache_arm_expiry(struct keeper_client *self);
void cache_expire(void *data);
void cache_used(struct keeper_client *self, struct keeper_cached *entry);
void cache_recheck(struct keeper_client *self); /* after a reconnect */
