/* A real lightsoutd and what is set while it runs: kept over kill -9, undone unless confirmed, and never in the way of
 * a start, whatever stands in conf.d. */
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

#include "program.h"

static char output[8192];

static int set_up(void **state)
{
    struct program *program = calloc(1, sizeof *program);
    program_init(program);
    program_configure(program, "[target demo]\nmachine = testcard\nseat-idle = 77\n");
    *state = program;
    return 0;
}

static int tear_down(void **state)
{
    program_finish(*state);
    free(*state);
    return 0;
}

static void put(const struct program *p, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/conf.d", p->state);
    mkdir(p->state, 0755);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/conf.d/%s", p->state, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, 0600);
}

static void begin(struct program *p)
{
    program_start(p, NULL);
    assert_true(program_await(p, "set-up"));
}

/* The command-line client beside the program; its exit code, and what it printed in `output`. */
static int run(const struct program *p, const char *words)
{
    char daemon[400], command[1000];
    program_path(daemon, sizeof daemon);
    *strrchr(daemon, '/') = '\0';
    snprintf(command, sizeof command, "%s/lightsout --socket %s/run/control.sock %s 2>&1", daemon, p->state, words);
    FILE *f = popen(command, "re"); /* NOLINT(cert-env33-c): words of this test */
    assert_non_null(f);
    output[fread(output, 1, sizeof output - 1, f)] = '\0';
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_says(const struct program *p, const char *words, int code, const char *part)
{
    int r = run(p, words);
    if (r != code || !strstr(output, part))
        fail_msg("%s: code %d, '%s'", words, r, output);
}

static void a_bad_folder_keeps_nobody_out(void **state)
{
    struct program *p = *state;
    put(p, "gateway.conf", "[gateway]\nlibary = /x\nuser = root\ncache-memory = 1\ndirectory-timeout = 9\n\1\2\n");
    put(p, "target-demo.conf", "[target demo]\nnoise = yes\nmemory = 5\nseat-idle = 9\n");
    put(p, "target-more.conf", "[target more]\nmachine = testcard\n");
    put(p, "nonsense", "x");
    begin(p);
    assert_non_null(strstr(p->text, "conf.d/gateway.conf:2: libary: unknown key; this is not used"));
    assert_non_null(strstr(p->text, "conf.d/gateway.conf:3: user: only the owner's file may give this key"));
    assert_non_null(strstr(p->text, "conf.d/target-demo.conf:3: memory: "));
    assert_says(p, "config get gateway directory-timeout", 0, "9\n");
    assert_says(p, "config get demo noise", 0, "yes\n");
    assert_says(p, "config get demo seat-idle", 0, "77\n");
    assert_says(p, "config get more machine", 0, "testcard\n");
    assert_says(p, "config diff", 0, "is not used");
}

static void what_is_set_outlives_a_kill(void **state)
{
    struct program *p = *state;
    begin(p);
    assert_says(p, "config set demo noise=yes title=\"Web server\"", 0, "");
    assert_says(p, "target add more machine=testcard format=nv12", 0, "Added");
    assert_says(p, "config set demo seat-idle=5", 1, "owner's file gives this key");
    assert_says(p, "config set gateway user=root", 1, "Only the owner's file");
    assert_says(p, "target remove demo", 1, "owner's file names target demo");
    kill(p->pid, SIGKILL);
    program_await_end(p);
    program_forget(p);
    begin(p);
    assert_says(p, "config get demo noise", 0, "yes\n");
    assert_says(p, "config get demo title", 0, "Web server\n");
    assert_says(p, "config get more format", 0, "nv12\n");
    assert_says(p, "target remove more", 0, "Removed");
    assert_says(p, "config get more format", 4, "no key");
}

/* Its time went by while nothing ran. */
static void what_nobody_confirmed_is_undone_at_the_start(void **state)
{
    struct program *p = *state;
    put(p, "gateway.conf", "[gateway]\nbase-path = /kvm\ndirectory-timeout = 9\n");
    put(p, "trial", "listeners 1 2 ann\n[gateway]\nbase-path = /old\n");
    begin(p);
    assert_non_null(strstr(p->text, "the change of the listeners by ann was not confirmed in time"));
    assert_says(p, "config get gateway base-path", 0, "/old\n");
    assert_says(p, "config get gateway directory-timeout", 0, "9\n");
    assert_says(p, "config set gateway base-path=/new", 0, "is undone in");
    assert_says(p, "config set gateway trusted-proxies=192.0.2.1", 1, "waits to be confirmed");
    assert_says(p, "config revert", 0, "Undone");
    assert_says(p, "config get gateway base-path", 0, "/old\n");
}

static void a_signal_reads_the_file_again(void **state)
{
    struct program *p = *state;
    begin(p);
    assert_says(p, "config set gateway directory-timeout=9", 0, "");
    program_configure(p, "directory-timeout = 3\ncache-memory = 8M\n[target demo]\nmachine = testcard\n");
    program_forget(p);
    kill(p->pid, SIGHUP);
    assert_true(program_await(p, "waits for a restart: cache-memory"));
    assert_says(p, "config get gateway directory-timeout", 0, "3\n");
    assert_says(p, "config set gateway directory-timeout=9", 1, "owner's file gives this key");
    program_configure(p, "libary = x\n");
    kill(p->pid, SIGHUP);
    assert_true(program_await(p, "all stays as it is"));
    assert_says(p, "config get gateway directory-timeout", 0, "3\n");
    program_forget(p);
    assert_says(p, "gateway restart", 0, "begins anew");
    assert_true(program_await(p, "the gateway is ready"));
    run(p, "config show gateway");
    assert_null(strstr(output, "waits"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bad_folder_keeps_nobody_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_set_outlives_a_kill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_confirmed_is_undone_at_the_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_reads_the_file_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
