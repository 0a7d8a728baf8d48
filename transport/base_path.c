#include "transport/base_path.h"

#include <stdio.h>
#include <string.h>

#include "transport/request.h"

const char *base_path_below(const char *base, const char *path)
{
    size_t n = strlen(base);
    return strncmp(path, base, n) == 0 && path[n] == '/' ? path + n : NULL;
}

bool base_path_answered(struct request *self)
{
    const char *base = self->call.base, *below = base_path_below(base, self->path);
    if (below) {
        memmove(self->path, below, strlen(below) + 1);
        return false;
    }
    /* who typed the bare name, or left the slash away */
    if (self->method == ROUTE_GET && (strcmp(self->path, "/") == 0 || strcmp(self->path, base) == 0)) {
        char location[160];
        snprintf(location, sizeof location, "%s/", base);
        route_reply_header(&self->call, "Location", location);
        route_reply(&self->call, 308, NULL, NULL, 0);
        return true;
    }
    request_refuse(self, 404, "no-such-path", "There is nothing here: the gateway is below its base-path.");
    return true;
}
