/* The outward process as it is: started as its own role, in its sandbox, with this test as supervisor and gateway. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/outward/outward_client.h"
#include "gateway/outward/outward_setup.h"
#include "lying_server/lying_server.h"

#define HANG_US 120000000
#define SIZE (8u << 20)

struct fixture {
    struct loop *loop;
    struct lying_server *server;
    struct outward_client *client;
    struct ipc *process; /* as its supervisor */
    pid_t pid;
    bool ready, lost;
    char url[64];

    struct outward_medium *medium;
    bool opened;
    int error;
    char why[256];
    struct outward_opened info;
    struct source *source;
    unsigned sources, links;
    enum outward_link link;
    uint8_t token[OUTWARD_TOKEN_SIZE];
};

static void until(struct fixture *f, const bool *condition)
{
    uint64_t limit = clock_now_us() + HANG_US;
    while (!*condition) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
}

static void on_message(void *data, struct ipc_message *message)
{
    struct fixture *f = data;
    f->ready = f->ready || message->type == OUTWARD_READY;
    f->lost = f->lost || message->type == OUTWARD_LOST;
}

static void on_closed(void *data, int error)
{
    struct fixture *f = data;
    (void)error;
    f->process = ipc_destroy(f->process);
}

static void program_path(char *room, size_t size)
{
    char self[3000];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(room, size, "%s/../gateway/lightsoutd", self);
}

static void start_process(struct fixture *f, const char *allow)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    struct outward_setup setup = {0};
    uint8_t room[4096];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    char path[4096];
    int pair[2];
    program_path(path, sizeof path);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    f->pid = fork();
    if (f->pid == 0) {
        if (pair[1] == 3)
            fcntl(3, F_SETFD, 0);
        else
            dup2(pair[1], 3);
        execl(path, "lightsoutd", "--role=outward", NULL);
        _exit(127);
    }
    close(pair[1]);
    f->ready = f->lost = false;
    assert_int_equal(ipc_create(f->loop, pair[0], &listener, f, &f->process), 0);
    if (allow) {
        setup.policy.allow.n = 1;
        assert_true(address_network_parse(allow, &setup.policy.allow.list[0]));
    }
    outward_write_setup(&w, &setup);
    assert_int_equal(ipc_send(f->process, OUTWARD_SETUP, 0, room, wire_written(&w), NULL, 0), 0);
    until(f, &f->ready);
}

static void end_process(struct fixture *f, int signal)
{
    int status = 0;
    if (f->pid <= 0)
        return;
    kill(f->pid, signal);
    assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
    f->pid = 0;
    f->process = ipc_destroy(f->process);
    if (signal == SIGTERM)
        assert_int_equal(status, 0); /* sanitizers say in the exit code what they found */
}

/* A channel between client and process, as the supervisor makes it. */
static void join(struct fixture *f)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(ipc_send(f->process, OUTWARD_GATEWAY, 0, NULL, 0, &pair[1], 1), 0);
    close(pair[1]);
    assert_int_equal(outward_client_connect(f->client, pair[0]), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    log_set_level(LOG_ERROR);
    f->server = lying_server_start(&(struct lying_ways){.size = SIZE}, false);
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/a.iso", lying_server_port(f->server));
    if (loop_create(&f->loop) < 0 || outward_client_create(f->loop, &f->client) < 0)
        return -1;
    start_process(f, "127.0.0.0/8");
    join(f);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    source_close(f->source);
    outward_client_destroy(f->client);
    end_process(f, SIGTERM);
    lying_server_stop(f->server);
    loop_destroy(f->loop);
    free(f);
    return 0;
}

static void on_link(void *data, enum outward_link link, const char *why)
{
    struct fixture *f = data;
    f->link = link;
    f->links++;
    text_copy(f->why, sizeof f->why, why);
}

