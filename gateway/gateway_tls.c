#include "gateway/gateway_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/certificate_facts.h"
#include "gateway/config/pending_change.h"
#include "gateway/gateway.h"
#include "gateway/note_file.h"

#define LOOK_AGAIN_US 2000000 /* while the keeper is away */
#define DAY_US (86400 * 1000000ull)
#define WARN_DAYS 30

struct gateway_tls {
    struct gateway *gateway;
    char note[CONFIG_PATH_MAX + 64];
    struct loop_timer *look, *daily;
    struct api_certificate facts;
    bool known;
    struct pending_change pending;
    bool undoing;
    bool setting; /* the keeper is at it: that another is on trial may be heard before its answer */
};

/* One thing that the page asked for, while the keeper does it. */
struct change {
    struct gateway_tls *self;
    char who[64];
    api_change_done_fn *done;
    void *data;
    bool keep, listeners;
};

/* What happens without a request, whose line its answer would wait for. */
static void audit(const struct gateway_tls *self, const char *what, const char *detail)
{
    keeper_client_audit(self->gateway->keeper, "gateway", what, "", detail);
}

static void save_note(const struct gateway_tls *self)
{
    char text[PENDING_TEXT];
    size_t n = self->pending.kind == PENDING_NONE ? 0 : pending_write(&self->pending, text);
    int r = n ? note_file_save(self->note, text, n, true) : unlink(self->note) < 0 && errno != ENOENT ? -errno : 0;
    if (r < 0)
        log_error("gateway", "%s: cannot be written: %s; a change that is not confirmed is undone at the next start",
                  self->note, strerror(-r));
}

/* ---- undoing ---- */

static void arm(struct gateway_tls *self)
{
    uint64_t left = pending_left(&self->pending, clock_boot_us());
    loop_timer_arm_in(self->look, self->known ? left : MIN(left, (uint64_t)LOOK_AGAIN_US));
}

static void on_undone(void *data, int error, const char *why)
{
    struct gateway_tls *self = data;
    self->undoing = false;
    if (error < 0 && error != -ENOENT) {
        log_error("gateway", "the change of the certificate is not undone yet: %s", why ? why : strerror(-error));
        loop_timer_arm_in(self->look, LOOK_AGAIN_US);
        return;
    }
    log_warn("gateway", "the change of the certificate was not confirmed in time: the one before it is back");
    audit(self, "certificate-reverted", "not confirmed in time");
    pending_end(&self->pending);
    save_note(self);
    gateway_tls_changed(self);
}

static void undo(struct gateway_tls *self)
{
    if (self->undoing)
        return;
    self->undoing = true;
    int r = keeper_client_certificate_end_trial(self->gateway->keeper, false, on_undone, self);
    if (r < 0)
        on_undone(self, r, NULL);
}

/* ---- looking ---- */

static const char *source_word(enum keeper_certificate_source source)
{
    static const char *const words[] = {[KEEPER_OWN_CERTIFICATE] = "generated",
                                        [KEEPER_CONFIGURED_CERTIFICATE] = "configuration",
                                        [KEEPER_SET_CERTIFICATE] = "set"};
    return words[source];
}

static int64_t days_left(const struct gateway_tls *self)
{
    return (self->facts.to - (int64_t)(clock_wall_us() / 1000000)) / 86400;
}

/* Once a day, and when another comes into use. A generated one says nothing to a browser anyway. */
static void warn_of_end(struct gateway_tls *self)
{
    char text[120];
    int64_t days = days_left(self);
    if (!self->known || days >= WARN_DAYS)
        return;
    if (self->facts.to <= (int64_t)(clock_wall_us() / 1000000))
        snprintf(text, sizeof text, "the certificate is over: have a new one issued and set it");
    else
        snprintf(text, sizeof text, "the certificate is over in %lld days: have a new one issued and set it",
                 (long long)days);
    log_warn("gateway", "%s", text);
    audit(self, "certificate-expires", text);
}

static void settle(struct gateway_tls *self)
{
    bool ours = self->pending.kind == PENDING_CERTIFICATE;
    if (self->setting)
        return;
    if (ours && !self->facts.on_trial && !self->undoing) {
        pending_end(&self->pending);
        save_note(self);
    } else if (self->facts.on_trial && (!ours || pending_over(&self->pending, clock_boot_us()))) {
        undo(self); /* nobody remembers who wanted it, or its time is over */
    }
}

static bool read_facts(struct gateway_tls *self)
{
    struct keeper_certificate read;
    if (keeper_client_certificate_read(self->gateway->keeper, &read) < 0)
        return false;
    char before[sizeof self->facts.fingerprint];
    memcpy(before, self->facts.fingerprint, sizeof before);
    self->known = certificate_facts(read.pem, &self->facts);
    self->facts.source = source_word(read.source);
    self->facts.on_trial = read.on_trial;
    free(read.pem);
    if (*before && strcmp(before, self->facts.fingerprint) != 0) {
        log_info("gateway", "another certificate is in use (%s): SHA-256 %s", self->facts.source,
                 self->facts.fingerprint);
        warn_of_end(self);
    }
    return self->known;
}

