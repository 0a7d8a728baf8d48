/* Answers of the kernel's nbd driver. The input stands alone in memory, so that a read behind its end is seen. */
#include <stdlib.h>
#include <string.h>

#include "media/nbd_netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nbd_netlink_answer answer = {.done = false};
    uint8_t *alone = malloc(size ? size : 1);
    if (!alone)
        return 0;
    if (size)
        memcpy(alone, data, size);
    if (nbd_netlink_read(alone, size, 1, &answer) && answer.done && answer.error > 0)
        abort(); /* the caller takes a positive number for success */
    free(alone);
    return 0;
}
