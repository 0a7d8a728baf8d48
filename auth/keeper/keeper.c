/* The process: what it begins with, and the supervisor's messages. */
#include "auth/keeper/keeper.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "auth/keeper/audit_courier.h"
#include "auth/keeper/desk.h"
#include "auth/keeper/directory_desk.h"
#include "auth/keeper/errands.h"
#include "auth/keeper/supervisor_wire.h"
#include "auth/keeper/trust.h"
#include "core/clock.h"
#include "core/heartbeat.h"
#include "core/log.h"

#define STORE_FILE "keeper.db"
#define SECURE_BYTES 65536
#define SECURE_LEAST 32

struct keeper {
    struct loop *loop;
    struct ipc *supervisor;
    struct heartbeat *heartbeat; /* from the moment that it serves */
    struct loop_wake *stop;
    struct book *book;
    struct tls_identities identities;
    struct desk *desk; /* NULL until KEEPER_BEGIN was served */
    struct errands *errands;
    struct directory *directory;
    struct directory_settings *directory_draft; /* while it comes in */
    struct directory_desk *directory_desk;
    struct audit_settings audit;
    struct errand_syslog syslog;
    struct audit_courier *courier;
    int first_gateway_fd;
    struct keeper_account first_user; /* the owner's wish; "" none, or it was served */
};

static struct loop_wake *stop_wake; /* for the signal handler */

static void on_signal(attr_unused int number)
{
    loop_wake_signal(stop_wake);
}

static void on_stop(void *data)
{
    struct keeper *self = data;
    loop_stop(self->loop, 0);
}

static void fail(struct keeper *self, const char *reason)
{
    /* the supervisor says it, once */
    if (failed_send(self->supervisor, reason) < 0)
        log_error("keeper", "%s", reason);
    loop_stop(self->loop, 1);
}

static int load_identity(struct keeper *self, const struct keeper_begin *begin, struct ipc_message *message, char *why,
                         size_t size)
{
    const char *names[KEEPER_MAX_NAMES];
    for (unsigned i = 0; i < begin->n_names; i++)
        names[i] = begin->names[i];
    return tls_identities_open(&self->identities, names, begin->n_names, message->n_fds ? message->fds[0] : -1,
                               message->n_fds ? message->fds[1] : -1, why, size);
}

/* Before there could be a secret. A wish that cannot be granted leaves set-up to a person. */
static void make_first_user(struct keeper *self, struct keeper_ready *ready)
{
    const char *why = "";
    if (!self->first_user.name[0] && !self->first_user.hash[0])
        return;
    int r = book_first_user(self->book, instant_now(), self->first_user.name, self->first_user.hash, &why);
    ready->first_user = r == 0           ? KEEPER_FIRST_USER_MADE
                        : r == -EALREADY ? KEEPER_FIRST_USER_LATE
                                         : KEEPER_FIRST_USER_REFUSED;
    snprintf(ready->reason, sizeof ready->reason, "%s", r < 0 ? why : "");
    self->first_user.name[0] = '\0';
    explicit_bzero(self->first_user.hash, sizeof self->first_user.hash);
}

/* On the store's thread, once there is one. */
static void use_directory(struct keeper *self, struct book *book)
{
    const struct book_directory directory = {.map = directory_judge, .data = self->directory};
    book_use_directory(book, directory_is_configured(self->directory) ? &directory : NULL);
}

static void work_directory(void *data, struct book *book, struct request *request, struct instant now)
{
    (void)request, (void)now;
    use_directory(data, book);
}

static void directory_used(void *data)
{
    struct keeper *self = data;
    if (self->directory_desk)
        directory_desk_changed(self->directory_desk);
}

