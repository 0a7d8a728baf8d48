#include "media/block_sum.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>

int block_sum(const struct sum_part *parts, unsigned n, uint8_t ret[BLOCK_SUM_SIZE])
{
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    bool good = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL) == 1;
    for (unsigned i = 0; good && i < n; i++)
        good = EVP_DigestUpdate(sum, parts[i].bytes, parts[i].size) == 1;
    good = good && EVP_DigestFinal_ex(sum, ret, NULL) == 1;
    EVP_MD_CTX_free(sum);
    return good ? 0 : -ENOMEM;
}
