/* The audit log, from the gateway's side: adding lines, reading them, and what it stands at. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/random.h"

/* Lines of the gateway wait for the next tick, so that a burst costs one write; but not for ever. */
#define WAITING_MANY (AUDIT_WAITING / 4)

/* What the keeper alone says of the log itself cannot be said by the gateway. */
#define OURS "audit-"

static void add(struct book *self, const struct keeper_audit_text *text, struct instant now)
{
    char what[KEEPER_MAX_WHAT + 1];
    bool ours = strncmp(text->what, OURS, strlen(OURS)) == 0;
    snprintf(what, sizeof what, "%s%.50s", ours ? "gateway-" : "", text->what);
    audit_add(&self->audit, now.wall_s, text->who, ours ? what : text->what, text->target, text->detail);
}

void audit_ask(struct book *self, struct request *request, struct instant now)
{
    add(self, &request->audit, now);
    if (self->audit.n >= WAITING_MANY && !self->save_failed)
        book_save(self, now);
}

static void write_ask(struct book *self, struct request *request, struct instant now)
{
    add(self, &request->audit, now);
    int r = book_save(self, now);
    request_answer(request, r, 0, r < 0 ? WHY_FULL : NULL);
}

/* ---- reading ---- */

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

static bool matches(const struct keeper_audit_filter *filter, const struct audit_line *line)
{
    const struct keeper_audit_text *text = &line->text;
    size_t what = strlen(filter->what);
    bool any_end = what && filter->what[what - 1] == '*';
    bool found = filter->n_targets == 0;
    for (unsigned i = 0; i < filter->n_targets && !found; i++)
        found = strcmp(filter->targets[i], text->target) == 0;
    return found && line->time >= filter->since && (!filter->until || line->time < filter->until) &&
           (!filter->who[0] || strcmp(filter->who, text->who) == 0) &&
           (!what ||
            (any_end ? strncmp(filter->what, text->what, what - 1) == 0 : strcmp(filter->what, text->what) == 0));
}

static bool object_write(struct wire_writer *w, const struct audit_object *object)
{
    char text[AUDIT_JSON_MAX];
    size_t size = audit_json_write(object, text);
    if (w->left <= size)
        return false;
    wire_write_bytes(w, text, size);
    wire_write_u8(w, '\n');
    return true;
}

/* So many are looked at for one answer, found or not: the other requests wait meanwhile. */
#define LOOKED_AT_MAX 20000

static void list_ask(struct book *self, struct request *request, struct instant now)
{
    const struct keeper_audit_filter *filter = &request->query.filter;
    _cleanup_statement_ *statement = NULL;
    struct audit_object object = {.item = AUDIT_ITEM_LINE};
    uint64_t below = 0;
    uint16_t n = 0;
    book_save(self, now);
    request_answer(request, 0, 0, NULL);
    struct wire_writer head = request->answer;
    wire_write_room(&request->answer, 10);
    int r = audit_before(&self->store, filter->below, &statement);
    for (unsigned looked = 0; r >= 0 && (r = store_row(&self->store, statement)) == 1; looked++) {
        if (looked == LOOKED_AT_MAX || n == filter->limit)
            break;
        if (!audit_line_row(statement, &object.line))
            continue; /* the check tells of it */
        if (matches(filter, &object.line)) {
            if (!object_write(&request->answer, &object))
                break;
            n++;
        }
        below = object.line.number;
    }
    wire_write_le64(&head, r == 1 ? below : 0);
    wire_write_le16(&head, n);
    if (r < 0)
        request_answer(request, r, 0, NULL);
}

static void export_ask(struct book *self, struct request *request, struct instant now)
{
    struct audit_query *query = &request->query;
    struct audit_rows_from from = {.line = query->line, .head = (int64_t)query->head};
    struct audit_rows rows;
    if (query->first)
        book_save(self, now);
    request_answer(request, 0, 0, NULL);
    struct wire_writer head = request->answer;
    wire_write_room(&request->answer, 17);
    int r = audit_rows_open(&rows, self->store.db, query->first ? NULL : &from);
    bool more = false;
    while (r >= 0 && !more && (r = audit_rows_next(&rows)) == 1) {
        const struct audit_object *object = &rows.object;
        more = !rows.bad && !object_write(&request->answer, object);
        if (more || rows.bad)
            continue;
        if (object->item == AUDIT_ITEM_LINE)
            from.line = object->line.number;
        else if (object->item == AUDIT_ITEM_HEAD)
            from.head = rows.head_id;
        else if (object->item == AUDIT_ITEM_ANCHOR)
            from.line = MAX(from.line, object->anchor.number);
    }
    audit_rows_close(&rows);
    wire_write_u8(&head, more);
    wire_write_le64(&head, from.line);
    wire_write_le64(&head, (uint64_t)from.head);
    if (r < 0)
        request_answer(request, r, 0, NULL);
}

/* ---- keys and state ---- */

