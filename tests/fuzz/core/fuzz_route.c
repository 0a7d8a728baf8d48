/* A request line: path and query, cut at the first '?'. What matches must be text that may be shown. Or a range, whose
 * bytes must be there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/route.h"
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct route routes[] = {
    {.path = "/api/v1/targets"},
    {.path = "/api/v1/targets/{target}/drives/{drive}"},
    {.path = "/{a}/{b}/{c}/{d}"},
    {.path = "/{a}/"},
};

static void check_param(const char *param)
{
    size_t size = strlen(param);

    if (size == 0 || strchr(param, '/'))
        abort();
    while (size > 0) {
        size_t n = utf8_printable(param, size);
        if (n == 0)
            abort();
        param += n;
        size -= n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *line = malloc(size + 1), *room, value[32];

    if (!line)
        return 0;
    memcpy(line, bytes, size);
    line[size] = 0;
    char *question = strchr(line, '?');
    if (question)
        *question = 0;

    room = malloc(strlen(line) + 1); /* exactly what the header promises to be enough */
    for (size_t i = 0; room && i < ARRAY_SIZE(routes); i++) {
        char *params[ROUTE_MAX_PARAMS];
        if (!route_match(&routes[i], line, room, params))
            continue;
        for (int p = 0; p < ROUTE_MAX_PARAMS && params[p]; p++)
            check_param(params[p]);
    }
    struct route_call call = {.query = question ? question + 1 : ""};
    if (route_query(&call, "name", value, sizeof(value)) && strlen(value) >= sizeof(value))
        abort();
    uint64_t first, last;
    for (uint64_t length = 0; length < 2000; length = length * 3 + 1)
        if (route_range(line, length, &first, &last) > 0 && (first > last || last >= length))
            abort();
    free(room);
    free(line);
    return 0;
}
