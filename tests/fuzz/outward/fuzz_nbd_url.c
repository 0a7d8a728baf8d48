/* URLs of NBD exports: what is accepted holds no control characters where a resolver reads, and fits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/outward/address_policy.h"
#include "media/outward/nbd_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nbd_url url;
    struct address_network network;
    const char *why = NULL;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (nbd_url_parse(text, &url, &why)) {
        if (!url.host[0] || strlen(url.host) >= sizeof url.host || strlen(url.port) >= sizeof url.port ||
            strlen(url.export) >= sizeof url.export || url.port[strspn(url.port, "0123456789")])
            abort();
        for (const char *c = url.host; *c; c++)
            if ((unsigned char)*c <= ' ')
                abort();
    } else if (!why) {
        abort();
    }
    if (address_network_parse(text, &network) && network.bits > 128)
        abort();
    free(text);
    return 0;
}