static void on_look(void *data)
{
    struct gateway_tls *self = data;
    int r = server_tls_reload(self->gateway->server);
    if (r < 0 || !read_facts(self)) {
        log_warn("gateway", "the keeper's certificate cannot be had just now%s%s", r < 0 ? ": " : "",
                 r < 0 ? strerror(-r) : "");
        loop_timer_arm_in(self->look, LOOK_AGAIN_US);
        return;
    }
    gateway_exports_certificate(self->gateway);
    settle(self);
    if (self->pending.kind != PENDING_NONE && !self->undoing)
        arm(self);
}

bool gateway_tls_waits(const struct gateway_tls *self)
{
    return self && (self->setting || self->pending.kind != PENDING_NONE);
}

void gateway_tls_changed(struct gateway_tls *self)
{
    if (self)
        loop_timer_arm_in(self->look, 0);
}

static void on_daily(void *data)
{
    struct gateway_tls *self = data;
    warn_of_end(self);
    loop_timer_arm_in(self->daily, DAY_US);
}

/* ---- for the page ---- */

static bool get(void *context, struct api_certificate *ret)
{
    const struct gateway_tls *self = context;
    if (self->known)
        *ret = self->facts;
    return self->known;
}

static struct change *change_new(struct gateway_tls *self, const char *who, api_change_done_fn *done, void *data)
{
    struct change *change = malloc(sizeof *change);
    if (!change) {
        done(data, -ENOMEM, NULL);
        return NULL;
    }
    *change = (struct change){.self = self, .done = done, .data = data};
    snprintf(change->who, sizeof change->who, "%s", who);
    return change;
}

static void change_end(struct change *change, int error, const char *why)
{
    change->done(change->data, error, why);
    free(change);
}

static void on_tested(void *data, int error, const char *why)
{
    change_end(data, error, error ? why : NULL);
}

/* The certificate is in use: from now on only a connection with it can keep it. */
static void on_set(void *data, int error, const char *why)
{
    struct change *change = data;
    struct gateway_tls *self = change->self;
    self->setting = false;
    if (error == 0) {
        pending_begin(&self->pending, PENDING_CERTIFICATE, change->who, clock_boot_us());
        save_note(self);
        server_retire_connections(self->gateway->server);
        on_look(self);
        why = "certificate-set";
    }
    change_end(change, error, why);
}

static void set(void *context, const char *certificate, const char *key, bool test, const char *who,
                api_change_done_fn *done, void *data)
{
    struct gateway_tls *self = context;
    if (!test && (self->setting || self->pending.kind != PENDING_NONE ||
                  gateway_settings_pending(self->gateway->settings)->kind != PENDING_NONE)) {
        done(data, -EBUSY, "Another change waits to be confirmed: confirm or revert that one first.");
        return;
    }
    struct change *change = change_new(self, who, done, data);
    if (!change)
        return;
    self->setting |= !test;
    int r =
        keeper_client_certificate_try(self->gateway->keeper, certificate, key, test, test ? on_tested : on_set, change);
    if (r == 0)
        return;
    self->setting = self->setting && test;
    change_end(change, r, r == -EINVAL ? "Certificate, chain and key are longer than 16000 bytes together." : NULL);
}

static void on_ended(void *data, int error, const char *why)
{
    struct change *change = data;
    struct gateway_tls *self = change->self;
    self->undoing = false;
    if (error == 0) {
        pending_end(&self->pending);
        save_note(self);
        on_look(self);
        why = change->keep ? "certificate-confirmed" : "certificate-reverted";
    }
    change_end(change, error, why);
}

static void end_trial(struct gateway_tls *self, bool keep, const char *who, api_change_done_fn *done, void *data)
{
    struct change *change = change_new(self, who, done, data);
    if (!change)
        return;
    change->keep = keep;
    self->undoing = true;
    int r = keeper_client_certificate_end_trial(self->gateway->keeper, keep, on_ended, change);
    if (r < 0)
        on_ended(change, r, NULL);
}

/* Listeners and login rules are the supervisor's to keep or undo. */
static void on_decided(void *data, int error, const char *why)
{
    struct change *change = data;
    char what[64];
    snprintf(what, sizeof what, "%s-%s", change->listeners ? "listeners" : "login-rules",
             change->keep ? "confirmed" : "reverted");
    change_end(change, error, error ? why : what);
}

static void decide(struct gateway_tls *self, bool keep, const char *who, api_change_done_fn *done, void *data)
{
    struct change *change = change_new(self, who, done, data);
    if (!change)
        return;
    change->keep = keep;
    change->listeners = gateway_settings_pending(self->gateway->settings)->kind == PENDING_LISTENERS;
    gateway_settings_decide(self->gateway->settings, keep, who, on_decided, change);
}

