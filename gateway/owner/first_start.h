/* The first start of a machine without a screen. Two files that only the supervisor touches:
 *
 *   secret-file      written by us while set-up is not done: address, fingerprints, one-time secret; for the boot
 * partition, which the owner reads in another machine. It goes when set-up is done. first-user-file  written by the
 * owner: NAME:HASH of the first Administrator, as `mkpasswd -m yescrypt` makes the hash. Then no secret is ever good.
 * Removed when it was used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "auth/keeper/keeper.h"
#include "gateway/config/config.h"
#include "gateway/supervisor/announce.h"

#define FIRST_USER_FILE_MAX 4096

struct first_user {
    char name[64], hash[KEEPER_MAX_HASH];
};

/* One line NAME:HASH; empty lines and those that begin with # do not count. Pure. -EINVAL with a clause in why, which
 * never holds anything of the text. */
int first_user_parse(const char *text, size_t size, struct first_user *ret, char *why, size_t why_size);

/* 0; 1: there is no such file; or -errno and a sentence in why. Only a file that belongs to root (or to whom this
 * process runs as) and that nobody else may read or write is taken. */
int first_user_read(const char *path, struct first_user *ret, char *why, size_t why_size);

/* Before KEEPER_BEGIN: hands the owner's first user to the keeper, where there is one. */
void first_start_offer(const struct config *config, struct ipc *keeper);
/* What the keeper made of it. */
void first_start_offered(const struct config *config, const struct keeper_ready *ready);

/* Writes the secret-file anew; secret "": set-up is done, it goes. Complains in the log. */
void first_start_tell(const struct config *config, const struct announce_marks *marks, const char *secret);
