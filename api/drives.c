/* Virtual media: what is in the drives, insert, eject. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/drive_json.h"
#include "api/json.h"
#include "api/tables.h"

json_t *api_drive_json(struct target *target, unsigned index)
{
    struct drive_state s = {0};

    target->drives[index]->ops->state(target->drives[index], &s);
    return json_pack("{s:i, s:s, s:s, s:s?, s:I, s:b, s:I, s:o}", "index", (int)index, "phase",
                     drive_phase_name(s.phase), "kind", s.kind == DRIVE_CDROM ? "cdrom" : "disk", "medium",
                     s.medium[0] ? s.medium : NULL, "size", (json_int_t)s.size, "read_only", (int)s.read_only,
                     "bytes_read", (json_int_t)s.bytes_read, "reason", api_text(s.reason));
}

json_t *api_drives_json(struct target *target)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < target->n_drives; i++)
        json_array_append_new(list, api_drive_json(target, i));
    return list;
}

/* A change of one drive that is under way, and the call that waits for it. */
struct drive_change {
    struct api_context *api;
    struct route_call *call;
    struct target *target;
    unsigned index;
    const char *what;
    char medium[256];
};

static void change_done(void *data, int error, const char *why)
{
    struct drive_change *c = data;

    if (error == 0) {
        api_audit(c->api, c->call, c->what, c->target->name, c->medium);
        api_reply_json(c->call, 200, api_drive_json(c->target, c->index));
    } else if (error == -ENOENT) {
        route_reply_error(c->call, 404, "no-such-image", "%s", why && *why ? why : "There is no such image.");
    } else if (error == -EISDIR || error == -EACCES || error == -ENODATA || error == -ELOOP || error == -EINVAL) {
        route_reply_error(c->call, 422, "bad-image", "%s", why && *why ? why : "The image cannot be used.");
    } else {
        api_reply_port_error(c->call, error, why, "drive-busy");
    }
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

static bool kind_parse(struct route_call *call, const char *word, int *ret)
{
    if (!word)
        *ret = -1;
    else if (!strcmp(word, "cdrom"))
        *ret = DRIVE_CDROM;
    else if (!strcmp(word, "disk"))
        *ret = DRIVE_DISK;
    else {
        route_reply_error(call, 400, "bad-value", "'kind' must be cdrom or disk.");
        return false;
    }
    return true;
}

static void post_insert(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *image, *word = NULL;
    bool read_only = true;
    int kind;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"image", "kind", "read_only", NULL});

    if (!body || !api_string(call, body, "image", true, &image) || !api_string(call, body, "kind", false, &word) ||
        !api_bool(call, body, "read_only", &read_only) || !kind_parse(call, word, &kind))
        return;
    struct drive_change *c = change_new(api, call, "media-insert");
    if (!c)
        return;
    snprintf(c->medium, sizeof c->medium, "%s", image);
    const struct medium_spec medium = {.origin = MEDIUM_LIBRARY, .image = image, .kind = kind, .read_only = read_only};
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
};
const struct api_rows api_drive_rows = {rows, ARRAY_SIZE(rows)};
