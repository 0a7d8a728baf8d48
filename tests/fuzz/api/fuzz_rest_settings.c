/* REST bodies of settings, macros, recordings and devices: the first byte picks a route, the second what the side that
 * is asked answers, the rest is the body. Whoever is asked gets whole values within their bounds, and every call is
 * answered exactly once. */
#include <stdint.h>

#include "api/config.h"
#include "api/devices.h"
#include "api/macros.h"
#include "core/utf8.h"
#include "tests/api_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int errors[] = {0, -EINVAL, -ESTALE, -EBUSY, -EPERM, -ENOENT, -EEXIST, -EMSGSIZE, -ENODEV, -ENOSPC, -EIO};
static int error;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool is_text(const char *text)
{
    return text && utf8_valid(text, strlen(text));
}

/* ---- settings ---- */

static const char *const words[] = {"yes", "no", NULL};
static const struct api_config_key keys[] = {
    {.name = "noise", .of_target = true, .machines = 1, .type = "bool", .words = words, .page = true},
    {.name = "public-names", .type = "list", .many = true, .page = true}};
static const struct api_config_entry entry = {.key = &keys[1], .origin = "page", .text = "a\nb", .who = "ann"};
static const struct api_config_section sections[] = {{.target = "", .entries = &entry, .n = 1},
                                                     {.target = "demo", .machine = 1, .removable = true}};
static const struct api_config_state state = {
    .tag = "0123", .file = "", .sections = sections, .n_sections = ARRAY_SIZE(sections), .who = "ann"};

static const struct api_config_key *config_keys(void *context, size_t *ret_n)
{
    (void)context;
    *ret_n = ARRAY_SIZE(keys);
    return keys;
}

static const struct api_config_state *config_state(void *context)
{
    (void)context;
    return &state;
}

static void config_ask(void *context, const struct api_config_ask *ask, api_config_done_fn *done, void *data)
{
    struct api_config_note faults[2];
    unsigned n = 0;
    (void)context;
    check(ask->n <= API_CONFIG_MAX_CHANGES && is_text(ask->name) && ask->who);
    check(!ask->tag || strlen(ask->tag) < API_CONFIG_TAG);
    for (unsigned i = 0; i < ask->n; i++) {
        const struct api_config_change *change = &ask->changes[i];
        check(is_text(change->target) && is_text(change->key) && (!change->text || is_text(change->text)));
        if (n < ARRAY_SIZE(faults))
            faults[n++] = (struct api_config_note){change->target, change->key, "This is not for you."};
    }
    done(data, &(struct api_config_answer){.error = error, .reason = "", .faults = faults, .n_faults = n});
}

static void config_backup(void *context, const char *passphrase, api_backup_done_fn *done, void *data)
{
    (void)context;
    check(is_text(passphrase) && !strchr(passphrase, '\n'));
    done(data, error ? error : -EIO, NULL, -1, 0);
}

/* ---- devices ---- */

static void devices_list(void *context, api_devices_done_fn *done, void *data)
{
    (void)context;
    done(data, error ? error : -EIO, NULL, NULL);
}

static void devices_test(void *context, const char *kind, const char *value, api_devices_done_fn *done, void *data)
{
    const struct api_device_seen seen = {kind, value, -1, false, "", "", "", NULL, 0};
    (void)context;
    check(is_text(kind) && is_text(value));
    done(data, error, NULL, error ? NULL : &seen);
}

/* ---- macros ---- */

static json_t *macros_json(struct target *target)
{
    (void)target;
    return json_pack("{s:[]}", "macros");
}

static json_t *macros_get(struct target *target, const char *name)
{
    (void)target;
    return error ? NULL : json_pack("{s:s}", "name", name);
}

static int macros_put(struct target *target, const char *name, json_t *macro, bool only_new, char *why, size_t size)
{
    (void)target, (void)only_new;
    check(is_text(name) && *name && json_is_object(macro));
    snprintf(why, size, "Step 1: it sings.");
    return error;
}

static int macros_remove(struct target *target, const char *name)
{
    (void)target;
    check(is_text(name));
    return error;
}

static int macros_run(struct target *target, const char *name, struct auth_session *session, long times, char *why,
                      size_t size)
{
    (void)target;
    check(is_text(name) && session && times >= -1);
    snprintf(why, size, "Step 1: it sings.");
    return error;
}

