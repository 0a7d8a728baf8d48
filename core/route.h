/* A REST route: method, path, what the caller must be allowed to do, and the handler. Rows stand in const tables in
 * api/ (and later manage/redfish); transport matches, authenticates and parses, then calls the handler. Everything here
 * happens on the net thread. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"

struct auth_session; /* auth/session.h */
struct route_call;

enum route_method { ROUTE_GET, ROUTE_POST, ROUTE_PUT, ROUTE_PATCH, ROUTE_DELETE, ROUTE_OPTIONS };

#define ROUTE_MAX_PARAMS 4
#define ROUTE_MAX_BODY 65536

/* Who may call. A row whose access is 0 does not compile into a table: ROUTE() asserts it. */
enum route_access {
    ROUTE_SETUP = 1, /* only while no user exists: the set-up route */
    ROUTE_PUBLIC,    /* before login: the login itself, version */
    ROUTE_SESSION,   /* any logged-in user, no further right; where the path has a {target}, one who has any on it */
    ROUTE_RIGHT,     /* a logged-in user who has every bit of `rights` (auth/grants.h) on the target in the path */
    ROUTE_ANYWHERE,  /* the same, on the gateway or on any one target; the handler answers of those alone */
};

struct route {
    enum route_method method;
    const char *path; /* "/api/v1/targets/{target}/power": {name} parts become params in order */
    enum route_access access;
    uint32_t rights; /* enum auth_right bits, with ROUTE_RIGHT and ROUTE_ANYWHERE */
    bool stream;     /* the body, of any type and length, comes in pieces: see struct route_body */
    void (*handler)(void *context, struct route_call *call);
};

#define ROUTE(method_, path_, access_, rights_, handler_)                                                              \
    {                                                                                                                  \
        .method = (method_), .path = (path_),                                                                          \
        .access = (access_) + 0 * sizeof(char[(access_) ? 1 : -1]) +                                                   \
                  0 * sizeof(char[((access_) < ROUTE_RIGHT || (rights_)) ? 1 : -1]),                                   \
        .rights = (rights_), .handler = (handler_)                                                                     \
    }

/* A row whose body is not collected: its handler runs when the headers are there, and gives the call these before it
 * returns (or replies, which closes the connection when a body was still to come). */
#define ROUTE_STREAM(method_, path_, access_, rights_, handler_)                                                       \
    {                                                                                                                  \
        .method = (method_), .path = (path_), .stream = true,                                                          \
        .access = (access_) + 0 * sizeof(char[(access_) ? 1 : -1]) +                                                   \
                  0 * sizeof(char[((access_) < ROUTE_RIGHT || (rights_)) ? 1 : -1]),                                   \
        .rights = (rights_), .handler = (handler_)                                                                     \
    }

struct route_body {
    /* bytes (at most 64 KiB) are valid during the call. Afterwards nothing more is read from the peer, nor is `end`
     * called, until route_body_more, which may be called inside. */
    void (*piece)(void *data, const void *bytes, size_t size);
    void (*end)(void *data); /* all of Content-Length was given to `piece`, and route_body_more asked for more */
    /* The peer went away first, or sent nothing for 60 s, or its session ended; neither `end` nor the call's
     * `cancelled` come any more, the call must still be replied to, here or later. */
    void (*broken)(void *data);
};

/* Where the bytes of a long answer come from. */
struct route_source {
    /* Wants at most room bytes, which route_reply_piece brings, now or later. Not called again before. */
    void (*pull)(void *data, size_t room);
    /* All was sent, or the peer is gone: called once, last; `pull` may be unanswered, and must remain so. May be called
     * inside route_reply_stream. */
    void (*ended)(void *data);
};

/* A set of rows with the context its handlers get. */
struct route_table {
    const struct route *rows;
    size_t n_rows;
    void *context;
};

/* One X.509 certificate. */
struct route_der {
    const uint8_t *bytes;
    size_t size;
};

/* How an answer goes out; transport's. */
struct route_reply_ops {
    /* NULL: this face has no client certificates. */
    unsigned (*peer_chain)(struct route_call *call, struct route_der *ret, unsigned max, const char **ret_why);
    void (*header)(struct route_call *call, const char *name, const char *value);
    /* NULL: this face has no long bodies. */
    bool (*request_header)(struct route_call *call, const char *name, char *room, size_t size);
    void (*body_more)(struct route_call *call);
    void (*send_stream)(struct route_call *call, int status, const char *content_type, uint64_t size,
                        const struct route_source *source, void *data);
    void (*piece)(struct route_call *call, const void *bytes, size_t size);
    void (*send)(struct route_call *call, int status, const char *content_type, const void *body, size_t size);
};

/* One request. It lives until route_reply was called, which must happen exactly once, in the handler or later. When the
 * peer goes away first, `cancelled` (if set) is called and the call must still be replied to (the reply is dropped). */
