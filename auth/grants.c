#include "auth/grants.h"

#include <string.h>

#include "core/attrs.h"
#include "core/text.h"

static const struct {
    uint32_t right;
    const char *name;
} names[] = {
    {RIGHT_VIEW, "view"},           {RIGHT_INPUT, "input"}, {RIGHT_MEDIA, "media"},
    {RIGHT_LIBRARY, "library"},     {RIGHT_POWER, "power"}, {RIGHT_SERIAL, "serial"},
    {RIGHT_CONFIGURE, "configure"}, {RIGHT_USERS, "users"}, {RIGHT_AUDIT, "audit"},
};

const char *right_name(uint32_t right)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].right == right)
            return names[i].name;
    return NULL;
}

bool right_parse(const char *word, uint32_t *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(word, names[i].name) == 0) {
            *ret = names[i].right;
            return true;
        }
    return false;
}

static bool is_gateway(const char *target)
{
    return !target || !*target;
}

/* The rights of the one grant that names it. */
static uint32_t rights_named(const struct grants *self, const char *target)
{
    for (unsigned i = 0; i < self->n; i++)
        if (strcmp(self->list[i].target, target) == 0)
            return self->list[i].rights;
    return 0;
}

bool grants_add(struct grants *self, const char *target, uint32_t rights)
{
    rights &= is_gateway(target) ? RIGHTS_OF_GATEWAY : RIGHTS_OF_TARGET;
    if (!rights)
        return true;
    for (unsigned i = 0; i < self->n; i++)
        if (strcmp(self->list[i].target, target) == 0) {
            self->list[i].rights |= rights;
            return true;
        }
    if (self->n == GRANTS_MAX || !text_copy(self->list[self->n].target, GRANT_TARGET_MAX, target))
        return false;
    self->list[self->n++].rights = rights;
    return true;
}

void grants_of_role(struct grants *self, enum auth_role role)
{
    self->n = 0;
    grants_add(self, GRANT_ALL_TARGETS, role_rights(role));
    grants_add(self, GRANT_GATEWAY, role_rights(role));
}

uint32_t grants_on(const struct grants *self, const char *target)
{
    if (is_gateway(target))
        return rights_named(self, GRANT_GATEWAY);
    return rights_named(self, target) | rights_named(self, GRANT_ALL_TARGETS);
}

bool grants_allow(const struct grants *self, uint32_t rights, const char *target)
{
    uint32_t here = rights & (RIGHT_LIBRARY | RIGHT_USERS);
    if (is_gateway(target))
        here = rights & RIGHTS_OF_GATEWAY;
    uint32_t have = 0;
    for (unsigned i = 0; is_gateway(target) && i < self->n; i++)
        have |= self->list[i].rights & ~RIGHTS_OF_GATEWAY;
    if (!is_gateway(target))
        have = grants_on(self, target);
    return (here & ~rights_named(self, GRANT_GATEWAY)) == 0 && (rights & ~here & ~have) == 0;
}

bool grants_see(const struct grants *self, const char *target)
{
    return grants_on(self, target) != 0;
}

void grants_cut(struct grants *self, const struct grants *scope)
{
    struct grants both = {0};
    for (unsigned i = 0; i < self->n; i++)
        grants_add(&both, self->list[i].target, self->list[i].rights & grants_on(scope, self->list[i].target));
    /* targets that the scope names, of somebody who has all */
    for (unsigned i = 0; i < scope->n; i++)
        grants_add(&both, scope->list[i].target, scope->list[i].rights & grants_on(self, scope->list[i].target));
    *self = both;
}

static bool covers(const struct grants *a, const struct grants *b)
{
    for (unsigned i = 0; i < b->n; i++)
        if (b->list[i].rights & ~grants_on(a, b->list[i].target))
            return false;
    return true;
}

bool grants_equal(const struct grants *a, const struct grants *b)
{
    return covers(a, b) && covers(b, a);
}
