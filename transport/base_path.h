/* The path that a proxy keeps in front of ours ("/kvm"): everything TLS peers get is below it, and nothing else is
 * there. The local socket has none. */
#pragma once

#include "transport/server_internal.h"

/* What stands behind the base, beginning with '/'; NULL: the path is not below it. Pure. */
const char *base_path_below(const char *base, const char *path);

static inline const char *base_path_of(const struct server *server)
{
    return server->config.base_path ? server->config.base_path : "";
}
