#include "auth/keeper/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct request *request_create(void)
{
    return calloc(1, sizeof(struct request));
}

struct request *keeper_request_destroy(struct request *self)
{
    if (!self)
        return NULL;
    while (self->news) {
        struct request_news *news = self->news;
        self->news = news->next;
        free(news);
    }
    free(self->chain);
    free(self->entry);
    explicit_bzero(self, sizeof *self);
    free(self);
    return NULL;
}

/* ---- reading ---- */

#define READ_STRING(r, field) ipc_read_string(r, field, sizeof(field))

/* Which session asks. */
static void read_own(struct request *self, struct wire_reader *r)
{
    self->id = wire_read_le64(r);
    const uint8_t *hash = wire_read_bytes(r, sizeof self->token_hash);
    if (hash)
        memcpy(self->token_hash, hash, sizeof self->token_hash);
}

static uint8_t read_at_most(struct wire_reader *r, uint8_t max)
{
    uint8_t value = wire_read_u8(r);
    r->bad |= value > max;
    return value;
}

static void read_account(struct request *self, struct wire_reader *r)
{
    READ_STRING(r, self->user);
    READ_STRING(r, self->password);
}

static void read_proof(struct request *self, struct wire_reader *r)
{
    READ_STRING(r, self->peer);
    READ_STRING(r, self->agent);
    READ_STRING(r, self->token);
    READ_STRING(r, self->device);
}

static void read_change(struct request *self, struct wire_reader *r)
{
    READ_STRING(r, self->user);
    self->flags = read_at_most(r, KEEPER_CHANGE_ALL);
    READ_STRING(r, self->password);
    self->role = read_at_most(r, ROLE_CUSTOM);
    READ_STRING(r, self->certificate);
    grants_read(r, &self->grants);
    READ_STRING(r, self->who);
}

static void read_chain(struct request *self, struct wire_reader *r)
{
    unsigned n = wire_read_u8(r);
    struct request_chain *chain = n && n <= KEEPER_MAX_CHAIN_LINKS ? calloc(1, sizeof *chain) : NULL;
    self->chain = chain;
    size_t at = 0;
    for (unsigned i = 0; chain && i < n; i++) {
        size_t size = wire_read_le16(r);
        const uint8_t *bytes = wire_read_bytes(r, size);
        if (!bytes || !size || size > sizeof chain->bytes - at)
            break;
        memcpy(chain->bytes + at, bytes, size);
        chain->links[chain->n].at = at;
        chain->links[chain->n++].size = size;
        at += size;
    }
    r->bad |= !chain || chain->n != n;
}

static void read_token(struct request *self, struct wire_reader *r)
{
    read_own(self, r);
    READ_STRING(r, self->name);
    self->life_s = wire_read_le32(r);
    self->scoped = read_at_most(r, 1);
    grants_read(r, &self->grants);
}

static void read_audit(struct request *self, struct wire_reader *r)
{
    READ_STRING(r, self->audit.who);
    READ_STRING(r, self->audit.what);
    READ_STRING(r, self->audit.target);
    READ_STRING(r, self->audit.detail);
}

/* What a session asks about its own account. */
static void read_own_fields(struct request *self, struct wire_reader *r)
{
    read_own(self, r);
    switch (self->type) {
    case KEEPER_TOUCH:
        self->used = read_at_most(r, 1);
        break;
    case KEEPER_LOGOUT:
    case KEEPER_END_OTHERS:
    case KEEPER_TOTP_BEGIN:
        break;
    case KEEPER_OWN_PASSWORD:
        READ_STRING(r, self->password);
        READ_STRING(r, self->new_password);
        break;
    case KEEPER_TOTP_CONFIRM:
        READ_STRING(r, self->code);
        break;
    case KEEPER_TOTP_DROP:
        READ_STRING(r, self->password);
        break;
    case KEEPER_TOKENS:
    case KEEPER_TOKEN_REVOKE:
        self->after = wire_read_le64(r);
        break;
    default:
        r->bad = true;
    }
}

