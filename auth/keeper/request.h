/* One message of the gateway on its way through the keeper: parsed and checked at the door, served by the book on the
 * store's thread, its password hashed on another in between, answered. */
#pragma once

#include "auth/keeper/password.h"
#include "auth/keeper/secret.h"
#include "auth/keeper/sessions.h"
#include "auth/keeper_wire.h"

struct request {
    uint16_t type; /* enum keeper_message */
    uint32_t serial;

    /* what was asked; fields the type has not are empty */
    char user[AUTH_USER_MAX];
    char password[KEEPER_MAX_PASSWORD + 1];
    char secret[KEEPER_MAX_SECRET];
    char peer[KEEPER_MAX_PEER];
    char token[AUTH_TOKEN_HEX + 1];
    uint64_t id;
    uint8_t token_hash[32];
    bool used, create;
    uint8_t role, enabled;
    uint64_t before;
    unsigned limit;
    struct keeper_audit_text audit;

    /* the hash between begin and finish */
    char setting[PASSWORD_HASH_SIZE]; /* "": a new salt */
    char hash[PASSWORD_HASH_SIZE];
    int hash_error;
    struct user account; /* as begin found it; id 0: there is none */

    /* the outcome */
    struct wire_writer answer;
    uint64_t ended[KEEPER_MAX_SESSIONS];
    unsigned n_ended;
    bool needs_setup;             /* as of the end of this request */
    char new_secret[SECRET_SIZE]; /* the one that counts from now on; "": as before */
    uint8_t body[IPC_MAX_BODY];
};

/* NULL: no memory. */
struct request *request_create(void);
struct request *keeper_request_destroy(struct request *self); /* wipes it */
DEFINE_CLEANUP(struct request, keeper_request_destroy)

/* 0, or -EPROTO: the channel must be closed. Knows the types that go to the book. */
int request_parse(struct request *self, uint16_t type, uint32_t serial, const uint8_t *body, size_t size);

/* Begins the answer anew. After an error nothing follows. */
void request_answer(struct request *self, int error, unsigned retry_s, const char *why);

/* An answer that is one page of a list: begin; before each row ask whether it fits, with the most it can take, and stop
 * when it does not; end, which says how many rows there are, whether more would follow, or only the error. */
struct request_page {
    struct wire_writer head; /* more and count, known at the end */
    uint16_t n;
    bool more;
};
void request_page_begin(struct request *self, struct request_page *page);
bool request_page_fits(struct request *self, struct request_page *page, size_t size);
void request_page_end(struct request *self, struct request_page *page, int error);
