/* The device key: 32 random bytes in `device.key` in the keeper's folder, made at the first start. What is secret and
 * must be kept (second factors, media, backups of this machine) is sealed by keys derived from it, so that destroying
 * this one file makes all of that unreadable for ever (factory reset). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_KEY_FILE "device.key"
#define DEVICE_KEY_SIZE 32

struct device_key {
    uint8_t bytes[DEVICE_KEY_SIZE];
};

/* Reads it, or makes it when there is none and nothing was ever sealed (the store is new). 0, or -errno with a sentence
 * in why: a store that has sealed things without its key is refused. */
int device_key_load(struct device_key *ret, bool store_is_new, char *why, size_t size);
void device_key_finish(struct device_key *self); /* wipes */

/* A key for one purpose: HKDF-SHA-256 (RFC 5869) with the label as info. */
int device_key_derive(const struct device_key *self, const char *label, uint8_t *ret, size_t size);

/* AES-256-GCM with a random nonce; bound: what the sealed bytes belong to ("totp 17"), so that one user's cannot be put
 * in another's place. room: size + DEVICE_SEAL_EXTRA bytes. 0, -EBADMSG (open: not sealed by this key, or for
 * something else), -EIO. */
#define DEVICE_SEAL_EXTRA 29 /* version, nonce, tag */
int device_key_seal(const struct device_key *self, const char *bound, const void *bytes, size_t size, uint8_t *room);
int device_key_open(const struct device_key *self, const char *bound, const uint8_t *sealed, size_t size, void *room);
