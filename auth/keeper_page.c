/* Long lists come in pages, so that no answer is larger than a message: what they brought is gathered here. */
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_client_internal.h"

struct keeper_kept {
    struct keeper_kept *next;
    _Alignas(max_align_t) uint8_t bytes[];
};

struct keeper_page *page_new(size_t row_size, unsigned max)
{
    struct keeper_page *self = calloc(1, sizeof *self);
    void *rows = calloc(max, row_size);
    if (!self || !rows) {
        free(self);
        free(rows);
        return NULL;
    }
    *self = (struct keeper_page){.rows = rows, .row_size = row_size, .max = max};
    return self;
}

void page_free(struct keeper_page *self)
{
    if (!self)
        return;
    while (self->kept) {
        struct keeper_kept *kept = self->kept;
        self->kept = kept->next;
        free(kept);
    }
    free(self->rows);
    free(self);
}

static void *keep(struct keeper_page *self, struct wire_reader *r, const void *bytes, size_t size)
{
    struct keeper_kept *kept = malloc(sizeof *kept + size);
    if (!kept) {
        r->bad = true;
        return NULL;
    }
    memcpy(kept->bytes, bytes, size);
    kept->next = self->kept;
    self->kept = kept;
    return kept->bytes;
}

void *page_row(struct keeper_page *self, struct wire_reader *r)
{
    if (self->n == self->max || r->bad) {
        r->bad = true;
        return NULL;
    }
    return (uint8_t *)self->rows + self->row_size * self->n++;
}

const char *page_string(struct keeper_page *self, struct wire_reader *r, size_t room)
{
    char text[KEEPER_MAX_DETAIL + 1] = "";
    if (!ipc_read_string(r, text, MIN(room, sizeof text)))
        return "";
    const char *kept = keep(self, r, text, strlen(text) + 1);
    return kept ? kept : "";
}

const struct grants *page_grants(struct keeper_page *self, struct wire_reader *r)
{
    static const struct grants none;
    struct grants grants = {0};
    if (!grants_read(r, &grants) || grants.n == 0)
        return &none;
    const struct grants *kept = keep(self, r, &grants, sizeof grants);
    return kept ? kept : &none;
}

static bool read_head(const struct keeper_page *self, struct wire_reader *r, unsigned *ret_n, bool *ret_more)
{
    uint8_t more = wire_read_u8(r);
    unsigned n = wire_read_le16(r);
    if (r->bad || more > 1 || (more && n == 0) || n > self->max - self->n)
        return false;
    *ret_n = n;
    *ret_more = more;
    return true;
}

bool page_read(struct keeper_page *self, struct wire_reader *r,
               bool (*row)(struct keeper_page *page, struct wire_reader *r), bool *ret_more)
{
    unsigned n;
    if (!read_head(self, r, &n, ret_more))
        return false;
    for (; n; n--)
        if (!row(self, r))
            return false;
    return wire_read_complete(r);
}
