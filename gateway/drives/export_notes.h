/* The grants of exports on disk: one line each, fields between tabs, which none of them can hold. Pure, but for load
 * and save. */
#pragma once

#include "api/exports.h"

struct export_notes {
    struct api_export list[API_EXPORTS_MAX];
    size_t n;
};

/* NULL: fine; else a sentence that names the field. */
const char *export_mistake(const struct api_export *export);

/* Lines that make no sense, or repeat a name, are left out. */
void export_notes_parse(const char *text, struct export_notes *ret);
int export_notes_print(const struct export_notes *notes, char *room, size_t size); /* bytes, or -ENOSPC */

void export_notes_load(const char *path, struct export_notes *ret); /* a missing file gives none */
int export_notes_save(const char *path, const struct export_notes *notes);
