/* Prints csc_digest of each conversion as the gateway computes it: matrix.mjs compares the page's module with it. */
#include <inttypes.h>
#include <stdio.h>

#include "video/csc.h"

int main(void)
{
    for (unsigned colour = COLOUR_BT601_LIMITED; colour < COLOUR_COUNT; colour++)
        printf("%u %016" PRIx64 "\n", colour, csc_digest(colour));
    return 0;
}
