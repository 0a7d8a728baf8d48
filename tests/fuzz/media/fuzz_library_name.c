/* Names of images: what is called plain is one printable component. */
#include <stdlib.h>
#include <string.h>

#include "media/library_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *name = malloc(size + 1);
    if (!name)
        return 0;
    memcpy(name, data, size);
    name[size] = 0;
    if (library_name_plain(name)) {
        size_t length = strlen(name);
        if (!length || length > 255 || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
            abort();
        for (size_t i = 0; i < length; i++)
            if ((unsigned char)name[i] < 32 || name[i] == 127)
                abort();
    }
    free(name);
    return 0;
}
