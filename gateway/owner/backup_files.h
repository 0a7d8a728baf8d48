/* What is in a backup: small files by the folder they are of, one after the other.
 *
 *   file     u8 1, u8 folder, le16 size of the name, name, le64 size, bytes
 *   end      u8 0
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/owner/backup_seal.h"

enum backup_folder {
    BACKUP_KEEPER = 1,    /* STATE/keeper: store, keys, certificate, audit */
    BACKUP_GATEWAY,       /* STATE/gateway: settings that were made in the page; no blocks of media */
    BACKUP_CONFIGURATION, /* the configuration, and the certificate that it names */
    BACKUP_SETTINGS,      /* STATE/conf.d: what page and command line have set */
    BACKUP_FOLDERS,
};

#define BACKUP_NAME_MAX 200
#define BACKUP_FILE_MAX (1ull << 30)
#define BACKUP_FILES_MAX 4096u

/* A plain name, of letters, digits and "._-", that begins with none of the latter: it can be no way out of a folder. */
bool backup_name_is_good(const char *name, size_t size);

int backup_put(struct backup_seal *seal, enum backup_folder folder, const char *name, const void *bytes, uint64_t size);
int backup_put_end(struct backup_seal *seal);

/* bytes and name are valid during the call. Not 0: ends the reading, which returns it. */
typedef int backup_file_fn(void *data, enum backup_folder folder, const char *name, const void *bytes, size_t size);
/* Each file, whole and authentic; then the end of the backup has to come. -EBADMSG, -ENOMEM, -EFBIG. fn may be NULL. */
int backup_each(struct backup_seal *seal, backup_file_fn *fn, void *data);
