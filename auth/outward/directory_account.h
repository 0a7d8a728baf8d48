/* Whether an account may still be used, by what its entry says. Directories say it in different ways; what they say in
 * a form that is not understood counts as "no". Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* To be asked for: what is judged, and who it is. NULL ends. */
extern const char *const directory_account_attributes[];

/* Why one value of one attribute closes the account at this moment (seconds since 1970): a clause for our own log, or
 * NULL. value: any bytes. */
const char *directory_account_fault(const char *attribute, const void *value, size_t size, int64_t now_s);
