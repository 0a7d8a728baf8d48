/* The messages between gateway and keeper, over core/ipc. Strings as in core/ipc.h. Whoever receives one that is not
 * listed here, too long or too short, closes the channel: the other side is broken or taken over.
 *
 * An answer repeats the serial of what was asked and begins with: le32 error (0 or a positive errno), le32 seconds to
 * wait, string for people; what follows stands there only when error is 0. */
#pragma once

#include "auth/grants_wire.h"
#include "auth/session.h"
#include "core/ipc.h"

enum keeper_message {
    /* gateway -> keeper, answered */
    KEEPER_SETUP = 1,   /* secret, user, password, peer, agent -> session */
    KEEPER_LOGIN,       /* user, password, code, proof -> session */
    KEEPER_SESSION,     /* token (a session's or an API token), peer -> session */
    KEEPER_TOUCH,       /* own, u8 used -> le64 ms until it expires, u8 role, grants */
    KEEPER_LOGOUT,      /* own -> nothing */
    KEEPER_NEW_SECRET,  /* nothing -> string */
    KEEPER_USERS,       /* name after which to go on, "" first -> u8 more, le16 n, n x user */
    KEEPER_USER_PUT,    /* change -> nothing */
    KEEPER_USER_DELETE, /* name, who -> nothing */
    KEEPER_AUDIT_READ,  /* le64 lines before this number (0: from the newest), le16 limit ->
                           u8 more, le16 n, n x (le64 number, le64 time, who, what, target, detail) */
    KEEPER_CERTIFICATE, /* le32 offset -> le32 size of the whole, u8 enum keeper_certificate_source, u8 on trial, bytes
                           up to the end of the message */
    KEEPER_SIGN, /* u8 enum keeper_sign_scheme, the first KEEPER_KEY_ID bytes of the certificate's SHA-256, what is
                    to be signed up to the end of the message -> signature up to the end of the message */
    KEEPER_LOGIN_CERTIFICATE, /* proof, u8 n, n x (le16 size, DER) leaf first -> session */
    KEEPER_SESSIONS,          /* le64 id after which to go on, 0 first, user or "" ->
                                 u8 more, le16 n, n x (le64 id, user, peer, agent, u8 kind, le64 created, le64 used) */
    KEEPER_SESSION_END,       /* le64 id, user or "", who -> nothing */
    KEEPER_END_OTHERS,        /* own -> nothing */
    KEEPER_OWN_PASSWORD,      /* own, password, new password -> nothing */
    KEEPER_TOTP_BEGIN,        /* own -> string secret (base 32), string uri */
    KEEPER_TOTP_CONFIRM,      /* own, code -> u8 n, n x string */
    KEEPER_TOTP_DROP,         /* own, password -> nothing */
    KEEPER_TOKENS,            /* own, le64 id after which to go on, 0 first -> u8 more, le16 n,
                                 n x (le64 id, name, le64 created, le64 expires, le64 used, grants) */
    KEEPER_TOKEN_MAKE,        /* own, name, le32 seconds, u8 scoped, grants -> le64 id, token */
    KEEPER_TOKEN_REVOKE,      /* own, le64 id -> nothing */
    KEEPER_DIRECTORY_TEST,    /* user, password, peer, who -> le32 error, why, steps, dn (auth/errand_wire.h), u8 role,
                                 grants */
    KEEPER_USER_TOKENS,       /* le64 id after which to go on, 0 first, user -> as KEEPER_TOKENS */
    KEEPER_USER_TOKEN_REVOKE, /* le64 id, user, who -> nothing */
    KEEPER_MEDIA_KEY = 0x30,  /* nothing -> KEEPER_MEDIA_KEY_SIZE bytes */

    /* gateway -> keeper, not answered */
    KEEPER_AUDIT = 0x40, /* who, what, target, detail */

    /* keeper -> gateway */
    KEEPER_ANSWER = 0x80,
    KEEPER_SESSION_ENDED,   /* le64 id */
    KEEPER_SETUP_STATE,     /* u8 needs set-up; the first message on a channel, and when it changes */
    KEEPER_SESSION_CHANGED, /* le64 id, u8 role, grants: what its user may do now */
};

/* proof: peer, agent, token of the session that this one replaces or "", token of the browser or ""
 * own: le64 id, 32 bytes hash of the token: of the session that asks
 * session: le64 id, string user, u8 role, u8 kind, le64 ms until it expires, string token ("" where the asker knows
 *   it), string token for the browser ("": none was made), grants
 * user: name, u8 role, u8 enabled, u8 origin, u8 second factor, certificate, grants (of ROLE_CUSTOM, else n 0)
 * change: name, u8 flags (enum keeper_change), password or "", u8 role (0: keep), certificate or "", grants, who
 * grants: auth/grants_wire.h */

enum keeper_change {
    KEEPER_CHANGE_CREATE = 1,
    KEEPER_CHANGE_ENABLED = 2, /* whether it is enabled changes, to: */
    KEEPER_CHANGE_ENABLE = 4,
    KEEPER_CHANGE_CERTIFICATE = 8,
    KEEPER_CHANGE_GRANTS = 16,
    KEEPER_CHANGE_DROP_FACTOR = 32,
    KEEPER_CHANGE_ALL = 63,
};

/* Numbers of sessions that API tokens make: this bit and the token's number. Others have it clear. */
#define KEEPER_TOKEN_SESSION (1ull << 63)

#define KEEPER_MAX_SESSIONS 256
#define KEEPER_MAX_USERS 256
#define KEEPER_MAX_PASSWORD 256 /* bytes */
#define KEEPER_MAX_SECRET 64
#define KEEPER_MAX_PEER 64
#define KEEPER_MAX_WHY 256
#define KEEPER_MAX_WHAT 64
#define KEEPER_MAX_DETAIL 512
#define KEEPER_MAX_DIGEST 64
#define KEEPER_MAX_SIGNATURE 512 /* RSA of 4096 bits, which is also the longest block that is signed */
#define KEEPER_MAX_PEM 65536
#define KEEPER_MAX_AUDIT_LINES 1000
#define KEEPER_MAX_AGENT 121   /* with its NUL, as those below */
#define KEEPER_MAX_CODE 32     /* of a second factor, or a recovery code */
#define KEEPER_MAX_MAPPING 256 /* what a client certificate must say */
#define KEEPER_MAX_TOKEN 80    /* API tokens are the longest */
#define KEEPER_MAX_TOKEN_NAME 65
#define KEEPER_MAX_TOTP_SECRET 65
#define KEEPER_MAX_URI 512
#define KEEPER_MAX_CHAIN_BYTES 12288
#define KEEPER_MAX_CHAIN_LINKS 8
#define KEEPER_MAX_SERIAL (IPC_CALL_SERIAL - 1)
#define KEEPER_MAX_LIFE_MS (12 * 60 * 60 * 1000ull) /* of a session */
#define KEEPER_MAX_CACHED 512                       /* sessions that a gateway knows, those of API tokens included */

/* Sizes with the closing NUL: room for what ipc_read_string reads. */
struct keeper_audit_text {
    char who[AUTH_USER_MAX + 1];
    char what[KEEPER_MAX_WHAT + 1];
    char target[AUTH_USER_MAX + 1];
    char detail[KEEPER_MAX_DETAIL + 1];
};
