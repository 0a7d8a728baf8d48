/* Names and keys of those who may speak to us with a shared secret: the text that psktool (GnuTLS) writes, a line
 * `name:hexadecimal key` each, empty lines and lines that begin with # between. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NBD_PSK_MAX 64       /* lines with keys */
#define NBD_PSK_NAME_MAX 127 /* bytes */
#define NBD_PSK_KEY_MIN 16
#define NBD_PSK_KEY_MAX 64

struct nbd_psk {
    char name[NBD_PSK_NAME_MAX + 1];
    uint8_t key[NBD_PSK_KEY_MAX];
    size_t key_size;
};

struct nbd_psks {
    struct nbd_psk list[NBD_PSK_MAX];
    unsigned n;
};

/* 0: the whole text was understood; else the number of the line that was not, which *ret_why explains. A name that
 * comes twice is a mistake. */
unsigned nbd_psks_parse(const char *text, size_t size, struct nbd_psks *ret, const char **ret_why);
const struct nbd_psk *nbd_psks_find(const struct nbd_psks *self, const char *name);
