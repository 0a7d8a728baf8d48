/* The messages between gateway and keeper, over core/ipc. Strings as in core/ipc.h. Whoever receives one that is not
 * listed here, too long or too short, closes the channel: the other side is broken or taken over.
 *
 * An answer repeats the serial of what was asked and begins with: le32 error (0 or a positive errno), le32 seconds to
 * wait, string for people; what follows stands there only when error is 0. */
#pragma once

#include "auth/session.h"
#include "core/ipc.h"

enum keeper_message {
    /* gateway -> keeper, answered */
    KEEPER_SETUP = 1,   /* secret, user, password, peer -> session */
    KEEPER_LOGIN,       /* user, password, peer, token of the session that this one replaces or "" -> session */
    KEEPER_SESSION,     /* token -> session */
    KEEPER_TOUCH,       /* le64 id, token hash, u8 used -> le64 ms until it expires */
    KEEPER_LOGOUT,      /* le64 id, token hash -> nothing */
    KEEPER_NEW_SECRET,  /* nothing -> string */
    KEEPER_USERS,       /* name after which to go on, "" first -> u8 more, le16 n, n x (name, u8 role, u8 enabled) */
    KEEPER_USER_PUT,    /* name, password or "", u8 role (0: keep), u8 enabled (2: keep), u8 create -> nothing */
    KEEPER_USER_DELETE, /* name -> nothing */
    KEEPER_AUDIT_READ,  /* le64 lines before this number (0: from the newest), le16 limit ->
                           u8 more, le16 n, n x (le64 number, le64 time, who, what, target, detail) */
    KEEPER_CERTIFICATE, /* le32 offset -> le32 size of the whole, bytes up to the end of the message */
    KEEPER_SIGN,        /* digest up to the end of the message -> signature up to the end of the message */
    KEEPER_MEDIA_KEY = 0x30, /* nothing -> KEEPER_MEDIA_KEY_SIZE bytes */

    /* gateway -> keeper, not answered */
    KEEPER_AUDIT = 0x40, /* who, what, target, detail */

    /* keeper -> gateway */
    KEEPER_ANSWER = 0x80,
    KEEPER_SESSION_ENDED, /* le64 id */
    KEEPER_SETUP_STATE,   /* u8 needs set-up; the first message on a channel, and when it changes */
};

/* session: le64 id, string user, u8 role, le64 ms until it expires, string token ("" where the asker knows it) */

#define KEEPER_MAX_SESSIONS 256
#define KEEPER_MAX_USERS 256
#define KEEPER_MAX_PASSWORD 256 /* bytes */
#define KEEPER_MAX_SECRET 64
#define KEEPER_MAX_PEER 64
#define KEEPER_MAX_WHY 256
#define KEEPER_MAX_WHAT 64
#define KEEPER_MAX_DETAIL 512
#define KEEPER_MAX_DIGEST 64
#define KEEPER_MAX_SIGNATURE 160 /* ECDSA over P-521, DER */
#define KEEPER_MAX_PEM 65536
#define KEEPER_MAX_AUDIT_LINES 1000
#define KEEPER_ENABLED_KEEP 2
#define KEEPER_MAX_SERIAL (IPC_CALL_SERIAL - 1)
#define KEEPER_MAX_LIFE_MS (12 * 60 * 60 * 1000ull) /* of a session */

/* Sizes with the closing NUL: room for what ipc_read_string reads. */
struct keeper_audit_text {
    char who[AUTH_USER_MAX + 1];
    char what[KEEPER_MAX_WHAT + 1];
    char target[AUTH_USER_MAX + 1];
    char detail[KEEPER_MAX_DETAIL + 1];
};
