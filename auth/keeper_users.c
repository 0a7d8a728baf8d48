/* Users, the set-up secret and the audit log. Long lists come in pages, so that no answer is larger than a message. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "core/log.h"

struct keeper_page {
    unsigned n;
    union {
        struct {
            struct keeper_user users[KEEPER_MAX_USERS];
            char names[KEEPER_MAX_USERS][AUTH_USER_MAX];
        };
        struct {
            struct keeper_audit_line lines[KEEPER_MAX_AUDIT_LINES];
            struct keeper_audit_text texts[KEEPER_MAX_AUDIT_LINES];
            uint64_t before;
        };
    };
};

/* ---- users ---- */

static int users_send(struct keeper_client *self, struct keeper_ask *ask)
{
    const struct keeper_page *page = ask->page;
    uint8_t room[AUTH_USER_MAX + 2];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, page->n ? page->names[page->n - 1] : "");
    return ask_send(self, ask, KEEPER_USERS, &w);
}

static bool users_read(struct keeper_page *page, struct wire_reader *r, bool *ret_more)
{
    uint8_t more = wire_read_u8(r);
    unsigned n = wire_read_le16(r);
    if (more > 1 || (more && n == 0) || n > KEEPER_MAX_USERS - page->n)
        return false;
    for (; n; n--, page->n++) {
        struct keeper_user *user = &page->users[page->n];
        user->name = page->names[page->n];
        ipc_read_string(r, page->names[page->n], AUTH_USER_MAX);
        uint8_t role = wire_read_u8(r), enabled = wire_read_u8(r);
        if (r->bad || role < ROLE_READ_ONLY || role > ROLE_ADMINISTRATOR || enabled > 1)
            return false;
        user->role = (enum auth_role)role;
        user->enabled = enabled;
    }
    *ret_more = more;
    return wire_read_complete(r);
}

static enum ask_next users_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    bool more = false;
    int error = answer->error;
    if (!error && !users_read(ask->page, &answer->body, &more))
        return ASK_BAD;
    if (more) {
        error = users_send(self, ask);
        if (!error)
            return ASK_AGAIN;
    }
    ask->users(ask->data, error, ask->page->users, error ? 0 : ask->page->n);
    return ASK_DONE;
}

/* An ask that gathers pages. */
static struct keeper_ask *paged_new(keeper_ask_fn *answered, void *data)
{
    struct keeper_ask *ask = ask_new(answered, data);
    if (ask)
        ask->page = calloc(1, sizeof *ask->page);
    if (ask && !ask->page) {
        ask_free(ask);
        return NULL;
    }
    return ask;
}

int keeper_client_users(struct keeper_client *self, keeper_users_fn *done, void *data)
{
    struct keeper_ask *ask = paged_new(users_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->users = done;
    int r = users_send(self, ask);
    if (r < 0)
        ask_free(ask);
    return r;
}

static enum ask_next change_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                     struct keeper_answer *answer)
{
    if (!wire_read_complete(&answer->body))
        return ASK_BAD;
    ask->done(ask->data, answer->error, answer->why);
    return ASK_DONE;
}

static int change_send(struct keeper_client *self, enum keeper_message type, const struct wire_writer *w,
                       keeper_done_fn *done, void *data)
{
    struct keeper_ask *ask = ask_new(change_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->done = done;
    int r = ask_send(self, ask, type, w);
    if (r < 0)
        ask_free(ask);
    return r;
}

static int user_put(struct keeper_client *self, const char *name, const char *password, enum auth_role role,
                    uint8_t enabled, bool create, keeper_done_fn *done, void *data)
{
    if (strlen(name) >= AUTH_USER_MAX || strlen(password) > KEEPER_MAX_PASSWORD)
        return -EINVAL;
    uint8_t room[AUTH_USER_MAX + KEEPER_MAX_PASSWORD + 16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, name);
    ipc_write_string(&w, password);
    wire_write_u8(&w, (uint8_t)role);
    wire_write_u8(&w, enabled);
    wire_write_u8(&w, create);
    int r = change_send(self, KEEPER_USER_PUT, &w, done, data);
    explicit_bzero(room, sizeof room);
    return r;
}

int keeper_client_user_put(struct keeper_client *self, const char *name, const char *password, enum auth_role role,
                           bool create, keeper_done_fn *done, void *data)
{
    return user_put(self, name, password ? password : "", role, KEEPER_ENABLED_KEEP, create, done, data);
}

int keeper_client_user_enable(struct keeper_client *self, const char *name, bool enabled, keeper_done_fn *done,
                              void *data)
{
    return user_put(self, name, "", ROLE_NONE, enabled, false, done, data);
}

int keeper_client_user_delete(struct keeper_client *self, const char *name, keeper_done_fn *done, void *data)
{
    if (strlen(name) >= AUTH_USER_MAX)
        return -EINVAL;
    uint8_t room[AUTH_USER_MAX + 2];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, name);
    return change_send(self, KEEPER_USER_DELETE, &w, done, data);
}

