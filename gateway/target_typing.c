#include "gateway/target_typing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "usbgadget/typist.h"

struct target_typing {
    struct layout_map *map; /* of the layout that was used last */
};

/* NULL: no memory. */
static struct target_typing *typing_of(struct gateway_target *target)
{
    if (!target->typing)
        target->typing = calloc(1, sizeof *target->typing);
    return target->typing;
}

/* The map of that layout; it is kept, because the same one is wanted again and again. */
static int find_map(struct target_typing *self, const char *name, char *why, size_t why_size)
{
    const struct layout *layout = layout_find(name);
    if (!layout) {
        snprintf(why, why_size, "There is no keyboard layout '%.80s'; GET /api/v1/layouts lists them.", name);
        return -EINVAL;
    }
    if (self->map && layout_map_layout(self->map) == layout)
        return 0;
    self->map = layout_map_destroy(self->map);
    return layout_map_create(layout, &self->map);
}

static int start(struct gateway_target *target, struct text_plan *plan, const struct typing_request *request)
{
    return typist_text(target->typist, plan, layout_map_layout(target->typing->map), request->careful);
}

int target_typing_type(struct gateway_target *target, const struct typing_request *request, struct typing_plan *ret,
                       char *why, size_t why_size)
{
    const char *layout = request->layout && *request->layout ? request->layout : target->target.layout;
    struct target_typing *self = typing_of(target);
    struct text_plan plan;
    size_t where = 0;
    if (!target->typist) {
        snprintf(why, why_size, "The target has no keyboard.");
        return -ENODEV;
    }
    int r = self ? find_map(self, *layout ? layout : "us", why, why_size) : -ENOMEM;
    r = r < 0 ? r : text_plan_make(request, self->map, &plan, &where);
    if (r == -EILSEQ) {
        snprintf(why, why_size, "The text is not UTF-8 (at byte %zu).", where);
        return -EINVAL;
    }
    if (r < 0)
        return r;
    *ret = plan.plan;
    if (r == 0 && !request->only_check)
        r = start(target, &plan, request);
    text_plan_finish(&plan);
    return request->only_check ? 0 : r;
}

void target_typing_state(struct gateway_target *target, struct typing_state *ret)
{
    *ret = (struct typing_state){0};
    if (target->typist)
        typist_state(target->typist, ret);
}

void target_typing_finish(struct gateway_target *target)
{
    if (!target->typing)
        return;
    layout_map_destroy(target->typing->map);
    free(target->typing);
    target->typing = NULL;
}
