#include "api/viewers.h"

#include <stdlib.h>

#include "api/json.h"
#include "api/tables.h"

#define MOST 256

static json_t *viewer_json(const struct target_viewer *viewer)
{
    return json_pack("{s:I, s:o, s:b, s:b, s:b, s:I, s:o}", "id", (json_int_t)viewer->id, "user",
                     api_text(viewer->user), "types", (int)viewer->types, "hidden", (int)viewer->hidden, "yours",
                     (int)viewer->yours, "since", (json_int_t)viewer->since, "address",
                     viewer->address[0] ? api_text(viewer->address) : json_null());
}

void api_get_viewers(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (!t)
        return;
    struct target_viewer *list = calloc(MOST, sizeof *list);
    size_t n = list ? t->ops->viewers(t, call->session, list, MOST) : 0;
    json_t *viewers = json_array();
    for (size_t i = n; i-- > 0;) /* the oldest first */
        json_array_append_new(viewers, viewer_json(&list[i]));
    free(list);
    api_reply_json(call, 200, json_pack("{s:i, s:o}", "total", (int)t->viewers, "viewers", viewers));
}

void api_delete_viewer(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    char *end;
    if (!t)
        return;
    const char *text = call->params[1];
    unsigned long id = strtoul(text, &end, 10);
    bool number = text[0] >= '0' && text[0] <= '9' && !*end && id > 0 && id <= UINT32_MAX;
    if (!number || t->ops->viewer_end(t, call->session, (uint32_t)id) < 0)
        route_reply_error(call, 404, "not-found", "Nobody with this number looks at %s (any more).", t->name);
    else
        route_reply(call, 204, NULL, NULL, 0);
}
