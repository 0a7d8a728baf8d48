/* What a monitor may send: any bytes, in pieces of any size, and what the driver reads out of the messages. */
#include <stdlib.h>

#include "core/attrs.h"
#include "machines/qemu/drive_commands.h"
#include "machines/qemu/qmp_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_message(void *data, const struct qmp_message *message)
{
    const struct drive_names *names = data;
    struct drive_found found;
    if ((message->kind == QMP_EVENT || message->kind == QMP_ERROR) && !message->text)
        abort();
    drive_commands_find(names, message->body, &found);
    if (found.has_medium && found.device == DRIVE_DEVICE_NONE)
        abort();
    return message->id != 666;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct drive_names names;
    struct qmp_stream stream;
    const char *why = NULL;
    if (size < 1)
        return 0;
    size_t piece = 1 + data[0] % 64;
    drive_names_init(&names, 0, "/run/nbd.sock", 1);
    qmp_stream_init(&stream);
    for (size_t at = 1; at < size; at += piece)
        if (qmp_stream_feed(&stream, data + at, MIN(piece, size - at), on_message, &names, &why) < 0)
            break;
    qmp_stream_finish(&stream);
    return 0;
}
