/* Settings: reading them, and changing what the owner's file leaves open. */
#include "api/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/config_json.h"
#include "api/tables.h"

#define AUDIT_DETAIL 400
#define SPOKEN_FAULTS 4

/* One wish on its way. */
struct wish {
    struct api_context *api;
    struct route_call *call;
    struct api_config_ask ask;
    char tag[API_CONFIG_TAG], name[TARGET_NAME_MAX];
    struct api_config_change changes[API_CONFIG_MAX_CHANGES];
    char *before[API_CONFIG_MAX_CHANGES]; /* for the audit log */
    unsigned n;
};

static void wish_free(struct wish *self)
{
    for (unsigned i = 0; i < self->n; i++) {
        free(self->changes[i].text);
        free((char *)self->changes[i].target);
        free((char *)self->changes[i].key);
        free(self->before[i]);
    }
    free(self);
}

static const struct api_config_state *state_of(struct api_context *api, struct route_call *call)
{
    const struct api_config_state *state = api->config ? api->config->state(api->config_context) : NULL;
    if (!state)
        route_reply_error(call, 503, "not-now", "The settings are not known just now; try again in a moment.");
    return state;
}

static void reply_state(const struct api_context *api, struct route_call *call, int status,
                        const struct api_config_state *state)
{
    char etag[API_CONFIG_TAG + 2];
    snprintf(etag, sizeof etag, "\"%s\"", state->tag);
    route_reply_header(call, "ETag", etag);
    api_reply_json(call, status, api_config_json(api, call, state));
}

static void get_config(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const struct api_config_state *state = state_of(api, call);
    if (state)
        reply_state(api, call, 200, state);
}

static void get_keys(void *context, struct route_call *call)
{
    struct api_context *api = context;
    if (state_of(api, call))
        api_reply_json(call, 200, api_config_keys_json(api));
}

/* ---- the body ---- */

static const char *text_before(const struct api_config_state *state, const char *target, const char *key)
{
    for (unsigned i = 0; i < state->n_sections; i++)
        for (unsigned k = 0; strcmp(state->sections[i].target, target) == 0 && k < state->sections[i].n; k++)
            if (strcmp(state->sections[i].entries[k].key->name, key) == 0)
                return state->sections[i].entries[k].text;
    return "";
}

static bool add_change(struct wish *self, const char *target, const char *key, const json_t *value)
{
    const struct api_config_state *state = self->api->config->state(self->api->config_context);
    struct api_config_change *change = &self->changes[self->n];
    if (self->n == API_CONFIG_MAX_CHANGES) {
        route_reply_error(self->call, 413, "too-long", "That is more than %d keys at once.", API_CONFIG_MAX_CHANGES);
        return false;
    }
    if (!api_config_text(value, &change->text)) {
        route_reply_error(self->call, 400, "bad-value", "The value of '%.60s' must be text, a list of lines, or null.",
                          key);
        return false;
    }
    change->target = strdup(target);
    change->key = strdup(key);
    self->before[self->n++] = strdup(state ? text_before(state, target, key) : "");
    return true;
}

static bool read_section(struct wish *self, const char *target, json_t *keys)
{
    const char *key;
    json_t *value;
    if (!json_is_object(keys)) {
        route_reply_error(self->call, 400, "bad-value", "Settings are an object of keys and values.");
        return false;
    }
    json_object_foreach(keys, key, value) if (!add_change(self, target, key, value)) return false;
    return true;
}

static bool may_change(struct wish *self, const char *target)
{
    const struct auth_session *session = self->call->session;
    if (api_config_may(self->api, self->call, target))
        return true;
    if (*target && !auth_session_sees(session, target))
        route_reply_error(self->call, 404, "no-such-target", ROUTE_NO_SUCH_TARGET, target);
    else
        route_reply_error(self->call, 403, "forbidden", "This needs the right configure on %s; user %s has not got it.",
                          *target ? target : "the gateway", session->user);
    return false;
}

