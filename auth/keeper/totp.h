/* Time-based one-time passwords (RFC 6238 over RFC 4226): SHA-1, six digits, steps of 30 s. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOTP_SECRET_SIZE 20
#define TOTP_STEP_S 30
#define TOTP_DIGITS 6

int64_t totp_step(int64_t wall_s);

/* TOTP_DIGITS characters and a NUL. secret: any size. */
bool totp_code(const uint8_t *secret, size_t size, int64_t step, char ret[TOTP_DIGITS + 1]);

/* True when the code is that of now, or of one step to either side, and of a step after the newest one that was taken.
 * In constant time with regard to the code. */
bool totp_match(const uint8_t secret[TOTP_SECRET_SIZE], const char *code, int64_t wall_s, int64_t taken,
                int64_t *ret_step);

/* Base 32 (RFC 4648 section 6). size: a multiple of 5, so that there is no padding; room: size / 5 * 8 + 1. */
void totp_base32(const uint8_t *bytes, size_t size, char *room);

/* otpauth://totp/ISSUER:USER?secret=...&issuer=ISSUER (the Key Uri Format of authenticator apps), each part escaped by
 * percents. False: it does not fit. */
bool totp_uri(const char *issuer, const char *user, const char *secret, char *room, size_t size);
