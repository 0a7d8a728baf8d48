/* The gateway's process: everything the network reaches, and nothing that must not be reached. */
#include "gateway/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/clock.h"
#include "core/heartbeat.h"
#include "core/log.h"
#include "gateway/accept.h"
#include "gateway/console/console_seat.h"
#include "gateway/drives/exports.h"
#include "gateway/drives/media_streams.h"
#include "gateway/helper/helper_client.h"
#include "gateway/macros/macros.h"
#include "gateway/outward/outward_client.h"
#include "gateway/reader/reader_client.h"
#include "gateway/reader/reader_languages.h"
#include "gateway/recordings/recordings.h"
#include "gateway/role.h"
#include "gateway/sandbox/sandbox.h"
#include "gateway/targets/gateway_targets.h"
#include "html5-client/site_files.h"
#include "media/layers.h"
#include "usbgadget/layout.h"
#include "video/console_fonts.h"

#define MOST_ENCODERS 4
#define UPLOAD_THREADS 2
#define IO_THREADS 4
#define KEEPER_PATIENCE_US (20 * 1000000ull) /* one that is started anew checks its store first */
#define CACHE_DISK_PART 3                    /* of what is free */

/* Pictures are larger than this: they get pages of their own, which go back to the system when they are freed. Left to
 * itself the C library would keep some of them in the heap of each thread, for as long as the process lives. */
#define OWN_PAGES (1 << 20)

static int enter_sandbox(const struct gateway *self)
{
    char own[CONFIG_PATH_MAX + 16], run[CONFIG_PATH_MAX + 16], recordings[CONFIG_PATH_MAX + 16], library[32];
    snprintf(own, sizeof own, "%s/gateway", self->setup.state);
    snprintf(run, sizeof run, "%s/run", self->setup.state);
    snprintf(recordings, sizeof recordings, "%s/recordings", self->setup.state);
    snprintf(library, sizeof library, "/proc/self/fd/%d", self->library_fd);
    const struct sandbox_path paths[] = {
        {own, SANDBOX_OWN, false},                    /* notes of inserted media, cache, overlays */
        {run, SANDBOX_OWN, false},                    /* the NBD servers' sockets; QEMU's are connected to */
        {recordings, SANDBOX_OWN, true},              /* of screens */
        {library, SANDBOX_OWN, self->library_fd < 0}, /* images come, change and go */
    };
    return sandbox_enter(SANDBOX_GATEWAY, paths, ARRAY_SIZE(paths));
}

static void on_session_ended(void *data, struct auth_session *session)
{
    struct gateway *self = data;
    if (self->server)
        server_session_ended(self->server, session);
    for (size_t i = 0; i < self->target_list.n; i++) {
        console_session_ended(self->targets[i], session->id);
        console_rights_changed(self->targets[i], session);
    }
}

/* Channels that need what was taken away end; who may not type any more lets go. */
static void on_session_changed(void *data, struct auth_session *session)
{
    struct gateway *self = data;
    if (self->server)
        server_session_changed(self->server, session);
    for (size_t i = 0; i < self->target_list.n; i++)
        console_rights_changed(self->targets[i], session);
}

static void on_setup_state(void *data, bool needs_setup)
{
    struct gateway *self = data;
    loop_timer_disarm(self->keeper_patience);
    self->api.needs_setup = needs_setup;
    if (self->server)
        server_set_needs_setup(self->server, needs_setup);
    if (self->accept)
        accept_go_on(self->accept); /* said first by each keeper that has begun */
    gateway_tls_changed(self->tls);
}

static void on_certificate_changed(void *data)
{
    struct gateway *self = data;
    gateway_tls_changed(self->tls);
}

/* A keeper that was started anew is given to us by the supervisor; one that only closed our channel would never come
 * back. The next gateway gets a channel of its own. */
static void on_keeper_missed(void *data)
{
    struct gateway *self = data;
    log_error("gateway", "the keeper did not come back: ending, so that another gateway begins with it");
    if (self->server)
        server_stop(self->server, -ENOTCONN);
    else
        loop_stop(self->loop, -ENOTCONN);
}

static void on_keeper_closed(void *data)
{
    struct gateway *self = data;
    log_warn("gateway", "the keeper is gone; nobody can log in until it is back");
    loop_timer_arm_in(self->keeper_patience, KEEPER_PATIENCE_US);
    if (self->accept)
        accept_hold(self->accept); /* it signs each handshake, and will soon be back */
}

static void on_helper_lost(void *data)
{
    struct gateway *self = data;
    int r = self->supervisor ? ipc_send(self->supervisor, CONTROL_WANT_HELPER, 0, NULL, 0, NULL, 0) : -ENOTCONN;
    if (r < 0)
        log_error("gateway", "another helper cannot be asked for: %s", strerror(-r));
}

static int on_reader_wanted(void *data)
{
    struct gateway *self = data;
    return self->supervisor ? ipc_send(self->supervisor, CONTROL_WANT_READER, 0, NULL, 0, NULL, 0) : -ENOTCONN;
}

