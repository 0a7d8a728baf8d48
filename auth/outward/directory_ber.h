/* The door for a directory's bytes: a message of LDAP (RFC 4511 section 4.1.1) is looked through to its last length
 * before libldap, which trusts more than it should, sees any of it. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long the message is that begins here. 0: *ret is its size with its head; 1: more bytes are needed to say;
 * -EPROTO: it is none, or longer than most. */
int directory_ber_size(const uint8_t *bytes, size_t have, size_t most, size_t *ret);

/* Whether it is whole and one that answers the operation of this number: a result, an entry or a reference, each as the
 * standard has it. What nobody asked for (number 0) is refused with the rest. */
bool directory_ber_check(const uint8_t *bytes, size_t size, int operation);
