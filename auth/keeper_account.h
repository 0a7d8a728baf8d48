/* How the gateway asks the keeper about accounts: logins with all that proves somebody, sessions, users with their
 * grants, second factors, API tokens. The rules of auth/keeper_client.h hold: asynchronous, `done` exactly once and
 * never inside the asking function, strings valid during the call. */
#pragma once

#include "auth/keeper_client.h"

/* ---- logging in ---- */

/* Absent strings are "". What is too long for any account is refused like a wrong password. */
struct keeper_credentials {
    const char *user, *password;
    const char *code;      /* six digits of a second factor, or a recovery code */
    const char *peer;      /* address */
    const char *agent;     /* User-Agent, shown in lists of sessions; cut to 120 bytes */
    const char *old_token; /* of the session that this one replaces: it ends when this login is good */
    const char *device;    /* what the browser was given at an earlier login: its own budget of tries */
};

/* In a login's result, besides those of keeper_client.h. */
#define KEEPER_CODE_REQUIRED (-ENOKEY) /* the password was right; now the code of the second factor */

/* result->device: AUTH_TOKEN_HEX characters for the device cookie; NULL when none was made. */
int keeper_client_log_in(struct keeper_client *self, const struct keeper_credentials *credentials,
                         keeper_login_fn *done, void *data);

/* By the client certificate that the TLS handshake has proved the possession of: its DER and those of the chain, leaf
 * first, at most KEEPER_MAX_CHAIN bytes in all. The keeper verifies chain, dates and revocation itself and finds the
 * user. -EACCES with why. */
#define KEEPER_MAX_CHAIN 12288
struct keeper_der {
    const uint8_t *bytes;
    size_t size;
};
int keeper_client_log_in_certificate(struct keeper_client *self, const struct keeper_der *chain, unsigned n,
                                     const struct keeper_credentials *credentials, keeper_login_fn *done, void *data);

/* ---- the directory ---- */

/* A login that is only tried, with what was done of it: no session. error: 0, -EACCES, -EHOSTUNREACH or -EPROTO with
 * why; role ROLE_NONE: none of the groups has rights here. steps: lines. */
struct keeper_directory_test {
    int error;
    const char *why, *steps, *dn;
    enum auth_role role;
    const struct grants *grants;
};
typedef void keeper_directory_fn(void *data, int error, const char *why, unsigned retry_s,
                                 const struct keeper_directory_test *result);
/* -ENOENT: none is configured; -EEXIST: a local account; -EAGAIN: it counts as a try, and there were too many; -EINVAL:
 * no name, or too long. */
int keeper_client_directory_test(struct keeper_client *self, const char *user, const char *password, const char *peer,
                                 const char *who, keeper_directory_fn *done, void *data);

/* ---- sessions ---- */

struct keeper_session {
    uint64_t id;
    const char *user, *peer, *agent;
    enum auth_kind kind;
    int64_t created, used; /* seconds since 1970 */
};
/* The session of an API token (kind AUTH_TOKEN): from the cache at once, else from the keeper; peer: whose wrong
 * guesses count. It idles out of the cache after an hour, and is found again by the next use. */
int keeper_client_token_session(struct keeper_client *self, const char *token, const char *peer, keeper_login_fn *done,
                                void *data);

typedef void keeper_sessions_fn(void *data, int error, const struct keeper_session *sessions, unsigned n);
/* user "": everybody's. API tokens are no sessions. */
int keeper_client_sessions(struct keeper_client *self, const char *user, keeper_sessions_fn *done, void *data);
/* Ends another's or an own one; user: whose it must be, "" anybody's. who: for the audit. -ENOENT. */
int keeper_client_session_end(struct keeper_client *self, uint64_t id, const char *user, const char *who,
                              keeper_done_fn *done, void *data);

/* All other sessions of its user end. */
int keeper_client_session_end_others(struct keeper_client *self, const struct auth_session *session,
                                     keeper_done_fn *done, void *data);

/* ---- users ---- */

enum keeper_origin { KEEPER_LOCAL, KEEPER_FROM_DIRECTORY };

struct keeper_account_user {
    const char *name;
    enum auth_role role;
    bool enabled;
    enum keeper_origin origin;
    bool second_factor;
    const char *certificate;     /* what a client certificate must say: "cn:NAME", "email:NAME", "upn:NAME",
                                    "sha256:HEX"; "": none opens this account */
    const struct grants *grants; /* of ROLE_CUSTOM; else those of the role */
};
typedef void keeper_accounts_fn(void *data, int error, const struct keeper_account_user *users, unsigned n);
int keeper_client_accounts(struct keeper_client *self, keeper_accounts_fn *done, void *data);

