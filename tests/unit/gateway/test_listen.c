/* Listeners that a service manager bound before us are taken over, and nothing else that it hands over is. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/supervisor/listen.h"

/* The listener of a free port on the loopback, and the port. */
static int bind_any(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* As a program that was started with fd at descriptor 3; the result as a sentence in room. */
static void open_as_service(int fd, uint16_t port, char *room, size_t room_size)
{
    char text[200], folder[] = "/tmp/lightsout-test-XXXXXX", number[16];
    struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    struct config *config = NULL;
    struct state state = {.lock_fd = -1};
    struct listeners listeners;
    struct uid_choice user = {.uid = geteuid(), .gid = getegid()};
    int n = snprintf(text, sizeof text, "[gateway]\nlisten = 127.0.0.1:%u\n", port);
    if (!mkdtemp(folder) || config_parse(text, (size_t)n, true, mistakes, &config) < 0)
        _exit(90);
    snprintf(state.path, sizeof state.path, "%s", folder);
    snprintf(text, sizeof text, "%s/run", folder);
    if (mkdir(text, 0700) < 0 || (fd >= 0 && dup2(fd, 3) < 0))
        _exit(91);
    snprintf(number, sizeof number, "%d", (int)getpid());
    setenv("LISTEN_PID", number, 1);
    setenv("LISTEN_FDS", "1", 1);
    char why[300] = "";
    int r = listeners_open(config, &state, &user, &listeners, why, sizeof why);
    if (r == 0) {
        snprintf(room, room_size, "%u listener, descriptor %d, environment %s", listeners.n, listeners.list[0].fd,
                 getenv("LISTEN_FDS") ? "kept" : "gone");
        listeners_close(&listeners);
    } else
        snprintf(room, room_size, "%s", why);
    snprintf(text, sizeof text, "%s/run/control.sock", folder);
    unlink(text);
    snprintf(text, sizeof text, "%s/run", folder);
    rmdir(text);
    rmdir(folder);
    config_destroy(config);
    free(mistakes);
}

/* In a process of its own, whose descriptor 3 and environment are nobody else's. */
static void check(int fd, uint16_t port, const char *wanted)
{
    int pipe_fds[2];
    char room[400] = "";
    assert_int_equal(pipe(pipe_fds), 0);
    /* out of the way of descriptor 3 */
    int out = fcntl(pipe_fds[1], F_DUPFD, 50), kept = fd >= 0 ? fcntl(fd, F_DUPFD, 60) : -1;
    pid_t pid = fork();
    if (pid == 0) {
        open_as_service(kept, port, room, sizeof room);
        ssize_t written = write(out, room, strlen(room));
        _exit(written < 0);
    }
    int status;
    close(out);
    close(pipe_fds[1]);
    if (kept >= 0)
        close(kept);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(read(pipe_fds[0], room, sizeof room - 1) > 0);
    close(pipe_fds[0]);
    assert_string_equal(room, wanted);
}

static void takes_over_what_the_configuration_names(void **state)
{
    (void)state;
    uint16_t port;
    int fd = bind_any(&port);
    check(fd, port, "1 listener, descriptor 3, environment gone");
    close(fd);
}

static void refuses_what_it_does_not_name(void **state)
{
    (void)state;
    uint16_t port, other;
    int fd = bind_any(&port), free_one = bind_any(&other);
    close(free_one);
    check(fd, other,
          "the service manager listens on an address that listen in the configuration does not name; make "
          "lightsout.socket and the configuration agree");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_over_what_the_configuration_names),
        cmocka_unit_test(refuses_what_it_does_not_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
