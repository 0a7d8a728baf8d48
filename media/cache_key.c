#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/attrs.h"
#include "media/block_sum.h"
#include "media/cache_internal.h"

/* The lowest bit of the last byte tells keys that come again from those that do not. */
#define LASTS 1u

bool cache_key_lasts(const struct cache_key *key)
{
    return key->bytes[CACHE_KEY_SIZE - 1] & LASTS;
}

void cache_key_make(const char *identity, const char *validator, const char *owner, struct cache_key *ret)
{
    const char *texts[] = {identity, validator, owner};
    uint64_t lengths[ARRAY_SIZE(texts)];
    struct sum_part parts[2 * ARRAY_SIZE(texts)];
    /* each with its length in front, so that no two lists of texts give the same bytes */
    for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *text = texts[i] ? texts[i] : "";
        lengths[i] = strlen(text);
        parts[2 * i] = (struct sum_part){&lengths[i], sizeof lengths[i]};
        parts[2 * i + 1] = (struct sum_part){text, strlen(text)};
    }
    bool lasts = validator && *validator && block_sum(parts, ARRAY_SIZE(parts), ret->bytes) == 0;
    if (!lasts && getrandom(ret->bytes, sizeof ret->bytes, 0) != (ssize_t)sizeof ret->bytes)
        abort(); /* a key that somebody else has would be worse */
    ret->bytes[CACHE_KEY_SIZE - 1] = (uint8_t)((ret->bytes[CACHE_KEY_SIZE - 1] & ~LASTS) | (lasts ? LASTS : 0));
}
