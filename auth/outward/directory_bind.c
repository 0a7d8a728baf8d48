#include "auth/outward/directory_bind.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/outward/directory_text.h"

/* What the server says about a name and a password. */
static int simple_bind(struct directory_link *link, const char *dn, const char *password, struct directory_note *note,
                       int *ret_code, char *text, size_t text_size)
{
    LDAP *ldap = directory_link_ldap(link);
    struct berval secret = {.bv_val = (char *)password, .bv_len = strlen(password)};
    LDAPMessage *message = NULL;
    int operation = -1;
    if (!ldap)
        return directory_fail(note, -EHOSTUNREACH, "The directory broke the connection off.");
    int r = ldap_sasl_bind(ldap, dn, LDAP_SASL_SIMPLE, &secret, NULL, NULL, &operation);
    if (r != LDAP_SUCCESS)
        return directory_link_refused(note, r, "who we are");
    r = directory_link_next(link, operation, note, &message);
    if (r < 0)
        return r;
    if (ldap_msgtype(message) != LDAP_RES_BIND) {
        ldap_msgfree(message);
        return directory_fail(note, -EPROTO, "The directory's answer to a bind makes no sense.");
    }
    return directory_link_result(link, message, note, ret_code, text, text_size);
}

/* The server cannot answer just now: another one may. */
static bool is_busy(int code)
{
    return code == LDAP_BUSY || code == LDAP_UNAVAILABLE || code == LDAP_TIMELIMIT_EXCEEDED;
}

int directory_bind_own(struct directory_link *link, const char *dn, const char *password, struct directory_note *note)
{
    int code = LDAP_OTHER;
    char text[128];
    if (*dn && !*password)
        return directory_fail(note, -EPROTO, "directory-bind-dn has no password: give directory-bind-password-file.");
    int r = simple_bind(link, dn, password, note, &code, text, sizeof text);
    if (r < 0)
        return r;
    if (is_busy(code))
        return directory_fail(note, -EHOSTUNREACH, "The directory is busy: %s.", ldap_err2string(code));
    if (code != LDAP_SUCCESS)
        return directory_fail(note, -EPROTO,
                              *dn ? "The directory does not accept directory-bind-dn and its password (%s %.100s)."
                                  : "The directory answers nobody without a name (%s %.100s): give directory-bind-dn.",
                              ldap_err2string(code), text);
    directory_step(note, "bound as %s", *dn ? dn : "nobody");
    return 0;
}

/* RFC 4532. *ret_known false: this server does not have it. */
static int who_am_i(struct directory_link *link, struct directory_note *note, char ret[DIRECTORY_IDENTITY_MAX],
                    bool *ret_known)
{
    LDAP *ldap = directory_link_ldap(link);
    LDAPMessage *message = NULL;
    int operation = -1, code = LDAP_OTHER;
    struct berval *identity = NULL;
    char *oid = NULL;
    int r = ldap ? ldap_whoami(ldap, NULL, NULL, &operation) : LDAP_SERVER_DOWN;
    if (r != LDAP_SUCCESS)
        return directory_link_refused(note, r, "who we are");
    r = directory_link_next(link, operation, note, &message);
    if (r < 0)
        return r;
    bool sane = ldap_msgtype(message) == LDAP_RES_EXTENDED &&
                ldap_parse_extended_result(ldap, message, &oid, &identity, 0) == LDAP_SUCCESS;
    size_t size = identity ? identity->bv_len : 0;
    sane = sane && size < DIRECTORY_IDENTITY_MAX && !(size && memchr(identity->bv_val, 0, size));
    if (sane) {
        memcpy(ret, size ? identity->bv_val : "", size);
        ret[size] = '\0';
    }
    ldap_memfree(oid);
    ber_bvfree(identity);
    if (!sane) {
        ldap_msgfree(message);
        return directory_fail(note, -EPROTO, "The directory's answer to who we are makes no sense.");
    }
    r = directory_link_result(link, message, note, &code, NULL, 0);
    *ret_known = code == LDAP_SUCCESS;
    return r;
}

/* A name that nobody has, so that nobody's count of wrong passwords goes up. */
static int must_refuse(struct directory_link *link, const char *base, struct directory_note *note)
{
    unsigned char bytes[16];
    char name[33], dn[ERRAND_MAX_DN + 64];
    int code = LDAP_OTHER;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return directory_fail(note, -EHOSTUNREACH, "There is no randomness.");
    for (unsigned i = 0; i < sizeof bytes; i++)
        snprintf(name + 2 * i, 3, "%02x", bytes[i]);
    snprintf(dn, sizeof dn, "cn=%s%s%s", name, *base ? "," : "", base);
    int r = simple_bind(link, dn, name, note, &code, NULL, 0);
    if (r == 0 && code == LDAP_SUCCESS)
        r = directory_fail(note, -EPROTO, "The directory accepts any name with any password.");
    return r;
}

static int wrong(int code, const char *text, struct directory_note *note)
{
    switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_UNWILLING_TO_PERFORM: /* switched off, says more than one server */
        return directory_fail(note, -EACCES, "The directory does not accept the name and password (%s %.100s).",
                              ldap_err2string(code), text);
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_AUTH_METHOD_NOT_SUPPORTED:
    case LDAP_PROTOCOL_ERROR:
        return directory_fail(note, -EPROTO, "The directory takes no simple bind (%s %.100s).", ldap_err2string(code),
                              text);
    default:
        return directory_fail(note, -EHOSTUNREACH, "The directory cannot answer just now (%s %.100s).",
                              ldap_err2string(code), text);
    }
}

/* A server may say "success" and leave us nobody (RFC 4513 section 5.1.2, and servers that are set up so). */
int directory_bind_user(struct directory_link *link, const char *dn, const char *password, const char *base,
                        struct directory_note *note, char ret[DIRECTORY_IDENTITY_MAX])
{
    char text[128];
    int code = LDAP_OTHER;
    bool known = false;
    if (!*dn || !*password)
        return directory_fail(note, -EACCES, "Without a password nobody is asked.");
    int r = simple_bind(link, dn, password, note, &code, text, sizeof text);
    if (r < 0)
        return r;
    if (code != LDAP_SUCCESS)
        return wrong(code, text, note);
    ret[0] = '\0';
    r = who_am_i(link, note, ret, &known);
    if (r < 0)
        return r;
    if (known && !ret[0])
        return directory_fail(note, -EPROTO, "The directory accepted the password, and then knew nobody.");
    if (!known) {
        ret[0] = '\0';
        r = must_refuse(link, base, note);
    }
    if (r == 0)
        directory_step(note, "the password is right%s%s", known ? "; the directory says we are " : "", ret);
    return r;
}

/* ---- whose identity ---- */

static bool name_is(const char *said, const char *name)
{
    const char *domain = strchr(said, '\\'), *at = strchr(said, '@');
    size_t n = strlen(name);
    if (strcasecmp(said, name) == 0 || (domain && strcasecmp(domain + 1, name) == 0))
        return n > 0;
    return at && n && (size_t)(at - said) == n && strncasecmp(said, name, n) == 0;
}

bool directory_identity_is(const char *identity, const char *dn, const char *const *names, unsigned n_names)
{
    if (strncasecmp(identity, "dn:", 3) == 0)
        return directory_dn_equal(identity + 3, dn);
    if (strncasecmp(identity, "u:", 2) != 0)
        return false;
    for (unsigned i = 0; i < n_names; i++)
        if (name_is(identity + 2, names[i]))
            return true;
    return false;
}
