/* Which route a request means, and whether its caller may use it. Every right is checked here and nowhere else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper_audit.h"
#include "core/log.h"
#include "transport/request.h"

static const char *const method_names[] = {
    [ROUTE_GET] = "GET",     [ROUTE_POST] = "POST",     [ROUTE_PUT] = "PUT",
    [ROUTE_PATCH] = "PATCH", [ROUTE_DELETE] = "DELETE", [ROUTE_OPTIONS] = "OPTIONS",
};

struct match {
    const struct route *route;
    void *context;
    unsigned other_methods; /* bits of enum route_method, when the path is there for others only */
};

static void match_table(struct request *self, const struct route_table *table, struct match *match)
{
    char *params[ROUTE_MAX_PARAMS];
    for (size_t i = 0; i < table->n_rows && !match->route; i++) {
        const struct route *route = &table->rows[i];
        if (!route_match(route, self->path, self->param_room, params))
            continue;
        if (route->method == self->method) {
            match->route = route;
            match->context = table->context;
            memcpy(self->call.params, params, sizeof params);
        } else {
            match->other_methods |= 1u << route->method;
        }
    }
}

static void reply_unmatched(struct request *self, const struct match *match)
{
    char allow[64] = "";
    if (!match->other_methods) {
        route_reply_error(&self->call, 404, "no-such-path", "There is nothing at %s.", self->path);
        return;
    }
    for (unsigned m = 0; m < ARRAY_SIZE(method_names); m++)
        if (match->other_methods & 1u << m)
            snprintf(allow + strlen(allow), sizeof allow - strlen(allow), "%s%s", *allow ? ", " : "", method_names[m]);
    route_reply_header(&self->call, "Allow", allow);
    route_reply_error(&self->call, 405, "bad-method", "%s takes %s only.", self->path, allow);
}

/* The parameter that stands at {target} in the pattern; NULL when the route has none. */
static const char *target_param(const struct route *route, char *const *params)
{
    unsigned n = 0;
    for (const char *at = route->path; (at = strchr(at, '{')); at++, n++)
        if (!strncmp(at, "{target}", 8))
            return params[n];
    return NULL;
}

/* What one may not see does not exist: the answer is the one that a target which is not there gets. */
static bool sees(struct request *self, const char *target)
{
    if (!target || auth_session_sees(self->call.session, target))
        return true;
    route_reply_error(&self->call, 404, "no-such-target", ROUTE_NO_SUCH_TARGET, target);
    return false;
}

static bool has_right(const struct request *self, const struct route *route)
{
    const struct server_config *config = &self->server->config;
    const struct auth_session *session = self->call.session;
    if (route->access < ROUTE_RIGHT)
        return true;
    bool may = config->may(config->may_context, session, route->rights, target_param(route, self->call.params));
    for (unsigned i = 0; route->access == ROUTE_ANYWHERE && !may && i < session->grants.n; i++)
        may = config->may(config->may_context, session, route->rights, session->grants.list[i].target);
    return may;
}

bool request_may_go_on(const struct request *self)
{
    const struct route *route = self->call.route;
    return !route || !self->call.session || has_right(self, route);
}

static bool may(struct request *self, const struct route *route)
{
    const char *target = target_param(route, self->call.params);
    if (!sees(self, target))
        return false;
    if (has_right(self, route))
        return true;
    route_reply_error(&self->call, 403, "forbidden", "User %s with the role %s may not do this%s%s.",
                      self->call.session->user, role_name(self->call.session->role), target ? " on target " : "",
                      target ? target : "");
    return false;
}

/* With audit-full = refuse, while the audit log cannot be written: nothing is changed, but for sessions (the keeper
 * lets Administrators in) and what makes room. */
static bool held_up(const struct request *self, const struct route *route)
{
    static const char *const room[] = {"/api/v1/images", "/api/v1/uploads"};
    const struct keeper_client *keeper = self->server->keeper;
    if (!keeper || !keeper_client_audit_refuses(keeper) || route->method == ROUTE_GET ||
        route->method == ROUTE_OPTIONS || strcmp(route->path, "/api/v1/session") == 0)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(room) && route->method == ROUTE_DELETE; i++)
        if (strncmp(route->path, room[i], strlen(room[i])) == 0)
            return false;
    return true;
}

