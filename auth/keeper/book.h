/* Everything the keeper knows and decides, without loop, threads or sockets: requests in, answers out, time as a
 * parameter. One thread at a time (the store's); only book_open takes long. */
#pragma once

#include "auth/keeper/audit_outside.h"
#include "auth/keeper/request.h"
#include "auth/keeper/secret.h"

struct book;

/* name: of the store's file, relative to the working directory. On failure why (size bytes) says what and what to
 * do. */
int book_open(struct book **ret, const char *name, struct instant now, char *why, size_t size);
struct book *book_close(struct book *self); /* NULL allowed; returns NULL. What waits to be written should be saved. */
DEFINE_CLEANUP(struct book, book_close)

bool book_needs_setup(const struct book *self);
/* There are users, and the owner has made a secret for set-up (book_new_secret: -EALREADY). */
bool book_recovers(const struct book *self);
bool book_audit_broken(const struct book *self); /* as found by book_open */

/* What media are sealed with (KEEPER_MEDIA_KEY_SIZE bytes). Any thread. 0, -EIO. */
int book_media_key(const struct book *self, uint8_t *ret);

/* A new set-up secret; the one before is void. -EALREADY: somebody is set up. */
int book_new_secret(struct book *self, struct instant now, char ret[SECRET_SIZE]);

/* The first Administrator, from the owner's file: no secret was ever good. user and hash are checked. -EALREADY,
 * -EINVAL with a sentence in why, or the store's error. */
int book_first_user(struct book *self, struct instant now, const char *user, const char *hash, const char **why);

/* What stands in authenticator apps beside the user: where this is. */
#define KEEPER_MAX_ISSUER 80
void book_name(struct book *self, const char *name);

/* The directory that is configured: what the groups of somebody it vouches for are worth here. False: nothing. Called
 * by whoever calls the book. */
struct book_directory {
    bool (*map)(void *data, const struct errand_entry *entry, enum auth_role *ret_role, struct grants *ret_grants);
    void *data;
};
void book_use_directory(struct book *self, const struct book_directory *directory); /* NULL: none */

/* Who vouches for client certificates; NULL: nobody. Takes it. */
struct trust;
void book_use_trust(struct book *self, struct trust *trust);

enum book_next {
    BOOK_ANSWER,    /* request->answer is to be sent (not for KEEPER_AUDIT) */
    BOOK_HASH,      /* request_hash, on any thread, and then book_finish */
    BOOK_DIRECTORY, /* the directory is to be asked for request->user with request->password; what it says goes into
                       request->entry (NULL: it could not be asked), and then book_finish */
};
enum book_next book_begin(struct book *self, struct request *request, struct instant now);
enum book_next book_finish(struct book *self, struct request *request, struct instant now);

/* Before book_finish: hashes request->password with request->setting. */
void request_hash(struct request *request);

/* A user of the directory whose sessions or API tokens are alive and should be asked for again. */
struct book_directory_user {
    char name[AUTH_USER_MAX];
    char dn[ERRAND_MAX_DN];
};
/* At most max, in order of names after that one. */
unsigned book_directory_users(struct book *self, const char *after, struct book_directory_user *ret, unsigned max);
/* What the directory says of one now. EACCES: its sessions end and its API tokens sleep until it is vouched for again;
 * other errors change nothing. Fills request->ended, news, needs_setup and unsaved. */
void book_directory_changed(struct book *self, struct request *request, struct instant now, const char *user,
                            const struct errand_entry *entry);

/* Now and then: ends what expired, writes what waits. Fills only request->ended, news, needs_setup and unsaved. */
void book_tick(struct book *self, struct request *request, struct instant now);

/* How the audit log is to be kept, and where it goes; takes the descriptor. Before the first request. */
/* At the start, and whenever they are others. */
int book_use_audit(struct book *self, const struct audit_settings *settings);

void book_audit_key(struct book *self, uint8_t ret[32]); /* the root of the newest section; zeros: there is none */

/* The end: writes what waits, and signs the audit log. 0, or an error: it stays as after a crash. */
int book_stop(struct book *self, struct instant now);

/* Writes what waits. 0, or an error: it still waits. */
int book_save(struct book *self, struct instant now);
