/* Roles (the three of Redfish, and Custom, whose rights are listed user by user: auth/grants.h) and the rights they
 * carry. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum auth_right {
    RIGHT_VIEW = 1 << 0,    /* everything derived from pixels, thumbnails included */
    RIGHT_INPUT = 1 << 1,   /* keyboard, pointer, typing */
    RIGHT_MEDIA = 1 << 2,   /* insert and eject */
    RIGHT_LIBRARY = 1 << 3, /* change the image library */
    RIGHT_POWER = 1 << 4,
    RIGHT_SERIAL = 1 << 5,
    RIGHT_CONFIGURE = 1 << 6,
    RIGHT_USERS = 1 << 7,
    RIGHT_AUDIT = 1 << 8,
};

enum auth_role { ROLE_NONE, ROLE_READ_ONLY, ROLE_OPERATOR, ROLE_ADMINISTRATOR, ROLE_CUSTOM };

const char *role_name(enum auth_role role); /* "ReadOnly", "Operator", "Administrator", "Custom" */
bool role_parse(const char *word, enum auth_role *ret);
uint32_t role_rights(enum auth_role role); /* 0 of ROLE_CUSTOM */
