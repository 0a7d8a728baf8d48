/* Exports of other programs' NBD servers (nbdkit, qemu-nbd): read, written, with TLS-PSK, away and back again. A
 * program that is not installed is named and left out. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "free_port/free_port.h"
#include "url_fixture.h"

#define KEY "3f9a1c77d2e04b58a6c1f0e2d4b6889900112233445566778899aabbccddeeff"

static char folder[] = "/tmp/lightsout-nbd-XXXXXX";
static unsigned port;
static pid_t server;

static bool listens(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool up = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return up;
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

/* PORT in the command stands for the port, exec is put in front. */
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

static void stop(int signal)
{
    if (server > 0) {
        kill(server, signal);
        waitpid(server, NULL, 0);
    }
    server = 0;
}

static int tear_down(void **state)
{
    stop(SIGKILL);
    return url_tear_down(state);
}

static int set_up(void **state)
{
    port = free_port();
    return url_set_up(state);
}

static void write_content(const char *name, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        fputc(lying_byte(i, 0), file);
    fclose(file);
}

static int open_export(struct url_fixture *f, const char *scheme, const char *export, const char *key, bool writable)
{
    char url[128];
    snprintf(url, sizeof url, "%s://127.0.0.1:%u/%s", scheme, port, export);
    return url_open(f, &(struct remote_spec){
                           .url = url, .user = key ? "lightsout" : "", .secret = key ? key : "", .writable = writable});
}

