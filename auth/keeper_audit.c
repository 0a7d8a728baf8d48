/* Lines for the audit log, and reading it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_audit_wire.h"
#include "auth/keeper_client_internal.h"
#include "core/log.h"

#define LINES_MAX 256

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

static struct wire_writer write_line(uint8_t *room, size_t size, const char *who, const char *what, const char *target,
                                     const char *detail)
{
    struct wire_writer w = wire_writer_init(room, size);
    write_cut(&w, who, AUTH_USER_MAX);
    write_cut(&w, what, KEEPER_MAX_WHAT);
    write_cut(&w, target, AUTH_USER_MAX);
    write_cut(&w, detail, KEEPER_MAX_DETAIL);
    return w;
}

void keeper_client_audit(struct keeper_client *self, const char *who, const char *what, const char *target,
                         const char *detail)
{
    uint8_t room[sizeof(struct keeper_audit_text) + 16];
    struct wire_writer w = write_line(room, sizeof room, who, what, target, detail);
    int r = self->ipc ? ipc_send(self->ipc, KEEPER_AUDIT, 0, room, wire_written(&w), NULL, 0) : -ECONNRESET;
    if (r < 0) /* the ordinary log has it then */
        log_error("audit", "could not be kept (%s): who=%s what=%s target=%s detail=%s", strerror(-r), who ? who : "",
                  what ? what : "", target ? target : "", detail ? detail : "");
}

/* ---- lines that must not be lost ---- */

/* Stays until the keeper has written it, and is said again to the next keeper: then it may stand in the log twice. */
struct keeper_line {
    struct keeper_line *next;
    struct keeper_client *client;
    bool asked;
    keeper_done_fn *done;
    void *data;
    size_t size;
    uint8_t bytes[sizeof(struct keeper_audit_text) + 16];
};

static void line_done(struct keeper_line *line, int error, const char *why)
{
    struct keeper_line **at = &line->client->lines;
    while (*at != line)
        at = &(*at)->next;
    *at = line->next;
    line->client->n_lines--;
    line->done(line->data, error, why);
    free(line);
}

static enum ask_next line_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                   struct keeper_answer *answer)
{
    struct keeper_line *line = ask->data;
    if (!wire_read_complete(&answer->body))
        return ASK_BAD;
    line->asked = false;
    if (answer->error != -ECONNRESET)
        line_done(line, answer->error, answer->why);
    return ASK_DONE;
}

static void line_send(struct keeper_client *self, struct keeper_line *line)
{
    struct wire_writer w = {.start = line->bytes, .at = line->bytes + line->size};
    struct keeper_ask *ask = ask_new(line_answered, line);
    line->asked = ask && ask_go(self, ask, (enum keeper_message)KEEPER_AUDIT_WRITE, &w) == 0;
}

void keeper_lines_again(struct keeper_client *self)
{
    for (struct keeper_line *line = self->lines; line; line = line->next)
        if (!line->asked)
            line_send(self, line);
}

void keeper_lines_drop(struct keeper_client *self)
{
    while (self->lines)
        line_done(self->lines, -ECONNRESET, NULL);
}

int keeper_client_audit_write(struct keeper_client *self, const char *who, const char *what, const char *target,
                              const char *detail, keeper_done_fn *done, void *data)
{
    struct keeper_line *line = self->n_lines < LINES_MAX ? calloc(1, sizeof *line) : NULL;
    if (!line)
        return -ENOBUFS;
    struct keeper_line **at = &self->lines;
    while (*at)
        at = &(*at)->next;
    *at = line;
    self->n_lines++;
    *line = (struct keeper_line){.client = self, .done = done, .data = data};
    struct wire_writer w = write_line(line->bytes, sizeof line->bytes, who, what, target, detail);
    line->size = wire_written(&w);
    line_send(self, line);
    return 0;
}

bool keeper_client_audit_refuses(const struct keeper_client *self)
{
    return self->audit_refuses;
}

/* ---- pages of text ---- */

