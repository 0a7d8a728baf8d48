/* Any bytes as the file of a firmware: what is unpacked is there to its last byte, and nothing else happens. */
#include <stdlib.h>

#include "gateway/pictures/firmware_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *image = NULL;
    size_t unpacked = 0;
    if (firmware_image_unpack(data, size, &image, &unpacked) < 0)
        return 0;
    volatile uint8_t last = ((const uint8_t *)image)[unpacked - 1];
    (void)last;
    free(image);
    return 0;
}
