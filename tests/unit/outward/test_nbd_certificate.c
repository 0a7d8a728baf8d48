/* Exports behind TLS with certificates: the server is who it should be, or nothing is read. A program that is not
 * installed is named and left out. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "free_port/free_port.h"
#include "url_fixture.h"

static char folder[] = "/tmp/lightsout-nbd-XXXXXX";
static unsigned port;
static pid_t server;
static char authority[8192], other[8192], own[8192];

/* PKI folders as nbdkit and qemu-nbd want them: good, for another name, for the name but over, of another authority,
 * signed by itself; and a client of the authority. */
static const char make_certificates[] =
    "set -e;"
    "key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';"
    "ca() { openssl req -x509 $key -keyout $1.key -out $1.pem -days 2 -subj /CN=$1; };"
    "leaf() { mkdir -p $2; cp $1.pem $2/ca-cert.pem; printf \"subjectAltName=$3\\n\" >ext;"
    " openssl req $key -keyout $2/server-key.pem -out csr -subj /CN=server;"
    " openssl x509 -req -in csr -CA $1.pem -CAkey $1.key -CAcreateserial $4 $5 -extfile ext -out $2/server-cert.pem; };"
    "{ ca authority; ca other; names=DNS:localhost,IP:127.0.0.1;"
    " leaf authority good $names -days 2; leaf authority elsewhere DNS:example.org,IP:192.0.2.7 -days 2;"
    " leaf authority over $names -days -1; leaf other stranger $names -days 2;"
    " mkdir self; openssl req -x509 $key -keyout self/server-key.pem -out self/server-cert.pem -days 2 -subj /CN=self"
    " -addext subjectAltName=$names; cp self/server-cert.pem self/ca-cert.pem; } 2>log || { cat log; exit 1; }";

static int shell(const char *command)
{
    char line[4096];
    snprintf(line, sizeof line, "cd %s && { %s\n}", folder, command);
    return system(line);
}

static bool missing(const char *program)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    if (system(command) == 0)
        return false;
    print_message("%s is not installed: left out\n", program);
    return true;
}

static void load(const char *name, char room[8192])
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    _cleanup_fclose_ FILE *file = fopen(path, "re");
    assert_non_null(file);
    room[fread(room, 1, 8191, file)] = '\0';
}