static bool read_sections(struct wish *self, json_t *body)
{
    json_t *gateway = json_object_get(body, "gateway"), *targets = json_object_get(body, "targets"), *keys;
    const char *target;
    if (gateway && (!may_change(self, "") || !read_section(self, "", gateway)))
        return false;
    if (targets && !json_is_object(targets)) {
        route_reply_error(self->call, 400, "bad-value", "'targets' is an object of targets.");
        return false;
    }
    json_object_foreach(targets, target,
                        keys) if (!may_change(self, target) || !read_section(self, target, keys)) return false;
    return true;
}

/* "\"0123...\"", as GET gave it. */
static bool read_base(struct wish *self)
{
    const char *text = self->call->if_match ? self->call->if_match : "";
    size_t n = strlen(text);
    if (n == 0) {
        route_reply_error(self->call, 428, "no-base",
                          "Say what the change is based on: If-Match with the ETag of GET /api/v1/config.");
        return false;
    }
    bool quoted = n > 2 && text[0] == '"' && text[n - 1] == '"' && n - 2 < sizeof self->tag;
    snprintf(self->tag, sizeof self->tag, "%.*s", quoted ? (int)(n - 2) : 0, text + 1);
    self->ask.tag = self->tag;
    return true;
}

/* ---- answers ---- */

static json_t *notes_json(const struct api_config_answer *answer)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < answer->n_faults; i++) {
        const struct api_config_note *one = &answer->faults[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "section", api_config_section_json(one->target), "key",
                                              api_text(one->key), "message", api_text(one->text)));
    }
    return list;
}

/* In one sentence for who does not look at the list. */
static json_t *faults_sentence(const struct api_config_answer *answer)
{
    char text[1200] = "Nothing was changed.";
    size_t at = strlen(text);
    for (unsigned i = 0; i < answer->n_faults && i < SPOKEN_FAULTS && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, " %s: %s", answer->faults[i].key, answer->faults[i].text);
    if (answer->n_faults > SPOKEN_FAULTS && at < sizeof text)
        snprintf(text + at, sizeof text - at, " And %u more.", answer->n_faults - SPOKEN_FAULTS);
    return api_text(text);
}

static void reply_faults(struct route_call *call, const struct api_config_answer *answer)
{
    json_t *error = json_pack("{s:s, s:o, s:o}", "code", "bad-config", "message", faults_sentence(answer), "keys",
                              notes_json(answer));
    api_reply_json(call, 422, json_pack("{s:o}", "error", error));
}

/* Somebody else was faster: what counts now, and who it was. */
static void reply_changed(const struct api_context *api, struct route_call *call)
{
    const struct api_config_state *state = api->config->state(api->config_context);
    const char *who = state && *state->who ? state->who : "The owner's file";
    json_t *error = json_pack("{s:s, s:o, s:o, s:I}", "code", "changed", "message",
                              json_sprintf("%s has changed settings since you read them: look at them again.", who),
                              "who", state && *state->who ? api_text(state->who) : json_null(), "time",
                              (json_int_t)(state ? state->when : 0));
    char etag[API_CONFIG_TAG + 2];
    snprintf(etag, sizeof etag, "\"%s\"", state ? state->tag : "");
    route_reply_header(call, "ETag", etag);
    api_reply_json(
        call, 412,
        json_pack("{s:o, s:o}", "error", error, "config", state ? api_config_json(api, call, state) : json_null()));
}

