/* Values of the keys about the directory that logins are asked of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/outward/directory_text.h"
#include "auth/outward/directory_url.h"
#include "core/text.h"
#include "core/utf8.h"
#include "gateway/config/config_keys.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)
#define ARROW " -> "
#define GATEWAY_WORD "gateway"

bool config_value_directory_urls(const struct config_key *key, const char *value, void *field, char *why,
                                 size_t why_size)
{
    (void)key;
    struct directory_settings *settings = field;
    struct errand_directory *directory = &settings->directory;
    for (;;) {
        struct directory_url url;
        value += strspn(value, " \t,");
        size_t n = strcspn(value, " \t,");
        if (n == 0)
            return directory->n_urls > 0;
        if (directory->n_urls == ERRAND_MAX_URLS) {
            WHY("lists more than %d servers", ERRAND_MAX_URLS);
            return false;
        }
        char *room = directory->urls[directory->n_urls];
        if (n < ERRAND_MAX_URL) {
            memcpy(room, value, n);
            room[n] = '\0';
        }
        if (n >= ERRAND_MAX_URL || !directory_url_parse(room, &url)) {
            WHY("holds '%.*s', which is neither ldaps://HOST[:PORT] nor ldap://HOST[:PORT]", (int)MIN(n, 80), value);
            return false;
        }
        directory->n_urls++;
        value += n;
    }
}

/* Room of key->max bytes. */
static bool copy(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    for (const char *at = value; *at;) {
        size_t n = utf8_printable(at, strlen(at));
        if (n == 0) {
            WHY("holds bytes that are no text");
            return false;
        }
        at += n;
    }
    if (text_copy(field, (size_t)key->max, value))
        return true;
    WHY("is longer than %ld bytes", key->max - 1);
    return false;
}

bool config_value_directory_dn(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    char room[3 * ERRAND_MAX_DN];
    if (!copy(key, value, field, why, why_size))
        return false;
    if (directory_dn_canonical(value, room, sizeof room))
        return true;
    WHY("is no DN");
    return false;
}

/* Its letters stand for something: %u for the user's name, and of groups %d for a DN. */
bool config_value_directory_filter(const struct config_key *key, const char *value, void *field, char *why,
                                   size_t why_size)
{
    char room[4 * ERRAND_MAX_FILTER];
    bool of_groups = strcmp(key->name, "directory-group-filter") == 0;
    size_t n = strlen(value);
    if (!copy(key, value, field, why, why_size))
        return false;
    if (value[0] != '(' || value[n - 1] != ')')
        WHY("does not stand in ( )");
    else if (!strstr(value, "%u") && !(of_groups && strstr(value, "%d")))
        WHY(of_groups ? "holds neither %%d nor %%u" : "holds no %%u");
    else if (!directory_filter(value, "u", of_groups ? "d" : NULL, room, sizeof room))
        WHY("holds a percent sign that means nothing");
    else
        return true;
    return false;
}

bool config_value_directory_user_dn(const struct config_key *key, const char *value, void *field, char *why,
                                    size_t why_size)
{
    char room[ERRAND_MAX_DN];
    if (!copy(key, value, field, why, why_size))
        return false;
    if (!strstr(value, "%u"))
        WHY("holds no %%u");
    else if (!directory_user_dn(value, "u", room, sizeof room))
        WHY("is no template");
    else
        return true;
    return false;
}

/* ---- what groups are worth ---- */

static bool read_rights(const char *text, uint32_t *ret)
{
    uint32_t all = 0;
    while (*text) {
        char name[32];
        uint32_t right;
        size_t n = strcspn(text, ",");
        if (n == 0 || n >= sizeof name)
            return false;
        memcpy(name, text, n);
        name[n] = '\0';
        if (!right_parse(name, &right))
            return false;
        all |= right;
        text += n + (text[n] == ',');
    }
    *ret = all;
    return all != 0;
}

