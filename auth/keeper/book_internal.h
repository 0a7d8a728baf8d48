/* What the files of the book share. */
#pragma once

#include "auth/keeper/audit.h"
#include "auth/keeper/book.h"
#include "auth/keeper/device_key.h"
#include "auth/keeper/tokens.h"
#include "auth/keeper/tries.h"

#define WHY_WRONG "User name or password is wrong."
#define WHY_FULL "The store cannot be written: make room on the disk that holds the state folder."
#define WHY_ENDED "The session has ended: log in again."

struct book {
    struct store store;
    struct device_key device;
    struct sessions sessions;
    struct token_clocks tokens;
    struct audit audit;
    struct tries tries;
    struct audit_outside_ways audit_ways;
    bool audit_refuse;               /* what cannot be written down is not to be done */
    struct trust *trust;             /* who vouches for client certificates; NULL nobody */
    struct book_directory directory; /* map NULL: none is configured */
    char issuer[KEEPER_MAX_ISSUER];
    char nobody[PASSWORD_HASH_SIZE]; /* hash of a password that nobody has: what unknown users are checked against */
    bool recovering;                 /* set-up is for an owner who has lost his way in */
    int64_t recovery_ends_us;
    bool needs_setup;
    bool save_failed;   /* said so in the log */
    int64_t refusal_us; /* when a refused try was last written down */
};

/* A change: begin, the change's own writes, then commit with one more line in the audit log, in one transaction. After
 * an error nothing has happened and the line is gone too. change_end: without a line of its own. */
int change_begin(struct book *self);
int change_end(struct book *self, struct instant now, int r);
int change_commit(struct book *self, struct instant now, int r, const char *who, const char *what, const char *target,
                  const char *detail);

/* What everybody has to know of what a request did. */
void book_collect(struct book *self, struct request *request);

/* A line for the audit log about who stands at a door: "from ADDRESS", and more when more is not "". */
void book_note(struct book *self, const struct request *request, struct instant now, const char *who, const char *what,
               const char *more);

/* The session that asks about its own account, and whose it is. False: -EACCES or -EPERM was answered. */
bool book_own(struct book *self, struct request *request, struct session **ret, struct user *ret_user);

/* What the user may do is something else now: its sessions and those of its API tokens go on with that. */
void book_tell_user(struct book *self, struct request *request, const struct user *user);

/* book_setup.c */
enum book_next setup_begin(struct book *self, struct request *request, struct instant now);
void setup_finish(struct book *self, struct request *request, struct instant now);
void new_secret_ask(struct book *self, struct request *request, struct instant now);

/* book_certificate.c */
void certificate_login_ask(struct book *self, struct request *request, struct instant now);

/* book_login.c */
enum book_next login_begin(struct book *self, struct request *request, struct instant now);
void login_finish(struct book *self, struct request *request, struct instant now);
/* The session that was earned, and its answer. */
void admit(struct book *self, struct request *request, const struct user *user, enum auth_kind kind,
           struct instant now);

/* book_directory.c */
bool directory_is_asked(const struct book *self, const struct request *request);
/* 0: *ret is the user that the directory vouches for. Else it was answered. */
int directory_user(struct book *self, struct request *request, struct instant now, struct user *ret);

#define SETUP_SECRET "setup-secret" /* in the store: its SHA-256 */

/* book_owner.c: notes of the owner (auth/keeper/owner_notes.h), at the start and at each tick. */
int owner_load(struct book *self, struct instant now);
int owner_look(struct book *self, struct instant now);

/* book_directory_test.c */
enum book_next directory_test_begin(struct book *self, struct request *request, struct instant now);
void directory_test_finish(struct book *self, struct request *request, struct instant now);

/* book_totp.c */
/* What the account's second factor says to request->code: 0 fine (also when there is none), -ENOKEY none was given,
 * -EACCES it is wrong, or the store's error. */
int factor_check(struct book *self, const struct request *request, const struct user *user, struct instant now);
int factor_drop(struct store *store, int64_t user_id); /* inside a transaction */
void totp_begin_ask(struct book *self, struct request *request, struct instant now);
void totp_confirm_ask(struct book *self, struct request *request, struct instant now);

/* book_own.c */
enum book_next own_begin(struct book *self, struct request *request, struct instant now);
enum book_next own_finish(struct book *self, struct request *request, struct instant now);

/* book_session.c */
void session_answer(struct book *self, struct request *request, const struct session *session, struct instant now,
                    const char *token, const char *browser);
void session_ask(struct book *self, struct request *request, struct instant now);
void touch_ask(struct book *self, struct request *request, struct instant now);
void logout_ask(struct book *self, struct request *request, struct instant now);
void sessions_ask(struct book *self, struct request *request, struct instant now);
void session_end_ask(struct book *self, struct request *request, struct instant now);
void end_others_ask(struct book *self, struct request *request, struct instant now);

/* book_tokens.c */
void token_session_ask(struct book *self, struct request *request, struct instant now);
void token_touch_ask(struct book *self, struct request *request, struct instant now);
void token_make_ask(struct book *self, struct request *request, struct instant now);
void token_revoke_ask(struct book *self, struct request *request, struct instant now);
void tokens_ask(struct book *self, struct request *request, struct instant now);
/* The gateway hears what they may do now, or that they may nothing. */
void tokens_tell(struct book *self, struct request *request, const struct user *user);
void tokens_forget_user(struct book *self, int64_t user_id); /* after it was removed from the store */
void tokens_expire(struct book *self, struct instant now);

/* book_users.c */
void book_fault(struct request *request, int error, const char *why);
enum book_next user_put_begin(struct book *self, struct request *request, struct instant now);
void user_put_finish(struct book *self, struct request *request, struct instant now);
void user_delete_ask(struct book *self, struct request *request, struct instant now);
void users_ask(struct book *self, struct request *request, struct instant now);

/* book_audit.c */
void audit_ask(struct book *self, struct request *request, struct instant now);
void audit_read_ask(struct book *self, struct request *request, struct instant now);
void audit_query_ask(struct book *self, struct request *request, struct instant now);
bool book_audit_refuses(const struct book *self);
