#include "gateway/gateway_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"
#include "gateway/config/settings_view.h"
#include "gateway/control/control_config.h"
#include "gateway/gateway.h"

#define MOST_ASKED 16

/* One question on its way. */
struct asked {
    struct asked *next;
    uint32_t serial;
    api_config_done_fn *done;
    gateway_settings_done_fn *decided; /* or this one */
    void *data;
};

struct gateway_settings {
    struct gateway *gateway;
    struct settings_state *state; /* NULL: not told yet */
    struct settings_view view;    /* of it */
    struct asked *asked;
    unsigned n_asked;
    uint32_t serial;
};

/* ---- what is told ---- */

static struct settings_state *read_state(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > (off_t)SETTINGS_STATE_MAX)
        return NULL;
    _cleanup_free_ uint8_t *bytes = malloc((size_t)st.st_size);
    ssize_t n = bytes ? pread(fd, bytes, (size_t)st.st_size, 0) : -1;
    return n == (ssize_t)st.st_size ? settings_state_read(bytes, (size_t)n) : NULL;
}

/* What happened of itself goes into the audit log, and who has to confirm comes by a connection of later. */
static void look_at_trial(struct gateway_settings *self, const struct settings_state *before)
{
    const struct settings_state *now = self->state;
    struct gateway *gateway = self->gateway;
    bool began = now->pending.kind != PENDING_NONE && (!before || before->pending.began_us != now->pending.began_us);
    if (began && gateway->server)
        server_retire_connections(gateway->server);
    if (before && before->reverted != now->reverted && gateway->keeper) {
        char what[64];
        snprintf(what, sizeof what, "%s-reverted", pending_word(before->pending.kind));
        keeper_client_audit(gateway->keeper, "gateway", what, "", "what was set before is back");
    }
}

static bool on_state(struct gateway_settings *self, struct ipc_message *message)
{
    struct settings_state *state = message->n_fds == 1 && message->body_size == 0 ? read_state(message->fds[0]) : NULL;
    struct settings_state *before = self->state;
    struct settings_view view;
    if (!state || !settings_view_make(state, &view)) {
        settings_state_destroy(state);
        return false;
    }
    settings_view_finish(&self->view);
    self->state = state;
    self->view = view;
    look_at_trial(self, before);
    settings_state_destroy(before);
    return true;
}

/* ---- asking ---- */

static void finish(struct asked *asked, const struct api_config_answer *answer)
{
    if (asked->done)
        asked->done(asked->data, answer);
    else if (asked->decided)
        asked->decided(asked->data, answer->error, *answer->reason ? answer->reason : NULL);
    free(asked);
}

static bool on_answer(struct gateway_settings *self, struct ipc_message *message)
{
    _cleanup_free_ struct settings_answer *said = calloc(1, sizeof *said);
    _cleanup_free_ struct api_config_note *notes = calloc(SETTINGS_MAX_FAULTS, sizeof *notes);
    struct asked **at = &self->asked;
    if (!said || !notes || !settings_answer_read(message->body, message->body_size, said))
        return false;
    while (*at && (*at)->serial != message->serial)
        at = &(*at)->next;
    struct asked *asked = *at;
    if (!asked)
        return false;
    *at = asked->next;
    self->n_asked--;
    for (unsigned i = 0; i < said->faults.n; i++)
        notes[i] =
            (struct api_config_note){said->faults.list[i].target, said->faults.list[i].key, said->faults.list[i].text};
    finish(asked, &(struct api_config_answer){.error = said->error,
                                              .on_trial = said->on_trial,
                                              .reason = said->reason,
                                              .faults = notes,
                                              .n_faults = said->faults.n});
    return true;
}

bool gateway_settings_told(struct gateway_settings *self, struct ipc_message *message)
{
    return message->type == CONTROL_SETTINGS ? on_state(self, message) : on_answer(self, message);
}

static void refuse(struct asked *asked, int error)
{
    finish(asked, &(struct api_config_answer){.error = error, .reason = ""});
}

static void put_question(struct gateway_settings *self, const struct settings_ask *ask, struct asked asked)
{
    struct ipc *supervisor = self->gateway->supervisor;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct asked *kept = malloc(sizeof *kept);
    settings_ask_write(&w, ask);
    if (!kept) {
        if (asked.done)
            asked.done(asked.data, &(struct api_config_answer){.error = -ENOMEM, .reason = ""});
        else if (asked.decided)
            asked.decided(asked.data, -ENOMEM, NULL);
        return;
    }
    *kept = asked;
    self->serial = (self->serial + 1) & ~IPC_CALL_SERIAL;
    kept->serial = self->serial;
    int r = w.full        ? -EMSGSIZE
            : !supervisor ? -ENOTCONN
            : self->n_asked == MOST_ASKED
                ? -EAGAIN
                : ipc_send(supervisor, CONTROL_SETTINGS_ASK, kept->serial, room, wire_written(&w), NULL, 0);
    if (r < 0) {
        refuse(kept, r);
        return;
    }
    kept->next = self->asked;
    self->asked = kept;
    self->n_asked++;
}