static void on_signal(void *data, int number)
{
    struct gateway *self = data;
    (void)number;
    if (self->server)
        server_stop(self->server, 0);
    else
        loop_stop(self->loop, 0);
}

static int create_pools(struct gateway *self)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned encoders = cpus < 1 ? 1 : cpus > MOST_ENCODERS ? MOST_ENCODERS : (unsigned)cpus;
    int r = worker_pool_create(self->loop, "encode", encoders, &self->encoders);
    /* a PNG takes as long as many updates: never in front of one */
    r = r ? r : worker_pool_create(self->loop, "picture", 1, &self->pictures);
    return r ? r : worker_pool_create(self->loop, "io", IO_THREADS, &self->io);
}

static int create_library(struct gateway *self)
{
    if (self->library_fd < 0)
        return 0;
    int r = library_create(take_fd(&self->library_fd), self->io, &self->library);
    if (r < 0)
        return r;
    r = worker_pool_create(self->loop, "upload", UPLOAD_THREADS, &self->uploading);
    r = r ? r : uploads_create(self->loop, self->library, self->uploading, &self->api.uploads);
    if (r < 0)
        log_warn("gateway", "the image library takes no uploads: %s", strerror(-r));
    return 0;
}

/* A folder that cannot be used costs speed, and nothing else. */
static int open_cache_folder(const struct gateway *self)
{
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/gateway/cache", self->setup.state);
    int fd = mkdirat(AT_FDCWD, path, 0700) < 0 && errno != EEXIST
                 ? -1
                 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        log_error("gateway", "blocks of media are not kept on disk: %s: %s", path, strerror(errno));
    return fd;
}

static int create_cache(struct gateway *self)
{
    struct cache_config config = {
        .memory = self->setup.cache_memory, .disk = self->setup.cache_disk, .folder_fd = -1, .key = &self->media_key};
    struct statvfs space;
    if (config.disk)
        config.folder_fd = open_cache_folder(self);
    if (config.folder_fd >= 0 && fstatvfs(config.folder_fd, &space) == 0)
        config.disk = MIN(config.disk, (uint64_t)space.f_bavail * space.f_frsize / CACHE_DISK_PART);
    if (config.folder_fd < 0)
        config.disk = 0;
    return cache_create(self->io, &config, &self->cache);
}

static void on_recording_changed(void *data, struct target *target, const struct api_recording *entry)
{
    struct gateway_target *self = container_of(target, struct gateway_target, target);
    (void)data;
    target_recording_changed(self, entry);
}

static struct feed *recording_feed(void *data, struct target *target)
{
    (void)data;
    return container_of(target, struct gateway_target, target)->feed;
}