static void on_source(void *data, struct source *source)
{
    struct fixture *f = data;
    source_close(f->source);
    f->source = source;
    f->sources++;
}

static void on_opened(void *data, int error, const char *why, const struct outward_opened *opened,
                      struct source *source)
{
    struct fixture *f = data;
    f->opened = true;
    f->error = error;
    if (error < 0)
        text_copy(f->why, sizeof f->why, why);
    else
        f->info = *opened;
    f->source = source;
}

static const struct outward_medium_listener listener = {.link = on_link, .source = on_source};

static int open_medium(struct fixture *f, const char *url, const char *user, const char *secret)
{
    struct medium_spec spec = {
        .origin = MEDIUM_URL, .url = url, .user = user, .secret = secret, .read_only = true, .who = "anna"};
    f->opened = false;
    assert_int_equal(outward_client_open(f->client, &spec, f->token, &listener, on_opened, f, &f->medium), 0);
    assert_false(f->opened);
    until(f, &f->opened);
    return f->error;
}

struct read {
    bool ended;
    int error;
};

static void on_read(void *data, int error)
{
    struct read *read = data;
    read->ended = true;
    read->error = error;
}

static int read_some(struct fixture *f, uint64_t offset, size_t length)
{
    static uint8_t room[1 << 20];
    struct read read = {0};
    source_read(f->source, offset, room, length, on_read, &read);
    until(f, &read.ended);
    for (size_t i = 0; read.error == 0 && i < length; i++)
        if (room[i] != lying_byte(offset + i, 0))
            fail_msg("byte %llu is another one", (unsigned long long)(offset + i));
    return read.error;
}

static void a_medium_comes_through(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_medium(f, f->url, NULL, NULL), 0);
    assert_int_equal(f->info.size, SIZE);
    assert_string_equal(f->info.name, "a.iso");
    assert_string_equal(f->info.validator, "\"v0\"");
    assert_true(f->source->read_only);
    assert_int_equal(read_some(f, 0, 1 << 20), 0);
    assert_int_equal(read_some(f, SIZE - 4096, 4096), 0);
}

static void what_cannot_be_opened_says_why(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_medium(f, "http://169.254.169.254/x", NULL, NULL), -EPERM);
    assert_non_null(strstr(f->why, "link-local"));
    outward_client_close(f->medium);
    assert_int_equal(open_medium(f, "file:///etc/passwd", NULL, NULL), -EINVAL);
    outward_client_close(f->medium);
}

/* Names are resolved inside the sandbox. */
static void a_name_is_found(void **state)
{
    struct fixture *f = *state;
    char url[64];
    snprintf(url, sizeof url, "http://localhost:%u/a.iso", lying_server_port(f->server));
    assert_int_equal(open_medium(f, url, NULL, NULL), 0);
    assert_int_equal(read_some(f, 0, 4096), 0);
}

/* In the middle of a read: it ends with something that is worth another try, and the next source brings it. */
static void killed_in_the_middle(void **state)
{
    struct fixture *f = *state;
    static uint8_t room[65536];
    struct read read = {0};
    struct lying_ways ways = {.size = SIZE, .user = "anna", .password = "geheim"};
    lying_server_set(f->server, &ways);
    assert_int_equal(open_medium(f, f->url, "anna", "geheim"), 0);
    for (unsigned i = 1; i <= 3; i++) {
        ways.delay_ms = 10000;
        lying_server_set(f->server, &ways);
        read.ended = false;
        source_read(f->source, 0, room, sizeof room, on_read, &read);
        for (int turn = 0; turn < 20; turn++)
            loop_dispatch(f->loop, 5);
        assert_false(read.ended);
        end_process(f, SIGKILL);
        until(f, &read.ended);
        assert_int_equal(read.error, -ENOTCONN);
        while (f->link != OUTWARD_AWAY)
            loop_dispatch(f->loop, 20);
        assert_int_equal(read_some(f, 0, 4096), -ENOTCONN);
        ways.delay_ms = 0;
        lying_server_set(f->server, &ways);
        start_process(f, "127.0.0.0/8");
        join(f);
        uint64_t limit = clock_now_us() + HANG_US;
        while (f->sources < i || f->link != OUTWARD_GOOD) {
            loop_dispatch(f->loop, 20);
            assert_true(clock_now_us() < limit);
        }
        assert_int_equal(read_some(f, 65536, 1 << 20), 0);
        assert_int_equal(f->links, 2 * i);
    }
}