static int rekey(struct book *self, struct request *request, struct instant now, uint64_t *ret_number,
                 uint8_t ret[AUDIT_MAC])
{
    int r = book_save(self, now);
    if (r == 0)
        r = change_begin(self);
    if (r < 0)
        return r;
    audit_begin(&self->audit);
    r = audit_rekey(&self->audit, &self->store, now, request->audit.who, ret_number, ret);
    if (r >= 0)
        r = store_commit(&self->store);
    else
        store_rollback(&self->store);
    if (r >= 0)
        audit_written(&self->audit, now);
    else
        audit_unwritten(&self->audit);
    return r;
}

static void rekey_ask(struct book *self, struct request *request, struct instant now)
{
    uint64_t number = 0;
    uint8_t key[AUDIT_MAC];
    int r = rekey(self, request, now, &number, key);
    request_answer(request, r, 0, r < 0 ? WHY_FULL : NULL);
    if (r == 0) {
        wire_write_le64(&request->answer, number);
        wire_write_bytes(&request->answer, key, sizeof key);
    }
    explicit_bzero(key, sizeof key);
}

bool book_audit_refuses(const struct book *self)
{
    return self->audit_refuse && self->save_failed;
}

static void state_ask(struct book *self, struct request *request)
{
    const struct audit_state *state = &self->audit.state;
    const struct audit_outside_ways *ways = &self->audit_ways;
    uint64_t section = 0;
    uint8_t root[AUDIT_KEY];
    char key[2 * AUDIT_KEY + 1] = "", text[1024];
    if (audit_root(&self->store, &section, root) == 1)
        hex_write(key, root, sizeof root);
    int n = snprintf(text, sizeof text,
                     "{\"key\":\"%s\",\"section\":%llu,\"newest\":%llu,\"signed\":%llu,\"removed\":%llu,\"keep\":%llu,"
                     "\"waiting\":%u,\"lost\":%u,\"changed\":%s,\"full\":\"%s\",\"refusing\":%s,"
                     "\"file\":{\"used\":%s,\"good\":%s,\"sent\":%llu,\"lost\":%llu},"
                     "\"syslog\":{\"used\":%s,\"sent\":%llu,\"lost\":%llu}}",
                     key, (unsigned long long)section, (unsigned long long)state->newest.number,
                     (unsigned long long)state->signed_until, (unsigned long long)state->cut,
                     (unsigned long long)self->audit.keep, self->audit.n, self->audit.lost,
                     self->audit.broken ? "true" : "false", self->audit_refuse ? "refuse" : "go-on",
                     book_audit_refuses(self) ? "true" : "false", ways->file_fd >= 0 ? "true" : "false",
                     ways->file_error ? "false" : "true", (unsigned long long)ways->file.line,
                     (unsigned long long)ways->file.lost, ways->syslog.name ? "true" : "false",
                     (unsigned long long)ways->syslog.line, (unsigned long long)ways->syslog.lost);
    request_answer(request, 0, 0, NULL);
    wire_write_bytes(&request->answer, text, (size_t)MIN(MAX(n, 0), (int)sizeof text - 1));
}

void audit_query_ask(struct book *self, struct request *request, struct instant now)
{
    switch (request->type) {
    case KEEPER_AUDIT_WRITE:
        write_ask(self, request, now);
        break;
    case KEEPER_AUDIT_LIST:
        list_ask(self, request, now);
        break;
    case KEEPER_AUDIT_EXPORT:
        export_ask(self, request, now);
        break;
    case KEEPER_AUDIT_STATE:
        state_ask(self, request);
        break;
    default:
        rekey_ask(self, request, now);
    }
}

/* ---- settings, and the end ---- */

/* How far the ways outside have come. */
static int save_ways(struct book *self)
{
    int r = store_begin(&self->store);
    if (r < 0)
        return r;
    r = audit_outside_save(&self->audit_ways, &self->store);
    if (r == 0)
        return store_commit(&self->store);
    store_rollback(&self->store);
    return r;
}

int book_use_audit(struct book *self, const struct audit_settings *settings)
{
    (void)save_ways(self); /* else some lines go twice, as after a crash */
    audit_outside_close(&self->audit_ways);
    self->audit.keep = settings->keep ? settings->keep : AUDIT_KEEP;
    self->audit_refuse = settings->refuse;
    int r = audit_outside_open(&self->audit_ways, &self->store, settings);
    if (r >= 0)
        audit_outside_file(&self->audit_ways, &self->store); /* what waits for it: of a new file, everything */
    return r;
}

void book_audit_key(struct book *self, uint8_t ret[AUDIT_KEY])
{
    uint64_t section;
    if (audit_root(&self->store, &section, ret) != 1)
        memset(ret, 0, AUDIT_KEY);
}

int book_stop(struct book *self, struct instant now)
{
    audit_stop(&self->audit);
    int r = book_save(self, now);
    return r ? r : save_ways(self);
}
