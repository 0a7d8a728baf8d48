/* A folder of small files as a disk: a FAT file system with a partition table, made on the spot, for answer files
 * (autounattend.xml, a seed with the label CIDATA or OEMDRV) and drivers. Read-only; changes of the folder are seen by
 * the next insertion. Long names (VFAT), subfolders, at most FOLDER_DISK_MAX bytes; links and special files are left
 * out, which `left_out` counts. */
#pragma once

#include "core/worker.h"
#include "media/source.h"

#define FOLDER_DISK_MAX (2ull << 30)
#define FOLDER_DISK_FILES 4096

/* folder_fd: open for reading; stays the caller's. label: at most 11 characters that FAT allows; lower case becomes
 * upper case. Blocking (reads the folder): for a thread of the pool; the source itself reads files on io. -EINVAL: the
 * label; -EFBIG, -EMFILE: too much; -errno; each with a sentence in why. */
int folder_disk_create(int folder_fd, const char *label, struct worker_pool *io, unsigned *ret_left_out, char *why,
                       size_t why_size, struct source **ret);
/* A label out of a folder's name: "answers" -> "ANSWERS". */
void folder_disk_label(const char *name, char ret[12]);
