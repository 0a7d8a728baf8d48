#include "gateway/macros/macro_notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "gateway/macros/macro.h"
#include "gateway/macros/macros.h"
#include "gateway/note_file.h"

static bool is_macro(const char *name, json_t *json)
{
    char why[240];
    struct macro *macro = NULL;
    if (!macro_name_is_good(name) || macro_compile(json, &macro, why, sizeof why) < 0)
        return false;
    macro_free(macro);
    return true;
}

json_t *macro_notes_parse(const char *text, size_t size)
{
    json_t *all = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL), *good = json_object();
    const char *name;
    json_t *macro;
    if (json_is_object(all))
        json_object_foreach(all, name, macro) if (good && json_object_size(good) < MACROS_MAX && is_macro(name, macro))
            json_object_set(good, name, macro);
    json_decref(all);
    return good;
}

json_t *macro_notes_load(const char *path)
{
    _cleanup_free_ char *text = malloc(MACROS_BYTES + 1);
    if (!text)
        return NULL;
    note_file_load(path, text, MACROS_BYTES + 1);
    size_t size = strlen(text);
    json_t *all = macro_notes_parse(text, size);
    explicit_bzero(text, size); /* texts of macros may be passwords */
    return all;
}

int macro_notes_save(const char *path, const json_t *macros)
{
    _cleanup_free_ char *text = json_dumps(macros, JSON_COMPACT);
    size_t size = text ? strlen(text) : 0;
    if (!text)
        return -ENOMEM;
    int r = size >= MACROS_BYTES ? -E2BIG : note_file_save(path, text, size, false);
    explicit_bzero(text, size);
    return r;
}