/* The supervisor's settings, in several messages. */
static int on_directory(struct keeper *self, const struct ipc_message *message)
{
    if (!self->directory_draft)
        self->directory_draft = calloc(1, sizeof *self->directory_draft);
    if (!self->directory_draft)
        return -ENOMEM;
    int r = directory_receive(message, self->directory_draft);
    if (r != 1)
        return r;
    directory_set(self->directory, self->directory_draft);
    explicit_bzero(self->directory_draft, sizeof *self->directory_draft);
    free(take(self->directory_draft));
    return self->desk ? desk_run(self->desk, work_directory, directory_used, self) : 0;
}

/* Opens the store and all else; on failure why says what. */
static int start(struct keeper *self, const struct keeper_begin *begin, struct ipc_message *message,
                 struct keeper_ready *ready, char *why, size_t size)
{
    int r = load_identity(self, begin, message, why, size);
    if (r < 0)
        return r;
    r = book_open(&self->book, STORE_FILE, instant_now(), why, size);
    if (r < 0)
        return r;
    r = book_use_audit(self->book, &self->audit);
    self->audit.file_fd = -1;
    if (r < 0)
        return r;
    make_first_user(self, ready);
    snprintf(why, size, "keeper/%s: cannot be written: make room on the disk that holds the state folder.", STORE_FILE);
    if (book_needs_setup(self->book) && !book_recovers(self->book))
        r = book_new_secret(self->book, instant_now(), ready->secret);
    if (r < 0)
        return r;
    snprintf(why, size, "the keeper's threads could not be started.");
    book_name(self->book, begin->n_names ? begin->names[0] : "");
    use_directory(self, self->book);
    r = desk_create(self->loop, self->book, &self->identities, &self->desk);
    r = r ? r : audit_courier_create(self->loop, self->desk, self->book, self->errands, &self->courier);
    if (r >= 0)
        audit_courier_serve(self->courier, self->audit.syslog ? &self->syslog : NULL);
    return r ? r : directory_desk_create(self->loop, self->desk, self->errands, self->directory, &self->directory_desk);
}

static void on_setup(void *data, const char *secret)
{
    struct keeper *self = data;
    if (self->supervisor && setup_send(self->supervisor, secret) < 0)
        log_error("keeper", "the supervisor was not told that set-up has changed");
}

static void on_begin(struct keeper *self, struct ipc_message *message)
{
    struct keeper_begin begin;
    struct keeper_ready ready = {0};
    char why[KEEPER_MAX_REASON] = "";
    if (self->desk || begin_read(message, &begin) < 0) {
        fail(self, "the supervisor's first message makes no sense.");
        return;
    }
    _Static_assert(sizeof ready.secret >= SECRET_SIZE, "the secret must fit");
    if (start(self, &begin, message, &ready, why, sizeof why) < 0) {
        fail(self, why);
        return;
    }
    desk_listen(self->desk, on_setup, self);
    ready.needs_setup = book_needs_setup(self->book);
    ready.audit_broken = book_audit_broken(self->book);
    book_audit_key(self->book, ready.audit_key);
    memcpy(ready.fingerprint, tls_identities_used(&self->identities)->fingerprint, sizeof ready.fingerprint);
    int r = heartbeat_create(self->loop, &self->supervisor, &self->heartbeat);
    r = r ? r : ready_send(self->supervisor, &ready);
    explicit_bzero(ready.secret, sizeof ready.secret);
    if (r < 0)
        loop_stop(self->loop, 1);
    if (self->first_gateway_fd >= 0)
        desk_set_gateway(self->desk, take_fd(&self->first_gateway_fd));
}

/* The configuration was read anew. What is refused is said, and changes nothing. */
static void on_again(struct keeper *self, struct ipc_message *message)
{
    struct keeper_begin begin;
    const char *names[KEEPER_MAX_NAMES];
    char why[KEEPER_MAX_REASON] = "";
    if (begin_read(message, &begin) < 0) {
        fail(self, "the supervisor sent a message that makes no sense.");
        return;
    }
    for (unsigned i = 0; i < begin.n_names; i++)
        names[i] = begin.names[i];
    int r = tls_identities_again(&self->identities, names, begin.n_names, message->n_fds ? message->fds[0] : -1,
                                 message->n_fds ? message->fds[1] : -1, why, sizeof why);
    if (r < 0)
        log_error("keeper", "the former certificate stays: %s", why);
    desk_certificate_changed(self->desk);
}

