#include "auth/keeper/request.h"

#include <errno.h>
#include <string.h>

struct request *request_create(void)
{
    return calloc(1, sizeof(struct request));
}

struct request *keeper_request_destroy(struct request *self)
{
    if (self)
        explicit_bzero(self, sizeof *self);
    free(self);
    return NULL;
}

#define READ_STRING(r, field) ipc_read_string(r, field, sizeof(field))

static void read_token_hash(struct request *self, struct wire_reader *r)
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

static void read_fields(struct request *self, struct wire_reader *r)
{
    switch (self->type) {
    case KEEPER_SETUP:
        READ_STRING(r, self->secret);
        read_account(self, r);
        READ_STRING(r, self->peer);
        break;
    case KEEPER_LOGIN:
        read_account(self, r);
        READ_STRING(r, self->peer);
        READ_STRING(r, self->token);
        break;
    case KEEPER_SESSION:
        READ_STRING(r, self->token);
        break;
    case KEEPER_TOUCH:
        read_token_hash(self, r);
        self->used = read_at_most(r, 1);
        break;
    case KEEPER_LOGOUT:
        read_token_hash(self, r);
        break;
    case KEEPER_NEW_SECRET:
        break;
    case KEEPER_USERS:
    case KEEPER_USER_DELETE:
        READ_STRING(r, self->user);
        break;
    case KEEPER_USER_PUT:
        read_account(self, r);
        self->role = read_at_most(r, ROLE_ADMINISTRATOR);
        self->enabled = read_at_most(r, KEEPER_ENABLED_KEEP);
        self->create = read_at_most(r, 1);
        break;
    case KEEPER_AUDIT_READ:
        self->before = wire_read_le64(r);
        self->limit = wire_read_le16(r);
        break;
    case KEEPER_AUDIT:
        READ_STRING(r, self->audit.who);
        READ_STRING(r, self->audit.what);
        READ_STRING(r, self->audit.target);
        READ_STRING(r, self->audit.detail);
        break;
    default:
        r->bad = true;
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
