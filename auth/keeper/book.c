#include "auth/keeper/book.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/store_device.h"
#include "auth/keeper/trust.h"
#include "auth/keeper_account.h"
#include "auth/random.h"
#include "core/log.h"

/* ---- opening ---- */

/* Kept, because making one costs as much as a login. */
static int load_nobody(struct book *self)
{
    size_t size;
    int r = store_meta_get(&self->store, "nobody", self->nobody, sizeof self->nobody, &size);
    if (r != 0)
        return r < 0 ? r : 0;
    uint8_t bytes[32];
    char password[2 * sizeof bytes + 1];
    r = random_bytes(bytes, sizeof bytes);
    if (r < 0)
        return r;
    hex_write(password, bytes, sizeof bytes);
    r = password_hash_make(password, self->nobody);
    if (r == 0)
        r = store_meta_put(&self->store, "nobody", self->nobody, strlen(self->nobody));
    return r;
}

static int load(struct book *self, struct instant now)
{
    unsigned users = 0;
    int r = load_nobody(self);
    if (r >= 0)
        r = users_count(&self->store, &users);
    if (r >= 0)
        r = sessions_load(&self->sessions, &self->store, now);
    if (r >= 0)
        r = tries_init(&self->tries);
    if (r >= 0)
        r = tries_load(&self->tries, &self->store, &self->sessions, now);
    if (r >= 0)
        r = token_clocks_load(&self->tokens, &self->store, now);
    if (r >= 0)
        r = audit_open(&self->audit, &self->store, now);
    if (r < 0)
        return r;
    self->needs_setup = users == 0;
    return owner_load(self, now);
}

int book_open(struct book **ret, const char *name, struct instant now, char *why, size_t size)
{
    attr_cleanup(book_closep) struct book *self = calloc(1, sizeof *self);
    if (!self) {
        snprintf(why, size, "out of memory.");
        return -ENOMEM;
    }
    self->refusal_us = INT64_MIN;
    book_name(self, "");
    self->audit.keys.fd = self->audit_ways.file_fd = -1;
    int r = store_open(&self->store, name, why, size);
    if (r < 0)
        return r;
    r = store_device_key(&self->store, &self->device, why, size);
    if (r < 0)
        return r;
    r = load(self, now);
    if (r < 0) {
        snprintf(why, size, "%s: cannot be read or written (%s): make room on the disk that holds the state folder.",
                 name, strerror(-r));
        return r;
    }
    *ret = take(self);
    return 0;
}

struct book *book_close(struct book *self)
{
    if (!self)
        return NULL;
    audit_close(&self->audit);
    audit_outside_close(&self->audit_ways);
    store_close(&self->store);
    token_clocks_finish(&self->tokens);
    tries_finish(&self->tries);
    trust_destroy(self->trust);
    device_key_finish(&self->device);
    explicit_bzero(self, sizeof *self);
    free(self);
    return NULL;
}

bool book_needs_setup(const struct book *self)
{
    return self->needs_setup;
}

bool book_recovers(const struct book *self)
{
    return self->recovering;
}

bool book_audit_broken(const struct book *self)
{
    return self->audit.broken;
}

int book_media_key(const struct book *self, uint8_t *ret)
{
    return device_key_derive(&self->device, "lightsout media 1", ret, KEEPER_MEDIA_KEY_SIZE);
}

void book_name(struct book *self, const char *name)
{
    snprintf(self->issuer, sizeof self->issuer, "lightsout%s%.60s", name[0] ? " " : "", name);
}

void book_use_directory(struct book *self, const struct book_directory *directory)
{
    self->directory = directory ? *directory : (struct book_directory){0};
}

/* ---- writing ---- */

static void note_outcome(struct book *self, int r)
{
    if (r == -EEXIST) /* a name that is taken: the store is fine */
        return;
    if (r < 0 && !self->save_failed)
        log_error("keeper", "the store cannot be written (%s): make room on the disk; sessions and audit lines wait",
                  strerror(-r));
    else if (r >= 0 && self->save_failed)
        log_info("keeper", "the store can be written again");
    self->save_failed = r < 0;
}

int change_begin(struct book *self)
{
    int r = store_begin(&self->store);
    if (r < 0)
        return r;
    r = sessions_write(&self->sessions, &self->store);
    if (r < 0)
        store_rollback(&self->store);
    return r;
}

int change_end(struct book *self, struct instant now, int r)
{
    if (r >= 0)
        r = tries_write(&self->tries, &self->store, &self->sessions, now);
    if (r >= 0)
        r = audit_write(&self->audit, &self->store, now);
    if (r >= 0)
        r = audit_outside_save(&self->audit_ways, &self->store);
    if (r >= 0)
        r = store_commit(&self->store);
    else
        store_rollback(&self->store);
    if (r >= 0) {
        audit_written(&self->audit, now);
        audit_outside_file(&self->audit_ways, &self->store);
        sessions_written(&self->sessions);
        tries_written(&self->tries);
    } else {
        audit_unwritten(&self->audit);
    }
    note_outcome(self, r);
    return r < 0 ? r : 0;
}

int change_commit(struct book *self, struct instant now, int r, const char *who, const char *what, const char *target,
                  const char *detail)
{
    unsigned before = self->audit.n, lost = self->audit.lost;
    audit_add(&self->audit, now.wall_s, who, what, target, detail);
    r = change_end(self, now, r);
    if (r < 0) {
        self->audit.n = before;
        self->audit.lost = lost;
    }
    return r;
}

static bool is_unsaved(const struct book *self)
{
    return self->audit.n > 0 || sessions_unsaved(&self->sessions) || tries_unsaved(&self->tries);
}

