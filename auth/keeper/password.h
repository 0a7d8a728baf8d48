/* Names and passwords: the rules, and yescrypt (crypt(5)). */
#pragma once

#include <crypt.h>

#include "core/attrs.h"

#define PASSWORD_MIN 12
#define PASSWORD_HASH_SIZE CRYPT_OUTPUT_SIZE

/* NULL: fine. Else the sentence for people. */
const char *user_name_fault(const char *name);
const char *password_fault(const char *password, const char *user);

/* Any thread; takes 30 ms on a PC, 0.2 s on a small board, and 32 MiB. *hash_make*: a new salt. *hash_again*: with the
 * salt and cost of an older hash; equal to it when the password is. -EINVAL: setting is not a hash; -ENOMEM. */
attr_must_check int password_hash_make(const char *password, char ret[PASSWORD_HASH_SIZE]);
attr_must_check int password_hash_again(const char *password, const char *setting, char ret[PASSWORD_HASH_SIZE]);

/* A yescrypt hash made elsewhere, as `mkpasswd -m yescrypt` prints it. NULL: this machine can check passwords against
 * it (it tries). */
const char *password_hash_fault(const char *hash);

/* In constant time. */
bool password_hash_equal(const char *a, const char *b);