static bool listens(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static void start(const char *format)
{
    char command[512], number[16];
    snprintf(number, sizeof number, "%u", port);
    snprintf(command, sizeof command, "exec %s", format);
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        setenv("PORT", number, 1);
        if (chdir(folder) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    uint64_t limit = clock_now_us() + 120000000;
    while (!listens()) {
        usleep(20000);
        assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
        assert_true(clock_now_us() < limit);
    }
}

#define NBDKIT "nbdkit -f -i 127.0.0.1 -p $PORT --read-only --tls="

static void start_with(const char *pki)
{
    char command[256];
    snprintf(command, sizeof command, NBDKIT "require --tls-certificates=%s/%s file disk.img", folder, pki);
    start(command);
}

static void stop(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    server = 0;
}

static int set_up(void **state)
{
    port = free_port();
    return url_set_up(state);
}

static int tear_down(void **state)
{
    stop();
    return url_tear_down(state);
}

static int open_at(struct url_fixture *f, const char *host, const char *ca)
{
    char url[128];
    snprintf(url, sizeof url, "nbds://%s:%u/", host, port);
    return url_open(f, &(struct remote_spec){.url = url, .ca = ca});
}

static void expect_refusal(struct url_fixture *f, const char *host, const char *ca, const char *words)
{
    int r = open_at(f, host, ca);
    if (r >= 0 || !strstr(f->why, words))
        fail_msg("%s: %d '%s', expected '%s'", host, r, f->why, words);
    url_close(f);
}

static void who_it_should_be(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start_with("good");
    assert_int_equal(open_at(f, "127.0.0.1", authority), 0);
    assert_int_equal(f->info.size, SIZE);
    assert_int_equal(url_read(f, 0, 2 << 20), 0);
    assert_int_equal(url_read(f, 4097, 65536), 0);
    assert_int_equal(url_read(f, SIZE - 512, 512), 0);
    url_close(f);
    assert_int_equal(open_at(f, "localhost", authority), 0);
    url_close(f);
    /* the configuration's authority, and the medium's before it */
    f->settings.ca = authority;
    assert_int_equal(open_at(f, "localhost", ""), 0);
    url_close(f);
    expect_refusal(f, "localhost", other, "not accepted");
    f->settings.ca = NULL;
}

static void one_that_was_given_itself(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start_with("self");
    assert_int_equal(open_at(f, "localhost", own), 0);
    assert_int_equal(url_read(f, 0, 65536), 0);
    url_close(f);
    expect_refusal(f, "localhost", "", "not accepted");
    expect_refusal(f, "localhost", authority, "not accepted");
}

static void anybody_else(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start_with("good");
    expect_refusal(f, "localhost", "", "not accepted"); /* the system's authorities do not know it */
    expect_refusal(f, "localhost", "no PEM", "not in PEM");
    stop();
    start_with("elsewhere");
    expect_refusal(f, "localhost", authority, "not for localhost");
    expect_refusal(f, "127.0.0.1", authority, "not for 127.0.0.1");
    stop();
    start_with("over");
    expect_refusal(f, "localhost", authority, "expired");
    stop();
    start_with("stranger");
    expect_refusal(f, "localhost", authority, "not accepted");
}

static void no_downgrade(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start(NBDKIT "off file disk.img");
    expect_refusal(f, "localhost", authority, "offers no TLS");
    stop();
    start(NBDKIT "off -o file disk.img"); /* the old protocol */
    expect_refusal(f, "localhost", authority, "offers no TLS");
}

static void the_wrong_ways(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    assert_int_equal(url_open(f, &(struct remote_spec){.url = "nbds://localhost/", .user = "alice"}), -EINVAL);
    url_close(f);
    /* who wants a client's certificate gets none */
    char command[256];
    snprintf(command, sizeof command, NBDKIT "require --tls-verify-peer --tls-certificates=%s/good file disk.img",
             folder);
    start(command);
    assert_true(open_at(f, "localhost", authority) < 0);
    assert_true(strlen(f->why) > 10);
}

static void on_end(void *data, int error)
{
    *(int *)data = error;
}

static int await(struct url_fixture *f, const int *error)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (*error > 0) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    return *error;
}

/* Many requests both ways at once through qemu-nbd: neither direction waits for the other for ever. */
static void written_and_read_at_once(void **state)
{
    enum { CHUNK = 1 << 20, N = 24 };
    struct url_fixture *f = *state;
    if (missing("qemu-nbd"))
        return;
    assert_int_equal(shell("truncate -s 24M room.img"), 0);
    start("qemu-nbd -f raw -t -b 127.0.0.1 -p $PORT --object tls-creds-x509,id=t,endpoint=server,dir=good,"
          "verify-peer=no --tls-creds t room.img");
    char url[64];
    snprintf(url, sizeof url, "nbds://localhost:%u/", port);
    assert_int_equal(url_open(f, &(struct remote_spec){.url = url, .ca = authority, .writable = true}), 0);
    uint8_t *bytes = malloc((size_t)N * CHUNK), *got = malloc((size_t)N * CHUNK);
    int writes[N], reads[N], error = 1;
    assert_true(bytes && got);
    for (size_t i = 0; i < (size_t)N * CHUNK; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 11);
    for (size_t i = 0; i < N; i++) {
        writes[i] = reads[i] = 1;
        source_write(f->source, i * CHUNK, bytes + i * CHUNK, CHUNK, on_end, &writes[i]);
        source_read(f->source, i * CHUNK, got + i * CHUNK, CHUNK, on_end, &reads[i]);
    }
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(await(f, &writes[i]), 0);
        assert_int_equal(await(f, &reads[i]), 0);
        reads[i] = 1;
    }
    source_flush(f->source, on_end, &error);
    assert_int_equal(await(f, &error), 0);
    for (size_t i = 0; i < N; i++) {
        source_read(f->source, i * CHUNK, got + i * CHUNK, CHUNK, on_end, &reads[i]);
        assert_int_equal(await(f, &reads[i]), 0);
    }
    assert_memory_equal(bytes, got, (size_t)N * CHUNK);
    free(bytes);
    free(got);
}

/* Killed, then back: first as somebody else, who gets nothing, then as itself. */
static void away_and_back(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start_with("good");
    assert_int_equal(open_at(f, "localhost", authority), 0);
    assert_int_equal(url_read(f, 0, 65536), 0);
    stop();
    int r = url_read(f, 0, 65536);
    assert_true(r == -ENOTCONN || r == -ECONNRESET);
    assert_int_equal(f->link, REMOTE_AWAY);
    start_with("stranger");
    for (unsigned i = 0; i < 20; i++) {
        url_turn(f, 20);
        assert_true(url_read(f, 0, 4096) < 0);
    }
    stop();
    start_with("good");
    uint64_t limit = clock_now_us() + 120000000;
    while (f->link != REMOTE_GOOD) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    assert_int_equal(url_read(f, 65536, 65536), 0);
}

static void silence(void **state)
{
    struct url_fixture *f = *state;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    f->settings.stall_s = 1;
    assert_int_equal(open_at(f, "localhost", authority), -ETIMEDOUT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(who_it_should_be), T(one_that_was_given_itself), T(anybody_else),  T(no_downgrade),
        T(the_wrong_ways),   T(written_and_read_at_once),  T(away_and_back), T(silence),
    };
    if (missing("openssl"))
        return 77;
    if (!mkdtemp(folder) || shell(make_certificates) != 0)
        return 1;
    load("authority.pem", authority);
    load("other.pem", other);
    load("self/server-cert.pem", own);
    char command[96];
    snprintf(command, sizeof command, "%s/disk.img", folder);
    FILE *file = fopen(command, "we");
    for (size_t i = 0; file && i < SIZE; i++)
        fputc(lying_byte(i, 0), file);
    if (!file || fclose(file) != 0)
        return 1;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? r : 1;
}