int book_save(struct book *self, struct instant now)
{
    if (!audit_due(&self->audit, now) && !sessions_unsaved(&self->sessions))
        return 0;
    int r = change_begin(self);
    if (r < 0) {
        note_outcome(self, r);
        return r;
    }
    return change_end(self, now, 0);
}

/* ---- requests ---- */

void book_collect(struct book *self, struct request *request)
{
    request->collected = true;
    request->n_ended = sessions_take_ended(&self->sessions, request->ended);
    request->needs_setup = self->needs_setup;
    request->audit_refuses = book_audit_refuses(self);
    request->unsaved = is_unsaved(self) && !self->save_failed; /* a full disk is tried now and then */
}

/* Who serves what: at once, or by beginning something that takes longer. */
static const struct service {
    uint16_t type; /* enum keeper_message, enum keeper_audit_message */
    enum book_next (*begin)(struct book *self, struct request *request, struct instant now);
    void (*ask)(struct book *self, struct request *request, struct instant now);
} services[] = {
    {KEEPER_SETUP, .begin = setup_begin},
    {KEEPER_LOGIN, .begin = login_begin},
    {KEEPER_USER_PUT, .begin = user_put_begin},
    {KEEPER_DIRECTORY_TEST, .begin = directory_test_begin},
    {KEEPER_OWN_PASSWORD, .begin = own_begin},
    {KEEPER_TOTP_DROP, .begin = own_begin},
    {KEEPER_SESSION, .ask = session_ask},
    {KEEPER_TOUCH, .ask = touch_ask},
    {KEEPER_LOGOUT, .ask = logout_ask},
    {KEEPER_LOGIN_CERTIFICATE, .ask = certificate_login_ask},
    {KEEPER_SESSIONS, .ask = sessions_ask},
    {KEEPER_SESSION_END, .ask = session_end_ask},
    {KEEPER_END_OTHERS, .ask = end_others_ask},
    {KEEPER_TOTP_BEGIN, .ask = totp_begin_ask},
    {KEEPER_TOTP_CONFIRM, .ask = totp_confirm_ask},
    {KEEPER_TOKENS, .ask = tokens_ask},
    {KEEPER_TOKEN_MAKE, .ask = token_make_ask},
    {KEEPER_TOKEN_REVOKE, .ask = token_revoke_ask},
    {KEEPER_USER_TOKENS, .ask = tokens_ask},
    {KEEPER_USER_TOKEN_REVOKE, .ask = token_revoke_ask},
    {KEEPER_NEW_SECRET, .ask = new_secret_ask},
    {KEEPER_USERS, .ask = users_ask},
    {KEEPER_USER_DELETE, .ask = user_delete_ask},
    {KEEPER_AUDIT, .ask = audit_ask},
    {KEEPER_AUDIT_READ, .ask = audit_read_ask},
    {KEEPER_AUDIT_WRITE, .ask = audit_query_ask},
    {KEEPER_AUDIT_LIST, .ask = audit_query_ask},
    {KEEPER_AUDIT_EXPORT, .ask = audit_query_ask},
    {KEEPER_AUDIT_STATE, .ask = audit_query_ask},
    {KEEPER_AUDIT_REKEY, .ask = audit_query_ask},
};

static enum book_next begin(struct book *self, struct request *request, struct instant now)
{
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        const struct service *service = &services[i];
        if (request->type != service->type)
            continue;
        if (service->begin)
            return service->begin(self, request, now);
        service->ask(self, request, now);
        return BOOK_ANSWER;
    }
    request_answer(request, -ENOSYS, 0, NULL);
    return BOOK_ANSWER;
}

enum book_next book_begin(struct book *self, struct request *request, struct instant now)
{
    sessions_expire(&self->sessions, now);
    enum book_next next = begin(self, request, now);
    book_collect(self, request);
    return next;
}

void request_hash(struct request *request)
{
    if (request->setting[0])
        request->hash_error = password_hash_again(request->password, request->setting, request->hash);
    else
        request->hash_error = password_hash_make(request->password, request->hash);
    explicit_bzero(request->password, sizeof request->password);
}

static enum book_next finish(struct book *self, struct request *request, struct instant now)
{
    if (request->hash_error) {
        bool busy = request->hash_error == -EAGAIN || request->hash_error == -ENOMEM;
        door_forgive(self, request); /* nobody has looked at it */
        request_answer(request, busy ? -EAGAIN : -EIO, 1,
                       busy ? "Too much at once: try again." : "The password could not be checked.");
        return BOOK_ANSWER;
    }
    switch (request->type) {
    case KEEPER_SETUP:
        setup_finish(self, request, now);
        break;
    case KEEPER_LOGIN:
        login_finish(self, request, now);
        break;
    case KEEPER_DIRECTORY_TEST:
        directory_test_finish(self, request, now);
        break;
    case KEEPER_OWN_PASSWORD:
    case KEEPER_TOTP_DROP:
        return own_finish(self, request, now);
    default:
        user_put_finish(self, request, now);
    }
    return BOOK_ANSWER;
}

enum book_next book_finish(struct book *self, struct request *request, struct instant now)
{
    enum book_next next = finish(self, request, now);
    book_collect(self, request);
    return next;
}

void book_tick(struct book *self, struct request *request, struct instant now)
{
    sessions_expire(&self->sessions, now);
    tokens_expire(self, now);
    book_save(self, now);
    int r = owner_look(self, now);
    if (r < 0)
        note_outcome(self, r);
    book_collect(self, request);
}
