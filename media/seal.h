/* Sealing of what is kept of users' blocks on our own disk: AES-256-XTS (IEEE 1619; NIST SP 800-38E), a key for each
 * file, made by HKDF-SHA-256 (RFC 5869) from the media key and the file's own random id, which stands in its head. The
 * media key comes from the keeper at each start and hangs on the device key: without that, the files are noise.
 *
 * XTS hides and does not vouch: who can write to a sealed file can put older blocks back or turn blocks into noise.
 * What has to be noticed has a check of its own (media/cache_index.h). Any thread; several may use one seal at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_SIZE 32
#define SEAL_ID_SIZE 16
#define SEAL_CHECK_SIZE 16
#define SEAL_SECRET_SIZE 32
#define SEAL_SECTOR 4096u
#define SEAL_UNIT 16u /* what is sealed has a multiple of this many bytes */

struct seal_key {
    uint8_t bytes[SEAL_KEY_SIZE];
};

struct seal;

/* purpose: what kind of file, so that one kind is never read as another. id: the file's. -ENOMEM, -EIO. */
int seal_create(const struct seal_key *key, const char *purpose, const uint8_t id[SEAL_ID_SIZE], struct seal **ret);
struct seal *seal_destroy(struct seal *self); /* wipes; NULL allowed; returns NULL */

/* Stands in the file's head: whether this is the key that it was sealed with. */
const uint8_t *seal_check(const struct seal *self);
/* For checks that nobody else can make up. */
const uint8_t *seal_secret(const struct seal *self);

/* Sectors of `sector` bytes from number `first` on, of which the last one may be shorter; lengths are multiples of
 * SEAL_UNIT. in may be out. -EINVAL, -EIO. */
int seal_close_sectors(const struct seal *self, size_t sector, uint64_t first, const void *in, void *out,
                       size_t length);
int seal_open_sectors(const struct seal *self, size_t sector, uint64_t first, const void *in, void *out, size_t length);