void gateway_settings_lost(struct gateway_settings *self)
{
    while (self && self->asked) {
        struct asked *asked = self->asked;
        self->asked = asked->next;
        self->n_asked--;
        refuse(asked, -ENOTCONN);
    }
}

/* ---- for the page ---- */

static const struct api_config_key *get_keys(void *context, size_t *ret_n)
{
    (void)context;
    return settings_view_keys(ret_n);
}

static const struct api_config_state *get_state(void *context)
{
    const struct gateway_settings *self = context;
    return self->state ? &self->view.state : NULL;
}

static bool read_tag(const char *text, uint8_t tag[SETTINGS_TAG])
{
    for (unsigned i = 0; i < SETTINGS_TAG; i++) {
        unsigned byte;
        if (sscanf(text + 2 * (size_t)i, "%2x", &byte) != 1)
            return false;
        tag[i] = (uint8_t)byte;
    }
    return text[2 * (size_t)SETTINGS_TAG] == '\0';
}

static bool touches_trial(const struct api_config_ask *ask)
{
    for (unsigned i = 0; i < ask->n; i++) {
        const struct config_key *key =
            *ask->changes[i].target ? NULL : config_key_find(CONFIG_SECTION_GATEWAY, ask->changes[i].key);
        if (key && key->trial != CONFIG_TRIAL_NONE)
            return true;
    }
    return false;
}

static uint8_t wish_of(enum api_config_wish wish)
{
    static const uint8_t wishes[] = {[API_CONFIG_CHANGE] = SETTINGS_CHANGE,
                                     [API_CONFIG_TEST] = SETTINGS_TEST,
                                     [API_CONFIG_MAKE] = SETTINGS_MAKE,
                                     [API_CONFIG_REMOVE] = SETTINGS_REMOVE,
                                     [API_CONFIG_RESTART] = SETTINGS_RESTART};
    return wishes[wish];
}

/* What is too long for its place is nothing that there is: the supervisor says so. */
static void write_changes(struct settings_ask *to, const struct api_config_ask *from)
{
    for (unsigned i = 0; i < from->n && i < SETTINGS_MAX_CHANGES; i++) {
        struct settings_change *change = &to->changes.list[to->changes.n++];
        snprintf(change->target, sizeof change->target, "%s", from->changes[i].target);
        snprintf(change->key, sizeof change->key, "%s", from->changes[i].key);
        change->text = from->changes[i].text;
    }
}

static void ask(void *context, const struct api_config_ask *wanted, api_config_done_fn *done, void *data)
{
    struct gateway_settings *self = context;
    _cleanup_free_ struct settings_ask *ask = calloc(1, sizeof *ask);
    struct api_config_answer no = {.error = 0, .reason = ""};
    if (!ask)
        no.error = -ENOMEM;
    else if (wanted->tag && !read_tag(wanted->tag, ask->tag))
        no.error = -ESTALE;
    else if (wanted->wish == API_CONFIG_CHANGE && touches_trial(wanted) && gateway_tls_waits(self->gateway->tls))
        no.error = -EBUSY;
    if (no.error) {
        done(data, &no);
        return;
    }
    ask->wish = wish_of(wanted->wish);
    ask->any_tag = !wanted->tag;
    ask->erase = wanted->erase;
    snprintf(ask->who, sizeof ask->who, "%s", wanted->who);
    snprintf(ask->name, sizeof ask->name, "%s", wanted->name);
    write_changes(ask, wanted);
    put_question(self, ask, (struct asked){.done = done, .data = data});
}

const struct pending_change *gateway_settings_pending(const struct gateway_settings *self)
{
    static const struct pending_change nothing = {.kind = PENDING_NONE};
    return self && self->state ? &self->state->pending : &nothing;
}

void gateway_settings_decide(struct gateway_settings *self, bool keep, const char *who, gateway_settings_done_fn *done,
                             void *data)
{
    _cleanup_free_ struct settings_ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        done(data, -ENOMEM, NULL);
        return;
    }
    ask->wish = keep ? SETTINGS_CONFIRM : SETTINGS_REVERT;
    ask->any_tag = true;
    snprintf(ask->who, sizeof ask->who, "%s", who);
    put_question(self, ask, (struct asked){.decided = done, .data = data});
}

static void backup(void *context, const char *passphrase, api_backup_done_fn *done, void *data)
{
    struct gateway_settings *self = context;
    gateway_backup_ask(self->gateway, passphrase, done, data);
}

const struct api_config_ops gateway_settings_ops = {
    .keys = get_keys, .machine_words = settings_view_machines, .state = get_state, .ask = ask, .backup = backup};

/* ---- life ---- */

int gateway_settings_create(struct gateway *gateway, struct gateway_settings **ret)
{
    struct gateway_settings *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->gateway = gateway;
    *ret = self;
    return 0;
}

struct gateway_settings *gateway_settings_destroy(struct gateway_settings *self)
{
    if (!self)
        return NULL;
    gateway_settings_lost(self);
    settings_view_finish(&self->view);
    settings_state_destroy(self->state);
    free(self);
    return NULL;
}