static enum ask_next page_give(struct keeper_ask *ask, struct keeper_answer *answer, struct keeper_audit_page *page)
{
    page->size = answer->body.left;
    page->text = (const char *)wire_read_bytes(&answer->body, page->size);
    if (!wire_read_complete(&answer->body))
        return ASK_BAD;
    ask->audit_page(ask->data, answer->error, answer->error ? NULL : page);
    return ASK_DONE;
}

static enum ask_next list_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                   struct keeper_answer *answer)
{
    struct keeper_audit_page page = {0};
    if (!answer->error) {
        page.line = wire_read_le64(&answer->body);
        page.n = wire_read_le16(&answer->body);
        page.more = page.line > 1;
    }
    return page_give(ask, answer, &page);
}

static enum ask_next export_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                     struct keeper_answer *answer)
{
    struct keeper_audit_page page = {0};
    if (!answer->error) {
        page.more = wire_read_u8(&answer->body);
        page.line = wire_read_le64(&answer->body);
        page.head = wire_read_le64(&answer->body);
    }
    return page_give(ask, answer, &page);
}

static enum ask_next state_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                    struct keeper_answer *answer)
{
    struct keeper_audit_page page = {0};
    return page_give(ask, answer, &page);
}

static enum ask_next rekey_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                    struct keeper_answer *answer)
{
    struct keeper_audit_page page = {0};
    if (!answer->error) {
        page.line = wire_read_le64(&answer->body);
        page.key = wire_read_bytes(&answer->body, 32);
    }
    return page_give(ask, answer, &page);
}

static int page_ask(struct keeper_client *self, keeper_ask_fn *answered, enum keeper_audit_message type,
                    const struct wire_writer *w, keeper_audit_page_fn *done, void *data)
{
    struct keeper_ask *ask = ask_new(answered, data);
    if (!ask)
        return -ENOMEM;
    ask->audit_page = done;
    return ask_go(self, ask, (enum keeper_message)type, w);
}

int keeper_client_audit_list(struct keeper_client *self, const struct keeper_audit_filter *filter,
                             keeper_audit_page_fn *done, void *data)
{
    uint8_t room[sizeof *filter + 2 * KEEPER_AUDIT_TARGETS];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    keeper_audit_filter_write(&w, filter);
    return page_ask(self, list_answered, KEEPER_AUDIT_LIST, &w, done, data);
}

int keeper_client_audit_export(struct keeper_client *self, bool first, uint64_t line, uint64_t head,
                               keeper_audit_page_fn *done, void *data)
{
    uint8_t room[17];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_u8(&w, first);
    wire_write_le64(&w, line);
    wire_write_le64(&w, head);
    return page_ask(self, export_answered, KEEPER_AUDIT_EXPORT, &w, done, data);
}

int keeper_client_audit_state(struct keeper_client *self, keeper_audit_page_fn *done, void *data)
{
    uint8_t nothing[1];
    struct wire_writer w = wire_writer_init(nothing, sizeof nothing);
    return page_ask(self, state_answered, KEEPER_AUDIT_STATE, &w, done, data);
}

int keeper_client_audit_rekey(struct keeper_client *self, const char *who, keeper_audit_page_fn *done, void *data)
{
    uint8_t room[AUTH_USER_MAX + 4];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_cut(&w, who, AUTH_USER_MAX);
    return page_ask(self, rekey_answered, KEEPER_AUDIT_REKEY, &w, done, data);
}

/* ---- the newest lines ---- */

static int audit_send(struct keeper_client *self, struct keeper_ask *ask)
{
    uint8_t room[10];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le64(&w, ask->page->last);
    wire_write_le16(&w, (uint16_t)(ask->limit - ask->page->n));
    return ask_send(self, ask, KEEPER_AUDIT_READ, &w);
}

static bool line_read(struct keeper_page *page, struct wire_reader *r)
{
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
    return true;
}

static enum ask_next audit_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    bool more = false;
    int error = answer->error;
    if (!error && !page_read(ask->page, &answer->body, line_read, &more))
        return ASK_BAD;
    more = more && ask->page->n < ask->page->max;
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
