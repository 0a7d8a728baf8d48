/* A datagram from another of our processes, then its body read as strings and numbers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct ipc_message message;
    char room[48];

    if (ipc_parse(bytes, size, &message) < 0)
        return 0;
    if (message.body_size > IPC_MAX_BODY || message.n_fds > IPC_MAX_FDS)
        abort();
    struct wire_reader r = wire_reader_init(message.body, message.body_size);
    while (!r.bad && r.left > 0) {
        size_t left = r.left, wanted = 1 + wire_read_u8(&r) % sizeof(room);
        if (ipc_read_string(&r, room, wanted) && strlen(room) >= wanted)
            abort();
        if (!r.bad && r.left >= left)
            abort();
    }
    return 0;
}
