/* The header Upload-Metadata of anybody: what is accepted fits, and is text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/upload_metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct upload_metadata metadata;
    const char *why = NULL;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (upload_metadata_parse(text, &metadata, &why)) {
        if (strlen(metadata.filename) >= sizeof metadata.filename ||
            strlen(metadata.folder) >= sizeof metadata.folder || strlen(metadata.sha256) >= sizeof metadata.sha256)
            abort();
    } else if (!why) {
        abort();
    }
    free(text);
    return 0;
}