struct route_call {
    const struct route *route;
    char *params[ROUTE_MAX_PARAMS]; /* decoded, NUL-terminated */
    const char *query;              /* raw, "" when there is none */
    const uint8_t *body;            /* NUL stands behind it */
    size_t body_size;
    bool head;                        /* HEAD: comes as ROUTE_GET, what is sent of a body is dropped */
    uint64_t body_length;             /* of a row with `stream`: what is to come */
    const struct route_body *on_body; /* the handler's, with `stream` */
    void *on_body_data;
    const char *if_none_match; /* "" when absent */
    const char *if_match;      /* the same; NULL where nobody reads it */
    const char *cookie_token;  /* the session cookie as sent, "" when absent; for login and logout */
    const char *device_token;  /* the device cookie as sent, "" when absent; for login */
    const char *agent;         /* User-Agent, cut to 120 bytes; "" when absent. Whatever somebody wrote there */
    const char *peer;          /* address as text, or "local uid N"; behind a trusted proxy what that says of it: for
                                  the log and for limits alone */
    const char *base;          /* "" or the path that a proxy keeps in front ("/kvm"); paths we answer with begin so */
    bool local;                /* came over the local unix socket; the peer's uid was checked */
    uint64_t connected_us;     /* when its TLS connection began, clock_boot_us; 0 for a local one */
    struct auth_session *session; /* NULL on ROUTE_SETUP and ROUTE_PUBLIC; held by the call */
    void (*cancelled)(void *data);
    void *cancelled_data;
    const struct route_reply_ops *reply;
    void *held; /* whoever has put ops of its own in front of `reply`; NULL at first */
};

/* Adds a response header; before route_reply. Copies. */
void route_reply_header(struct route_call *call, const char *name, const char *value);

/* The client certificate of this TLS connection, whose possession the handshake has proved and whose chain leads to a
 * configured authority just now, with the chain as the client sent it, leaf first; bytes live as long as the call. It
 * says nothing of a user: the keeper does. 0: none, and *ret_why says why it was not good, "" when none was shown. */
unsigned route_peer_chain(struct route_call *call, struct route_der *ret, unsigned max, const char **ret_why);

/* Sends (copies) the body and ends the call. content_type NULL with size 0: no body. */
void route_reply(struct route_call *call, int status, const char *content_type, const void *body, size_t size);

/* Rows with `stream` only, from the handler until the reply. name: lower case with its colon, "upload-offset:". False:
 * absent, repeated (of unusual names the first one counts) or too long. */
bool route_request_header(struct route_call *call, const char *name, char *room, size_t size);
void route_body_more(struct route_call *call);

/* Ends the handler's part with an answer of `size` bytes that come from `source`; any row. The call lives until
 * `ended`, and must not be replied to. An answer that cannot be completed (piece of size 0) ends the connection in the
 * middle, which clients notice by its length. */
void route_reply_stream(struct route_call *call, int status, const char *content_type, uint64_t size,
                        const struct route_source *source, void *data);
void route_reply_piece(struct route_call *call, const void *bytes, size_t size); /* copies */

/* One range of RFC 9110 section 14 ("bytes=0-99", "bytes=100-", "bytes=-5") against a body of `size` bytes. 1: *first
 * and *last are to be sent; 0: no range, or one that is not understood: the whole; -1: none of it is there (416). Pure.
 */
int route_range(const char *header, uint64_t size, uint64_t *first, uint64_t *last);

/* {"error":{"code":..., "message":..., "args":[...]}}. code is a short stable word for scripts, message a sentence that
 * names the thing and the remedy. args: what the conversions put into it, for who says the same in another language;
 * they are left out where there are none, and of "%s", a sentence by itself. */
void route_reply_error(struct route_call *call, int status, const char *code, const char *message, ...)
    attr_printf(4, 5);
void route_vreply_error(struct route_call *call, int status, const char *code, const char *message, va_list args)
    attr_printf(4, 0);

/* What is said of a target that is not there, and of one that the caller may not see. */
#define ROUTE_NO_SUCH_TARGET "There is no target '%s'; GET /api/v1/targets lists them."

/* The session cookie. The __Host- prefix makes browsers insist on Secure, Path=/ and no Domain. Below a base path it is
 * __Secure- instead, with that path: others below the same name must not get it sent. */
#define ROUTE_COOKIE "__Host-lightsout"
#define ROUTE_COOKIE_BELOW "__Secure-lightsout"

/* Makes the answer set the session cookie, or clear it (token NULL); before route_reply. Nothing happens on the local
 * socket, which has no cookies. token: AUTH_TOKEN_HEX hex digits. */
void route_set_session_cookie(struct route_call *call, const char *token);

/* The device cookie: a browser that has logged in before is told from strangers by it, and by nothing else. */
#define ROUTE_DEVICE_COOKIE "__Host-lightsout-device"
#define ROUTE_DEVICE_COOKIE_BELOW "__Secure-lightsout-device"
void route_set_device_cookie(struct route_call *call, const char *token);

/* Value of one query parameter, percent-decoded into room; false when absent or too long. */
bool route_query(const struct route_call *call, const char *name, char *room, size_t size);

/* Matches a path against one row's pattern; params are decoded into `room` (at least strlen(path)+1 bytes) and point
 * there. Pure. False: no match, or a parameter that is empty, holds a NUL, '/' or control characters. */
bool route_match(const struct route *route, const char *path, char *room, char *params[ROUTE_MAX_PARAMS]);
