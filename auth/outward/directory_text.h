/* What is told to a directory is put together here: a user's name is data in it, whatever it holds. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A filter: %u becomes the user's name and %d the DN, both escaped by RFC 4515 section 3, %% a percent sign. Either may
 * be NULL: then it must not be asked for. False: it does not fit, or the template makes no sense. */
bool directory_filter(const char *pattern, const char *user, const char *dn, char *room, size_t size);

/* Who binds: %u becomes the user's name, escaped by RFC 4514 section 2.4 where the template is a DN, and as it is in
 * "%u@example.org" and "EXAMPLE\%u", where it may hold no '@', '\' or control character. */
bool directory_user_dn(const char *pattern, const char *user, char *room, size_t size);
bool directory_is_dn(const char *pattern); /* not one of the other two */

/* One spelling for all that name the same entry: attribute types and values in small letters (ASCII), no blanks that do
 * not count, one way to escape, parts of an RDN in order. False: no DN, or it does not fit. */
bool directory_dn_canonical(const char *dn, char *room, size_t size);
bool directory_dn_equal(const char *a, const char *b);