static void hand_over(struct request *self, const struct match *match)
{
    if (held_up(self, match->route)) {
        route_reply_error(
            &self->call, 507, "audit-full",
            "The disk is full and the audit log cannot be written; nothing is changed until there is room.");
        return;
    }
    self->phase = REQUEST_HANDLER;
    self->call.route = match->route;
    match->route->handler(match->context, &self->call);
    if (self->streaming)
        request_stream_open(self);
}

static void reply_no_session(struct request *self)
{
    route_reply_error(&self->call, 401, "no-session", "Log in first: there is no session, or it has ended.");
}

static struct match find(struct request *self)
{
    struct match match = {0};
    const struct server_config *config = &self->server->config;
    match_table(self, &self->server->own_table, &match);
    for (size_t i = 0; i < config->n_tables && !match.route; i++)
        match_table(self, &config->tables[i], &match);
    return match;
}

bool request_is_stream(struct request *self)
{
    struct match match = find(self);
    return match.route && match.route->stream;
}

static void with_session(struct request *self, const struct match *match)
{
    if (!auth_session_alive(self->call.session))
        reply_no_session(self);
    else if (request_claim_session(self) && may(self, match->route))
        hand_over(self, match);
}

static void session_found(void *data, const struct keeper_login_result *result)
{
    struct request *self = data;
    if (!self->connection) { /* nobody waits any more */
        request_destroy(self);
        return;
    }
    if (result->session && !result->error) {
        self->call.session = auth_session_ref(result->session);
        struct match match = find(self);
        with_session(self, &match);
    } else if (result->error == -EAGAIN) {
        route_reply_error(&self->call, 429, "locked-out", "Too many wrong tokens came from here; try again in %u s.",
                          result->retry_s);
    } else if (result->error == -ECONNRESET || result->error == -EIO) {
        route_reply_error(&self->call, 503, "no-keeper", "The keeper of the sessions is restarting; try again.");
    } else {
        reply_no_session(self);
    }
}

/* A request with an Authorization header is judged by it alone: a bad one is not saved by a cookie. */
static const char *token_of(const struct request *self)
{
    return self->authorization ? self->bearer : self->cookie_token;
}

static void find_session(struct request *self, const struct match *match)
{
    struct keeper_client *keeper = self->server->keeper;
    const char *token = token_of(self);
    if (self->call.local)
        self->call.session = auth_session_ref(self->connection->session);
    else if (*token && keeper)
        self->call.session = keeper_client_cached(keeper, token);
    if (self->call.session) {
        with_session(self, match);
        return;
    }
    if (!*token || !keeper) {
        reply_no_session(self);
        return;
    }
    self->phase = REQUEST_SESSION;
    int r = self->authorization ? keeper_client_token_session(keeper, token, self->peer, session_found, self)
                                : keeper_client_session(keeper, token, session_found, self);
    if (r < 0)
        session_found(self, &(struct keeper_login_result){.error = -ECONNRESET});
}

/* Until a first user exists, nobody but the gateway's own administrator gets further than setting one up. */
static bool blocked_by_setup(const struct request *self, const struct match *match)
{
    if (!self->server->needs_setup || self->call.local)
        return false;
    const struct route *route = match->route;
    return !route || !(route->access == ROUTE_SETUP || (route->access == ROUTE_PUBLIC && route->method == ROUTE_GET));
}

void request_dispatch(struct request *self)
{
    if (site_serve(self))
        return;
    struct match match = find(self);
    if (blocked_by_setup(self, &match))
        route_reply_error(&self->call, 403, "needs-setup",
                          "No user exists yet; open the page and set the first one up.");
    else if (!match.route)
        reply_unmatched(self, &match);
    else if (match.route->access == ROUTE_SETUP || match.route->access == ROUTE_PUBLIC)
        hand_over(self, &match);
    else
        find_session(self, &match);
}