static bool of_settings(const struct gateway_tls *self)
{
    return self->pending.kind == PENDING_NONE &&
           gateway_settings_pending(self->gateway->settings)->kind != PENDING_NONE;
}

static void confirm(void *context, uint64_t connected_us, const char *who, api_change_done_fn *done, void *data)
{
    struct gateway_tls *self = context;
    if (of_settings(self)) {
        int settled =
            pending_confirmable(gateway_settings_pending(self->gateway->settings), connected_us, clock_boot_us());
        if (settled < 0)
            done(data, settled, NULL);
        else
            decide(self, true, who, done, data);
        return;
    }
    int r = self->undoing ? -EBUSY : pending_confirmable(&self->pending, connected_us, clock_boot_us());
    if (r < 0)
        done(data, r, NULL);
    else
        end_trial(self, true, who, done, data);
}

static void revert(void *context, const char *who, api_change_done_fn *done, void *data)
{
    struct gateway_tls *self = context;
    if (of_settings(self))
        decide(self, false, who, done, data);
    else if (self->undoing || self->pending.kind == PENDING_NONE)
        done(data, self->undoing ? -EBUSY : -ENOENT, NULL);
    else
        end_trial(self, false, who, done, data);
}

static void request(void *context, api_pem_done_fn *done, void *data)
{
    struct gateway_tls *self = context;
    int r = keeper_client_certificate_request(self->gateway->keeper, done, data);
    if (r < 0)
        done(data, r, NULL, NULL);
}

static void get_pending(void *context, struct api_pending *ret)
{
    const struct gateway_tls *self = context;
    const struct pending_change *pending =
        of_settings(self) ? gateway_settings_pending(self->gateway->settings) : &self->pending;
    ret->kind = pending_word(pending->kind);
    memcpy(ret->who, pending->who, sizeof ret->who);
    ret->left_s = (unsigned)((pending_left(pending, clock_boot_us()) + 999999) / 1000000);
}

const struct api_certificate_ops gateway_tls_ops = {
    .get = get, .set = set, .request = request, .pending = get_pending, .confirm = confirm, .revert = revert};

/* ---- client certificates ---- */

static char *read_pem(int fd)
{
    size_t room = 65536, have = 0;
    char *text = fd >= 0 ? malloc(room + 1) : NULL;
    ssize_t n = 1;
    while (text && have < room && (n = pread(fd, text + have, room - have, (off_t)have)) > 0)
        have += (size_t)n;
    if (!text || n < 0 || have == room) {
        free(text);
        return NULL;
    }
    text[have] = '\0';
    return text;
}

static void use_client_ca(struct gateway *gateway)
{
    int r =
        gateway->server ? server_set_client_ca(gateway->server, gateway->client_ca_pem, gateway->client_crl_pem) : 0;
    if (r < 0)
        log_error("gateway", "client-ca or client-crl makes no sense (PEM): nobody is asked for a client certificate");
    gateway->api.client_certificates = r == 0 && gateway->client_ca_pem;
}

bool gateway_tls_client_ca(struct gateway *gateway, struct ipc_message *message)
{
    if (message->body_size != 0 || message->n_fds > 2)
        return false;
    free(gateway->client_ca_pem);
    free(gateway->client_crl_pem);
    gateway->client_ca_pem = message->n_fds > 0 ? read_pem(message->fds[0]) : NULL;
    gateway->client_crl_pem = message->n_fds > 1 ? read_pem(message->fds[1]) : NULL;
    if ((message->n_fds > 0 && !gateway->client_ca_pem) || (message->n_fds > 1 && !gateway->client_crl_pem)) {
        log_error("gateway", "client-ca or client-crl cannot be read, or is longer than 64 KiB: nobody is asked for a "
                             "client certificate");
        free(gateway->client_ca_pem);
        gateway->client_ca_pem = NULL; /* without the list of revoked ones nobody vouches */
    }
    use_client_ca(gateway);
    return true;
}

/* ---- life ---- */

int gateway_tls_create(struct gateway *gateway, const char *folder, struct gateway_tls **ret)
{
    struct gateway_tls *self = calloc(1, sizeof *self);
    char text[PENDING_TEXT];
    if (!self)
        return -ENOMEM;
    self->gateway = gateway;
    snprintf(self->note, sizeof self->note, "%s/gateway/pending-change", folder);
    note_file_load(self->note, text, sizeof text);
    pending_read(&self->pending, text);
    int r = loop_timer_add(gateway->loop, on_look, self, &self->look);
    r = r ? r : loop_timer_add(gateway->loop, on_daily, self, &self->daily);
    if (r < 0) {
        gateway_tls_destroy(self);
        return r;
    }
    use_client_ca(gateway);
    read_facts(self);
    loop_timer_arm_in(self->look, 0);
    loop_timer_arm_in(self->daily, 1000000); /* the clock is known by then, and the audit log open */
    *ret = self;
    return 0;
}

struct gateway_tls *gateway_tls_destroy(struct gateway_tls *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->look);
    loop_timer_remove(self->daily);
    free(self);
    return NULL;
}
