/* Who may type on a target, asked and answered without a console. */
#include <errno.h>

#include "api/json.h"
#include "api/tables.h"
#include "core/clock.h"

static json_int_t seconds_since(uint64_t then_us)
{
    uint64_t now = clock_now_us();
    return (json_int_t)(now > then_us ? (now - then_us) / 1000000 : 0);
}

static json_t *requests_json(const struct seat *seat, uint64_t session)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < seat->n_askers; i++) {
        const struct seat_asker *asker = &seat->askers[i];
        json_array_append_new(list, json_pack("{s:I, s:o, s:I, s:b}", "id", (json_int_t)asker->number, "name",
                                              api_text(asker->party.name), "waiting", seconds_since(asker->since_us),
                                              "yours", asker->party.session == session));
    }
    return list;
}

static json_t *seat_json(const struct api_context *api, const struct target *t, const struct auth_session *session)
{
    const struct seat *seat = &t->seat;
    uint64_t number = target_seat_session(session);
    bool held = seat->holder.session;
    return json_pack(
        "{s:s, s:o, s:b, s:b, s:o, s:I, s:b, s:o}", "mode", seat->shared ? "shared" : "exclusive", "holder",
        held ? api_text(seat->holder.name) : json_null(), "console", seat->holder.viewer != 0, "yours",
        held && seat->holder.session == number, "idle", held ? json_integer(seconds_since(seat->used_us)) : json_null(),
        "idle_limit", (json_int_t)(seat->idle_us / 1000000), "may_take",
        api->may(api->may_context, session, RIGHT_CONFIGURE, t->name), "requests", requests_json(seat, number));
}

static void get_seat(void *context, struct route_call *call)
{
    const struct target *t = api_target(context, call);
    if (t)
        api_reply_json(call, 200, seat_json(context, t, call->session));
}

/* "request" names the one that is granted or refused. */
static bool read_request(struct route_call *call, const json_t *body, uint32_t *ret)
{
    const json_t *value = json_object_get(body, "request");
    if (!value)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > UINT32_MAX) {
        route_reply_error(call, 400, "bad-value", "'request' must be the id of a request.");
        return false;
    }
    *ret = (uint32_t)json_integer_value(value);
    return true;
}

static void post_seat(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    const char *word, *why = "";
    enum seat_action action;
    uint32_t request = 0;

    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"action", "request", NULL});
    if (!body || !api_string(call, body, "action", true, &word) || !read_request(call, body, &request))
        return;
    if (!seat_action_parse(word, &action)) {
        route_reply_error(call, 400, "bad-value",
                          "'action' must be request, grant, refuse, take, release, share or exclusive.");
        return;
    }
    int r = t->ops->seat(t, call->session, action, request, &why);
    if (r == -EPERM)
        route_reply_error(call, 403, "forbidden", "%s", why);
    else if (r == -ENOENT)
        route_reply_error(call, 409, "no-request", "%s", why);
    else if (r < 0)
        route_reply_error(call, 409, "seat-busy", "%s", why);
    else
        api_reply_json(call, 200, seat_json(context, t, call->session));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/seat", ROUTE_RIGHT, RIGHT_VIEW, get_seat),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/seat", ROUTE_RIGHT, RIGHT_INPUT, post_seat),
};
const struct api_rows api_seat_rows = {rows, ARRAY_SIZE(rows)};
