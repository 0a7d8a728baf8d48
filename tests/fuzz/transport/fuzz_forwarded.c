/* X-Forwarded-For as anybody may send it: what comes out is an address in its usual form, or nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool trusts(const void *context, const uint8_t address[FORWARDED_BYTES])
{
    (void)context;
    return address[12] == 10 || address[0] == 0xfd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char header[8192], room[FORWARDED_TEXT];
    uint8_t address[FORWARDED_BYTES];
    if (size >= sizeof header)
        return 0;
    memcpy(header, data, size);
    header[size] = 0;
    if (forwarded_client(header, trusts, NULL, room) && (!forwarded_parse(room, address) || trusts(NULL, address)))
        abort();
    return 0;
}
