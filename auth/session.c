#include "auth/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"

int auth_session_create(uint64_t id, const char *user, enum auth_role role, struct auth_session **ret)
{
    struct auth_session *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    self->id = id;
    if (!text_copy(self->user, sizeof self->user, user)) {
        free(self);
        return -ENAMETOOLONG;
    }
    self->role = role;
    self->kind = AUTH_BROWSER;
    grants_of_role(&self->grants, role);
    self->expires_us = UINT64_MAX;
    *ret = self;
    return 0;
}

int auth_session_create_local(const char *user, struct auth_session **ret)
{
    struct auth_session *self;
    int r = auth_session_create(0, user, ROLE_ADMINISTRATOR, &self);
    if (r < 0)
        return r;
    self->local = true;
    self->kind = AUTH_LOCAL;
    *ret = self;
    return 0;
}

struct auth_session *auth_session_ref(struct auth_session *self)
{
    ref_get(&self->ref);
    return self;
}

struct auth_session *auth_session_unref(struct auth_session *self)
{
    if (self && ref_put(&self->ref))
        free(self);
    return NULL;
}

bool auth_session_alive(const struct auth_session *self)
{
    return !self->ended && (self->local || clock_boot_us() < self->expires_us);
}

bool auth_session_may(const struct auth_session *self, uint32_t rights, const char *target)
{
    return auth_session_alive(self) && grants_allow(&self->grants, rights, target);
}

bool auth_session_sees(const struct auth_session *self, const char *target)
{
    return auth_session_alive(self) && grants_see(&self->grants, target);
}