/* "TARGET:right,right" */
static bool read_grant(char *word, struct grants *grants, char *why, size_t why_size)
{
    char *colon = strchr(word, ':');
    uint32_t rights = 0;
    if (!colon || !read_rights(colon + 1, &rights)) {
        WHY("holds '%.60s', which is neither a role nor TARGET:right,right", word);
        return false;
    }
    *colon = '\0';
    const char *target = strcmp(word, GATEWAY_WORD) == 0 ? GRANT_GATEWAY : word;
    uint32_t possible = *target ? RIGHTS_OF_TARGET : RIGHTS_OF_GATEWAY;
    if ((rights & ~possible) || (!*target && word[0] == '\0')) {
        WHY("gives '%.60s' a right that it does not have", word);
        return false;
    }
    if (grants_add(grants, target, rights))
        return true;
    WHY("lists more than %d targets, or a name that none has", GRANTS_MAX);
    return false;
}

static bool read_worth(char *text, struct directory_worth *worth, char *why, size_t why_size)
{
    char *rest = NULL;
    if (role_parse(text, &worth->role) && worth->role != ROLE_CUSTOM && worth->role != ROLE_NONE)
        return true;
    worth->role = ROLE_CUSTOM;
    for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
        if (!read_grant(word, &worth->grants, why, why_size))
            return false;
    return worth->grants.n > 0;
}

static const char *last_arrow(const char *text)
{
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, ARROW)); at++)
        found = at;
    return found;
}

bool config_value_directory_group(const struct config_key *key, const char *value, void *field, char *why,
                                  size_t why_size)
{
    struct directory_settings *settings = field;
    struct errand_groups *groups = &settings->directory.groups;
    char dn[ERRAND_MAX_DN], worth[2048];
    struct config_key of_dn = *key;
    const char *arrow = last_arrow(value);
    of_dn.max = sizeof dn;
    if (!arrow || (size_t)(arrow - value) >= sizeof dn || !text_copy(worth, sizeof worth, arrow + strlen(ARROW))) {
        WHY(arrow ? "is too long" : "holds no ->");
        return false;
    }
    if (groups->n == ERRAND_MAX_GROUPS) {
        WHY("is more than the %d groups there may be", ERRAND_MAX_GROUPS);
        return false;
    }
    memcpy(dn, value, (size_t)(arrow - value));
    dn[arrow - value] = '\0';
    for (unsigned i = 0; i < groups->n; i++)
        if (directory_dn_equal(groups->list[i], dn)) {
            WHY("names a group that stands in another line");
            return false;
        }
    if (!config_value_directory_dn(&of_dn, dn, groups->list[groups->n], why, why_size) ||
        !read_worth(worth + strspn(worth, " \t"), &settings->worth[groups->n], why, why_size))
        return false;
    groups->n++;
    return true;
}

/* ---- what no single line shows ---- */

const char *config_directory_fault(const struct config_directory *self, const char **ret_key)
{
    const struct errand_directory *d = &self->settings.directory;
    bool any = d->base[0] || d->user_filter[0] || d->user_dn[0] || d->group_base[0] || d->group_filter[0] ||
               d->bind_dn[0] || self->password_file[0] || self->ca[0] || d->groups.n;
    *ret_key = "directory-url";
    if (!d->n_urls)
        return any ? "is missing, and without it the other keys of the directory mean nothing; add directory-url = "
                     "ldaps://HOST"
                   : NULL;
    *ret_key = "directory-group";
    if (d->groups.n == 0)
        return "is missing: nobody of the directory may do anything; add directory-group = DN -> ROLE";
    *ret_key = "directory-base";
    if (!d->base[0] && !(d->user_dn[0] && directory_is_dn(d->user_dn)))
        return "is missing: where are users looked for? Add directory-base = DN";
    *ret_key = "directory-bind-password-file";
    if (d->bind_dn[0] && !self->password_file[0])
        return "is missing: directory-bind-dn has a password; give a file that only its owner reads";
    *ret_key = "directory-bind-dn";
    if (!d->bind_dn[0] && self->password_file[0])
        return "is missing: whose password is in directory-bind-password-file?";
    *ret_key = "directory-group-base";
    if (d->group_filter[0] && !d->group_base[0])
        return "is missing: where are groups looked for? Add directory-group-base = DN";
    *ret_key = "directory-group";
    return errand_directory_fits(d) ? NULL : "cannot be asked about at once; name fewer groups";
}
