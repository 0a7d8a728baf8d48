#include "auth/outward/directory_text.h"

#include <ldap.h>
#include <stdlib.h>
#include <string.h>

#include "auth/errand_wire.h"

/* Room that is filled from the left, with a place for the NUL kept. */
struct text {
    char *at;
    size_t left;
    bool full;
};

static struct text text_begin(char *room, size_t size)
{
    return (struct text){.at = room, .left = size - 1};
}

static void add(struct text *self, char letter)
{
    if (self->left == 0) {
        self->full = true;
        return;
    }
    *self->at++ = letter;
    self->left--;
}

static bool text_end(struct text *self)
{
    *self->at = '\0';
    return !self->full;
}

/* "\2a" */
static void add_hex(struct text *self, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    add(self, '\\');
    add(self, digits[byte >> 4]);
    add(self, digits[byte & 15]);
}

typedef void escape_fn(struct text *self, const char *text);

/* RFC 4515 section 3 demands it of ( ) * \ and NUL; all that is not a plain letter is safe when it is written so. */
static void escape_filter(struct text *self, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte >= 0x7f || strchr("()*\\&|!=<>~/", byte))
            add_hex(self, byte);
        else
            add(self, *text);
    }
}

/* RFC 4514 section 2.4: as two digits, wherever it stands. */
static void escape_dn(struct text *self, const char *text)
{
    const char *begin = text;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        bool edge = text == begin || text[1] == '\0';
        if (byte < 0x20 || byte == 0x7f || strchr("\"+,;<>=\\#", byte) || (byte == ' ' && edge))
            add_hex(self, byte);
        else
            add(self, *text);
    }
}

static void as_it_is(struct text *self, const char *text)
{
    while (*text)
        add(self, *text++);
}

static bool expand(const char *pattern, const char *user, const char *dn, escape_fn *escape, struct text *text)
{
    for (; *pattern; pattern++) {
        if (*pattern != '%') {
            add(text, *pattern);
            continue;
        }
        pattern++;
        if (*pattern == '%')
            add(text, '%');
        else if (*pattern == 'u' && user)
            escape(text, user);
        else if (*pattern == 'd' && dn)
            escape(text, dn);
        else
            return false;
    }
    return true;
}

bool directory_filter(const char *pattern, const char *user, const char *dn, char *room, size_t size)
{
    struct text text = text_begin(room, size);
    bool good = expand(pattern, user, dn, escape_filter, &text);
    return text_end(&text) && good;
}

bool directory_is_dn(const char *pattern)
{
    return strchr(pattern, '=') != NULL;
}

static bool is_plain(const char *user)
{
    for (; *user; user++)
        if ((unsigned char)*user < 0x20 || *user == 0x7f || strchr("@\\/", *user))
            return false;
    return true;
}

bool directory_user_dn(const char *pattern, const char *user, char *room, size_t size)
{
    struct text text = text_begin(room, size);
    bool dn = directory_is_dn(pattern);
    if (!dn && !is_plain(user))
        return false;
    bool good = expand(pattern, user, NULL, dn ? escape_dn : as_it_is, &text);
    return text_end(&text) && good;
}

/* ---- one spelling ---- */

static char small(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

/* What "type=value" becomes: types are of few letters (RFC 4512 section 1.4), all else is bytes. */
static void add_part(struct text *self, const LDAPAVA *part)
{
    const char *value = part->la_value.bv_val;
    size_t n = part->la_value.bv_len;
    for (size_t i = 0; i < part->la_attr.bv_len; i++)
        add(self, small(part->la_attr.bv_val[i]));
    add(self, '=');
    self->full |= (part->la_flags & LDAP_AVA_BINARY) != 0; /* "#04024869": no group that somebody can name */
    while (n && value[n - 1] == ' ')
        n--;
    bool blank = true; /* several count as one, leading ones as none (RFC 4518 section 2.6.1) */
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)small(value[i]);
        if (byte == ' ' && blank)
            continue;
        blank = byte == ' ';
        if (byte < 0x20 || byte == 0x7f || strchr("\"+,;<>=\\#", byte))
            add_hex(self, byte);
        else
            add(self, (char)byte);
    }
}

#define MOST_PARTS 8 /* of one RDN */

static int compare_parts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add_rdn(struct text *self, LDAPAVA *const *rdn)
{
    char parts[MOST_PARTS][ERRAND_MAX_DN];
    size_t n = 0;
    for (; rdn[n] && !self->full; n++) {
        if (n == MOST_PARTS) {
            self->full = true;
            return;
        }
        struct text part = text_begin(parts[n], sizeof parts[n]);
        add_part(&part, rdn[n]);
        self->full |= !text_end(&part);
    }
    qsort(parts, n, sizeof parts[0], compare_parts);
    for (size_t i = 0; i < n; i++) {
        if (i)
            add(self, '+');
        as_it_is(self, parts[i]);
    }
}

bool directory_dn_canonical(const char *dn, char *room, size_t size)
{
    LDAPDN parsed = NULL;
    if (!*dn || strlen(dn) >= ERRAND_MAX_DN || ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS ||
        !parsed)
        return false;
    struct text text = text_begin(room, size);
    for (size_t i = 0; parsed[i]; i++) {
        if (i)
            add(&text, ',');
        add_rdn(&text, parsed[i]);
    }
    ldap_dnfree(parsed);
    return text_end(&text);
}

bool directory_dn_equal(const char *a, const char *b)
{
    char one[ERRAND_MAX_DN * 3], other[ERRAND_MAX_DN * 3];
    return directory_dn_canonical(a, one, sizeof one) && directory_dn_canonical(b, other, sizeof other) &&
           strcmp(one, other) == 0;
}
