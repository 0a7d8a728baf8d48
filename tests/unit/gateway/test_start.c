/* A real lightsoutd: what it refuses and how it says so, that its page answers, that its parts come back when they are
 * killed, that nothing stays when it ends. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "program.h"

static int set_up(void **state)
{
    struct program *program = calloc(1, sizeof *program);
    program_init(program);
    *state = program;
    return 0;
}

static int tear_down(void **state)
{
    program_finish(*state);
    free(*state);
    return 0;
}

static const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *text(const char *format, ...)
{
    static char room[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(room, sizeof room, format, ap);
    va_end(ap);
    return room;
}

static void refuses_a_bad_command_line(void **state)
{
    program_assert_refuses(*state, "more", 2, "lightsoutd: 'more' is no option; lightsoutd --help lists them");
}

static void refuses_a_bad_configuration(void **state)
{
    struct program *p = *state;
    program_configure(p, "user = a b\nlibary = /x\n");
    program_assert_refuses(p, NULL, 3, text("%s:5: libary: unknown key; did you mean library?", p->config));
    program_assert_refuses(p, "--check", 3, text("%s:4: user: 'a b' is no user's name; ", p->config));
}

static void refuses_a_missing_configuration(void **state)
{
    struct program *p = *state;
    unlink(p->config);
    program_assert_refuses(
        p, NULL, 3,
        text("%s: cannot be opened: No such file or directory; give the configuration file with --config FILE",
             p->config));
}

static void checks_without_starting(void **state)
{
    struct program *p = *state;
    program_configure(p, "[target a]\nmachine = testcard\n");
    program_start(p, "--check");
    assert_int_equal(program_await_end(p), 0);
    assert_string_equal(p->text, text("%s: no mistakes, 1 target\n", p->config));
    assert_int_not_equal(access(p->state, F_OK), 0);
}

static void refuses_a_state_that_is_no_folder(void **state)
{
    struct program *p = *state;
    snprintf(p->state, sizeof p->state, "%.60s/inside", p->config);
    program_assert_refuses(
        p, NULL, 4,
        text("state folder %s cannot be used: Not a directory; make it writable, or give another with --state",
             p->state));
}

static void refuses_a_state_out_of_reach(void **state)
{
    struct program *p = *state;
    snprintf(p->state, sizeof p->state, "%s/closed/state", p->folder);
    assert_int_equal(mkdir(text("%s/closed", p->folder), geteuid() == 0 ? 0700 : 0500), 0);
    if (geteuid() == 0)
        program_assert_refuses(p, NULL, 4, text("who cannot enter %s/closed; give another with --state", p->folder));
    else
        program_assert_refuses(
            p, NULL, 4,
            text("state folder %s cannot be used: Permission denied; make it writable, or give another with --state",
                 p->state));
    chmod(text("%s/closed", p->folder), 0700);
}

static void refuses_a_long_state_path(void **state)
{
    struct program *p = *state;
    memset(p->state, 'a', sizeof p->state - 1);
    p->state[0] = '/';
    program_assert_refuses(p, NULL, 4,
                           "has too long a name for sockets; give one of at most 79 characters with "
                           "--state");
}

static void refuses_a_port_in_use(void **state)
{
    struct program *p = *state;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)p->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    program_assert_refuses(p, NULL, 5,
                           text("cannot listen on 127.0.0.1:%u: another program uses this port; stop it, or change "
                                "listen in the configuration",
                                p->port));
    close(fd);
}

static void refuses_an_address_of_another_machine(void **state)
{
    struct program *p = *state;
    FILE *f = fopen(p->config, "w");
    fputs("[gateway]\nlisten = 192.0.2.1:8443\n", f);
    fclose(f);
    program_assert_refuses(p, NULL, 5,
                           "cannot listen on 192.0.2.1:8443: this machine has no such address; change "
                           "listen in the configuration");
}

static void refuses_an_unreadable_certificate(void **state)
{
    struct program *p = *state;
    program_configure(p, "certificate = /nowhere/c.pem\ncertificate-key = /nowhere/k.pem\n");
    program_assert_refuses(p, NULL, 6,
                           "certificate /nowhere/c.pem cannot be opened: No such file or directory; make it readable, "
                           "or change certificate in the configuration");
}

static void refuses_a_certificate_that_is_none(void **state)
{
    struct program *p = *state;
    program_configure(p, text("certificate = %s\ncertificate-key = %s\n", p->config, p->config));
    program_start(p, NULL);
    assert_int_equal(program_await_end(p), 6);
    assert_non_null(strstr(p->text, "certificate"));
}

static void refuses_an_unknown_user(void **state)
{
    struct program *p = *state;
    program_configure(p, "user = nosuchuser\n");
    program_assert_refuses(p, NULL, 8, "there is no user nosuchuser; create it, or change user in the configuration");
}

static void refuses_a_second_instance(void **state)
{
    struct program *p = *state, second = *p;
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    second.output = -1;
    program_assert_refuses(&second, NULL, 7,
                           text("state folder %s is in use by another lightsoutd (process %d); stop that one, or give "
                                "another with --state",
                                p->state, (int)p->pid));
}

static void answers_over_tls_with_the_printed_certificate(void **state)
{
    struct program *p = *state;
    char answer[4096], fingerprint[128];
    program_configure(p, "[target card]\nmachine = testcard\n");
    program_start(p, NULL);
    assert_true(program_await(p, "set-up "));
    program_get(p, "/api/v1/version", answer, sizeof answer, fingerprint);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_non_null(strstr(answer, "\"needs_setup\":true"));
    assert_non_null(strstr(p->text, fingerprint));
    assert_int_equal(strlen(fingerprint), 95);
    program_get(p, "/api/v1/targets", answer, sizeof answer, NULL);
    assert_non_null(strstr(answer, "needs-setup"));
}

static bool gone(pid_t pid)
{
    return kill(pid, 0) < 0;
}

static void await_gone(pid_t pid)
{
    for (int i = 0; i < 12000 && !gone(pid); i++)
        usleep(10000);
    assert_true(gone(pid));
}

/* Milliseconds until the page answers again. */
static unsigned await_answer(struct program *p)
{
    char answer[4096];
    uint64_t begun = clock_now_us();
    do
        program_get(p, "/api/v1/version", answer, sizeof answer, NULL);
    while (!strstr(answer, "HTTP/1.1 200") && clock_now_us() - begun < 120000000);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    return (unsigned)((clock_now_us() - begun) / 1000);
}

