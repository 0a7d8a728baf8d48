/* REST bodies and queries: the first byte picks a route, a zero byte ends the query, the rest is the body. Every call
 * that is answered at once must be answered exactly once. */
#include "api/macros.h"
#include "tests/api_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    enum route_method method;
    const char *path;
} routes[] = {
    {ROUTE_POST, "/api/v1/targets/demo/power"},
    {ROUTE_PUT, "/api/v1/targets/demo/boot"},
    {ROUTE_POST, "/api/v1/targets/demo/drives/0/insert"},
    {ROUTE_POST, "/api/v1/targets/demo/drives/0/eject"},
    {ROUTE_POST, "/api/v1/targets/demo/keys"},
    {ROUTE_POST, "/api/v1/targets/demo/type"},
    {ROUTE_GET, "/api/v1/targets/demo/screenshot"},
    {ROUTE_GET, "/api/v1/targets/demo/screen-text"},
    {ROUTE_GET, "/api/v1/targets/demo"},
    {ROUTE_PUT, "/api/v1/targets/demo/edid"},
    {ROUTE_PUT, "/api/v1/targets/demo/usb"},
    {ROUTE_POST, "/api/v1/targets/demo/usb/accept-offer"},
    {ROUTE_POST, "/api/v1/targets/demo/seat"},
    {ROUTE_POST, "/api/v1/targets/demo/pointer"},
};

/* What stands in its steps is fuzzed where it is read (fuzz_macro.c). */
static int refuse_point(struct target *target, const struct api_gesture *gesture, char *why, size_t why_size)
{
    (void)target;
    snprintf(why, why_size, "%s is no list of steps.", json_is_array(gesture->steps) ? "This" : "That");
    return -EINVAL;
}

static json_t *nothing_runs(struct target *target)
{
    (void)target;
    return json_null();
}

static const struct api_macros_ops macros = {.running = nothing_runs, .point = refuse_point};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct api_fixture f;
    static bool ready;
    char query[200] = "";

    if (!ready && fixture_init(&f) < 0)
        abort();
    ready = true;
    f.api.macros = &macros;
    if (!size || size > ROUTE_MAX_BODY)
        return 0;
    size_t pick = *data++ % ARRAY_SIZE(routes), n = strnlen((const char *)data, --size);
    if (n < size && n < sizeof query) {
        memcpy(query, data, n);
        data += n + 1;
        size -= n + 1;
    }
    char *body = malloc(size + 1);
    if (!body)
        return 0;
    memcpy(body, data, size);
    body[size] = 0;
    f.target.seat = (struct seat){0};
    if (!fixture_call(&f, routes[pick].method, routes[pick].path, query, body, size) || !f.status)
        abort();
    free(body);
    /* nobody reads the audit lines: drop them so that the channel's queue stays empty */
    char sink[65536];
    while (recv(f.keeper_end, sink, sizeof sink, MSG_DONTWAIT) > 0)
        ;
    return 0;
}