static bool macros_stop(struct target *target)
{
    (void)target;
    return !error;
}

/* ---- recordings ---- */

static struct api_recording recording = {.id = "0123456789abcdef0123456789abcdef", .target = "demo", .who = "ann"};

static const struct api_recording *recordings_next(void *context, const struct api_recording *after)
{
    (void)context;
    return after ? NULL : &recording;
}

static const struct api_recording *recordings_find(void *context, const char *id)
{
    (void)context;
    return strcmp(id, recording.id) ? NULL : &recording;
}

static const struct api_recording *recordings_of_target(void *context, const struct target *target)
{
    (void)context, (void)target;
    return error ? NULL : &recording;
}

static int recordings_start(void *context, struct target *target, const char *who, unsigned every_s, const char *note,
                            const struct api_recording **ret, const char **ret_why)
{
    (void)context, (void)target;
    check(who && every_s <= API_RECORDING_EVERY_MAX && is_text(note) && strlen(note) <= API_RECORDING_NOTE);
    *ret = &recording;
    *ret_why = "There is no room.";
    return error;
}

static void recordings_stop(void *context, struct target *target, api_recording_done_fn *done, void *data)
{
    (void)context, (void)target;
    done(data, error, "It did not end.");
}

static void recordings_change(void *context, const char *id, const char *note, const bool *pinned,
                              api_recording_done_fn *done, void *data)
{
    (void)context, (void)pinned;
    check(is_text(id) && (!note || (is_text(note) && strlen(note) <= API_RECORDING_NOTE)));
    done(data, error, "It is not there.");
}

/* ---- calls ---- */

#define TARGET "/api/v1/targets/demo"
#define RECORDING "/api/v1/recordings/0123456789abcdef0123456789abcdef"

static const struct {
    enum route_method method;
    const char *path;
} routes[] = {
    {ROUTE_PATCH, "/api/v1/config"},      {ROUTE_POST, "/api/v1/config/test"},    {ROUTE_POST, "/api/v1/targets"},
    {ROUTE_POST, "/api/v1/devices/test"}, {ROUTE_POST, "/api/v1/backup"},         {ROUTE_POST, TARGET "/macros"},
    {ROUTE_PUT, TARGET "/macros/one"},    {ROUTE_POST, TARGET "/macros/one/run"}, {ROUTE_POST, TARGET "/macros/stop"},
    {ROUTE_PUT, TARGET "/jiggler"},       {ROUTE_POST, TARGET "/recording"},      {ROUTE_PATCH, RECORDING},
    {ROUTE_POST, TARGET "/type"},
};

static void begin(struct api_fixture *f)
{
    static const struct api_config_ops config = {config_keys, words, config_state, config_ask, config_backup};
    static const struct api_devices_ops devices = {devices_list, devices_test};
    static const struct api_macros_ops macros = {.list = macros_json,
                                                 .running = macros_json,
                                                 .get = macros_get,
                                                 .put = macros_put,
                                                 .remove = macros_remove,
                                                 .run = macros_run,
                                                 .stop = macros_stop};
    static const struct api_recordings_ops recordings = {.next = recordings_next,
                                                         .find = recordings_find,
                                                         .of_target = recordings_of_target,
                                                         .start = recordings_start,
                                                         .stop = recordings_stop,
                                                         .change = recordings_change};
    check(fixture_init(f) == 0);
    f->api.config = &config;
    f->api.devices = &devices;
    f->api.macros = &macros;
    f->api.recordings = &recordings;
    f->if_match = "\"0123\"";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct api_fixture f;
    char sink[65536];
    if (!f.loop)
        begin(&f);
    if (size < 2 || size > ROUTE_MAX_BODY)
        return 0;
    size_t pick = data[0] % ARRAY_SIZE(routes);
    error = errors[data[1] % ARRAY_SIZE(errors)];
    char *body = malloc(size - 1);
    if (!body)
        return 0;
    memcpy(body, data + 2, size - 2);
    body[size - 2] = '\0';
    check(fixture_call(&f, routes[pick].method, routes[pick].path, "", body, size - 2) && f.status);
    free(body);
    /* nobody reads the audit lines: drop them so that the channel's queue stays empty */
    while (recv(f.keeper_end, sink, sizeof sink, MSG_DONTWAIT) > 0)
        ;
    return 0;
}