static void reply_error(struct wish *self, const struct api_config_answer *answer)
{
    struct route_call *call = self->call;
    switch (answer->error) {
    case -EINVAL:
        reply_faults(call, answer);
        break;
    case -ESTALE:
        reply_changed(self->api, call);
        break;
    case -EBUSY:
        route_reply_error(call, 409, "not-now",
                          "Another change waits to be confirmed: confirm or revert that one first.");
        break;
    case -EEXIST:
        route_reply_error(call, 409, "target-exists", "There is a target '%s' already.", self->name);
        break;
    case -ENOENT:
        route_reply_error(call, 404, "no-such-target", ROUTE_NO_SUCH_TARGET, self->name);
        break;
    case -EPERM:
        route_reply_error(call, 409, "in-file",
                          "The owner's file names target %s: remove it there, and send lightsoutd SIGHUP.", self->name);
        break;
    case -EMSGSIZE:
        route_reply_error(call, 413, "too-long", "That is more than can be set at once: send it in parts.");
        break;
    default:
        route_reply_error(call, 503, "failed", "%s",
                          *answer->reason ? answer->reason : "The settings cannot be changed just now; try again.");
    }
}

/* One line a key; a secret is none of these. */
static void audit_changes(const struct wish *self)
{
    char detail[AUDIT_DETAIL];
    for (unsigned i = 0; i < self->n; i++) {
        const struct api_config_change *change = &self->changes[i];
        snprintf(detail, sizeof detail, "%.60s: %.150s -> %.150s", change->key,
                 self->before[i] && *self->before[i] ? self->before[i] : "(default)",
                 change->text && *change->text ? change->text : "(default)");
        api_audit(self->api, self->call, "setting-changed", change->target, detail);
    }
}

static void reply_good(struct wish *self, const struct api_config_answer *answer)
{
    struct api_context *api = self->api;
    const struct api_config_state *state = api->config->state(api->config_context);
    switch (self->ask.wish) {
    case API_CONFIG_TEST:
        route_reply(self->call, 204, NULL, NULL, 0);
        return;
    case API_CONFIG_REMOVE:
        api_audit(api, self->call, "target-removed", self->name, self->ask.erase ? "with its disks" : "");
        route_reply(self->call, 204, NULL, NULL, 0);
        return;
    case API_CONFIG_RESTART:
        api_audit(api, self->call, "gateway-restarted", "", "");
        api_reply_json(self->call, 202, json_pack("{s:b}", "restarting", 1));
        return;
    case API_CONFIG_MAKE:
        api_audit(api, self->call, "target-added", self->name, "");
        break;
    case API_CONFIG_CHANGE:
        break;
    }
    audit_changes(self);
    if (state)
        reply_state(api, self->call, self->ask.wish == API_CONFIG_MAKE ? 201 : answer->on_trial ? 202 : 200, state);
    else
        route_reply(self->call, 204, NULL, NULL, 0);
}

static void on_done(void *data, const struct api_config_answer *answer)
{
    struct wish *self = data;
    if (answer->error)
        reply_error(self, answer);
    else
        reply_good(self, answer);
    wish_free(self);
}

/* ---- wishes ---- */

static struct wish *wish_new(struct api_context *api, struct route_call *call, enum api_config_wish kind)
{
    struct wish *self = state_of(api, call) ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        if (api->config && api->config->state(api->config_context))
            route_reply_error(call, 500, "failed", "The gateway is out of memory.");
        return NULL;
    }
    self->api = api;
    self->call = call;
    self->ask = (struct api_config_ask){.wish = kind, .who = call->session->user, .name = self->name};
    return self;
}

static void wish_send(struct wish *self)
{
    self->ask.changes = self->changes;
    self->ask.n = self->n;
    self->api->config->ask(self->api->config_context, &self->ask, on_done, self);
}

static void change(struct api_context *api, struct route_call *call, bool test)
{
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"gateway", "targets", NULL});
    struct wish *self = body ? wish_new(api, call, test ? API_CONFIG_TEST : API_CONFIG_CHANGE) : NULL;
    if (!self)
        return;
    if ((test || read_base(self)) && read_sections(self, body))
        wish_send(self);
    else
        wish_free(self);
}

static void patch_config(void *context, struct route_call *call)
{
    change(context, call, false);
}

static void post_test(void *context, struct route_call *call)
{
    change(context, call, true);
}

