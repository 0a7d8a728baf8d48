/* Self-signed certificates. */
#pragma once

#include <openssl/types.h>
#include <stdbool.h>
#include <time.h>

/* From the earlier of now and the day this program was built, because a machine without a clock starts in the past;
 * until ten years after that day, because those who connect have a clock. Names: DNS names or addresses; localhost,
 * 127.0.0.1 and ::1 are always in. NULL: no memory. */
X509 *certificate_make(EVP_PKEY *key, const char *const *names, unsigned n_names, time_t now);

/* True when each of the names (and localhost) is in it. */
bool certificate_has_names(X509 *certificate, const char *const *names, unsigned n_names);
