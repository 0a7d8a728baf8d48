/* Sessions as the gateway sees them: objects, never keyed on descriptors. The keeper is the authority; this is its
 * cache, filled by auth/keeper_client.h. Net thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "auth/grants.h"
#include "core/cleanup.h"
#include "core/ref.h"

#define AUTH_USER_MAX 64
#define AUTH_TOKEN_HEX 64 /* characters of a session token: 256 bits as hex */

enum auth_kind { AUTH_BROWSER = 1, AUTH_TOKEN, AUTH_CERTIFICATE, AUTH_DIRECTORY, AUTH_LOCAL };

struct auth_session {
    struct ref ref;
    uint64_t id; /* the keeper's number, never used twice */
    char user[AUTH_USER_MAX];
    enum auth_role role;
    enum auth_kind kind;
    struct grants grants;   /* what it may do now; the keeper may change them while it lives */
    uint8_t token_hash[32]; /* SHA-256 of the token; the token itself is never kept */
    uint64_t expires_us;    /* clock_boot_us */
    bool ended;             /* logged out, expired or revoked: channels that hold it close at once */
    bool local;             /* by the local socket: no cookie, ends with its connection */
};

/* One reference, for the caller, with the grants of the role; it never expires by itself until expires_us is set.
 * -ENAMETOOLONG. */
int auth_session_create(uint64_t id, const char *user, enum auth_role role, struct auth_session **ret);
/* What the local socket gives to a peer it admitted: an Administrator that ends with its connection. */
int auth_session_create_local(const char *user, struct auth_session **ret);

struct auth_session *auth_session_ref(struct auth_session *self);
struct auth_session *auth_session_unref(struct auth_session *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct auth_session, auth_session_unref)

/* Neither ended nor past its expiry. */
bool auth_session_alive(const struct auth_session *self);

/* True when the session is alive and grants_allow says so (target NULL: what belongs to none in particular). */
bool auth_session_may(const struct auth_session *self, uint32_t rights, const char *target);

/* Whether the target exists for this session. What does not is absent from lists, counts, events and errors. */
bool auth_session_sees(const struct auth_session *self, const char *target);

/* One-use tickets: a page asks for one over REST and sends it in the first message of a websocket. Bound to session and
 * target; valid 30 s. Pure but for randomness. */
#define AUTH_TICKET_HEX 32

struct auth_tickets;

int auth_tickets_create(struct auth_tickets **ret);
struct auth_tickets *auth_tickets_destroy(struct auth_tickets *self);
/* Writes AUTH_TICKET_HEX characters and a NUL. -EBUSY when a session has too many outstanding. */
int auth_tickets_issue(struct auth_tickets *self, struct auth_session *session, const char *target, uint64_t now_us,
                       char *ret);
/* The session (a reference for the caller) when the ticket is good for this target; it is gone then. Else NULL. */
struct auth_session *auth_tickets_redeem(struct auth_tickets *self, const char *ticket, const char *target,
                                         uint64_t now_us);
/* Forgets those of a session that ended, and the stale ones. */
void auth_tickets_purge(struct auth_tickets *self, uint64_t now_us);
