#include "api/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (!strcmp(key, *known))
            return true;
    return false;
}

json_t *api_body(struct route_call *call, const char *const *known)
{
    json_error_t error;
    const char *key;
    json_t *value;

    if (!call->body_size)
        return json_object();
    json_t *body = json_loadb((const char *)call->body, call->body_size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(body)) {
        json_decref(body);
        route_reply_error(call, 400, "bad-json", "The body is not a JSON object (line %d: %s).", body ? 1 : error.line,
                          body ? "another type" : error.text);
        return NULL;
    }
    json_object_foreach(body, key, value)
    {
        if (is_known(key, known))
            continue;
        route_reply_error(call, 400, "unknown-key", "The body has an unknown key '%.64s'.", key);
        json_decref(body);
        return NULL;
    }
    return body;
}

bool api_string(struct route_call *call, json_t *body, const char *key, bool required, const char **ret)
{
    json_t *value = json_object_get(body, key);

    if (!value && !required)
        return true;
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value)) {
        route_reply_error(call, 400, value ? "bad-value" : "missing-key", "'%s' must be a string%s.", key,
                          value ? "" : " and is required");
        return false;
    }
    *ret = json_string_value(value);
    return true;
}

bool api_bool(struct route_call *call, json_t *body, const char *key, bool *ret)
{
    json_t *value = json_object_get(body, key);

    if (!value)
        return true;
    if (!json_is_boolean(value)) {
        route_reply_error(call, 400, "bad-value", "'%s' must be true or false.", key);
        return false;
    }
    *ret = json_is_true(value);
    return true;
}

static void reply_text(struct route_call *call, int status, char *text)
{
    if (!text) {
        route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return;
    }
    route_reply(call, status, "application/json", text, strlen(text));
    explicit_bzero(text, strlen(text));
    free(text);
}

void api_reply_json(struct route_call *call, int status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    reply_text(call, status, text);
}

/* FNV-1a: a collision costs one poll that says nothing new. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3ull;
    return hash;
}

void api_reply_tagged_json(struct route_call *call, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL, tag[24];

    json_decref(json);
    snprintf(tag, sizeof tag, "\"%016llx\"", text ? (unsigned long long)hash_of(text) : 0);
    route_reply_header(call, "ETag", tag);
    reply_text(call, 200, text);
}

json_t *api_text(const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    size_t size = strlen(text), n = 0;
    char *clean = malloc(size * 3 + 1);

    for (size_t i = 0; clean && i < size;) {
        size_t length = utf8_sequence(text + i, size - i);
        memcpy(clean + n, length ? text + i : replacement, length ? length : 3);
        n += length ? length : 3;
        i += length ? length : 1;
    }
    json_t *json = clean ? json_stringn(clean, n) : NULL;
    free(clean);
    return json;
}