static void another_file_after_a_restart(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_medium(f, f->url, NULL, NULL), 0);
    end_process(f, SIGKILL);
    lying_server_set(f->server, &(struct lying_ways){.size = SIZE, .version = 1});
    start_process(f, "127.0.0.0/8");
    join(f);
    while (f->link != OUTWARD_CHANGED)
        loop_dispatch(f->loop, 20);
    assert_int_equal(f->sources, 0);
    assert_int_equal(read_some(f, 0, 4096), -ENOTCONN);
}

/* The gateway goes, and the next one finds the job by its token, without the password. */
static void adopted_by_the_next_gateway(void **state)
{
    struct fixture *f = *state;
    lying_server_set(f->server, &(struct lying_ways){.size = SIZE, .user = "anna", .password = "geheim"});
    assert_int_equal(open_medium(f, f->url, "anna", "geheim"), 0);
    f->source = source_close(f->source);
    outward_client_destroy(f->client);
    until(f, &f->lost);
    assert_int_equal(outward_client_create(f->loop, &f->client), 0);
    join(f);
    assert_int_equal(open_medium(f, f->url, NULL, NULL), 0);
    assert_int_equal(f->info.size, SIZE);
    assert_int_equal(read_some(f, 0, 1 << 20), 0);
}

static void a_password_that_nobody_knows_any_more(void **state)
{
    struct fixture *f = *state;
    lying_server_set(f->server, &(struct lying_ways){.size = SIZE, .user = "anna", .password = "geheim"});
    memset(f->token, 7, sizeof f->token);
    assert_int_equal(open_medium(f, f->url, NULL, NULL), -ESTALE);
    outward_client_close(f->medium);
    /* and one that needed none is simply opened again */
    lying_server_set(f->server, &(struct lying_ways){.size = SIZE});
    assert_int_equal(open_medium(f, f->url, NULL, NULL), 0);
    assert_int_equal(read_some(f, 0, 4096), 0);
}

static void its_state_is_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_medium(f, f->url, NULL, NULL), 0);
    lying_server_away(f->server);
    assert_int_equal(read_some(f, 0, 4096), -EAGAIN);
    while (f->link != OUTWARD_AWAY)
        loop_dispatch(f->loop, 20);
    lying_server_back(f->server);
    assert_int_equal(read_some(f, 0, 4096), 0);
    while (f->link != OUTWARD_GOOD)
        loop_dispatch(f->loop, 20);
    lying_server_set(f->server, &(struct lying_ways){.size = SIZE, .version = 3});
    assert_int_equal(read_some(f, 0, 4096), -EIO);
    while (f->link != OUTWARD_CHANGED)
        loop_dispatch(f->loop, 20);
}

/* A channel that breaks is told to the supervisor, who makes another. */
static void a_channel_that_breaks(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_medium(f, f->url, NULL, NULL), 0);
    join(f); /* breaks the one before */
    while (f->sources < 1)
        loop_dispatch(f->loop, 20);
    assert_int_equal(read_some(f, 0, 4096), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_medium_comes_through),
        T(what_cannot_be_opened_says_why),
        T(a_name_is_found),
        T(killed_in_the_middle),
        T(another_file_after_a_restart),
        T(adopted_by_the_next_gateway),
        T(a_password_that_nobody_knows_any_more),
        T(its_state_is_told),
        T(a_channel_that_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
