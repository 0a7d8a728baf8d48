/* Lines for the audit log, and reading it. */
#include <errno.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "core/log.h"

/* What is too long is cut at a character, because losing the line would be worse. */
void write_cut(struct wire_writer *w, const char *text, size_t max)
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
    wire_write_le64(&w, ask->page->last);
    wire_write_le16(&w, (uint16_t)(ask->limit - ask->page->n));
    return ask_send(self, ask, KEEPER_AUDIT_READ, &w);
}

static bool audit_read(struct keeper_page *page, struct wire_reader *r, bool *ret_more)
{
    unsigned n = 0;
    if (!page_head(page, r, &n, ret_more))
        return false;
    for (; n; n--) {
        struct keeper_audit_line *line = page_row(page, r);
        if (!line)
            return false;
        uint64_t number = wire_read_le64(r);
        line->time = (int64_t)wire_read_le64(r);
        line->who = page_string(page, r, AUTH_USER_MAX + 1);
        line->what = page_string(page, r, KEEPER_MAX_WHAT + 1);
        line->target = page_string(page, r, AUTH_USER_MAX + 1);
        line->detail = page_string(page, r, KEEPER_MAX_DETAIL + 1);
        if (r->bad || number == 0 || (page->last && number >= page->last))
            return false; /* not newest first: it would never end */
        page->last = number;
    }
    *ret_more = *ret_more && page->n < page->max;
    return wire_read_complete(r);
}

static enum ask_next audit_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    bool more = false;
    int error = answer->error;
    if (!error && !audit_read(ask->page, &answer->body, &more))
        return ASK_BAD;
    if (more) {
        error = audit_send(self, ask);
        if (!error)
            return ASK_AGAIN;
    }
    ask->audit(ask->data, error, ask->page->rows, error ? 0 : ask->page->n);
    return ASK_DONE;
}

int keeper_client_audit_read(struct keeper_client *self, unsigned limit, keeper_audit_fn *done, void *data)
{
    limit = MAX(1u, MIN(limit, (unsigned)KEEPER_MAX_AUDIT_LINES));
    struct keeper_ask *ask = ask_paged(audit_answered, data, sizeof(struct keeper_audit_line), limit);
    if (!ask)
        return -ENOMEM;
    ask->audit = done;
    ask->limit = limit;
    int r = audit_send(self, ask);
    if (r < 0)
        ask_free(ask);
    return r;
}
