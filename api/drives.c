/* Virtual media: what is in the drives, insert, eject. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/drive_json.h"
#include "api/drive_spec.h"
#include "api/json.h"
#include "api/tables.h"

/* A change of one drive that is under way, and the call that waits for it. */
struct drive_change {
    struct api_context *api;
    struct route_call *call;
    struct target *target;
    unsigned index;
    const char *what;
    enum medium_origin origin; /* of an insertion */
    bool nothing;              /* answered with 204 */
    char medium[256];
};

/* What else than the machine can stand in the way of an insertion. False: nothing of that. */
static bool reply_source_error(struct drive_change *c, int error, const char *why)
{
    const bool library = c->origin == MEDIUM_LIBRARY;
    if (error == -EHOSTUNREACH)
        route_reply_error(c->call, 502, "source-failed", "%s", why && *why ? why : "The source does not answer.");
    else if (error == -EPERM)
        route_reply_error(c->call, 403, "address-refused", "%s", why && *why ? why : "That address is not allowed.");
    else if (error == -EINVAL && !library)
        route_reply_error(c->call, 422, "bad-url", "%s", why && *why ? why : "The address cannot be used.");
    else if (error == -ENOSPC)
        route_reply_error(c->call, 507, "no-room", "%s", why && *why ? why : "There is no room for it.");
    else if (error == -ENOENT)
        route_reply_error(c->call, 404, "no-such-image", "%s", why && *why ? why : "There is no such image.");
    else if (error == -EISDIR || error == -EACCES || error == -ENODATA || error == -ELOOP || error == -EINVAL)
        route_reply_error(c->call, 422, "bad-image", "%s", why && *why ? why : "The image cannot be used.");
    else
        return false;
    return true;
}

static void change_done(void *data, int error, const char *why)
{
    struct drive_change *c = data;

    if (error == 0)
        api_audit(c->api, c->call, c->what, c->target->name, c->medium);
    if (error == 0 && c->nothing)
        route_reply(c->call, 204, NULL, NULL, 0);
    else if (error == 0)
        api_reply_json(c->call, 200, api_drive_json(c->target, c->index));
    else if (!reply_source_error(c, error, why))
        api_reply_port_error(c->call, error, why, "drive-busy");
    free(c);
}

/* The drive that the path names; replies and gives NULL when there is none. */
static struct drive_change *change_new(struct api_context *api, struct route_call *call, const char *what)
{
    struct target *target = api_target(api, call);
    if (!target)
        return NULL;
    const char *number = call->params[1];
    if (strlen(number) != 1 || number[0] < '0' || (unsigned)(number[0] - '0') >= target->n_drives) {
        route_reply_error(call, 404, "no-such-drive", "Target '%s' has %u drives, numbered from 0; there is no '%s'.",
                          target->name, target->n_drives, number);
        return NULL;
    }
    struct drive_change *c = calloc(1, sizeof *c);
    if (!c) {
        route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return NULL;
    }
    *c = (struct drive_change){
        .api = api, .call = call, .target = target, .index = (unsigned)(number[0] - '0'), .what = what};
    return c;
}

static bool may_copy(struct api_context *api, struct route_call *call, const struct target *target)
{
    if (api->may(api->may_context, call->session, RIGHT_LIBRARY, target->name))
        return true;
    route_reply_error(call, 403, "forbidden", "Copying to the library needs the right 'library'.");
    return false;
}

static void post_insert(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct medium_spec medium;
    _cleanup_json_ json_t *body = api_body(call, api_drive_spec_keys);

    if (!body || !api_drive_spec(call, body, &medium))
        return;
    struct drive_change *c = change_new(api, call, "media-insert");
    if (!c)
        return;
    if (medium.copy && !may_copy(api, call, c->target)) {
        free(c);
        return;
    }
    medium.who = call->session ? call->session->user : call->peer;
    c->origin = medium.origin;
    /* what stands behind the question mark may be a secret */
    if (medium.url)
        snprintf(c->medium, sizeof c->medium, "%.*s", (int)strcspn(medium.url, "?#"), medium.url);
    else
        snprintf(c->medium, sizeof c->medium, "%s", medium.image);
    c->target->ops->insert(c->target, c->index, &medium, change_done, c);
}

static void post_eject(void *context, struct route_call *call)
{
    bool force = false;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"force", NULL});

    if (!body || !api_bool(call, body, "force", &force))
        return;
    struct drive_change *c = change_new(context, call, "media-eject");
    if (!c)
        return;
    struct drive *drive = c->target->drives[c->index];
    struct drive_state s = {0};
    drive->ops->state(drive, &s);
    snprintf(c->medium, sizeof c->medium, "%s", s.medium);
    drive->ops->eject(drive, force, change_done, c);
}

static void overlay_done(void *data, int error, const char *why)
{
    struct drive_change *c = data;

    if (error == -ENOENT || error == -ENODATA)
        route_reply_error(c->call, 404, "no-overlay", "%s", why && *why ? why : "There is no overlay.");
    else if (error == -EINVAL)
        route_reply_error(c->call, 422, "bad-name", "%s", why && *why ? why : "That is no name for an image.");
    else {
        change_done(data, error, why);
        return;
    }
    free(c);
}

static void post_overlay(void *context, struct route_call *call)
{
    const char *action, *name = NULL;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"action", "name", NULL});

    if (!body || !api_string(call, body, "action", true, &action) || !api_string(call, body, "name", false, &name))
        return;
    const bool discard = !strcmp(action, "discard");
    if (!discard && strcmp(action, "export") != 0) {
        route_reply_error(call, 400, "bad-value", "'action' must be export or discard.");
        return;
    }
    if (!discard && !name) {
        route_reply_error(call, 400, "missing-key", "'name' is required: what the new image is to be called.");
        return;
    }
    struct drive_change *c = change_new(context, call, discard ? "overlay-discard" : "overlay-export");
    if (!c)
        return;
    c->nothing = discard;
    snprintf(c->medium, sizeof c->medium, "%s", name ? name : "");
    if (!c->target->ops->overlay_export || !c->target->ops->overlay_discard)
        overlay_done(c, -ENOTSUP, "This target's drives have no overlays.");
    else if (discard)
        c->target->ops->overlay_discard(c->target, c->index, overlay_done, c);
    else
        c->target->ops->overlay_export(c->target, c->index, name, overlay_done, c);
}

static void get_drives(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (t)
        api_reply_json(call, 200, json_pack("{s:o}", "drives", api_drives_json(t)));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/drives", ROUTE_RIGHT, RIGHT_VIEW, get_drives),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/drives/{drive}/insert", ROUTE_RIGHT, RIGHT_MEDIA, post_insert),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/drives/{drive}/eject", ROUTE_RIGHT, RIGHT_MEDIA, post_eject),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/drives/{drive}/overlay", ROUTE_RIGHT, RIGHT_MEDIA | RIGHT_LIBRARY,
          post_overlay),
};
const struct api_rows api_drive_rows = {rows, ARRAY_SIZE(rows)};
