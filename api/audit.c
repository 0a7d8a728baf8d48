/* The audit log: reading it, what it stands at, and taking it along for a check elsewhere. Lines of the gateway itself
 * are for who has the right audit there; who has it on targets sees the lines of those. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"
#include "auth/keeper_audit.h"

#define DEFAULT_LIMIT 100
#define PAGES_MAX 64 /* of the keeper's, for one answer */
#define PREFIX "{\"line\":"

struct audit_read {
    struct api_context *api;
    struct route_call *call;
    struct keeper_audit_filter filter;
    bool events; /* GET /events: without where to go on */
    FILE *out;
    char *text;
    size_t size;
    unsigned n, pages;
    bool gone;
};

static void read_free(struct audit_read *self)
{
    if (self->out)
        fclose(self->out);
    free(self->text);
    free(self);
}

static struct audit_read *read_new(struct api_context *api, struct route_call *call)
{
    struct audit_read *self = calloc(1, sizeof *self);
    if (self) {
        *self = (struct audit_read){.api = api, .call = call};
        self->out = open_memstream(&self->text, &self->size);
    }
    if (self && self->out)
        return self;
    free(self);
    route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
    return NULL;
}

static void read_fail(struct audit_read *self)
{
    route_reply_error(self->call, 503, "keeper-restarting", "The audit log cannot be read now; try again.");
    read_free(self);
}

static void read_reply(struct audit_read *self, const char *type)
{
    fclose(self->out);
    self->out = NULL;
    route_reply(self->call, 200, type, self->text, self->size);
    read_free(self);
}

/* ---- lines ---- */

/* {"line":{...}} -> {...} */
static void add_lines(struct audit_read *self, const struct keeper_audit_page *page)
{
    const char *at = page->text, *end = at + page->size, *newline;
    for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        size_t size = (size_t)(newline - at);
        if (size <= strlen(PREFIX) || strncmp(at, PREFIX, strlen(PREFIX)) != 0)
            continue;
        fputs(self->n++ ? "," : "", self->out);
        fwrite(at + strlen(PREFIX), 1, size - strlen(PREFIX) - 1, self->out);
    }
}

static void list_done(void *data, int error, const struct keeper_audit_page *page)
{
    struct audit_read *self = data;
    if (error < 0) {
        read_fail(self);
        return;
    }
    add_lines(self, page);
    uint64_t below = page->more ? page->line : 0;
    if (below && self->n < self->filter.limit && ++self->pages < PAGES_MAX) {
        struct keeper_audit_filter filter = self->filter;
        filter.below = below;
        filter.limit -= self->n;
        if (keeper_client_audit_list(self->api->keeper, &filter, list_done, self) < 0)
            read_fail(self);
        return;
    }
    if (self->events)
        fputs("]}", self->out);
    else if (below)
        fprintf(self->out, "],\"next\":%llu}", (unsigned long long)below);
    else
        fputs("],\"next\":null}", self->out);
    read_reply(self, "application/json");
}

static bool query_number(struct route_call *call, const char *name, uint64_t least, uint64_t most, uint64_t *ret)
{
    char text[24], *end;
    if (!route_query(call, name, text, sizeof text))
        return true;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || text[0] < '0' || text[0] > '9' || value < least || value > most) {
        route_reply_error(call, 400, "bad-value", "'%s' must be a number from %llu to %llu.", name,
                          (unsigned long long)least, (unsigned long long)most);
        return false;
    }
    *ret = value;
    return true;
}

static bool has_all(const struct auth_session *session)
{
    return grants_on(&session->grants, GRANT_GATEWAY) & RIGHT_AUDIT;
}

static bool add_target(struct keeper_audit_filter *filter, const char *name)
{
    if (filter->n_targets == KEEPER_AUDIT_TARGETS)
        return false;
    return snprintf(filter->targets[filter->n_targets++], KEEPER_AUDIT_TEXT, "%s", name) < KEEPER_AUDIT_TEXT;
}

/* Whose lines: of the one that was asked for, or of all that the caller has the right on. */
static bool read_targets(struct api_context *api, struct route_call *call, struct keeper_audit_filter *filter)
{
    char name[KEEPER_AUDIT_TEXT];
    bool all = has_all(call->session);
    if (route_query(call, "target", name, sizeof name)) {
        if (all || (name[0] && grants_on(&call->session->grants, name) & RIGHT_AUDIT))
            return add_target(filter, name);
        route_reply_error(call, 404, "no-such-target", ROUTE_NO_SUCH_TARGET, name);
        return false;
    }
    for (unsigned i = 0; !all && i < api->targets->n; i++) {
        const char *target = api->targets->targets[i]->name;
        if (grants_on(&call->session->grants, target) & RIGHT_AUDIT)
            add_target(filter, target);
    }
    if (!all && !filter->n_targets)
        add_target(filter, "\x01"); /* a right on what is not there any more: no line is of that name */
    return true;
}

