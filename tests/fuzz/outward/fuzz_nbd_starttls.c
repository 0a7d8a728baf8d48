/* What a server says before TLS, in pieces: no more is asked for than there is room, and TLS is agreed upon only by
 * the one answer that means it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/outward/nbd_starttls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t agreed[] = {0, 3, 0xe8, 0x89, 4, 0x55, 0x65, 0xa9, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0};
    struct nbd_starttls self = {.have = 0};
    size_t piece = size ? data[0] % 21u + 1 : 1, at = 1;
    int event = NBD_STARTTLS_MORE;
    while (at < size && event >= 0 && event != NBD_STARTTLS_AGREED) {
        size_t fits;
        const char *why = NULL;
        uint8_t words[NBD_STARTTLS_SIZE];
        uint8_t *room = nbd_starttls_room(&self, &fits);
        if (fits == 0 || room < self.room || room + fits > self.room + sizeof self.room)
            abort();
        fits = fits < piece ? fits : piece;
        fits = fits < size - at ? fits : size - at;
        memcpy(room, data + at, fits);
        at += fits;
        event = nbd_starttls_filled(&self, fits, &why);
        if (event < 0 && !why)
            abort();
        if (event == NBD_STARTTLS_SAY)
            nbd_starttls_words(&self, words);
        if (event == NBD_STARTTLS_AGREED &&
            (at != 1 + NBD_GREETING_SIZE + sizeof agreed || memcmp(data + at - sizeof agreed, agreed, sizeof agreed)))
            abort();
    }
    return 0;
}
