/* The state of an upload and the facts of an image, as they are read back from the disk: what is accepted holds
 * together, and is the same when it is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "media/library_entry.h"
#include "media/library_record.h"
#include "media/upload_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void upload(const char *text, size_t size)
{
    struct upload_record record, again;
    struct field_writer fields;
    char name[256];
    if (upload_record_parse(text, size, &record) < 0)
        return;
    if (!library_name_visible(record.given) || record.offset > record.size)
        abort();
    for (int unpacked = 0; unpacked < 2; unpacked++) {
        upload_record_name(&record, unpacked, name);
        if (!library_name_visible(name))
            abort();
    }
    upload_record_write(&record, &fields);
    if (fields.full || upload_record_parse(fields.text, fields.size, &again) < 0 || again.size != record.size ||
        again.phase != record.phase || strcmp(again.given, record.given) != 0 || strcmp(again.why, record.why) != 0)
        abort();
}

static void facts(const char *text, size_t size)
{
    struct library_record record, again;
    struct field_writer fields;
    if (library_record_parse(text, size, &record) < 0)
        return;
    library_record_write(&record, &fields);
    if (fields.full || library_record_parse(fields.text, fields.size, &again) < 0 || again.written != record.written ||
        again.facts.image.n_ranges != record.facts.image.n_ranges ||
        strcmp(again.facts.sha256, record.facts.sha256) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FIELD_FILE_SIZE)
        return 0;
    char *text = malloc(size ? size : 1); /* of its very size: reading behind it is seen */
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    upload(text, size);
    facts(text, size);
    free(text);
    return 0;
}