static void post_target(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *name = NULL;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"name", "settings", NULL});
    if (!body || !api_string(call, body, "name", true, &name))
        return;
    struct wish *self = wish_new(api, call, API_CONFIG_MAKE);
    if (!self)
        return;
    /* cut, it is too long for a name, and refused as that */
    snprintf(self->name, sizeof self->name, "%s", strlen(name) < sizeof self->name ? name : "-");
    json_t *settings = json_object_get(body, "settings");
    if (!settings || read_section(self, self->name, settings))
        wish_send(self);
    else
        wish_free(self);
}

/* What goes on there just now, for which somebody should be asked. */
static bool in_use(const struct target *target, json_t **ret)
{
    json_t *media = json_array();
    bool running = strcmp(target->vm_state, "running") == 0;
    for (unsigned i = 0; i < target->n_drives; i++) {
        struct drive_state drive;
        target->drives[i]->ops->state(target->drives[i], &drive);
        if (drive.phase != DRIVE_EMPTY && drive.phase != DRIVE_EJECTED_BY_TARGET && drive.phase != DRIVE_FAILED)
            json_array_append_new(media, api_text(drive.medium));
    }
    bool used = running || target->viewers || json_array_size(media);
    *ret = json_pack("{s:i, s:b, s:o}", "viewers", (int)target->viewers, "running", running, "media", media);
    return used;
}

static bool may_remove(struct api_context *api, struct route_call *call, const struct target *target)
{
    char force[4] = "";
    _cleanup_json_ json_t *use = NULL;
    (void)api;
    if (route_query(call, "force", force, sizeof force) && strcmp(force, "1") == 0)
        return true;
    if (!in_use(target, &use))
        return true;
    json_t *error = json_pack("{s:s, s:o}", "code", "in-use", "message",
                              json_sprintf("Target %s is in use; remove it all the same with force=1.", target->name));
    json_object_update(error, use);
    api_reply_json(call, 409, json_pack("{s:o}", "error", error));
    return false;
}

static void delete_target(void *context, struct route_call *call)
{
    struct api_context *api = context;
    char erase[4] = "";
    const struct target *target = api_target(api, call);
    if (!target || !may_change(&(struct wish){.api = api, .call = call}, "") || !may_remove(api, call, target))
        return;
    struct wish *self = wish_new(api, call, API_CONFIG_REMOVE);
    if (!self)
        return;
    snprintf(self->name, sizeof self->name, "%s", target->name);
    self->ask.erase = route_query(call, "erase", erase, sizeof erase) && strcmp(erase, "1") == 0;
    wish_send(self);
}

static void post_restart(void *context, struct route_call *call)
{
    struct wish *self = wish_new(context, call, API_CONFIG_RESTART);
    if (self)
        wish_send(self);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/config", ROUTE_ANYWHERE, RIGHT_CONFIGURE, get_config),
    ROUTE(ROUTE_GET, "/api/v1/config/keys", ROUTE_ANYWHERE, RIGHT_CONFIGURE, get_keys),
    ROUTE(ROUTE_PATCH, "/api/v1/config", ROUTE_ANYWHERE, RIGHT_CONFIGURE, patch_config),
    ROUTE(ROUTE_POST, "/api/v1/config/test", ROUTE_ANYWHERE, RIGHT_CONFIGURE, post_test),
    ROUTE(ROUTE_POST, "/api/v1/targets", ROUTE_RIGHT, RIGHT_CONFIGURE, post_target),
    ROUTE(ROUTE_DELETE, "/api/v1/targets/{target}", ROUTE_RIGHT, RIGHT_CONFIGURE, delete_target),
    ROUTE(ROUTE_POST, "/api/v1/gateway/restart", ROUTE_RIGHT, RIGHT_CONFIGURE, post_restart),
};
const struct api_rows api_config_rows = {rows, ARRAY_SIZE(rows)};
