#include "auth/outward/directory_search.h"

#include <errno.h>
#include <string.h>

#include "core/attrs.h"

#define SERVER_SIDE_S 10

/* The LDAP_SERVER_DOMAIN_SCOPE control (MS-ADTS section 3.1.1.3.4.1.5): without it Active Directory ends a search of a
 * domain with references that nobody may follow here. Others do not know it and need not. */
#define OID_DOMAIN_SCOPE "1.2.840.113556.1.4.1339"

static int begin(struct directory_link *link, const struct directory_wish *wish, struct directory_note *note,
                 int *ret_operation)
{
    static const char *const none[] = {LDAP_NO_ATTRS, NULL};
    static const char oid[] = OID_DOMAIN_SCOPE;
    LDAPControl scope = {.ldctl_oid = (char *)oid};
    LDAPControl *controls[] = {&scope, NULL};
    struct timeval limit = {.tv_sec = SERVER_SIDE_S};
    LDAP *ldap = directory_link_ldap(link);
    if (!ldap)
        return directory_fail(note, -EHOSTUNREACH, "The directory broke the connection off.");
    const char *const *attributes = wish->attributes ? wish->attributes : none;
    int r = ldap_search_ext(ldap, wish->base, wish->scope, wish->filter, (char **)attributes, 0, controls, NULL, &limit,
                            (int)wish->most + 1, ret_operation);
    if (r == LDAP_FILTER_ERROR)
        return directory_fail(note, -EPROTO, "The filter %.150s makes no sense.", wish->filter);
    return r == LDAP_SUCCESS ? 0 : directory_link_refused(note, r, "for entries");
}

/* "memberOf;range=0-1499": there is more than was sent. */
static bool is_cut(const char *description)
{
    const char *range = strstr(description, ";range=");
    return range && !strchr(range, '*');
}

static bool take_values(LDAP *ldap, LDAPMessage *entry, const char *description,
                        const struct directory_visitor *visitor, struct directory_note *note)
{
    char attribute[64];
    size_t n = strcspn(description, ";");
    if (n >= sizeof attribute)
        return true; /* none that was asked for */
    memcpy(attribute, description, n);
    attribute[n] = '\0';
    if (is_cut(description)) {
        directory_fail(note, -EPROTO, "The entry has too many values of %s.", attribute);
        return false;
    }
    struct berval **values = ldap_get_values_len(ldap, entry, description);
    bool good = true;
    for (size_t i = 0; values && values[i] && good; i++)
        good = visitor->value(visitor->data, attribute, values[i]->bv_val, values[i]->bv_len, note);
    ldap_value_free_len(values);
    return good;
}

static bool take_entry(struct directory_link *link, LDAPMessage *entry, const struct directory_visitor *visitor,
                       struct directory_note *note)
{
    LDAP *ldap = directory_link_ldap(link);
    char *dn = ldap ? ldap_get_dn(ldap, entry) : NULL;
    BerElement *at = NULL;
    if (!dn || !*dn || strlen(dn) >= ERRAND_MAX_DN) {
        directory_fail(note, -EPROTO, "The directory sent an entry without a name, or with one that is too long.");
        ldap_memfree(dn);
        return false;
    }
    bool good = visitor->entry(visitor->data, dn, note);
    char *description = good && visitor->value ? ldap_first_attribute(ldap, entry, &at) : NULL;
    while (description) {
        good = good && take_values(ldap, entry, description, visitor, note);
        ldap_memfree(description);
        description = ldap_next_attribute(ldap, entry, at);
    }
    ber_free(at, 0);
    ldap_memfree(dn);
    return good;
}

/* The end of a search: 0, or why it does not count. */
static int judge(int code, const char *text, const struct directory_wish *wish, struct directory_note *note)
{
    switch (code) {
    case LDAP_SUCCESS:
        return 0;
    case LDAP_NO_SUCH_OBJECT: /* an entry that is gone; of where all are looked for, that makes no sense */
        if (wish->scope == LDAP_SCOPE_BASE)
            return 0;
        return directory_fail(
            note, -EPROTO, "The directory has no %.150s: directory-base or directory-group-base is wrong.", wish->base);
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
        return directory_fail(note, -EPROTO, "The directory has more entries for %.100s than make sense.",
                              wish->filter);
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
    case LDAP_TIMELIMIT_EXCEEDED:
        return directory_fail(note, -EHOSTUNREACH, "The directory cannot answer just now (%s %.100s).",
                              ldap_err2string(code), text);
    default:
        return directory_fail(note, -EPROTO, "The directory does not look for %.100s (%s %.80s).", wish->filter,
                              ldap_err2string(code), text);
    }
}

static int finish(struct directory_link *link, LDAPMessage *message, const struct directory_wish *wish,
                  struct directory_note *note)
{
    char text[128];
    int code = LDAP_OTHER;
    int r = directory_link_result(link, message, note, &code, text, sizeof text);
    return r ? r : judge(code, text, wish, note);
}

int directory_search(struct directory_link *link, const struct directory_wish *wish,
                     const struct directory_visitor *visitor, struct directory_note *note)
{
    int operation = -1, n = 0;
    int r = begin(link, wish, note, &operation);
    while (r == 0) {
        LDAPMessage *message = NULL;
        r = directory_link_next(link, operation, note, &message);
        if (r < 0)
            break;
        int type = ldap_msgtype(message);
        if (type == LDAP_RES_SEARCH_RESULT) {
            r = finish(link, message, wish, note);
            return r ? r : n;
        }
        if (type == LDAP_RES_SEARCH_REFERENCE)
            r = directory_fail(note, -EPROTO,
                               "The directory refers to other servers for a part of %.100s, which are never asked: "
                               "name a smaller part by directory-base.",
                               wish->base);
        else if (type == LDAP_RES_INTERMEDIATE)
            r = 0;
        else if (type != LDAP_RES_SEARCH_ENTRY)
            r = directory_fail(note, -EPROTO, "The directory's answer to a search makes no sense.");
        else if ((unsigned)++n > wish->most)
            r = directory_fail(note, -EPROTO, "The directory has more entries for %.100s than make sense.",
                               wish->filter);
        else if (!take_entry(link, message, visitor, note))
            r = note->error ? note->error : -EPROTO;
        ldap_msgfree(message);
    }
    return r;
}
