#include "media/outward/remote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "media/outward/remote_kinds.h"

static const struct remote_kind *const kinds[] = {&remote_url, &remote_nbd};

static bool has_scheme(const char *url, const char *scheme)
{
    size_t n = strlen(scheme);
    return strncasecmp(url, scheme, n) == 0 && strncmp(url + n, "://", 3) == 0;
}

int remote_open(struct loop *loop, const struct remote_settings *settings, const struct remote_spec *spec,
                const struct remote_listener *listener, void *data, struct remote **ret, char *why, size_t why_size)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        for (const char *const *scheme = kinds[i]->schemes; *scheme; scheme++)
            if (has_scheme(spec->url, *scheme))
                return kinds[i]->open(loop, settings, spec, listener, data, ret, why, why_size);
    snprintf(why, why_size, "A medium's URL begins with http://, https://, nbd:// or nbds://.");
    return -EINVAL;
}

void remote_cancel(struct remote *self)
{
    self->cancel(self);
}
