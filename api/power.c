/* Power and what boots next. */
#include <stdlib.h>

#include "api/json.h"
#include "api/tables.h"

static json_t *power_json(struct target *t)
{
    struct power *p = t->power;
    return json_pack("{s:s, s:s}", "state", power_state_name(p ? p->ops->state(p) : POWER_UNKNOWN), "boot_next",
                     power_boot_name(p ? p->ops->boot_next(p) : POWER_BOOT_DEFAULT));
}

/* A request to the power port and the call that waits for it. */
struct power_change {
    struct api_context *api;
    struct route_call *call;
    struct target *target;
    const char *what, *word;
};

static void change_done(void *data, int error, const char *why)
{
    struct power_change *c = data;

    if (error < 0) {
        api_reply_port_error(c->call, error, why, "not-now");
    } else {
        api_audit(c->api, c->call, c->what, c->target->name, c->word);
        api_reply_json(c->call, 200, power_json(c->target));
    }
    free(c);
}

/* Replies and gives NULL when the target has no power port. */
static struct power_change *change_new(struct api_context *api, struct route_call *call, const char *what,
                                       const char *word)
{
    struct target *target = api_target(api, call);
    if (!target)
        return NULL;
    struct power_change *c = target->power ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        route_reply_error(call, target->power ? 500 : 501, target->power ? "no-memory" : "not-supported",
                          target->power ? "The gateway is out of memory." : "Target '%s' has no power control.",
                          target->name);
        return NULL;
    }
    *c = (struct power_change){.api = api, .call = call, .target = target, .what = what, .word = word};
    return c;
}

static void post_power(void *context, struct route_call *call)
{
    const char *word;
    enum power_action action;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"action", NULL});

    if (!body || !api_string(call, body, "action", true, &word))
        return;
    if (!power_action_parse(word, &action)) {
        route_reply_error(call, 400, "bad-value", "'action' must be on, soft-off, hard-off, reset or nmi.");
        return;
    }
    struct power_change *c = change_new(context, call, "power", power_action_name(action));
    if (c)
        c->target->power->ops->act(c->target->power, action, change_done, c);
}

static void put_boot(void *context, struct route_call *call)
{
    const char *word;
    enum power_boot boot;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"boot", NULL});

    if (!body || !api_string(call, body, "boot", true, &word))
        return;
    if (!power_boot_parse(word, &boot)) {
        route_reply_error(call, 400, "bad-value", "'boot' must be default, cd, disk, pxe, menu or setup.");
        return;
    }
    struct power_change *c = change_new(context, call, "boot-once", power_boot_name(boot));
    if (c)
        c->target->power->ops->boot_once(c->target->power, boot, change_done, c);
}

static void get_power(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (t)
        api_reply_json(call, 200, power_json(t));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/power", ROUTE_SESSION, 0, get_power),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/power", ROUTE_RIGHT, RIGHT_POWER, post_power),
    ROUTE(ROUTE_PUT, "/api/v1/targets/{target}/boot", ROUTE_RIGHT, RIGHT_POWER, put_boot),
};
const struct api_rows api_power_rows = {rows, ARRAY_SIZE(rows)};
