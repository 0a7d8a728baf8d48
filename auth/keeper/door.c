#include "auth/keeper/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/devices.h"
#include "auth/random.h"

#define REFUSALS_EVERY_US (10 * 1000000ll) /* the audit log is not to be flooded by those who are locked out */

void door_of_peer(struct request *request)
{
    request->door.account[0] = 0;
    if (!lockout_peer_key(request->peer, request->door.peer))
        request->door.peer[0] = 0;
}

void door_of_browser(struct request *request, const uint8_t hash[32])
{
    struct door *door = &request->door;
    door->peer[0] = 0; /* others at the same address do not hinder it */
    memcpy(door->account, TRIES_BROWSER, sizeof TRIES_BROWSER);
    hex_write(door->account + strlen(TRIES_BROWSER), hash, 24);
}

void door_of_account(struct book *book, struct request *request, const char *name, const struct user *user,
                     struct instant now)
{
    uint8_t hash[32];
    int64_t age_s;
    if (user && device_known(&book->store, request->device, user->id, now, hash, &age_s) == 1) {
        door_of_browser(request, hash);
        return;
    }
    door_of_peer(request);
    if (user)
        lockout_account_key(user->id, request->door.account);
    else
        lockout_name_key(name, request->door.account);
}

static unsigned wait_s(struct book *book, const char *key, struct instant now)
{
    return key[0] ? lockout_wait_s(tries_table(&book->tries, key), key, now.us) : 0;
}

static void count(struct book *book, const char *key, struct instant now)
{
    if (key[0])
        lockout_count(tries_table(&book->tries, key), key, now.us);
}

bool door_is_closed(struct book *book, struct request *request, struct instant now)
{
    const struct door *door = &request->door;
    unsigned account_s = wait_s(book, door->account, now), peer_s = wait_s(book, door->peer, now);
    if (account_s || peer_s) {
        if (now.us - REFUSALS_EVERY_US >= book->refusal_us) {
            book->refusal_us = now.us;
            book_note(book, request, now, request->user, "locked-out", "");
        }
        request_answer(request, -EAGAIN, MAX(account_s, peer_s), "Too many tries: wait, then try again.");
        return true;
    }
    count(book, door->account, now);
    count(book, door->peer, now);
    return false;
}

void door_forgive(struct book *book, struct request *request)
{
    struct door *door = &request->door;
    /* A browser's budget is its own; of an account's, others may have used some, and theirs still counts. */
    if (strncmp(door->account, TRIES_BROWSER, strlen(TRIES_BROWSER)) == 0)
        lockout_clear(&book->tries.browsers, door->account);
    else if (door->account[0])
        lockout_forgive(tries_table(&book->tries, door->account), door->account);
    if (door->peer[0])
        lockout_forgive(&book->tries.peers, door->peer);
    *door = (struct door){0}; /* one try is taken back once */
}
