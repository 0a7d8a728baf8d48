/* The session cookie's text. SameSite=Strict keeps it out of every request that another site starts; HttpOnly keeps it
 * from scripts, so that a hole in the page does not give the session away. It has no Max-Age: the keeper says when a
 * session ends, and the browser forgets the cookie with its own session. */
#include "core/route.h"

#include <stdio.h>

#define COOKIE_ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Strict"

void route_set_session_cookie(struct route_call *call, const char *token)
{
    if (call->local)
        return;
    char value[160];
    int n = token ? snprintf(value, sizeof value, ROUTE_COOKIE "=%s" COOKIE_ATTRIBUTES, token)
                  : snprintf(value, sizeof value, ROUTE_COOKIE "=; Max-Age=0" COOKIE_ATTRIBUTES);
    assert(n > 0 && (size_t)n < sizeof value);
    if (n > 0 && (size_t)n < sizeof value)
        route_reply_header(call, "Set-Cookie", value);
}