static void work_trust(void *data, struct book *book, struct request *request, struct instant now)
{
    struct trust **trust = data;
    (void)request, (void)now;
    book_use_trust(book, take(*trust));
}

static void trust_used(void *data)
{
    struct trust **trust = data;
    trust_destroy(*trust); /* what the book did not come to take */
    free(trust);
}

/* Who may vouch for client certificates. What cannot be read vouches for nobody. */
static int on_client_ca(struct keeper *self, struct ipc_message *message)
{
    char why[KEEPER_MAX_REASON] = "";
    struct trust **trust = calloc(1, sizeof(struct trust *));
    if (!trust)
        return -ENOMEM;
    if (message->n_fds &&
        trust_create(message->fds[0], message->n_fds == 2 ? message->fds[1] : -1, trust, why, sizeof why) < 0)
        log_error("keeper", "no client certificate is taken: %s", why);
    int r = desk_run(self->desk, work_trust, trust_used, trust);
    if (r < 0)
        trust_used(trust);
    return r;
}

struct audit_change {
    struct audit_settings settings;
    int error;
};

static void work_audit(void *data, struct book *book, struct request *request, struct instant now)
{
    struct audit_change *change = data;
    (void)request, (void)now;
    change->error = book_use_audit(book, &change->settings);
    change->settings.file_fd = -1;
}

static void audit_used(void *data)
{
    struct audit_change *change = data;
    if (change->error < 0)
        log_error("keeper", "the audit log's ways outside cannot be read: %s", strerror(-change->error));
    if (change->settings.file_fd >= 0)
        close(change->settings.file_fd); /* the book did not come to take it */
    free(change);
}

/* The configuration was read anew. The book first: the courier's next turn finds what it needs there. */
static int on_audit(struct keeper *self, struct ipc_message *message)
{
    struct audit_change *change = calloc(1, sizeof *change);
    if (!change || audit_settings_read(message, &change->settings, &self->syslog) < 0) {
        free(change);
        return -EPROTO;
    }
    const bool syslog = change->settings.syslog;
    int r = desk_run(self->desk, work_audit, audit_used, change);
    if (r < 0)
        audit_used(change);
    else
        audit_courier_serve(self->courier, syslog ? &self->syslog : NULL);
    return r;
}

/* What waits for KEEPER_BEGIN, taken down. */
static bool is_beforehand(struct keeper *self, struct ipc_message *message)
{
    if (self->desk)
        return false;
    if (message->type == KEEPER_AUDIT_SETTINGS)
        return self->audit.file_fd < 0 && audit_settings_read(message, &self->audit, &self->syslog) == 0;
    return message->type == KEEPER_FIRST_USER && account_read(message, &self->first_user) == 0;
}

static void on_message(void *data, struct ipc_message *message)
{
    struct keeper *self = data;
    if (message->type == KEEPER_BEGIN) {
        on_begin(self, message);
    } else if (message->type == KEEPER_AGAIN && self->desk) {
        on_again(self, message);
    } else if (is_beforehand(self, message)) {
        return;
    } else if (message->type == KEEPER_GATEWAY && message->n_fds == 1 && self->desk) {
        int r = desk_set_gateway(self->desk, take_fd(&message->fds[0]));
        if (r < 0)
            log_error("keeper", "the new gateway's channel cannot be used: %s", strerror(-r));
    } else if (message->type == KEEPER_DIRECTORY || message->type == KEEPER_DIRECTORY_GROUP) {
        if (on_directory(self, message) < 0)
            fail(self, "the supervisor's directory makes no sense.");
    } else if (message->type == KEEPER_CLIENT_CA && self->desk && message->n_fds <= 2 && message->body_size == 0) {
        if (on_client_ca(self, message) < 0)
            fail(self, "out of memory.");
    } else if (message->type == KEEPER_AUDIT_SETTINGS && self->desk) {
        if (on_audit(self, message) < 0)
            fail(self, "the supervisor's settings of the audit log cannot be used.");
    } else if (message->type == KEEPER_ERRANDS && message->n_fds == 1) {
        int r = errands_connect(self->errands, take_fd(&message->fds[0]));
        if (r < 0)
            log_error("keeper", "outward's channel cannot be used: %s", strerror(-r));
    } else {
        fail(self, "the supervisor sent a message that makes no sense.");
    }
}

