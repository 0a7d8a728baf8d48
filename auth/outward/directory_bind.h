/* Who we are on a connection. */
#pragma once

#include "auth/outward/directory_link.h"

/* Our own account, or with dn "" nobody. 0 or an error as of directory_link_open; -EPROTO: it is refused. */
int directory_bind_own(struct directory_link *link, const char *dn, const char *password, struct directory_note *note);

/* Somebody with a password, who is not "" (RFC 4513 section 5.1.2): 0, -EACCES, or an error as of directory_link_open.
 * dn: of an entry, or another name that the server takes. What it then says who we are goes to ret ("" where it does
 * not say: then a bind with made-up name and password was refused, so it does look at passwords). */
#define DIRECTORY_IDENTITY_MAX (ERRAND_MAX_DN + 16)
int directory_bind_user(struct directory_link *link, const char *dn, const char *password, const char *base,
                        struct directory_note *note, char ret[DIRECTORY_IDENTITY_MAX]);

/* Whether an identity (RFC 4513 section 5.2.1.8) is that of the entry: "dn:" with its DN, or "u:" with one of the
 * names that it has, perhaps behind a domain. Pure. */
bool directory_identity_is(const char *identity, const char *dn, const char *const *names, unsigned n_names);
