#include "program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"
#include "free_port/free_port.h"

#define HANG_US 120000000

void program_init(struct program *self)
{
    memset(self, 0, sizeof *self);
    self->output = -1;
    text_copy(self->folder, sizeof self->folder, "/tmp/lightsout-test-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    assert_int_equal(chmod(self->folder, 0755), 0);
    snprintf(self->config, sizeof self->config, "%s/test.conf", self->folder);
    snprintf(self->state, sizeof self->state, "%s/state", self->folder);
    self->port = free_port();
    program_configure(self, "");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void program_finish(struct program *self)
{
    if (self->pid > 0) {
        kill(self->pid, SIGTERM);
        program_await_end(self);
    }
    nftw(self->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void program_configure(struct program *self, const char *more)
{
    FILE *f = fopen(self->config, "w");
    assert_non_null(f);
    fprintf(f, "[gateway]\nlisten = 127.0.0.1:%u\npublic-names = localhost\n%s", self->port, more);
    fclose(f);
}

/* It is built next to the tests. */
void program_path(char *room, size_t size)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(room, size, "%.3000s/../gateway/lightsoutd", self);
    if (access(room, X_OK) < 0)
        fail_msg("%s is not built", room);
}

void program_start(struct program *self, const char *argument)
{
    char path[4096];
    int pipes[2];
    if (self->file)
        text_copy(path, sizeof path, self->file);
    else
        program_path(path, sizeof path);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    program_forget(self);
    self->pid = fork();
    assert_true(self->pid >= 0);
    if (self->pid == 0) {
        dup2(pipes[1], 1);
        dup2(pipes[1], 2);
        if (self->user && (setgroups(0, NULL) < 0 || setgid(self->user) < 0 || setuid(self->user) < 0))
            _exit(126);
        execl(path, "lightsoutd", "--config", self->config, "--state", self->state, argument, NULL);
        _exit(127);
    }
    close(pipes[1]);
    if (self->output >= 0)
        close(self->output);
    self->output = pipes[0];
}

void program_forget(struct program *self)
{
    self->size = 0;
    self->text[0] = '\0';
}

bool program_listen(struct program *self, int timeout_ms)
{
    struct pollfd p = {.fd = self->output, .events = POLLIN};
    if (poll(&p, 1, timeout_ms) <= 0)
        return true;
    if (self->size > sizeof self->text / 2) { /* keep the newer half */
        memmove(self->text, self->text + self->size / 2, self->size - self->size / 2);
        self->size -= self->size / 2;
    }
    ssize_t n = read(self->output, self->text + self->size, sizeof self->text - 1 - self->size);
    self->size += n > 0 ? (size_t)n : 0;
    self->text[self->size] = '\0';
    return n > 0;
}

bool program_await(struct program *self, const char *wanted)
{
    for (uint64_t begun = clock_now_us(); clock_now_us() - begun < HANG_US;) {
        if (strstr(self->text, wanted))
            return true;
        if (!program_listen(self, 100))
            break;
    }
    print_message("%s\n", self->text);
    return false;
}

int program_await_end(struct program *self)
{
    int status = 0;
    for (uint64_t begun = clock_now_us(); clock_now_us() - begun < HANG_US; program_listen(self, 20)) {
        if (waitpid(self->pid, &status, WNOHANG) == self->pid)
            break;
    }
    self->pid = 0;
    /* what is left in the pipe; processes that inherited it may keep it open */
    for (size_t before = SIZE_MAX; before != self->size;) {
        before = self->size;
        program_listen(self, 50);
    }
    if (self->output >= 0)
        close(self->output);
    self->output = -1;
    /* a part that leaked or broke a rule says so when it ends */
    if (strstr(self->text, "Sanitizer") || strstr(self->text, "runtime error:") || strstr(self->text, "ended badly"))
        fail_msg("%s", self->text);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void program_assert_refuses(struct program *self, const char *argument, int code, const char *line)
{
    program_start(self, argument);
    int got = program_await_end(self);
    if (!strstr(self->text, line))
        fail_msg("wanted: %s\ngot:    %s", line, self->text);
    assert_int_equal(got, code);
    /* nothing half-started: the port is as free as before, and nobody is left */
    assert_null(strstr(self->text, "page   "));
}

pid_t program_role(const struct program *self, const char *role)
{
    char path[64], text[4096], wanted[32];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)self->pid, (int)self->pid);
    snprintf(wanted, sizeof wanted, "--role=%s", role);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    int pid, found = 0;
    while (!found && fscanf(f, "%d", &pid) == 1) {
        snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
        FILE *c = fopen(path, "r");
        size_t n = c ? fread(text, 1, sizeof text, c) : 0;
        if (memmem(text, n, wanted, strlen(wanted)))
            found = pid;
        if (c)
            fclose(c);
    }
    fclose(f);
    return found;
}

static void print_fingerprint(SSL *ssl, char *room)
{
    unsigned char hash[32];
    unsigned n = 0;
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    room[0] = '\0';
    if (certificate && X509_digest(certificate, EVP_sha256(), hash, &n) == 1)
        for (unsigned i = 0; i < n; i++)
            snprintf(room + 3 * i, 4, "%02X%s", hash[i], i + 1 < n ? ":" : "");
    X509_free(certificate);
}

void program_get(const struct program *self, const char *path, char *answer, size_t size, char *fingerprint)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)self->port)};
    struct timeval limit = {.tv_sec = 10};
    char request[256];
    size_t used = 0;
    answer[0] = '\0';
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, "localhost");
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nConnection: close\r\n\r\n",
                     path, self->port);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && SSL_connect(ssl) == 1 &&
        SSL_write(ssl, request, n) == n) {
        if (fingerprint)
            print_fingerprint(ssl, fingerprint);
        while ((n = SSL_read(ssl, answer + used, (int)(size - 1 - used))) > 0)
            used += (size_t)n;
        answer[used] = '\0';
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
}