static void on_closed(void *data, int error)
{
    struct keeper *self = data;
    loop_stop(self->loop, error && error != -ECONNRESET ? 1 : 0); /* reset: it had not read our heartbeats */
}

static const struct ipc_listener supervisor_listener = {.message = on_message, .closed = on_closed};

/* What a process that holds secrets wants of the kernel: no core files, no debugger of the same uid. */
static void harden(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifndef LIGHTSOUT_SANITIZED /* the leak checker attaches to its own process */
    prctl(PR_SET_DUMPABLE, 0);
#endif
    umask(077);
    /* where OpenSSL keeps private keys: locked, between pages that cannot be touched, and in no dump */
    CRYPTO_secure_malloc_init(SECURE_BYTES, SECURE_LEAST);
}

/* Ctrl-C reaches the whole group: the supervisor decides what it means. A write beyond a size limit is an error like a
 * full disk, not death. */
static void catch_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    sigaction(SIGTERM, &stop, NULL);
}

static int run(struct keeper *self, int supervisor_fd)
{
    int r = loop_create(&self->loop);
    if (r >= 0)
        r = loop_wake_add(self->loop, on_stop, self, &self->stop);
    if (r >= 0)
        r = errands_create(self->loop, &self->errands);
    if (r >= 0)
        r = directory_create(&self->directory);
    if (r < 0) {
        close(supervisor_fd);
        return r;
    }
    stop_wake = self->stop;
    catch_signals();
    r = ipc_create(self->loop, supervisor_fd, &supervisor_listener, self, &self->supervisor);
    if (r < 0) {
        close(supervisor_fd);
        return r;
    }
    return loop_run(self->loop);
}

int keeper_main(const struct keeper_options *options)
{
    struct keeper self = {.first_gateway_fd = options->gateway_fd, .audit.file_fd = -1};
    harden();
    instant_init();
    int r = fchdir(options->state_dir_fd) < 0 ? -errno : 0;
    close(options->state_dir_fd);
    if (r == 0)
        r = run(&self, options->supervisor_fd);
    else
        close(options->supervisor_fd);
    if (r < 0)
        log_error("keeper", "cannot run: %s", strerror(-r));
    self.heartbeat = heartbeat_destroy(self.heartbeat);
    self.supervisor = ipc_destroy(self.supervisor); /* nothing new while the rest is finished */
    directory_desk_stop(self.directory_desk);
    audit_courier_stop(self.courier);
    errands_destroy(self.errands);
    desk_destroy(self.desk);
    audit_courier_destroy(self.courier);
    directory_desk_destroy(self.directory_desk);
    directory_destroy(self.directory);
    free(self.directory_draft);
    book_close(self.book);
    tls_identities_finish(&self.identities);
    if (self.stop) {
        signal(SIGTERM, SIG_DFL);
        loop_wake_remove(self.stop);
    }
    if (self.first_gateway_fd >= 0)
        close(self.first_gateway_fd);
    if (self.audit.file_fd >= 0)
        close(self.audit.file_fd);
    loop_destroy(self.loop);
    return r == 0 ? 0 : 1;
}
