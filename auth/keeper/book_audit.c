/* The audit log, from the gateway's side: adding lines and reading them. */
#include <errno.h>

#include "auth/keeper/book_internal.h"

/* Lines of the gateway wait for the next tick, so that a burst costs one write; but not for ever. */
#define WAITING_MANY (AUDIT_WAITING / 4)

void audit_ask(struct book *self, struct request *request, struct instant now)
{
    const struct keeper_audit_text *text = &request->audit;
    audit_add(&self->audit, now.wall_s, text->who, text->what, text->target, text->detail);
    if (self->audit.n >= WAITING_MANY && !self->save_failed)
        book_save(self, now);
}

static void line_write(struct wire_writer *w, const struct audit_line *line)
{
    wire_write_le64(w, line->number);
    wire_write_le64(w, (uint64_t)line->time);
    ipc_write_string(w, line->text.who);
    ipc_write_string(w, line->text.what);
    ipc_write_string(w, line->text.target);
    ipc_write_string(w, line->text.detail);
}

void audit_read_ask(struct book *self, struct request *request, struct instant now)
{
    book_save(self, now); /* what was said before is to be read now */
    _cleanup_statement_ *statement = NULL;
    struct request_page page;
    struct audit_line line;
    int r = audit_before(&self->store, request->before, &statement);
    request_page_begin(request, &page);
    while (r >= 0 && page.n < request->limit && (r = audit_row(&self->store, statement, &line)) == 1 &&
           request_page_fits(request, &page, sizeof line.text + 24))
        line_write(&request->answer, &line);
    request_page_end(request, &page, r);
}
