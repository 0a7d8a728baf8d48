#include "api/drive_spec.h"

#include <string.h>

#include "api/json.h"
#include "media/drive.h"

#define CREDENTIAL_MAX 255
#define CA_MAX 8191

const char *const api_drive_spec_keys[] = {"image", "library", "url",  "kind",     "read_only", "overlay", "boot_once",
                                           "copy",  "rate",    "user", "password", "ca",        NULL};

struct scheme {
    const char *start;
    enum medium_origin origin;
};
static const struct scheme schemes[] = {
    {"http://", MEDIUM_URL},
    {"https://", MEDIUM_URL},
    {"nbd://", MEDIUM_NBD},
    {"nbds://", MEDIUM_NBD},
};

bool api_media_url(const char *url, enum medium_origin *ret, const char **why)
{
    const struct scheme *found = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (!strncmp(url, schemes[i].start, strlen(schemes[i].start)))
            found = &schemes[i];
    const char *host = found ? url + strlen(found->start) : url;
    size_t authority = strcspn(host, "/?#");
    if (!found)
        *why = "The address must begin with http://, https://, nbd:// or nbds://.";
    else if (strlen(url) >= MEDIUM_URL_MAX)
        *why = "The address is longer than 2047 characters.";
    else if (memchr(host, '@', authority))
        *why = "Give user and password beside the address, not in it: addresses are shown and noted.";
    else if (!authority)
        *why = "The address names no host.";
    else
        *why = NULL;
    for (const char *c = url; !*why && *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            *why = "The address holds blanks or characters that must be percent-encoded.";
    if (*why)
        return false;
    *ret = found->origin;
    return true;
}

/* One of three places, each at most once. */
static bool read_origin(struct route_call *call, json_t *body, struct medium_spec *ret)
{
    const char *image = NULL, *library = NULL, *url = NULL, *why;
    if (!api_string(call, body, "image", false, &image) || !api_string(call, body, "library", false, &library) ||
        !api_string(call, body, "url", false, &url))
        return false;
    if (!image == !library && !url) {
        route_reply_error(call, 400, image ? "bad-value" : "missing-key", "Give one of 'image' and 'url'.");
        return false;
    }
    image = image ? image : library;
    if (image && url) {
        route_reply_error(call, 400, "bad-value", "Give 'image' or 'url', not both.");
        return false;
    }
    if (url && !api_media_url(url, &ret->origin, &why)) {
        route_reply_error(call, 422, "bad-url", "%s", why);
        return false;
    }
    ret->image = image;
    ret->url = url;
    return true;
}

static bool read_word(struct route_call *call, json_t *body, const char *key, const char *const *words, int none,
                      int *ret)
{
    const char *word = NULL;
    if (!api_string(call, body, key, false, &word))
        return false;
    *ret = none;
    for (int i = 0; word && words[i]; i++)
        if (!strcmp(word, words[i])) {
            *ret = i;
            return true;
        }
    if (word && !strcmp(key, "kind"))
        route_reply_error(call, 400, "bad-value", "'kind' must be cdrom or disk.");
    else if (word)
        route_reply_error(call, 400, "bad-value", "'%s' must be none, discard or keep.", key);
    return !word;
}

static bool read_rate(struct route_call *call, json_t *body, uint64_t *ret)
{
    const json_t *value = json_object_get(body, "rate");
    if (value && (!json_is_integer(value) || json_integer_value(value) < 0)) {
        route_reply_error(call, 400, "bad-value", "'rate' must be a number of bytes per second, 0: no limit.");
        return false;
    }
    *ret = value ? (uint64_t)json_integer_value(value) : 0;
    return true;
}

static bool read_credentials(struct route_call *call, json_t *body, struct medium_spec *ret)
{
    if (!api_string(call, body, "user", false, &ret->user) ||
        !api_string(call, body, "password", false, &ret->secret) || !api_string(call, body, "ca", false, &ret->ca))
        return false;
    const char *wrong = ret->user && strlen(ret->user) > CREDENTIAL_MAX       ? "user"
                        : ret->secret && strlen(ret->secret) > CREDENTIAL_MAX ? "password"
                        : ret->ca && strlen(ret->ca) > CA_MAX                 ? "ca"
                                                                              : NULL;
    if (wrong)
        route_reply_error(call, 400, "bad-value", "'%s' is too long.", wrong);
    else if (!ret->url && (ret->user || ret->secret || ret->ca))
        route_reply_error(call, 400, "bad-value", "'user', 'password' and 'ca' belong to an 'url'.");
    else
        return true;
    return false;
}

bool api_drive_spec(struct route_call *call, json_t *body, struct medium_spec *ret)
{
    static const char *const kinds[] = {"cdrom", "disk", NULL}, *const overlays[] = {"none", "discard", "keep", NULL};
    int kind, overlay;
    struct medium_spec spec = {.origin = MEDIUM_LIBRARY, .read_only = true};
    if (!read_origin(call, body, &spec) || !read_word(call, body, "kind", kinds, -1, &kind) ||
        !read_word(call, body, "overlay", overlays, MEDIUM_OVERLAY_NONE, &overlay) ||
        !api_bool(call, body, "read_only", &spec.read_only) || !api_bool(call, body, "boot_once", &spec.boot_once) ||
        !api_bool(call, body, "copy", &spec.copy) || !read_rate(call, body, &spec.rate) ||
        !read_credentials(call, body, &spec))
        return false;
    if (spec.copy && spec.origin == MEDIUM_LIBRARY) {
        route_reply_error(call, 400, "bad-value", "'copy' is for an 'url'; this image is in the library already.");
        return false;
    }
    spec.kind = kind;
    spec.overlay = (enum medium_overlay)overlay;
    /* who asks for an overlay wants to write into it, unless he says otherwise */
    if (overlay != MEDIUM_OVERLAY_NONE && !json_object_get(body, "read_only"))
        spec.read_only = false;
    *ret = spec;
    return true;
}