static void get_lines(struct api_context *api, struct route_call *call, bool events)
{
    struct audit_read *self = read_new(api, call);
    if (!self)
        return;
    struct keeper_audit_filter *filter = &self->filter;
    uint64_t limit = DEFAULT_LIMIT, since = 0, until = 0;
    self->events = events;
    if (!query_number(call, "limit", 1, KEEPER_AUDIT_LIMIT, &limit) ||
        !query_number(call, "below", 0, INT64_MAX, &filter->below) ||
        !query_number(call, "since", 0, INT64_MAX, &since) || !query_number(call, "until", 0, INT64_MAX, &until) ||
        !read_targets(api, call, filter)) {
        read_free(self);
        return;
    }
    filter->limit = (unsigned)limit;
    filter->since = since ? (int64_t)since : INT64_MIN; /* clocks may have been before 1970 */
    filter->until = (int64_t)until;
    route_query(call, "who", filter->who, sizeof filter->who);
    route_query(call, "what", filter->what, sizeof filter->what);
    fputs(events ? "{\"events\":[" : "{\"lines\":[", self->out);
    if (keeper_client_audit_list(api->keeper, filter, list_done, self) < 0)
        read_fail(self);
}

static void get_audit(void *context, struct route_call *call)
{
    get_lines(context, call, false);
}

static void get_events(void *context, struct route_call *call)
{
    get_lines(context, call, true);
}

/* ---- all of it, and what it stands at ---- */

static bool gateway_only(struct route_call *call)
{
    if (has_all(call->session))
        return true;
    route_reply_error(call, 403, "forbidden", "This needs the right audit on the gateway; user %s has not got it.",
                      call->session->user);
    return false;
}

static void export_done(void *data, int error, const struct keeper_audit_page *page)
{
    struct audit_read *self = data;
    if (error < 0) {
        read_fail(self);
        return;
    }
    fwrite(page->text, 1, page->size, self->out);
    if (page->more && ++self->pages < PAGES_MAX) {
        if (keeper_client_audit_export(self->api->keeper, false, page->line, page->head, export_done, self) < 0)
            read_fail(self);
        return;
    }
    if (page->more)
        fprintf(self->out, "{\"next\":{\"line\":%llu,\"head\":%llu}}\n", (unsigned long long)page->line,
                (unsigned long long)page->head);
    read_reply(self, "application/x-ndjson");
}

static void get_export(void *context, struct route_call *call)
{
    struct api_context *api = context;
    uint64_t line = 0, head = 0;
    char text[2];
    if (!gateway_only(call) || !query_number(call, "line", 0, INT64_MAX, &line) ||
        !query_number(call, "head", 0, INT64_MAX, &head))
        return;
    bool first = !line && !head && !route_query(call, "line", text, sizeof text);
    struct audit_read *self = read_new(api, call);
    if (self && keeper_client_audit_export(api->keeper, first, line, head, export_done, self) < 0)
        read_fail(self);
}

static void state_done(void *data, int error, const struct keeper_audit_page *page)
{
    struct route_call *call = data;
    if (error < 0)
        route_reply_error(call, 503, "keeper-restarting", "The audit log cannot be read now; try again.");
    else
        route_reply(call, 200, "application/json", page->text, page->size);
}

static void get_state(void *context, struct route_call *call)
{
    struct api_context *api = context;
    if (gateway_only(call) && keeper_client_audit_state(api->keeper, state_done, call) < 0)
        state_done(call, -1, NULL);
}

static void rekey_done(void *data, int error, const struct keeper_audit_page *page)
{
    struct route_call *call = data;
    char hex[65] = "", body[128];
    if (error < 0) {
        route_reply_error(call, error == -ENOSPC ? 507 : 503, error == -ENOSPC ? "disk-full" : "keeper-restarting",
                          "The audit log could not be written; the key is as before.");
        return;
    }
    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", page->key[i]);
    int n = snprintf(body, sizeof body, "{\"number\":%llu,\"key\":\"%s\"}", (unsigned long long)page->line, hex);
    route_reply(call, 200, "application/json", body, (size_t)n);
    explicit_bzero(hex, sizeof hex);
    explicit_bzero(body, sizeof body);
}

static void post_mac_key(void *context, struct route_call *call)
{
    struct api_context *api = context;
    if (gateway_only(call) && keeper_client_audit_rekey(api->keeper, call->session->user, rekey_done, call) < 0)
        rekey_done(call, -1, NULL);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/events", ROUTE_ANYWHERE, RIGHT_AUDIT, get_events),
    ROUTE(ROUTE_GET, "/api/v1/audit", ROUTE_ANYWHERE, RIGHT_AUDIT, get_audit),
    ROUTE(ROUTE_GET, "/api/v1/audit/export", ROUTE_RIGHT, RIGHT_AUDIT, get_export),
    ROUTE(ROUTE_GET, "/api/v1/audit/state", ROUTE_RIGHT, RIGHT_AUDIT, get_state),
    ROUTE(ROUTE_POST, "/api/v1/audit/mac-key", ROUTE_RIGHT, RIGHT_AUDIT | RIGHT_CONFIGURE, post_mac_key),
};
const struct api_rows api_audit_rows = {rows, ARRAY_SIZE(rows)};
