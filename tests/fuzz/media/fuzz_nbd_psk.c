/* The file of pre-shared keys, whatever is in it. */
#include <stdlib.h>
#include <string.h>

#include "media/nbd_psk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nbd_psks psks;
    const char *why = NULL;
    unsigned line = nbd_psks_parse((const char *)data, size, &psks, &why);
    if (!line != !why)
        abort();
    for (unsigned i = 0; !line && i < psks.n; i++) {
        const struct nbd_psk *psk = &psks.list[i];
        if (nbd_psks_find(&psks, psk->name) != psk || psk->key_size < NBD_PSK_KEY_MIN ||
            psk->key_size > NBD_PSK_KEY_MAX || strlen(psk->name) > NBD_PSK_NAME_MAX)
            abort();
    }
    return 0;
}
