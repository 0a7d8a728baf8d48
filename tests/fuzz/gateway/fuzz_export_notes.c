/* Notes of exports from the disk: what is taken in is a grant as one may be asked for, no name twice, and it comes back
 * the same when it is printed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/drives/export_notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct export_notes *notes)
{
    if (notes->n > API_EXPORTS_MAX)
        abort();
    for (size_t i = 0; i < notes->n; i++) {
        if (export_mistake(&notes->list[i]))
            abort();
        for (size_t k = 0; k < i; k++)
            if (strcmp(notes->list[i].name, notes->list[k].name) == 0)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct export_notes notes, again;
    static char printed[API_EXPORTS_MAX * 600];
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    export_notes_parse(text, &notes);
    free(text);
    check(&notes);
    if (export_notes_print(&notes, printed, sizeof printed) < 0)
        abort();
    export_notes_parse(printed, &again);
    if (again.n != notes.n)
        abort();
    for (size_t i = 0; i < notes.n; i++)
        if (strcmp(notes.list[i].name, again.list[i].name) != 0 ||
            strcmp(notes.list[i].image, again.list[i].image) != 0 ||
            strcmp(notes.list[i].identity, again.list[i].identity) != 0 ||
            notes.list[i].read_only != again.list[i].read_only)
            abort();
    return 0;
}
