#include "tests/walls/secret.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

static bool is_here(const struct board_secret *secret, const uint8_t *at)
{
    for (uint32_t i = 0; i < secret->size; i++)
        if ((at[i] ^ BOARD_MASK) != secret->masked[i])
            return false;
    return true;
}

const char *secret_in(const struct board *board, const void *bytes, size_t size)
{
    for (size_t k = 0; k < ARRAY_SIZE(board->secrets); k++) {
        const struct board_secret *secret = &board->secrets[k];
        const uint8_t *at = bytes, *end = secret->size && secret->size <= size ? at + (size - secret->size + 1) : at;
        uint8_t first = secret->masked[0] ^ BOARD_MASK;
        while (at < end && (at = memchr(at, first, (size_t)(end - at)))) {
            if (is_here(secret, at))
                return secret->name;
            at++;
        }
    }
    return NULL;
}

void secret_plant(struct board *board, const char *name, const void *bytes, size_t size)
{
    for (size_t k = 0; k < ARRAY_SIZE(board->secrets); k++) {
        struct board_secret *secret = &board->secrets[k];
        if (secret->size)
            continue;
        snprintf(secret->name, sizeof secret->name, "%s", name);
        if (size > sizeof secret->masked)
            size = sizeof secret->masked;
        for (size_t i = 0; i < size; i++)
            secret->masked[i] = ((const uint8_t *)bytes)[i] ^ BOARD_MASK;
        secret->size = (uint32_t)size;
        return;
    }
}