static void reads_an_export(void **state)
{
    struct url_fixture *f = *state;
    if (missing("qemu-nbd"))
        return;
    start("qemu-nbd -f raw -r -e 4 -t -b 127.0.0.1 -p $PORT -x images disk.img");
    assert_int_equal(open_export(f, "nbd", "images", NULL, false), 0);
    assert_int_equal(f->info.size, SIZE);
    assert_true(f->info.read_only);
    assert_string_equal(f->info.name, "images");
    assert_int_equal(url_read(f, 0, 2 << 20), 0);
    assert_int_equal(url_read(f, 4096, 65536), 0);
    assert_int_equal(url_read(f, SIZE - 512, 512), 0);
    url_close(f);
    assert_int_equal(open_export(f, "nbd", "others", NULL, false), -ENOENT);
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

static void writes_where_it_may(void **state)
{
    struct url_fixture *f = *state;
    static uint8_t bytes[8192], got[8192];
    int error = 1;
    if (missing("nbdkit"))
        return;
    start("nbdkit -f -i 127.0.0.1 -p $PORT memory 1M");
    assert_int_equal(open_export(f, "nbd", "", NULL, true), 0);
    assert_false(f->info.read_only);
    memset(bytes, 0x5a, sizeof bytes);
    source_write(f->source, 65536, bytes, sizeof bytes, on_end, &error);
    assert_int_equal(await(f, &error), 0);
    error = 1;
    source_flush(f->source, on_end, &error);
    assert_int_equal(await(f, &error), 0);
    error = 1;
    source_read(f->source, 65536, got, sizeof got, on_end, &error);
    assert_int_equal(await(f, &error), 0);
    assert_memory_equal(bytes, got, sizeof got);
    error = 1;
    source_trim(f->source, 65536, sizeof bytes, on_end, &error);
    assert_int_equal(await(f, &error), 0);
    url_close(f);
    assert_int_equal(open_export(f, "nbd", "", NULL, false), 0);
    assert_true(f->info.read_only);
}

static void with_a_key(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start("nbdkit -f -i 127.0.0.1 -p $PORT --tls=require --tls-psk=keys.psk --read-only file disk.img");
    assert_int_equal(open_export(f, "nbds", "", KEY, false), 0);
    assert_int_equal(url_read(f, 0, 2 << 20), 0);
    url_close(f);
    /* another key; none; and no plaintext to a server that wants a key */
    assert_true(open_export(f, "nbds", "", "00112233445566778899aabbccddeeff", false) < 0);
    assert_true(open_export(f, "nbds", "", NULL, false) < 0);
    assert_non_null(strstr(f->why, "TLS"));
    assert_int_equal(open_export(f, "nbds", "", "not hexadecimal", false), -EINVAL);
    assert_true(open_export(f, "nbd", "", NULL, false) < 0);
}

/* A server without TLS must not make us speak without it. */
static void no_downgrade(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start("nbdkit -f -i 127.0.0.1 -p $PORT --tls=off --read-only file disk.img");
    assert_true(open_export(f, "nbds", "", KEY, false) < 0);
}

static void a_server_that_is_killed_and_comes_back(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start("nbdkit -f -i 127.0.0.1 -p $PORT --read-only file disk.img");
    assert_int_equal(open_export(f, "nbd", "", NULL, false), 0);
    assert_int_equal(url_read(f, 0, 65536), 0);
    stop(SIGKILL);
    int r = url_read(f, 0, 65536);
    assert_true(r == -ENOTCONN || r == -ECONNRESET);
    assert_int_equal(f->link, REMOTE_AWAY);
    assert_int_equal(url_read(f, 0, 65536), -ENOTCONN);
    start("nbdkit -f -i 127.0.0.1 -p $PORT --read-only file disk.img");
    uint64_t limit = clock_now_us() + 120000000;
    while (f->link != REMOTE_GOOD) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    assert_int_equal(url_read(f, 65536, 65536), 0);
    assert_int_equal(f->links, 2);
}

static void another_export_comes_back(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start("nbdkit -f -i 127.0.0.1 -p $PORT --read-only file disk.img");
    assert_int_equal(open_export(f, "nbd", "", NULL, false), 0);
    stop(SIGKILL);
    start("nbdkit -f -i 127.0.0.1 -p $PORT --read-only file other.img");
    uint64_t limit = clock_now_us() + 120000000;
    while (f->link != REMOTE_CHANGED) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    assert_int_equal(url_read(f, 0, 4096), -ESTALE);
}

static void a_server_that_stalls_or_fails(void **state)
{
    struct url_fixture *f = *state;
    if (missing("nbdkit"))
        return;
    start("nbdkit -f -i 127.0.0.1 -p $PORT --filter=delay --filter=error --read-only file disk.img delay-read=20 "
          "error-rate=0");
    f->settings.stall_s = 3;
    assert_int_equal(open_export(f, "nbd", "", NULL, false), 0);
    assert_int_equal(url_read(f, 0, 4096), -ETIMEDOUT);
    url_close(f);
    stop(SIGKILL);
    f->settings.stall_s = URL_PATIENT_S;
    start("nbdkit -f -i 127.0.0.1 -p $PORT --filter=error --read-only file disk.img error-pread=EIO "
          "error-pread-rate=100%");
    assert_int_equal(open_export(f, "nbd", "", NULL, false), 0);
    assert_int_equal(url_read(f, 0, 4096), -EIO);
}

static void addresses_are_judged(void **state)
{
    struct url_fixture *f = *state;
    port = free_port();
    f->settings.policy.allow.n = 0;
    assert_int_equal(open_export(f, "nbd", "", NULL, false), -EPERM);
    assert_non_null(strstr(f->why, "loopback"));
    assert_int_equal(url_open(f, &(struct remote_spec){.url = "nbd://localhost/x"}), -EPERM);
    assert_int_equal(url_open(f, &(struct remote_spec){.url = "nbd://[::ffff:127.0.0.1]/x"}), -EPERM);
    f->settings.policy.allow.n = 1;
    assert_int_equal(open_export(f, "nbd", "", NULL, false), -ECONNRESET); /* nobody listens */
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reads_an_export),
        T(writes_where_it_may),
        T(with_a_key),
        T(no_downgrade),
        T(a_server_that_is_killed_and_comes_back),
        T(another_export_comes_back),
        T(a_server_that_stalls_or_fails),
        T(addresses_are_judged),
    };
    if (!mkdtemp(folder))
        return 1;
    char path[64];
    snprintf(path, sizeof path, "%s/keys.psk", folder);
    FILE *keys = fopen(path, "w");
    if (!keys || fputs("lightsout:" KEY "\n", keys) < 0 || fclose(keys) != 0)
        return 1;
    write_content("disk.img", SIZE);
    write_content("other.img", SIZE / 2);
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? r : 1;
}
