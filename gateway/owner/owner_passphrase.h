/* The passphrase of a backup: from a file, or typed without being shown. Never an argument. */
#pragma once

#include <stdbool.h>

#include "gateway/owner/backup_seal.h"

/* file NULL: the terminal (twice: asked again, to be sure), or a line of standard input that is none. 0, or an exit
 * code after a sentence on stderr. The caller wipes it. */
int owner_passphrase(const char *file, bool twice, char ret[BACKUP_PASSPHRASE_MAX]);
