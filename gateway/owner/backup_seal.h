/* The file of a backup: a stream of bytes sealed by a passphrase. The key comes of scrypt (RFC 7914), N = 2^17, r = 8,
 * p = 1 (128 MiB and about half a second a try); the bytes are in chunks of 64 KiB, each sealed by AES-256-GCM with its
 * number and whether it is the last one, so that a file that was cut, put together anew or changed by one bit is
 * refused. The head is authenticated with each chunk.
 *
 *   head     16 bytes word, le32 log2 of N, le32 r, le32 p, 16 bytes salt, 16 bytes check of the key, zeros up to 64
 *   chunk    le32 size, highest bit: the last one; sealed bytes; 16 bytes tag
 *
 * It blocks. Any thread, one at a time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BACKUP_PASSPHRASE_LEAST 12
#define BACKUP_PASSPHRASE_MAX 1024

struct backup_seal;

/* fd stays the caller's. -ENOMEM, -EIO, -errno. */
int backup_seal_create(int fd, const char *passphrase, struct backup_seal **ret);
int backup_seal_write(struct backup_seal *self, const void *bytes, size_t size);
int backup_seal_end(struct backup_seal *self); /* the last chunk, on the disk */

/* -EINVAL: no backup; -EPROTONOSUPPORT: of another version; -EACCES: another passphrase; -EBADMSG: changed or cut. */
int backup_seal_open(int fd, const char *passphrase, struct backup_seal **ret);
int backup_seal_read(struct backup_seal *self, void *room, size_t size); /* all of it, or -EBADMSG */
int backup_seal_read_end(struct backup_seal *self);                      /* nothing may follow */

struct backup_seal *backup_seal_destroy(struct backup_seal *self); /* wipes; NULL allowed; returns NULL */
