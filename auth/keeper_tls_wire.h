/* Messages between gateway and keeper that are about the TLS certificate and its key, besides KEEPER_CERTIFICATE and
 * KEEPER_SIGN; they share the numbers of enum keeper_message. */
#pragma once

#include "auth/keeper_wire.h"

enum keeper_tls_message {
    KEEPER_CERTIFICATE_TRY = 0x38, /* u8 how (enum keeper_certificate_try), le16 size, that many bytes of PEM, the key's
                                      PEM or nothing up to the end of the message -> nothing */
    KEEPER_CERTIFICATE_END,        /* u8 1: what is on trial stays, 0: what was before comes back -> nothing */
    KEEPER_CERTIFICATE_REQUEST,    /* nothing -> PEM of a certificate signing request up to the end of the message */
    KEEPER_CERTIFICATE_CHANGED = 0x98, /* keeper -> gateway: nothing; another one is in use now */
};

enum keeper_sign_scheme {
    KEEPER_SIGN_ECDSA, /* a digest */
    KEEPER_SIGN_PKCS1, /* a digest; RSASSA-PKCS1-v1_5 */
    KEEPER_SIGN_PSS,   /* the encoded block of RSASSA-PSS */
};

enum keeper_certificate_try {
    KEEPER_TRY_TEST, /* only whether it would be taken */
    KEEPER_TRY_SET,
    KEEPER_TRY_OWN, /* no PEM: back to the generated one */
};

#define KEEPER_KEY_ID 8