/* ---- the set-up secret ---- */

static enum ask_next secret_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                     struct keeper_answer *answer)
{
    char secret[KEEPER_MAX_SECRET] = "";
    if (!answer->error)
        ipc_read_string(&answer->body, secret, sizeof secret);
    if (!wire_read_complete(&answer->body))
        return ASK_BAD;
    ask->secret(ask->data, answer->error, answer->error ? NULL : secret);
    explicit_bzero(secret, sizeof secret);
    return ASK_DONE;
}

int keeper_client_new_setup_secret(struct keeper_client *self, keeper_secret_fn *done, void *data)
{
    struct keeper_ask *ask = ask_new(secret_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->secret = done;
    uint8_t nothing[1];
    struct wire_writer w = wire_writer_init(nothing, sizeof nothing);
    int r = ask_send(self, ask, KEEPER_NEW_SECRET, &w);
    if (r < 0)
        ask_free(ask);
    return r;
}

/* ---- audit ---- */

/* What is too long is cut at a character, because losing the line would be worse. */
static void write_cut(struct wire_writer *w, const char *text, size_t max)
{
    size_t size = text ? strnlen(text, max + 1) : 0;
    if (size > max)
        for (size = max; size && ((uint8_t)text[size] & 0xc0) == 0x80;)
            size--;
    wire_write_le16(w, (uint16_t)size);
    wire_write_bytes(w, text, size);
}

void keeper_client_audit(struct keeper_client *self, const char *who, const char *what, const char *target,
                         const char *detail)
{
    uint8_t room[sizeof(struct keeper_audit_text) + 16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_cut(&w, who, AUTH_USER_MAX);
    write_cut(&w, what, KEEPER_MAX_WHAT);
    write_cut(&w, target, AUTH_USER_MAX);
    write_cut(&w, detail, KEEPER_MAX_DETAIL);
    int r = self->ipc ? ipc_send(self->ipc, KEEPER_AUDIT, 0, room, wire_written(&w), NULL, 0) : -ECONNRESET;
    if (r < 0) /* the ordinary log has it then */
        log_error("audit", "could not be kept (%s): who=%s what=%s target=%s detail=%s", strerror(-r), who ? who : "",
                  what ? what : "", target ? target : "", detail ? detail : "");
}

static int audit_send(struct keeper_client *self, struct keeper_ask *ask)
{
    uint8_t room[10];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le64(&w, ask->page->before);
    wire_write_le16(&w, (uint16_t)(ask->limit - ask->page->n));
    return ask_send(self, ask, KEEPER_AUDIT_READ, &w);
}

static bool audit_read(struct keeper_page *page, unsigned limit, struct wire_reader *r, bool *ret_more)
{
    uint8_t more = wire_read_u8(r);
    unsigned n = wire_read_le16(r);
    if (more > 1 || (more && n == 0) || n > limit - page->n)
        return false;
    for (; n; n--, page->n++) {
        struct keeper_audit_text *text = &page->texts[page->n];
        uint64_t number = wire_read_le64(r);
        page->lines[page->n] = (struct keeper_audit_line){
            .time = (int64_t)wire_read_le64(r),
            .who = text->who,
            .what = text->what,
            .target = text->target,
            .detail = text->detail,
        };
        ipc_read_string(r, text->who, sizeof text->who);
        ipc_read_string(r, text->what, sizeof text->what);
        ipc_read_string(r, text->target, sizeof text->target);
        ipc_read_string(r, text->detail, sizeof text->detail);
        if (r->bad || number == 0 || (page->before && number >= page->before))
            return false; /* not newest first: it would never end */
        page->before = number;
    }
    *ret_more = more && page->n < limit;
    return wire_read_complete(r);
}

static enum ask_next audit_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    bool more = false;
    int error = answer->error;
    if (!error && !audit_read(ask->page, ask->limit, &answer->body, &more))
        return ASK_BAD;
    if (more) {
        error = audit_send(self, ask);
        if (!error)
            return ASK_AGAIN;
    }
    ask->audit(ask->data, error, ask->page->lines, error ? 0 : ask->page->n);
    return ASK_DONE;
}

int keeper_client_audit_read(struct keeper_client *self, unsigned limit, keeper_audit_fn *done, void *data)
{
    struct keeper_ask *ask = paged_new(audit_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->audit = done;
    ask->limit = MAX(1u, MIN(limit, (unsigned)KEEPER_MAX_AUDIT_LINES));
    int r = audit_send(self, ask);
    if (r < 0)
        ask_free(ask);
    return r;
}
