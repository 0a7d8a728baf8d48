/* A real keeper in a process of its own, the test as its supervisor and its gateway. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "auth/keeper/keeper.h"
#include "auth/keeper_client.h"
#include "auth/keeper_wire.h"
#include "core/clock.h"
#include "core/heartbeat.h"
#include "core/text.h"

#define PASSWORD "correct horse battery"

static struct loop *loop;
static struct ipc *supervisor; /* our end */
static struct keeper_client *client;
static pid_t keeper_pid;
static char folder[64];
static struct keeper_ready ready;

static struct {
    unsigned ready, failed, closed, ended, changed, setup_states;
    bool needs_setup;
    unsigned setup_changes;
    char secret[64]; /* of the newest of them */
} seen;

/* The result of the latest ask. */
static struct {
    unsigned n;
    int error;
    unsigned retry_s;
    char why[KEEPER_MAX_WHY];
    char token[AUTH_TOKEN_HEX + 1];
    struct auth_session *session;
} got;

#define WAIT_UNTIL(condition)                                                                                          \
    do {                                                                                                               \
        uint64_t end_ = clock_now_us() + 120000000;                                                                    \
        while (!(condition) && clock_now_us() < end_)                                                                  \
            loop_dispatch(loop, 100);                                                                                  \
        assert_true(condition);                                                                                        \
    } while (0)

static void on_supervised(attr_unused void *data, struct ipc_message *message)
{
    if (message->type == KEEPER_SETUP_CHANGED) {
        assert_int_equal(keeper_setup_read(message, seen.secret, sizeof seen.secret), 0);
        seen.setup_changes++;
        return;
    }
    if (message->type == HEARTBEAT_TYPE)
        return;
    int r = keeper_ready_read(message, &ready);
    assert_true(r >= 0);
    if (r == 0)
        seen.ready++;
    else
        seen.failed++;
}

static void on_supervisor_closed(attr_unused void *data, attr_unused int error)
{
    supervisor = ipc_destroy(supervisor);
}

static const struct ipc_listener supervisor_listener = {.message = on_supervised, .closed = on_supervisor_closed};

static void on_ended(attr_unused void *data, struct auth_session *session)
{
    assert_true(session->ended);
    seen.ended++;
}

static void on_changed(attr_unused void *data, struct auth_session *session)
{
    assert_false(session->ended);
    seen.changed++;
}

static void on_setup_state(attr_unused void *data, bool needs_setup)
{
    seen.setup_states++;
    seen.needs_setup = needs_setup;
}

static void on_client_closed(attr_unused void *data)
{
    seen.closed++;
}

static const struct keeper_client_listener client_listener = {.session_ended = on_ended,
                                                              .session_changed = on_changed,
                                                              .setup_state = on_setup_state,
                                                              .closed = on_client_closed};

static void on_login(attr_unused void *data, const struct keeper_login_result *result)
{
    got.n++;
    got.error = result->error;
    got.retry_s = result->retry_s;
    snprintf(got.why, sizeof got.why, "%s", result->why ? result->why : "");
    snprintf(got.token, sizeof got.token, "%s", result->token ? result->token : "");
    auth_session_unref(got.session);
    got.session = result->session ? auth_session_ref(result->session) : NULL;
}

static attr_unused void on_done(attr_unused void *data, int error, const char *why)
{
    got.n++;
    got.error = error;
    snprintf(got.why, sizeof got.why, "%s", why ? why : "");
}

static void pair(int ret[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret), 0);
}

/* Starts the process; nothing is said to it yet. */
static void keeper_fork(void)
{
    int fds[2];
    pair(fds);
    fflush(NULL);
    keeper_pid = fork();
    assert_true(keeper_pid >= 0);
    if (keeper_pid == 0) {
        close(fds[0]);
        struct keeper_options options = {
            .state_dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
            .supervisor_fd = fds[1],
            .gateway_fd = -1,
        };
        exit(keeper_main(&options)); /* not _exit: the leak checker has a look first */
    }
    close(fds[1]);
    assert_int_equal(ipc_create(loop, fds[0], &supervisor_listener, NULL, &supervisor), 0);
}

static void keeper_start(void)
{
    static const char *const names[] = {"kvm.example", "192.0.2.7"};
    unsigned n = seen.ready;
    keeper_fork();
    assert_int_equal(keeper_begin_send(supervisor, names, 2, -1, -1), 0);
    WAIT_UNTIL(seen.ready == n + 1);
}

/* A new channel between the keeper and us as the gateway; ours is returned. */
static int gateway_channel(void)
{
    int fds[2];
    pair(fds);
    assert_int_equal(keeper_gateway_send(supervisor, fds[1]), 0);
    close(fds[1]);
    return fds[0];
}

static int keeper_reap(void)
{
    int status = 0;
    assert_int_equal(waitpid(keeper_pid, &status, 0), keeper_pid);
    keeper_pid = 0;
    return status;
}

static attr_unused void keeper_kill(void)
{
    kill(keeper_pid, SIGKILL);
    keeper_reap();
    supervisor = ipc_destroy(supervisor);
}

static attr_unused int keeper_set_up(attr_unused void **state)
{
    memset(&seen, 0, sizeof seen);
    memset(&got, 0, sizeof got);
    snprintf(folder, sizeof folder, "/tmp/lightsout-keeper-XXXXXX");
    if (!mkdtemp(folder) || loop_create(&loop) < 0)
        return -1;
    keeper_start();
    return keeper_client_create(loop, gateway_channel(), &client_listener, NULL, &client);
}

static int keeper_tear_down(attr_unused void **state)
{
    static const char *const files[] = {"keeper.db", "keeper.db-wal", "keeper.db-journal", "tls.key",
                                        "tls.crt",   "device.key",    "audit.key"};
    client = keeper_client_destroy(client);
    got.session = auth_session_unref(got.session);
    supervisor = ipc_destroy(supervisor);
    int status = keeper_pid ? keeper_reap() : 0;
    loop = loop_destroy(loop);
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlinkat(dir, files[i], 0);
    close(dir);
    return rmdir(folder) < 0 || status != 0;
}

#define ASK(call)                                                                                                      \
    do {                                                                                                               \
        unsigned n_ = got.n;                                                                                           \
        assert_int_equal(call, 0);                                                                                     \
        WAIT_UNTIL(got.n == n_ + 1);                                                                                   \
    } while (0)

static attr_unused void set_ann_up(void)
{
    ASK(keeper_client_setup(client, ready.secret, "ann", PASSWORD, "10.0.0.1", "Setup/1.0", on_login, NULL));
    assert_int_equal(got.error, 0);
}

#define TEST_KEEPER(name) cmocka_unit_test_setup_teardown(name, keeper_set_up, keeper_tear_down)
