/* Build tool: merge_messages OUTPUT.json ENGLISH.json... -- OTHER.json... writes one object of all messages, sorted by
 * key: English first, the language's own over it. A key that stands twice, or in the language alone, is a mistake. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *read_object(const char *path)
{
    json_error_t error;
    json_t *object = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!object || !json_is_object(object)) {
        fprintf(stderr, "merge_messages: %s:%d: %s\n", path, object ? 1 : error.line,
                object ? "no object" : error.text);
        json_decref(object);
        return NULL;
    }
    return object;
}

/* What the gateway refuses it says itself in English: other languages alone have words for that. */
#define REFUSAL "error."

/* known: NULL, or what the keys must be among. */
static int add_file(json_t *all, const char *path, json_t *known)
{
    json_t *object = read_object(path);
    const char *key;
    json_t *value;
    int r = object ? 0 : -1;
    json_object_foreach(object, key, value)
    {
        if (json_object_get(all, key)) {
            fprintf(stderr, "merge_messages: %s: '%s' stands in another file too\n", path, key);
            r = -1;
        } else if (known && !json_object_get(known, key) && strncmp(key, REFUSAL, strlen(REFUSAL)) != 0) {
            fprintf(stderr, "merge_messages: %s: '%s' is not there in English\n", path, key);
            r = -1;
        } else if (!json_is_string(value) && !json_is_object(value)) {
            fprintf(stderr, "merge_messages: %s: '%s' is neither text nor the forms of a plural\n", path, key);
            r = -1;
        } else {
            json_object_set(all, key, value);
        }
    }
    json_decref(object);
    return r;
}

int main(int argc, char **argv)
{
    json_t *english = json_object(), *own = json_object();
    int r = argc > 2 && english && own ? 0 : -1, i = 2;

    for (; r == 0 && i < argc && strcmp(argv[i], "--") != 0; i++)
        r = add_file(english, argv[i], NULL);
    for (i++; r == 0 && i < argc; i++)
        /* the English files of English itself stand on both sides */
        r = add_file(own, argv[i], english);
    if (r == 0)
        r = json_object_update(english, own);
    if (r == 0)
        r = json_dump_file(english, argv[1], JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(english);
    json_decref(own);
    if (r != 0)
        remove(argv[1]);
    return r != 0;
}
