/* Everything the keeper knows and decides, without loop, threads or sockets: requests in, answers out, time as a
 * parameter. One thread at a time (the store's); only book_open takes long. */
#pragma once

#include "auth/keeper/request.h"
#include "auth/keeper/secret.h"

struct book;

/* name: of the store's file, relative to the working directory. On failure why (size bytes) says what and what to
 * do. */
int book_open(struct book **ret, const char *name, struct instant now, char *why, size_t size);
struct book *book_close(struct book *self); /* NULL allowed; returns NULL. What waits to be written should be saved. */
DEFINE_CLEANUP(struct book, book_close)

bool book_needs_setup(const struct book *self);
bool book_audit_broken(const struct book *self); /* as found by book_open */

/* What media are sealed with (KEEPER_MEDIA_KEY_SIZE bytes). Any thread. 0, -EIO. */
int book_media_key(const struct book *self, uint8_t *ret);

/* A new set-up secret; the one before is void. -EALREADY: somebody is set up. */
int book_new_secret(struct book *self, struct instant now, char ret[SECRET_SIZE]);

/* The first Administrator, from the owner's file: no secret was ever good. user and hash are checked. -EALREADY,
 * -EINVAL with a sentence in why, or the store's error. */
int book_first_user(struct book *self, struct instant now, const char *user, const char *hash, const char **why);

enum book_next {
    BOOK_ANSWER, /* request->answer is to be sent (not for KEEPER_AUDIT) */
    BOOK_HASH,   /* request_hash, on any thread, and then book_finish */
};
enum book_next book_begin(struct book *self, struct request *request, struct instant now);
void book_finish(struct book *self, struct request *request, struct instant now);

/* Between the two: hashes request->password with request->setting. */
void request_hash(struct request *request);

/* Now and then: ends what expired, writes what waits. Fills only request->ended and needs_setup. */
void book_tick(struct book *self, struct request *request, struct instant now);

/* Writes what waits. 0, or an error: it still waits. */
int book_save(struct book *self, struct instant now);
