#include "api/grants_json.h"

#include "api/json.h"

json_t *api_rights_json(uint32_t rights)
{
    json_t *list = json_array();
    for (uint32_t right = 1; right && right <= rights; right <<= 1)
        if (rights & right && right_name(right))
            json_array_append_new(list, json_string(right_name(right)));
    return list;
}

json_t *api_grants_json(const struct grants *grants)
{
    json_t *list = json_array();
    for (unsigned i = 0; grants && i < grants->n; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "target", grants->list[i].target, "rights",
                                              api_rights_json(grants->list[i].rights)));
    return list;
}

static bool refuse(struct route_call *call, const char *key, const char *what)
{
    route_reply_error(
        call, 400, "bad-value",
        "'%s' must be a list of {\"target\":NAME, \"rights\":[...]}, where NAME is a target, \"*\" for all of "
        "them or \"\" for the gateway: %s.",
        key, what);
    return false;
}

static bool read_rights(struct route_call *call, const char *key, json_t *list, uint32_t *ret)
{
    json_t *word;
    size_t i;
    uint32_t rights = 0;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return refuse(call, key, "a grant without rights");
    json_array_foreach(list, i, word)
    {
        uint32_t right;
        if (!json_is_string(word) || !right_parse(json_string_value(word), &right))
            return refuse(call, key,
                          "rights are view, input, media, library, power, serial, configure, users and audit");
        rights |= right;
    }
    *ret = rights;
    return true;
}

static bool read_grant(struct route_call *call, const char *key, json_t *item, struct grants *into)
{
    json_t *name = json_object_get(item, "target");
    const char *target = json_string_value(name);
    uint32_t rights;

    if (!target || json_string_length(name) >= GRANT_TARGET_MAX || json_object_size(item) != 2)
        return refuse(call, key, "a grant without a target, or with more than target and rights");
    if (!read_rights(call, key, json_object_get(item, "rights"), &rights))
        return false;
    if (rights & ~(*target ? RIGHTS_OF_TARGET : RIGHTS_OF_GATEWAY))
        return refuse(call, key,
                      "library and users are rights on the gateway; view, input, media, power and serial on targets");
    return grants_add(into, target, rights) || refuse(call, key, "too many targets");
}

int api_grants(struct route_call *call, json_t *body, const char *key, struct grants *ret)
{
    json_t *list = json_object_get(body, key), *item;
    size_t i;

    if (!list || json_is_null(list))
        return 0;
    *ret = (struct grants){0};
    if (!json_is_array(list)) {
        refuse(call, key, "it is no list");
        return -1;
    }
    json_array_foreach(list, i, item) if (!read_grant(call, key, item, ret)) return -1;
    return 1;
}