/* A change: what is absent stays as it is. Sessions whose password, role to None or switch changed end; those whose
 * grants changed go on with the new ones (keeper_client_listener.session_changed). -EPERM: no enabled local
 * Administrator would be left; -EINVAL with why; -EEXIST; -ENOENT. */
struct keeper_user_change {
    const char *name;
    bool create;                 /* needs password and role */
    const char *password;        /* NULL: as it is; a directory's user has none */
    enum auth_role role;         /* ROLE_NONE: as it is */
    const struct grants *grants; /* NULL: as they are; with ROLE_CUSTOM only */
    const bool *enabled;
    const char *certificate; /* NULL: as it is */
    bool drop_second_factor;
    const char *who; /* for the audit */
};
int keeper_client_user_change(struct keeper_client *self, const struct keeper_user_change *change, keeper_done_fn *done,
                              void *data);

/* -EPERM: the last enabled local Administrator; -ENOENT. Sessions and API tokens of the user end. */
int keeper_client_user_remove(struct keeper_client *self, const char *name, const char *who, keeper_done_fn *done,
                              void *data);

/* ---- one's own account; session: who asks, and it must be alive in the keeper: -EACCES; a local session has
 * no account and an API token's may not change it: -EPERM (in `done`) ---- */

/* All other sessions of the user end. -EACCES: the password is not right (counted as a try). */
int keeper_client_own_password(struct keeper_client *self, const struct auth_session *session, const char *password,
                               const char *new_password, keeper_done_fn *done, void *data);

/* RFC 6238, SHA-1, 6 digits, 30 s, as every phone knows it. Nothing counts before the confirmation. -EEXIST: there is
 * one already. */
typedef void keeper_totp_fn(void *data, int error, const char *why, const char *secret, const char *uri);
int keeper_client_totp_begin(struct keeper_client *self, const struct auth_session *session, keeper_totp_fn *done,
                             void *data);
#define KEEPER_RECOVERY_CODES 10
typedef void keeper_codes_fn(void *data, int error, const char *why, const char *const *codes, unsigned n);
int keeper_client_totp_confirm(struct keeper_client *self, const struct auth_session *session, const char *code,
                               keeper_codes_fn *done, void *data);
int keeper_client_totp_drop(struct keeper_client *self, const struct auth_session *session, const char *password,
                            keeper_done_fn *done, void *data);

/* ---- API tokens ---- */

#define AUTH_API_TOKEN_PREFIX "lo_"
#define AUTH_API_TOKEN_MAX 80 /* with its NUL: prefix and 64 hex digits */
#define KEEPER_TOKEN_NAME_MAX 64
#define KEEPER_TOKEN_LIFE_S (366 * 86400u) /* at most */
#define KEEPER_TOKENS_PER_USER 32

struct keeper_token {
    uint64_t id;
    const char *name;
    int64_t created, expires, used; /* seconds since 1970; used 0: never */
    const struct grants *scope;     /* n 0: all that its user may */
};
typedef void keeper_tokens_fn(void *data, int error, const struct keeper_token *tokens, unsigned n);
int keeper_client_tokens(struct keeper_client *self, const struct auth_session *session, keeper_tokens_fn *done,
                         void *data);
typedef void keeper_token_made_fn(void *data, int error, const char *why, uint64_t id, const char *token);
/* scope NULL: all. A token cannot make tokens, nor change its account (-EPERM). */
int keeper_client_token_make(struct keeper_client *self, const struct auth_session *session, const char *name,
                             unsigned life_s, const struct grants *scope, keeper_token_made_fn *done, void *data);
int keeper_client_token_revoke(struct keeper_client *self, const struct auth_session *session, uint64_t id,
                               keeper_done_fn *done, void *data);
/* Those of any user; whether the asker may is the caller's to look at. -ENOENT: no such user, or token of it. */
int keeper_client_user_tokens(struct keeper_client *self, const char *user, keeper_tokens_fn *done, void *data);
int keeper_client_user_token_revoke(struct keeper_client *self, const char *user, uint64_t id, const char *who,
                                    keeper_done_fn *done, void *data);

/* ---- the gateway's own ---- */

/* The key that overlays and the disk cache are sealed with: the same at each start, until a factory reset. Waits for
 * the answer (15 s at most: the keeper may still be checking its store). The caller wipes ret. */
#define KEEPER_MEDIA_KEY_SIZE 32
int keeper_client_media_key(struct keeper_client *self, uint8_t ret[KEEPER_MEDIA_KEY_SIZE]);
