/* Who is logged in, and ending that. One's own are anybody's business; those of others need the right over users. */
#include <errno.h>
#include <stdlib.h>

#include "api/id_text.h"
#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"

static void listed(void *data, int error, const struct keeper_session *sessions, unsigned n)
{
    struct route_call *call = data;
    json_t *list;

    if (error < 0) {
        api_reply_keeper_error(call, error, NULL, 0);
        return;
    }
    list = json_array();
    for (unsigned i = 0; i < n; i++) {
        const struct keeper_session *s = &sessions[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:s, s:o, s:o, s:I, s:I, s:b}", "id", api_id_json(s->id), "user",
                                        s->user, "kind", api_kind_name(s->kind), "peer", api_text(s->peer), "agent",
                                        api_text(s->agent), "created", (json_int_t)s->created, "used",
                                        (json_int_t)s->used, "current", (int)(s->id == call->session->id)));
    }
    api_reply_json(call, 200, json_pack("{s:o}", "sessions", list));
}

static bool may_all(const struct api_context *api, const struct route_call *call)
{
    return api->may(api->may_context, call->session, RIGHT_USERS, NULL);
}

static void get_sessions(void *context, struct route_call *call)
{
    struct api_context *api = context;
    char all[8] = "";

    route_query(call, "all", all, sizeof all);
    if (all[0] == '1' && !may_all(api, call)) {
        route_reply_error(call, 403, "forbidden", "Only who may change users sees the sessions of others.");
        return;
    }
    int r = keeper_client_sessions(api->keeper, all[0] == '1' ? "" : call->session->user, listed, call);
    if (r < 0)
        listed(call, r, NULL, 0);
}

static void ended(void *data, int error, const char *why)
{
    struct route_call *call = data;

    if (error == 0)
        route_reply(call, 204, NULL, NULL, 0);
    else if (error == -ENOENT)
        route_reply_error(call, 404, "no-such-session", "There is no such session; it may have ended already.");
    else
        api_reply_keeper_error(call, error, why, 0);
}

static void delete_session(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *whose = may_all(api, call) ? "" : call->session->user;
    uint64_t id;
    int r = -ENOENT;

    if (api_id_parse(call->params[0], &id))
        r = keeper_client_session_end(api->keeper, id, whose, call->session->user, ended, call);
    if (r < 0)
        ended(call, r, NULL);
}

static void delete_others(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_session_end_others(api->keeper, call->session, ended, call);
    if (r < 0)
        ended(call, r, NULL);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/sessions", ROUTE_SESSION, 0, get_sessions),
    ROUTE(ROUTE_DELETE, "/api/v1/sessions", ROUTE_SESSION, 0, delete_others),
    ROUTE(ROUTE_DELETE, "/api/v1/sessions/{session}", ROUTE_SESSION, 0, delete_session),
};
const struct api_rows api_sessions_rows = {rows, ARRAY_SIZE(rows)};