static void restarts_what_is_killed(void **state)
{
    struct program *p = *state;
    static const char *const roles[] = {"gateway", "keeper"};
    program_configure(p, "[target card]\nmachine = testcard\n");
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    for (unsigned i = 0; i < 2; i++) {
        pid_t before = program_role(p, roles[i]);
        assert_true(before > 0);
        kill(before, SIGKILL);
        await_gone(before);
        print_message("%s killed: the page answered after %u ms\n", roles[i], await_answer(p));
        /* its successor is another process of the same supervisor */
        for (int n = 0; n < 12000 && !program_role(p, roles[i]); n++)
            usleep(10000);
        assert_true(program_role(p, roles[i]) > 0);
        assert_int_not_equal(program_role(p, roles[i]), before);
    }
}

/* The keeper signs handshakes: each of these connections comes while there is none. */
/* As one in an endless loop would, or that waits for a disk for ever. */
static void brings_back_a_gateway_that_stands_still(void **state)
{
    struct program *p = *state;
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    pid_t before = program_role(p, "gateway");
    assert_true(before > 0);
    usleep(600000); /* a sign of life */
    assert_int_equal(kill(before, SIGSTOP), 0);
    uint64_t stopped = clock_now_us();
    while (program_role(p, "gateway") == before && clock_now_us() - stopped < 120000000)
        usleep(50000);
    await_gone(before);
    await_answer(p);
    print_message("a gateway that stands still: the page answered after %u ms\n",
                  (unsigned)((clock_now_us() - stopped) / 1000));
}

