/* The session cookie's text. SameSite=Strict keeps it out of every request that another site starts; HttpOnly keeps it
 * from scripts, so that a hole in the page does not give the session away. It has no Max-Age: the keeper says when a
 * session ends, and the browser forgets the cookie with its own session. */
#include "core/route.h"

#include <stdio.h>
#include <string.h>

#define COOKIE_ATTRIBUTES "; Secure; HttpOnly; SameSite=Strict"
#define DEVICE_LIFE_S (90 * 86400) /* as the keeper remembers it */

static void set_cookie(struct route_call *call, const char *name, const char *below, const char *value, long life_s)
{
    const char *base = call->base ? call->base : "";
    if (call->local)
        return;
    char text[320], life[32] = "";
    if (life_s >= 0)
        snprintf(life, sizeof life, "; Max-Age=%ld", life_s);
    int n = snprintf(text, sizeof text, "%s=%s; Path=%s/%s" COOKIE_ATTRIBUTES, *base ? below : name, value, base, life);
    assert(n > 0 && (size_t)n < sizeof text);
    if (n > 0 && (size_t)n < sizeof text)
        route_reply_header(call, "Set-Cookie", text);
    explicit_bzero(text, sizeof text);
}

void route_set_session_cookie(struct route_call *call, const char *token)
{
    set_cookie(call, ROUTE_COOKIE, ROUTE_COOKIE_BELOW, token ? token : "", token ? -1 : 0);
}

void route_set_device_cookie(struct route_call *call, const char *token)
{
    set_cookie(call, ROUTE_DEVICE_COOKIE, ROUTE_DEVICE_COOKIE_BELOW, token, DEVICE_LIFE_S);
}
