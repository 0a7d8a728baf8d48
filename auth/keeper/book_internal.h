/* What the files of the book share. */
#pragma once

#include "auth/keeper/audit.h"
#include "auth/keeper/book.h"
#include "auth/keeper/device_key.h"
#include "auth/keeper/lockout.h"

struct book {
    struct store store;
    struct device_key device;
    struct sessions sessions;
    struct audit audit;
    struct lockout users, peers;
    char nobody[PASSWORD_HASH_SIZE]; /* hash of a password that nobody has: what unknown users are checked against */
    bool needs_setup;
    bool save_failed;   /* said so in the log */
    int64_t refusal_us; /* when a refused try was last written down */
};

/* A change: begin, the change's own writes, then commit with one more line in the audit log, in one transaction. After
 * an error nothing has happened and the line is gone too. */
int change_begin(struct book *self);
int change_commit(struct book *self, struct instant now, int r, const char *who, const char *what, const char *target,
                  const char *detail);

/* book_login.c */
enum book_next setup_begin(struct book *self, struct request *request, struct instant now);
void setup_finish(struct book *self, struct request *request, struct instant now);
enum book_next login_begin(struct book *self, struct request *request, struct instant now);
void login_finish(struct book *self, struct request *request, struct instant now);

/* book_session.c */
void session_answer(struct request *request, const struct session *session, struct instant now, const char *token);
void session_ask(struct book *self, struct request *request, struct instant now);
void touch_ask(struct book *self, struct request *request, struct instant now);
void logout_ask(struct book *self, struct request *request, struct instant now);
void new_secret_ask(struct book *self, struct request *request, struct instant now);

/* book_users.c */
enum book_next user_put_begin(struct book *self, struct request *request, struct instant now);
void user_put_finish(struct book *self, struct request *request, struct instant now);
void user_delete_ask(struct book *self, struct request *request, struct instant now);
void users_ask(struct book *self, struct request *request);

/* book_audit.c */
void audit_ask(struct book *self, struct request *request, struct instant now);
void audit_read_ask(struct book *self, struct request *request, struct instant now);