static void lets_new_connections_wait_for_the_keeper(void **state)
{
    struct program *p = *state;
    char answer[4096];
    program_configure(p, "[target card]\nmachine = testcard\n");
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    for (unsigned i = 0; i < 5; i++) {
        pid_t before;
        while ((before = program_role(p, "keeper")) <= 0)
            usleep(10000);
        kill(before, SIGKILL);
        await_gone(before);
        program_get(p, "/api/v1/version", answer, sizeof answer, NULL);
        assert_non_null(strstr(answer, "HTTP/1.1 200"));
    }
}

#define KILLS 12

static void is_soon_back_however_often_it_is_killed(void **state)
{
    struct program *p = *state;
    unsigned longest = 0;
    program_configure(p, "[target card]\nmachine = testcard\n");
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t before = program_role(p, "gateway");
        assert_true(before > 0);
        kill(before, SIGKILL);
        await_gone(before);
        unsigned ms = await_answer(p);
        longest = MAX(longest, ms);
    }
    print_message("the gateway killed %d times in a row: the page answered after %u ms at most\n", KILLS, longest);
    assert_true(longest < 5000); /* twenty times what is waited; doubling for ever would be 40 s by now */
}

static void leaves_nothing_behind(void **state)
{
    struct program *p = *state;
    static const int signals[] = {SIGTERM, SIGINT, SIGKILL};
    for (unsigned i = 0; i < 3; i++) {
        program_start(p, NULL);
        assert_true(program_await(p, "page   "));
        pid_t gateway = program_role(p, "gateway"), keeper = program_role(p, "keeper");
        assert_true(gateway > 0 && keeper > 0);
        kill(p->pid, signals[i]);
        assert_int_equal(program_await_end(p), signals[i] == SIGKILL ? -SIGKILL : 0);
        await_gone(gateway);
        await_gone(keeper);
    }
}

static void keeps_its_secrets_for_its_user(void **state)
{
    struct program *p = *state;
    struct stat st;
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    assert_int_equal(stat(p->state, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    uid_t owner = st.st_uid;
    assert_int_equal(stat(text("/proc/%d", (int)program_role(p, "gateway")), &st), 0);
    /* not dumpable: the process's files belong to root; its user is in its status */
    char line[256] = "";
    FILE *f = fopen(text("/proc/%d/status", (int)program_role(p, "gateway")), "r");
    unsigned uid = 0;
    while (fgets(line, sizeof line, f) && sscanf(line, "Uid: %u", &uid) != 1)
        ;
    fclose(f);
    assert_int_equal(uid, owner);
    if (geteuid() == 0)
        assert_int_not_equal(uid, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(refuses_a_bad_command_line),
        TEST(refuses_a_bad_configuration),
        TEST(refuses_a_missing_configuration),
        TEST(checks_without_starting),
        TEST(refuses_a_state_that_is_no_folder),
        TEST(refuses_a_state_out_of_reach),
        TEST(refuses_a_long_state_path),
        TEST(refuses_a_port_in_use),
        TEST(refuses_an_address_of_another_machine),
        TEST(refuses_an_unreadable_certificate),
        TEST(refuses_a_certificate_that_is_none),
        TEST(refuses_an_unknown_user),
        TEST(refuses_a_second_instance),
        TEST(answers_over_tls_with_the_printed_certificate),
        TEST(restarts_what_is_killed),
        TEST(brings_back_a_gateway_that_stands_still),
        TEST(lets_new_connections_wait_for_the_keeper),
        TEST(is_soon_back_however_often_it_is_killed),
        TEST(leaves_nothing_behind),
        TEST(keeps_its_secrets_for_its_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
