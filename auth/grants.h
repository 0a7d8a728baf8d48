/* What somebody may do where: the rights of a session, and the scope of an API token. A role is a preset of grants; the
 * role Custom has what was listed for its user. Pure.
 *
 * A grant names a target, all targets ("*"), or the gateway itself (""). library and users are rights on the gateway;
 * configure and audit exist on the gateway and on a target, separately; the others belong to targets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/role.h"

#define GRANT_TARGET_MAX 64 /* with its NUL, as TARGET_NAME_MAX */
#define GRANTS_MAX 64
#define GRANT_ALL_TARGETS "*"
#define GRANT_GATEWAY ""

#define RIGHTS_OF_GATEWAY (RIGHT_LIBRARY | RIGHT_CONFIGURE | RIGHT_USERS | RIGHT_AUDIT)
#define RIGHTS_OF_TARGET                                                                                               \
    (RIGHT_VIEW | RIGHT_INPUT | RIGHT_MEDIA | RIGHT_POWER | RIGHT_SERIAL | RIGHT_CONFIGURE | RIGHT_AUDIT)
#define RIGHTS_ALL (RIGHTS_OF_GATEWAY | RIGHTS_OF_TARGET)

struct grant {
    char target[GRANT_TARGET_MAX];
    uint32_t rights; /* enum auth_right bits, never 0 */
};

struct grants {
    struct grant list[GRANTS_MAX];
    unsigned n;
};

/* What a role gives: two grants, on all targets and on the gateway. Custom and None give nothing. */
void grants_of_role(struct grants *self, enum auth_role role);

/* Adds the rights to those of the target, as far as it can have them. False: no room, or the name is too long. */
bool grants_add(struct grants *self, const char *target, uint32_t rights);

/* Every one of the rights. target NULL or "": rights of the gateway must be granted there; a right of targets is enough
 * on any of them, because what is asked then belongs to no target in particular (the list of images, say). With a
 * target: library and users are looked up on the gateway, all others on that target or on "*". */
bool grants_allow(const struct grants *self, uint32_t rights, const char *target);

/* Whether the target exists for its holder: any right on it. */
bool grants_see(const struct grants *self, const char *target);

/* All rights on the target ("" the gateway), those through "*" included. */
uint32_t grants_on(const struct grants *self, const char *target);

/* What both allow: a token's scope cuts what its user has at the moment. */
void grants_cut(struct grants *self, const struct grants *scope);

bool grants_equal(const struct grants *a, const struct grants *b); /* allow the same */

/* "view", "input" and so on; NULL when it is not exactly one right. */
const char *right_name(uint32_t right);
bool right_parse(const char *word, uint32_t *ret);
