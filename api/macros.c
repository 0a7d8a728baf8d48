/* Macros of a target. What they type is never written into the audit log: it may be a password. */
#include "api/macros.h"

#include <errno.h>
#include <stdio.h>

#include "api/json.h"
#include "api/tables.h"

static const struct api_macros_ops *ops_of(const struct api_context *api, struct route_call *call)
{
    if (!api->macros)
        route_reply_error(call, 501, "not-supported", "This gateway keeps no macros.");
    return api->macros;
}

/* The target and the ops; false: replied. */
static bool begin(const struct api_context *api, struct route_call *call, struct target **ret,
                  const struct api_macros_ops **ret_ops)
{
    *ret = api_target(api, call);
    *ret_ops = *ret ? ops_of(api, call) : NULL;
    return *ret_ops;
}

static void reply_no_macro(struct route_call *call, const struct target *t, const char *name)
{
    route_reply_error(call, 404, "no-such-macro", "There is no macro '%s' of '%s'; GET .../macros lists them.", name,
                      t->name);
}

static void reply_put_error(struct route_call *call, int error, const char *name, const char *why)
{
    if (error == -EINVAL)
        route_reply_error(call, 422, "bad-macro", "%s", why);
    else if (error == -EEXIST)
        route_reply_error(call, 409, "macro-exists", "There is a macro '%s' already; PUT replaces it.", name);
    else if (error == -E2BIG)
        route_reply_error(call, 409, "too-many-macros",
                          "The macros of a target are at most 64, and 256 KiB all together; delete one.");
    else
        route_reply_error(call, 507, "no-room",
                          "The macro could not be written down; make room on the gateway's disk.");
}

static void get_list(void *context, struct route_call *call)
{
    struct target *t;
    const struct api_macros_ops *ops;
    if (begin(context, call, &t, &ops))
        api_reply_json(call, 200, ops->list(t));
}

static void get_one(void *context, struct route_call *call)
{
    struct target *t;
    const struct api_macros_ops *ops;
    if (!begin(context, call, &t, &ops))
        return;
    json_t *macro = ops->get(t, call->params[1]);
    if (macro)
        api_reply_json(call, 200, macro);
    else
        reply_no_macro(call, t, call->params[1]);
}

static void put(struct api_context *api, struct route_call *call, const char *name, bool only_new)
{
    static const char *const known[] = {"name", "title", "times", "shortcut", "steps", NULL};
    struct target *t;
    const struct api_macros_ops *ops;
    char why[240] = "";
    if (!begin(api, call, &t, &ops))
        return;
    _cleanup_json_ json_t *body = api_body(call, known);
    if (!body || (!name && !api_string(call, body, "name", true, &name)))
        return;
    int r = ops->put(t, name, body, only_new, why, sizeof why);
    if (r < 0) {
        reply_put_error(call, r, name, why);
        return;
    }
    char detail[80];
    snprintf(detail, sizeof detail, "%.40s %s", name, r ? "made" : "changed");
    api_audit(api, call, "macro", t->name, detail);
    api_reply_json(call, r ? 201 : 200, ops->get(t, name));
}

static void post_one(void *context, struct route_call *call)
{
    put(context, call, NULL, true);
}

static void put_one(void *context, struct route_call *call)
{
    put(context, call, call->params[1], false);
}

static void delete_one(void *context, struct route_call *call)
{
    struct target *t;
    const struct api_macros_ops *ops;
    if (!begin(context, call, &t, &ops))
        return;
    int r = ops->remove(t, call->params[1]);
    if (r == -ENOENT) {
        reply_no_macro(call, t, call->params[1]);
        return;
    }
    if (r < 0) {
        reply_put_error(call, r, call->params[1], "");
        return;
    }
    char detail[80];
    snprintf(detail, sizeof detail, "%.40s deleted", call->params[1]);
    api_audit(context, call, "macro", t->name, detail);
    route_reply(call, 204, NULL, NULL, 0);
}

/* -1: as the macro says. */
static bool read_times(struct route_call *call, json_t *body, long *ret)
{
    const json_t *times = json_object_get(body, "times");
    bool loop = false;
    *ret = -1;
    if (!api_bool(call, body, "loop", &loop))
        return false;
    if (times &&
        (loop || !json_is_integer(times) || json_integer_value(times) < 1 || json_integer_value(times) > 1000000)) {
        route_reply_error(
            call, 400, "bad-value",
            "'times' must be a number from 1 to 1000000; \"loop\":true instead runs until it is stopped.");
        return false;
    }
    if (loop)
        *ret = 0;
    else if (times)
        *ret = (long)json_integer_value(times);
    return true;
}

static void reply_run_error(struct route_call *call, int error, const struct target *t, const char *why)
{
    if (error == -ENOENT)
        reply_no_macro(call, t, call->params[1]);
    else if (error == -EBUSY)
        route_reply_error(call, 409, "busy", "A macro runs already; POST .../macros/stop ends it.");
    else if (error == -EINVAL)
        route_reply_error(call, 422, "bad-macro", "%s", why);
    else
        api_reply_port_error(call, error, why, "busy");
}

static void post_run(void *context, struct route_call *call)
{
    struct target *t;
    const struct api_macros_ops *ops;
    bool force = false;
    long times;
    char why[240] = "";
    if (!begin(context, call, &t, &ops))
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"times", "loop", "force", NULL});
    if (!body || !read_times(call, body, &times) || !api_bool(call, body, "force", &force) ||
        !api_seat_is_open(context, t, call, force))
        return;
    int r = ops->run(t, call->params[1], call->session, times, why, sizeof why);
    if (r < 0) {
        reply_run_error(call, r, t, why);
        return;
    }
    char detail[80];
    snprintf(detail, sizeof detail, "%.40s started", call->params[1]);
    api_audit(context, call, "macro", t->name, detail);
    api_reply_json(call, 202, ops->running(t));
}

static void post_stop(void *context, struct route_call *call)
{
    struct target *t;
    const struct api_macros_ops *ops;
    if (!begin(context, call, &t, &ops))
        return;
    if (ops->stop(t))
        api_audit(context, call, "macro", t->name, "stopped");
    route_reply(call, 204, NULL, NULL, 0);
}

#define AT "/api/v1/targets/{target}/macros"

static const struct route rows[] = {
    ROUTE(ROUTE_GET, AT, ROUTE_RIGHT, RIGHT_INPUT, get_list),
    ROUTE(ROUTE_POST, AT, ROUTE_RIGHT, RIGHT_INPUT, post_one),
    ROUTE(ROUTE_POST, AT "/stop", ROUTE_RIGHT, RIGHT_INPUT, post_stop),
    ROUTE(ROUTE_GET, AT "/{macro}", ROUTE_RIGHT, RIGHT_INPUT, get_one),
    ROUTE(ROUTE_PUT, AT "/{macro}", ROUTE_RIGHT, RIGHT_INPUT, put_one),
    ROUTE(ROUTE_DELETE, AT "/{macro}", ROUTE_RIGHT, RIGHT_INPUT, delete_one),
    ROUTE(ROUTE_POST, AT "/{macro}/run", ROUTE_RIGHT, RIGHT_INPUT, post_run),
};
const struct api_rows api_macro_rows = {rows, ARRAY_SIZE(rows)};
