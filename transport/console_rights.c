/* What becomes of a console when its session's rights are changed by somebody. */
#include "transport/viewer.h"

void viewer_rights_changed(struct viewer *self)
{
    const struct server_config *config = &self->server->config;
    if (!self->handle || self->closing)
        return;
    if (!config->may(config->may_context, self->session, RIGHT_VIEW, self->target)) {
        viewer_close(self, VIEWER_END_RIGHTS, "You may not view this target any more.");
        return;
    }
    if (!config->may(config->may_context, self->session, RIGHT_INPUT, self->target))
        self->may_type = false; /* who gains it begins anew: the page says whether it wants to type */
    viewer_changed(self, VIEWER_CHANGED_TARGET);
}
