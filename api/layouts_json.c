#include "api/layouts_json.h"

#include "core/utf8.h"
#include "usbgadget/layout.h"

static const char *const kind_words[] = {[LAYOUT_ANSI] = "ansi", [LAYOUT_ISO] = "iso", [LAYOUT_JIS] = "jis"};

static json_t *summary(const struct layout *layout)
{
    return json_pack("{s:s, s:s, s:s, s:b}", "name", layout->name, "title", layout->title, "kind",
                     kind_words[layout->kind], "latin", layout->latin);
}

static json_t *character(uint32_t c)
{
    char text[4];
    size_t n = utf8_write(text, c);
    return json_stringn(text, n);
}

static json_t *legend(uint32_t symbol)
{
    if (!symbol)
        return json_null();
    return symbol < LAYOUT_DEAD ? character(symbol) : json_pack("{s:o}", "dead", character(layout_dead_accent(symbol)));
}

static json_t *key(const struct layout *layout, unsigned k)
{
    json_t *levels = json_array();
    unsigned n = LAYOUT_LEVELS;
    while (n && !layout_symbol(layout, k, n - 1))
        n--;
    for (unsigned level = 0; level < n; level++)
        json_array_append_new(levels, legend(layout_symbol(layout, k, level)));
    return json_pack("{s:i, s:o}", "usage", (int)layout_usage(k), "levels", levels);
}

static json_t *usage_or_null(uint8_t usage)
{
    return usage ? json_integer(usage) : json_null();
}

static json_t *whole(const struct layout *layout)
{
    json_t *json = summary(layout), *keys = json_array();
    for (unsigned k = 0; k < LAYOUT_KEYS; k++)
        json_array_append_new(keys, key(layout, k));
    json_object_set_new(json, "level3", usage_or_null(layout->level3));
    json_object_set_new(json, "level5", usage_or_null(layout->level5));
    json_object_set_new(json, "keys", keys);
    return json;
}

json_t *layouts_json(const char *name)
{
    if (name) {
        const struct layout *layout = layout_find(name);
        return layout ? whole(layout) : NULL;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < layout_count(); i++)
        json_array_append_new(list, summary(layout_at(i)));
    return json_pack("{s:o}", "layouts", list);
}
