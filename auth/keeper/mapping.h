/* What opens an account by a client certificate: "cn:NAME" the subject's common name, "email:NAME" and "upn:NAME" its
 * alternative names (RFC 5280 section 4.2.1.6; the user principal name is an otherName of Microsoft's), "sha256:HEX"
 * the certificate itself. Compared whole, byte by byte. */
#pragma once

#include <stddef.h>

/* Writes it as it is compared (the hash in lower case, without colons). NULL: fine. Else the sentence for people. */
const char *mapping_fault(const char *text, char *room, size_t size);
