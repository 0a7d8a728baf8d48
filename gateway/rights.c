/* The one place where a session's rights are checked, for REST, consoles and everything else. */
#include "gateway/gateway.h"

bool gateway_may(void *context, const struct auth_session *session, uint32_t rights, const char *target)
{
    (void)context;
    return auth_session_may(session, rights, target);
}