static void read_fields(struct request *self, struct wire_reader *r)
{
    switch (self->type) {
    case KEEPER_SETUP:
        READ_STRING(r, self->secret);
        read_account(self, r);
        READ_STRING(r, self->peer);
        READ_STRING(r, self->agent);
        break;
    case KEEPER_LOGIN:
        read_account(self, r);
        READ_STRING(r, self->code);
        read_proof(self, r);
        break;
    case KEEPER_LOGIN_CERTIFICATE:
        read_proof(self, r);
        read_chain(self, r);
        break;
    case KEEPER_SESSION:
        READ_STRING(r, self->token);
        READ_STRING(r, self->peer);
        break;
    case KEEPER_NEW_SECRET:
        break;
    case KEEPER_USERS:
        READ_STRING(r, self->user);
        break;
    case KEEPER_USER_PUT:
        read_change(self, r);
        break;
    case KEEPER_USER_DELETE:
        READ_STRING(r, self->user);
        READ_STRING(r, self->who);
        break;
    case KEEPER_DIRECTORY_TEST:
        read_account(self, r);
        READ_STRING(r, self->peer);
        READ_STRING(r, self->who);
        break;
    case KEEPER_SESSIONS:
        self->after = wire_read_le64(r);
        READ_STRING(r, self->user);
        break;
    case KEEPER_SESSION_END:
        self->id = wire_read_le64(r);
        READ_STRING(r, self->user);
        READ_STRING(r, self->who);
        break;
    case KEEPER_TOKEN_MAKE:
        read_token(self, r);
        break;
    case KEEPER_USER_TOKENS:
        self->after = wire_read_le64(r);
        READ_STRING(r, self->user);
        break;
    case KEEPER_USER_TOKEN_REVOKE:
        self->after = wire_read_le64(r);
        READ_STRING(r, self->user);
        READ_STRING(r, self->who);
        break;
    case KEEPER_AUDIT_READ:
        self->before = wire_read_le64(r);
        self->limit = wire_read_le16(r);
        break;
    case KEEPER_AUDIT_WRITE:
    case KEEPER_AUDIT:
        read_audit(self, r);
        break;
    case KEEPER_AUDIT_REKEY:
        READ_STRING(r, self->audit.who);
        break;
    case KEEPER_AUDIT_LIST:
    case KEEPER_AUDIT_EXPORT:
    case KEEPER_AUDIT_STATE:
        audit_query_read(&self->query, self->type, r);
        break;
    default:
        read_own_fields(self, r);
    }
}

int request_parse(struct request *self, uint16_t type, uint32_t serial, const uint8_t *body, size_t size)
{
    struct wire_reader r = wire_reader_init(body, size);
    self->type = type;
    self->serial = serial;
    read_fields(self, &r);
    return wire_read_complete(&r) ? 0 : -EPROTO;
}

/* ---- the outcome ---- */

int request_tell_change(struct request *self, uint64_t id, enum auth_role role, const struct grants *grants)
{
    struct request_news *news = malloc(sizeof *news);
    if (!news)
        return -ENOMEM;
    struct wire_writer w = wire_writer_init(news->body, sizeof news->body);
    wire_write_le64(&w, id);
    wire_write_u8(&w, (uint8_t)role);
    grants_write(&w, grants);
    news->size = wire_written(&w);
    news->next = NULL;
    struct request_news **at = &self->news;
    while (*at)
        at = &(*at)->next;
    *at = news;
    return 0;
}

void request_answer(struct request *self, int error, unsigned retry_s, const char *why)
{
    self->answer = wire_writer_init(self->body, sizeof self->body);
    wire_write_le32(&self->answer, (uint32_t)-error);
    wire_write_le32(&self->answer, retry_s);
    ipc_write_string(&self->answer, why ? why : "");
}

void request_page_begin(struct request *self, struct request_page *page)
{
    request_answer(self, 0, 0, NULL);
    *page = (struct request_page){.head = self->answer};
    wire_write_room(&self->answer, 3);
}

bool request_page_fits(struct request *self, struct request_page *page, size_t size)
{
    page->more = self->answer.left < size;
    page->n += !page->more;
    return !page->more;
}

void request_page_end(struct request *self, struct request_page *page, int error)
{
    wire_write_u8(&page->head, page->more);
    wire_write_le16(&page->head, page->n);
    if (error < 0)
        request_answer(self, error, 0, NULL);
}
