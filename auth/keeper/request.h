/* One message of the gateway on its way through the keeper: parsed and checked at the door, served by the book on the
 * store's thread, its password hashed on another in between, answered. */
#pragma once

#include "auth/errand_wire.h"
#include "auth/keeper/audit_query.h"
#include "auth/keeper/door.h"
#include "auth/keeper/password.h"
#include "auth/keeper/secret.h"
#include "auth/keeper/sessions.h"
#include "auth/keeper_wire.h"

#define LOGIN_BY_DIRECTORY 1

/* The certificates of one who logs in: DER, leaf first. */
struct request_chain {
    unsigned n;
    struct {
        size_t at, size;
    } links[KEEPER_MAX_CHAIN_LINKS];
    uint8_t bytes[KEEPER_MAX_CHAIN_BYTES];
};

/* The body of one KEEPER_SESSION_CHANGED. */
struct request_news {
    struct request_news *next;
    size_t size;
    uint8_t body[9 + GRANTS_WIRE_MAX];
};

struct request {
    uint16_t type; /* enum keeper_message */
    uint32_t serial;

    /* what was asked; fields the type has not are empty */
    char user[AUTH_USER_MAX];
    char password[KEEPER_MAX_PASSWORD + 1];
    char new_password[KEEPER_MAX_PASSWORD + 1];
    char code[KEEPER_MAX_CODE];
    char secret[KEEPER_MAX_SECRET];
    char peer[KEEPER_MAX_PEER];
    char agent[KEEPER_MAX_AGENT];
    char token[KEEPER_MAX_TOKEN];     /* of a session, or an API token */
    char device[AUTH_TOKEN_HEX + 1];  /* of the browser */
    char name[KEEPER_MAX_TOKEN_NAME]; /* of an API token */
    char certificate[KEEPER_MAX_MAPPING];
    char who[AUTH_USER_MAX];
    uint64_t id;
    uint8_t token_hash[32]; /* of the session that asks */
    uint64_t after, before;
    unsigned limit, life_s;
    bool used, scoped;
    uint8_t role, flags; /* enum keeper_change */
    struct grants grants;
    struct request_chain *chain;
    struct keeper_audit_text audit;
    struct audit_query query;

    /* between begin and finish: a hash, or what the directory said */
    char setting[PASSWORD_HASH_SIZE]; /* "": a new salt */
    char hash[PASSWORD_HASH_SIZE];
    int hash_error;
    struct user account;        /* as begin found it; id 0: there is none */
    struct errand_entry *entry; /* owned; by whom the directory was asked, after BOOK_DIRECTORY */
    struct door door;
    unsigned step; /* of a login: LOGIN_BY_DIRECTORY */

    /* the outcome */
    struct wire_writer answer;
    uint64_t ended[KEEPER_MAX_SESSIONS];
    unsigned n_ended;
    struct request_news *news;    /* oldest first */
    bool collected;               /* what follows was filled in: not everything that runs in the store does */
    bool needs_setup;             /* as of the end of this request */
    bool audit_refuses;           /* lines cannot be written, and that is to hold up what needs one */
    bool unsaved;                 /* something waits to be written */
    char new_secret[SECRET_SIZE]; /* the one that counts from now on; "": as before */
    uint8_t body[IPC_MAX_BODY];
};

/* NULL: no memory. */
struct request *request_create(void);
struct request *keeper_request_destroy(struct request *self); /* wipes it */
DEFINE_CLEANUP(struct request, keeper_request_destroy)

/* 0, or -EPROTO: the channel must be closed. Knows the types that go to the book. */
int request_parse(struct request *self, uint16_t type, uint32_t serial, const uint8_t *body, size_t size);

/* One more for request->news. -ENOMEM. */
int request_tell_change(struct request *self, uint64_t id, enum auth_role role, const struct grants *grants);

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