/* Without it nothing is recorded, and all else works. */
static void create_recordings(struct gateway *self)
{
    char path[CONFIG_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/recordings", self->setup.state);
    struct recordings_config config = {.loop = self->loop,
                                       .io = self->io,
                                       .keeper = self->keeper,
                                       .folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                                       .keep = self->setup.recordings_keep,
                                       .changed = on_recording_changed,
                                       .feed = recording_feed,
                                       .data = self};
    if (config.folder_fd < 0)
        log_error("gateway", "nothing can be recorded: %s: %s", path, strerror(errno));
    int r = recordings_create(&config, &self->recordings);
    if (r < 0)
        log_error("gateway", "nothing can be recorded: %s", strerror(-r));
}

static size_t languages(char (*ret)[API_LANGUAGE], size_t n)
{
    return reader_languages(reader_languages_folder(), ret, n);
}

static void set_api(struct gateway *self)
{
    self->api.recordings = self->recordings ? &recordings_ops : NULL;
    self->api.recordings_context = self->recordings;
    self->api.version = LIGHTSOUT_VERSION;
    self->api.begun_us = clock_now_us();
    self->api.keeper = self->keeper;
    self->api.audit_waits = true;
    self->api.targets = &self->target_list;
    self->api.library = self->library;
    self->api.exports = self->exports ? &exports_ops : NULL;
    self->api.exports_context = self->exports;
    self->api.may = gateway_may;
    self->api.may_context = self;
    self->api.macros = &gateway_macros_ops;
    self->api.statistics = gateway_statistics;
    self->api.statistics_context = self;
    self->api.languages = languages;
    self->api.set_clock = gateway_clock_set;
    self->api.clock_context = self;
    self->api.config = &gateway_settings_ops;
    self->api.config_context = self->settings;
    self->api.devices = &gateway_devices_ops;
    self->api.devices_context = self;
}

static int create_server(struct gateway *self)
{
    size_t n_tables;
    const struct route_table *tables = api_tables(&self->api, &n_tables);
    struct server_config config = {
        .site = site_files,
        .n_site = site_files_count,
        .tables = tables,
        .n_tables = n_tables,
        .console = &gateway_console_ops,
        .console_context = self,
        .media = &media_stream_ops,
        .media_context = self,
        .may = gateway_may,
        .may_context = self,
        .local_uid = getuid(),
    };
    gateway_net_configure(self, &config);
    int r = server_create(self->loop, self->keeper, &config, &self->server);
    if (r < 0)
        return r;
    server_set_needs_setup(self->server, self->api.needs_setup);
    r = gateway_tls_create(self, self->setup.state, &self->tls);
    self->api.certificate = &gateway_tls_ops;
    self->api.certificate_context = self->tls;
    r = r ? r : accept_create(self->loop, self->server, GATEWAY_FD_CONTROL, &self->accept);
    return r ? r : gateway_net_open(self, LISTEN_PAGE);
}

/* Everything the network will reach stands before the first connection is taken. */
static int begin(struct gateway *self)
{
    static const struct keeper_client_listener keeper_listener = {.session_ended = on_session_ended,
                                                                  .session_changed = on_session_changed,
                                                                  .setup_state = on_setup_state,
                                                                  .certificate_changed = on_certificate_changed,
                                                                  .closed = on_keeper_closed};
    static const struct helper_client_owner helper_owner = {.lost = on_helper_lost};
    static const struct reader_client_owner reader_owner = {.want = on_reader_wanted};
    mallopt(M_MMAP_THRESHOLD, OWN_PAGES);
    int r = loop_create(&self->loop);
    r = r ? r : loop_timer_add(self->loop, on_keeper_missed, self, &self->keeper_patience);
    r = r ? r : signal_watch_begin(&self->signals, self->loop, signal_watch_stops, on_signal, self);
    r = r ? r : helper_client_create(self->loop, &helper_owner, self, &self->helper);
    r = r ? r : outward_client_create(self->loop, &self->outward);
    r = r ? r : reader_client_create(self->loop, &reader_owner, self, &self->reader);
    r = r ? r : gateway_settings_create(self, &self->settings);
    r = r ? r : gateway_receive_setup(self);
    layer_overlay_prepare();
    r = r ? r : enter_sandbox(self);
    r = r ? r : keeper_client_create(self->loop, GATEWAY_FD_KEEPER, &keeper_listener, self, &self->keeper);
    r = r ? r : gateway_media_key(self);
    r = r ? r : create_pools(self);
    r = r ? r : create_library(self);
    r = r ? r : create_cache(self);
    if (r == 0)
        create_recordings(self);
    if (r == 0)
        gateway_create_exports(self);
    r = r ? r : gateway_targets_begin(self);
    if (r < 0)
        return r;
    set_api(self);
    self->api.needs_setup = true; /* until the keeper says otherwise */
    r = create_server(self);
    if (r == 0 && self->supervisor)
        r = ipc_send(self->supervisor, CONTROL_READY, 0, NULL, 0, NULL, 0);
    return r ? r : heartbeat_create(self->loop, &self->supervisor, &self->heartbeat);
}

/* Viewers first (their keys are released while the targets are there), then who works for targets, then those. */
static void end(struct gateway *self)
{
    gateway_clock_lost(self);
    self->heartbeat = heartbeat_destroy(self->heartbeat);
    self->accept = accept_destroy(self->accept);
    self->tls = gateway_tls_destroy(self->tls);
    self->server = server_destroy(self->server);
    self->encoders = worker_pool_destroy(self->encoders);
    self->pictures = worker_pool_destroy(self->pictures);
    self->reader = reader_client_destroy(self->reader);
    gateway_targets_stop(self);
    self->outward = outward_client_destroy(self->outward);
    self->api.uploads = uploads_destroy(self->api.uploads);
    self->uploading = worker_pool_destroy(self->uploading);
    exports_stop(self->exports);
    self->io = worker_pool_destroy(self->io);
    self->recordings = recordings_destroy(self->recordings);
    self->cache = cache_destroy(self->cache);
    self->library = library_destroy(self->library);
    self->exports = exports_destroy(self->exports);
    gateway_net_close(self);
    self->settings = gateway_settings_destroy(self->settings);
    free(self->client_ca_pem);
    free(self->client_crl_pem);
    self->fonts = console_fonts_destroy(self->fonts);
    self->helper = helper_client_destroy(self->helper);
    gateway_targets_finish(self);
    self->keeper = keeper_client_destroy(self->keeper);
    self->supervisor = ipc_destroy(self->supervisor);
    signal_watch_end(&self->signals);
    if (self->library_fd >= 0)
        close(self->library_fd);
    if (self->keys_fd >= 0)
        close(self->keys_fd);
    if (self->client_ca_fd >= 0)
        close(self->client_ca_fd);
    self->keeper_patience = loop_timer_remove(self->keeper_patience);
    self->loop = loop_destroy(self->loop);
    explicit_bzero(&self->media_key, sizeof self->media_key);
}

/* JSON that came or went may have held a password. */
static void free_wiped(void *p)
{
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

int gateway_role_main(const struct options *options)
{
    (void)options;
    log_init("gateway");
    json_set_alloc_funcs(malloc, free_wiped);
    struct gateway *self = calloc(1, sizeof *self);
    if (!self)
        return EXIT_FAILED;
    self->library_fd = self->keys_fd = self->client_ca_fd = -1;
    int r = begin(self);
    if (r < 0)
        log_error("gateway", "cannot start: %s", strerror(-r));
    else
        r = server_run(self->server);
    end(self);
    free(self);
    return r < 0 ? EXIT_FAILED : EXIT_FINE;
}
