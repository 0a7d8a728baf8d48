#include "auth/role.h"

#include <stddef.h>
#include <string.h>

#include "core/attrs.h"

#define READ_ONLY_RIGHTS RIGHT_VIEW
#define OPERATOR_RIGHTS (READ_ONLY_RIGHTS | RIGHT_INPUT | RIGHT_MEDIA | RIGHT_LIBRARY | RIGHT_POWER | RIGHT_SERIAL)
#define ADMINISTRATOR_RIGHTS (OPERATOR_RIGHTS | RIGHT_CONFIGURE | RIGHT_USERS | RIGHT_AUDIT)

static const struct {
    const char *name;
    uint32_t rights;
} roles[] = {
    [ROLE_NONE] = {"None", 0},
    [ROLE_READ_ONLY] = {"ReadOnly", READ_ONLY_RIGHTS},
    [ROLE_OPERATOR] = {"Operator", OPERATOR_RIGHTS},
    [ROLE_ADMINISTRATOR] = {"Administrator", ADMINISTRATOR_RIGHTS},
    [ROLE_CUSTOM] = {"Custom", 0},
};

const char *role_name(enum auth_role role)
{
    return (unsigned)role < ARRAY_SIZE(roles) ? roles[role].name : roles[ROLE_NONE].name;
}

bool role_parse(const char *word, enum auth_role *ret)
{
    for (unsigned i = ROLE_READ_ONLY; i < ARRAY_SIZE(roles); i++)
        if (strcmp(word, roles[i].name) == 0) {
            *ret = (enum auth_role)i;
            return true;
        }
    return false;
}

uint32_t role_rights(enum auth_role role)
{
    return (unsigned)role < ARRAY_SIZE(roles) ? roles[role].rights : 0;
}
