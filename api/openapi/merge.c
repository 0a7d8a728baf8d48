/* Build tool: merge_openapi OUTPUT.json PART.json... puts the parts of the API's description into one OpenAPI 3.1
 * document. Objects are joined, lists one behind the other; anything else that stands in two parts is a mistake, and so
 * is a path's method, a schema or a tag that does. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define DEPTH 2 /* "/paths/PATH" and "/components/schemas" are joined; what stands below them stands once */

static int join(json_t *into, json_t *part, int depth, const char *file)
{
    const char *key;
    json_t *value;
    int r = 0;

    json_object_foreach(part, key, value)
    {
        json_t *there = json_object_get(into, key);
        if (!there) {
            json_object_set_new(into, key, json_deep_copy(value));
        } else if (depth < DEPTH && json_is_object(there) && json_is_object(value)) {
            r |= join(there, value, depth + 1, file);
        } else if (depth == 0 && json_is_array(there) && json_is_array(value)) {
            r |= json_array_extend(there, value);
        } else {
            fprintf(stderr, "merge_openapi: %s: '%s' stands in another part too\n", file, key);
            r = -1;
        }
    }
    return r;
}

int main(int argc, char **argv)
{
    json_t *all = json_object();
    int r = argc > 2 && all ? 0 : -1;

    for (int i = 2; r == 0 && i < argc; i++) {
        json_error_t error;
        json_t *part = json_load_file(argv[i], JSON_REJECT_DUPLICATES, &error);
        if (!part)
            fprintf(stderr, "merge_openapi: %s:%d: %s\n", argv[i], error.line, error.text);
        r = part ? join(all, part, 0, argv[i]) : -1;
        json_decref(part);
    }
    if (r == 0)
        r = json_dump_file(all, argv[1], JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(all);
    if (r != 0)
        remove(argv[1]);
    return r != 0;
}
