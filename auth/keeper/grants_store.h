/* Grants in the store: those of users of the role Custom, and the scopes of API tokens. Callers hold the transaction.
 */
#pragma once

#include "auth/keeper/users.h"

/* What the user may do: the preset of its role, or what is listed for it. */
int user_grants(struct store *store, const struct user *user, struct grants *ret);
/* NULL: lists nothing any more. */
int user_grants_put(struct store *store, int64_t user_id, const struct grants *grants);

/* Of an API token; what is not listed is not in its scope. */
int token_grants(struct store *store, int64_t token_id, struct grants *ret);
int token_grants_put(struct store *store, int64_t token_id, const struct grants *grants);
