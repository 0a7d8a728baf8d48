/* The TLS certificate: shown, asked for, set, tried; and what waits to be confirmed. */
#include "api/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"
#include "core/clock.h"

#define DAY_S 86400

static json_t *names_json(const struct api_certificate *certificate)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < certificate->n_names; i++)
        json_array_append_new(list, json_string(certificate->names[i]));
    return list;
}

static int64_t days_left(int64_t to)
{
    int64_t left = to - (int64_t)(clock_wall_us() / 1000000);
    return left < 0 ? (left - DAY_S + 1) / DAY_S : left / DAY_S;
}

static void get_certificate(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct api_certificate *c = malloc(sizeof *c);
    if (!c || !api->certificate || !api->certificate->get(api->certificate_context, c))
        route_reply_error(call, 503, "no-certificate", "The certificate is not known just now; try again.");
    else
        api_reply_json(call, 200,
                       json_pack("{s:s, s:o, s:s, s:I, s:I, s:s, s:I, s:s, s:i, s:b}", "subject", c->subject, "names",
                                 names_json(c), "issuer", c->issuer, "from", (json_int_t)c->from, "to",
                                 (json_int_t)c->to, "fingerprint", c->fingerprint, "days_left",
                                 (json_int_t)days_left(c->to), "source", c->source, "chain", (int)c->chain, "on_trial",
                                 (int)c->on_trial));
    free(c);
}

static json_t *pending_json(const struct api_context *api)
{
    struct api_pending pending = {.kind = ""};
    api->certificate->pending(api->certificate_context, &pending);
    if (!*pending.kind)
        return json_pack("{s:n}", "change");
    return json_pack("{s:{s:s, s:s, s:i}}", "change", "kind", pending.kind, "who", pending.who, "seconds_left",
                     (int)pending.left_s);
}

struct asked {
    struct api_context *api;
    struct route_call *call;
    int status; /* when it went well */
    const char *detail;
};

static struct asked *ask(struct api_context *api, struct route_call *call, int status)
{
    struct asked *asked = api->certificate ? malloc(sizeof *asked) : NULL;
    if (!asked) {
        route_reply_error(call, 503, "no-certificate", "The certificate cannot be changed here.");
        return NULL;
    }
    *asked = (struct asked){.api = api, .call = call, .status = status, .detail = ""};
    return asked;
}

static void on_done(void *data, int error, const char *why)
{
    struct asked *asked = data;
    struct route_call *call = asked->call;
    if (error == 0 && why)
        api_audit(asked->api, call, why, "", asked->detail);
    why = why && *why ? why : "It cannot be done just now; try again.";
    switch (error) {
    case 0:
        if (asked->status == 204)
            route_reply(call, 204, NULL, NULL, 0);
        else
            api_reply_json(call, asked->status, pending_json(asked->api));
        break;
    case -EINVAL:
        route_reply_error(call, 422, "bad-certificate", "%s", why);
        break;
    case -EBUSY:
        route_reply_error(call, 409, "not-now", "%s", why);
        break;
    case -ENOENT:
    case -ETIME:
        route_reply_error(
            call, 409, "nothing-pending",
            "No change waits to be confirmed: it was confirmed or reverted, or its five minutes are over.");
        break;
    case -ENOTCONN:
    case -EISCONN:
        route_reply_error(
            call, 409, "old-connection",
            "A change is confirmed over a TLS connection that was made after it, which shows that one can "
            "still come in: connect anew and confirm again.");
        break;
    default:
        route_reply_error(call, 503, "failed", "%s", why);
    }
    free(asked);
}

/* A member that is text, or absent; false after a reply. */
static bool text_member(struct route_call *call, const json_t *body, const char *name, const char **ret)
{
    const json_t *member = json_object_get(body, name);
    *ret = json_string_value(member);
    if (!member || *ret)
        return true;
    route_reply_error(call, 400, "bad-value", "'%s' must be text (PEM).", name);
    return false;
}

static void change(struct api_context *api, struct route_call *call, bool test)
{
    const char *certificate, *key;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"certificate", "key", NULL});
    if (!body || !text_member(call, body, "certificate", &certificate) || !text_member(call, body, "key", &key))
        return;
    if (!certificate) {
        route_reply_error(call, 400, "bad-value",
                          "'certificate' must be a PEM text: the server's certificate, its chain behind it.");
        return;
    }
    struct asked *asked = ask(api, call, test ? 204 : 202);
    if (!asked)
        return;
    asked->detail = "waits to be confirmed";
    api->certificate->set(api->certificate_context, certificate, key, test, call->session->user, on_done, asked);
}

static void put_certificate(void *context, struct route_call *call)
{
    change(context, call, false);
}

static void post_test(void *context, struct route_call *call)
{
    change(context, call, true);
}

static void delete_certificate(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct asked *asked = ask(api, call, 202);
    if (!asked)
        return;
    asked->detail = "back to the generated one; waits to be confirmed";
    api->certificate->set(api->certificate_context, NULL, NULL, false, call->session->user, on_done, asked);
}

static void on_request(void *data, int error, const char *why, const char *pem)
{
    struct asked *asked = data;
    if (error < 0 || !pem)
        route_reply_error(asked->call, 503, "failed", "%s",
                          why && *why ? why : "The request cannot be made just now; try again.");
    else
        api_reply_json(asked->call, 200, json_pack("{s:s}", "request", pem));
    free(asked);
}

static void post_request(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct asked *asked = ask(api, call, 200);
    if (asked)
        api->certificate->request(api->certificate_context, on_request, asked);
}

/* ---- what waits ---- */

static void get_pending(void *context, struct route_call *call)
{
    struct api_context *api = context;
    api_reply_json(call, 200, api->certificate ? pending_json(api) : json_pack("{s:n}", "change"));
}

static void post_confirm(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct asked *asked = ask(api, call, 200);
    if (asked)
        api->certificate->confirm(api->certificate_context, call->connected_us, call->session->user, on_done, asked);
}

static void post_revert(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct asked *asked = ask(api, call, 200);
    if (asked)
        api->certificate->revert(api->certificate_context, call->session->user, on_done, asked);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/certificate", ROUTE_RIGHT, RIGHT_CONFIGURE, get_certificate),
    ROUTE(ROUTE_PUT, "/api/v1/certificate", ROUTE_RIGHT, RIGHT_CONFIGURE, put_certificate),
    ROUTE(ROUTE_DELETE, "/api/v1/certificate", ROUTE_RIGHT, RIGHT_CONFIGURE, delete_certificate),
    ROUTE(ROUTE_POST, "/api/v1/certificate/test", ROUTE_RIGHT, RIGHT_CONFIGURE, post_test),
    ROUTE(ROUTE_POST, "/api/v1/certificate/request", ROUTE_RIGHT, RIGHT_CONFIGURE, post_request),
    ROUTE(ROUTE_GET, "/api/v1/pending-change", ROUTE_RIGHT, RIGHT_CONFIGURE, get_pending),
    ROUTE(ROUTE_POST, "/api/v1/pending-change/confirm", ROUTE_RIGHT, RIGHT_CONFIGURE, post_confirm),
    ROUTE(ROUTE_POST, "/api/v1/pending-change/revert", ROUTE_RIGHT, RIGHT_CONFIGURE, post_revert),
};
const struct api_rows api_certificate_rows = {rows, ARRAY_SIZE(rows)};
