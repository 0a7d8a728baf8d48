#include "auth/outward/directory_account.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/attrs.h"

#define DAY_S 86400
#define FILETIME_1970 11644473600ll /* seconds from 1601 to 1970 */
#define FILETIME_NEVER INT64_MAX

/* MS-ADTS sections 2.2.16 and 3.1.1.4.5.17 */
#define UAC_SWITCHED_OFF 0x2
#define UAC_LOCKED 0x10
#define UAC_PASSWORD_EXPIRED 0x800000

#define NOT_UNDERSTOOD "its state is given in a form that is not understood"

/* A whole decimal number, with a sign or without. */
static bool read_number(const char *text, int64_t *ret)
{
    bool negative = *text == '-';
    int64_t v = 0;
    text += negative;
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || mul_overflows(v, 10, &v) || add_overflows(v, *text - '0', &v))
            return false;
    *ret = negative ? -v : v;
    return true;
}

static const char *control_fault(const char *text, int64_t now_s)
{
    int64_t v;
    (void)now_s;
    if (!read_number(text, &v))
        return NOT_UNDERSTOOD;
    return v & UAC_SWITCHED_OFF ? "it is switched off" : NULL;
}

/* What the domain controller works out: here the other bits count. */
static const char *computed_fault(const char *text, int64_t now_s)
{
    int64_t v;
    (void)now_s;
    if (!read_number(text, &v))
        return NOT_UNDERSTOOD;
    return v & UAC_LOCKED ? "it is locked" : v & UAC_PASSWORD_EXPIRED ? "its password has expired" : NULL;
}

static const char *expires_fault(const char *text, int64_t now_s)
{
    int64_t v;
    if (!read_number(text, &v) || v < 0)
        return NOT_UNDERSTOOD;
    if (v == 0 || v == FILETIME_NEVER)
        return NULL;
    return v / 10000000 - FILETIME_1970 <= now_s ? "it has expired" : NULL;
}

static const char *set_fault(const char *text, int64_t now_s)
{
    int64_t v;
    (void)now_s;
    if (!read_number(text, &v))
        return NOT_UNDERSTOOD;
    return v == 0 ? "its password must be changed first" : NULL;
}

/* Days since 1970; negative: never. */
static const char *shadow_fault(const char *text, int64_t now_s)
{
    int64_t v;
    if (!read_number(text, &v))
        return NOT_UNDERSTOOD;
    return v >= 0 && now_s / DAY_S >= v ? "it has expired" : NULL;
}

static const char *lock_fault(const char *text, int64_t now_s)
{
    (void)now_s;
    return strcasecmp(text, "false") == 0  ? NULL
           : strcasecmp(text, "true") == 0 ? "it is switched off"
                                           : NOT_UNDERSTOOD;
}

/* draft-behera-ldap-password-policy-10 section 5.3.3: year 0 is a lock until somebody takes it off; another time is one
 * of the lock-outs that guesses cause, which the server itself keeps and forgets. Were they counted here, whoever knows
 * a name could end its sessions. */
static const char *policy_fault(const char *text, int64_t now_s)
{
    (void)now_s;
    return strncmp(text, "0000", 4) == 0 ? "it is locked" : NULL;
}

static const struct {
    const char *attribute;
    const char *(*fault)(const char *text, int64_t now_s);
} rules[] = {
    {"userAccountControl", control_fault},  {"msDS-User-Account-Control-Computed", computed_fault},
    {"accountExpires", expires_fault},      {"pwdLastSet", set_fault},
    {"shadowExpire", shadow_fault},         {"nsAccountLock", lock_fault},
    {"pwdAccountLockedTime", policy_fault},
};

const char *const directory_account_attributes[] = {
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "accountExpires",
    "pwdLastSet",
    "shadowExpire",
    "nsAccountLock",
    "pwdAccountLockedTime",
    "memberOf",
    "uid",
    "sAMAccountName",
    "userPrincipalName",
    NULL,
};

const char *directory_account_fault(const char *attribute, const void *value, size_t size, int64_t now_s)
{
    char text[32];
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        if (strcasecmp(rules[i].attribute, attribute) != 0)
            continue;
        if (size == 0 || size >= sizeof text || memchr(value, 0, size))
            return NOT_UNDERSTOOD;
        memcpy(text, value, size);
        text[size] = '\0';
        return rules[i].fault(text, now_s);
    }
    return NULL;
}
