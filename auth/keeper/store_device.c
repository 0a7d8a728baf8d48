#include "auth/keeper/store_device.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define CHECK_NAME "device-key"
#define CHECK_SIZE 16

int store_device_key(struct store *self, struct device_key *ret, char *why, size_t size)
{
    uint8_t check[CHECK_SIZE], kept[CHECK_SIZE + 1];
    size_t n = 0;
    int has = store_meta_get(self, CHECK_NAME, kept, sizeof kept, &n);
    if (has < 0) {
        snprintf(why, size, "the store cannot be read (%s).", strerror(-has));
        return has;
    }
    int r = device_key_load(ret, has == 0, why, size);
    if (r < 0)
        return r;
    snprintf(why, size, "the store cannot be written: make room on the disk that holds the state folder.");
    r = device_key_derive(ret, "lightsout store check 1", check, sizeof check);
    if (r == 0 && has == 0) /* the file is on the disk by now: between the two the key is simply found again */
        r = store_meta_put(self, CHECK_NAME, check, sizeof check);
    if (r == 0 && has && (n != CHECK_SIZE || CRYPTO_memcmp(kept, check, CHECK_SIZE) != 0)) {
        snprintf(why, size,
                 "keeper/%s: not the key that the store was sealed with: put back the file that belongs to it, or give "
                 "up what is stored with lightsoutd --factory-reset.",
                 DEVICE_KEY_FILE);
        r = -EBADMSG;
    }
    if (r < 0)
        device_key_finish(ret);
    return r;
}
