/* One count of tries for all doors: login, one's own password, codes, certificates, API tokens, set-up. Whoever stands
 * at one is known by the browser (a token from an earlier login), or by account and address.
 *
 * A try is counted before its outcome is known, so that many at once are not free; a good one is taken back. */
#pragma once

#include "auth/keeper/instant.h"
#include "auth/keeper/lockout.h"

struct book;
struct request;
struct user;

/* Which counters a request is about; "" none. */
struct door {
    char account[LOCKOUT_KEY_MAX];
    char peer[LOCKOUT_KEY_MAX];
};

/* For a name that was typed (user: whose it is, or NULL) and the browser that shows request->device. */
void door_of_account(struct book *book, struct request *request, const char *name, const struct user *user,
                     struct instant now);
/* For what belongs to no account: the address alone. */
void door_of_peer(struct request *request);

/* For the browser that a session was made in. */
void door_of_browser(struct request *request, const uint8_t hash[32]);

/* True: it stays closed, and -EAGAIN was answered. Else the try was counted. */
bool door_is_closed(struct book *book, struct request *request, struct instant now);
/* It was no wrong try, or nobody looked at it. Once: a second time does nothing. */
void door_forgive(struct book *book, struct request *request);
