/* Logins by a real directory, through a real lightsoutd: the page's doors, keeper, outward in its sandbox, slapd. */
#include <errno.h>
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

#include "auth/keeper/password.h"
#include "core/attrs.h"
#include "core/clock.h"
#include "directory_bed/slapd.h"
#include "directory_bed/slapd_entries.h"
#include "program.h"

#define OWNER_PASSWORD "correct horse 9"
#define HANGS_S 120

static struct program program;
static struct slapd *slapd;
static char fingerprint[96], output[65536];

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", program.folder, name);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fchmod(fileno(out), 0600), 0);
    fclose(out);
}

static void configure(void)
{
    char hash[PASSWORD_HASH_SIZE], line[sizeof hash + 16], more[2048];
    assert_int_equal(password_hash_make(OWNER_PASSWORD, hash), 0);
    snprintf(line, sizeof line, "owner:%s\n", hash);
    write_file("first-user", line);
    write_file("password", SLAPD_READER_PASSWORD "\n");
    write_file("ca.pem", slapd_authority(slapd));
    snprintf(more, sizeof more,
             "first-user-file = %s/first-user\n"
             "directory-url = %s\n"
             "directory-base = " SLAPD_PEOPLE "\n"
             "directory-bind-dn = " SLAPD_READER "\n"
             "directory-bind-password-file = %s/password\n"
             "directory-ca = %s/ca.pem\n"
             "directory-timeout = 1\n"
             "directory-group = cn=admins," SLAPD_GROUPS " -> Administrator\n"
             "directory-group = CN=Operators, " SLAPD_GROUPS " -> *:view,input gateway:library\n",
             program.folder, slapd_ldaps(slapd), program.folder, program.folder);
    program_configure(&program, more);
}

/* lightsout ARGUMENTS, with `input` on its stdin: its exit code, and what it says in `output`. */
static int lightsout(const char *input, const char *format, ...) attr_printf(2, 3);

static int lightsout(const char *input, const char *format, ...)
{
    char path[4096], arguments[512], command[8192];
    va_list list;
    va_start(list, format);
    vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    program_path(path, sizeof path);
    path[strlen(path) - 1] = '\0'; /* lightsoutd, without its last letter */
    snprintf(command, sizeof command, "printf '%%s\\n' '%s' | timeout %d '%s' %s 2>&1", input, HANGS_S, path,
             arguments);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    size_t n = fread(output, 1, sizeof output - 1, pipe);
    output[n] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

/* What the other tests guessed counts against this address: it waits as it is told to. */
static int log_in(const char *user, const char *password)
{
    uint64_t end = clock_now_us() + HANGS_S * 1000000ull;
    for (;;) {
        int code = lightsout(password, "--url https://localhost:%u --fingerprint %s --token-file %s/token-%s login %s",
                             program.port, fingerprint, program.folder, user, user);
        if (!strstr(output, "Too many failed tries") || clock_now_us() > end)
            return code;
        usleep(250000);
    }
}

/* As root at the machine. */
static int locally(const char *what)
{
    return lightsout("", "--socket %s/run/control.sock --json %s", program.state, what);
}

/* Waits until `what` says it, or (absent) no longer does. */
static void await(const char *what, const char *text, bool absent)
{
    uint64_t end = clock_now_us() + HANGS_S * 1000000ull;
    do {
        if (locally(what) == 0 && (strstr(output, text) == NULL) == absent)
            return;
        usleep(100000);
    } while (clock_now_us() < end);
    fail_msg("%s %s '%s': %s", what, absent ? "still says" : "never says", text, output);
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    slapd = slapd_start(NULL);
    if (!slapd)
        return -1;
    program_init(&program);
    configure();
    program_start(&program, NULL);
    if (!program_await(&program, "outward is ready") || !program_await(&program, "gateway is ready"))
        return -1;
    program_get(&program, "/", output, sizeof output, fingerprint);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    program_finish(&program);
    slapd_stop(slapd);
    return 0;
}

static void logged_in(const char *user, const char *password)
{
    int code = log_in(user, password);
    if (code != 0) {
        char said[1024];
        snprintf(said, sizeof said, "%.1000s", output);
        locally("events");
        program_listen(&program, 100);
        fail_msg("%s cannot log in (%d): %s\n%.3000s\n%s", user, code, said, output, program.text);
    }
}

static void groups_say_what_users_may(void **state)
{
    (void)state;
    logged_in("ada", "rocket 7");
    logged_in("bob", "builder 8");
    assert_int_equal(locally("user list"), 0);
    assert_non_null(strstr(output, "ada"));
    assert_int_equal(lightsout("", "--url https://localhost:%u --fingerprint %s --token-file %s/token-ada user list",
                               program.port, fingerprint, program.folder),
                     0);
    assert_int_not_equal(lightsout("",
                                   "--url https://localhost:%u --fingerprint %s --token-file %s/token-bob user list",
                                   program.port, fingerprint, program.folder),
                         0);
}

static void others_stay_outside(void **state)
{
    (void)state;
    assert_int_not_equal(log_in("ada", "rocket 8"), 0);
    assert_int_not_equal(log_in("eve", "apple 9"), 0); /* in no group that is worth anything */
    assert_int_not_equal(log_in("nobody", "rocket 7"), 0);
}

static int try(const char *user, const char *password)
{
    return lightsout(password, "--socket %s/run/control.sock directory test %s", program.state, user);
}

static void a_try_tells_its_steps(void **state)
{
    (void)state;
    assert_int_equal(try("bob", "builder 8"), 0);
    assert_non_null(strstr(output, "the password is right"));
    assert_non_null(strstr(output, "works: uid=bob," SLAPD_PEOPLE " is Custom *:view,input gateway:library"));
    assert_null(strstr(output, "builder"));
    assert_int_equal(try("eve", "apple 9"), 1);
    assert_non_null(strstr(output, "none of the groups has rights here"));
    assert_int_equal(try("bob", "builder 9"), 1);
    assert_int_equal(try("owner", OWNER_PASSWORD), 1);
    assert_non_null(strstr(output, "no directory is asked for it"));
    assert_int_equal(locally("session list"), 0);
    assert_null(strstr(output, "\"eve\""));
}

/* The directory takes connections and says nothing. */
static void local_users_come_in_whatever_the_directory_does(void **state)
{
    (void)state;
    slapd_pause(slapd);
    uint64_t begin = clock_now_us();
    logged_in("owner", OWNER_PASSWORD);
    uint64_t took = clock_now_us() - begin;
    print_message("local login with a silent directory: %u ms\n", (unsigned)(took / 1000));
    assert_int_not_equal(log_in("ada", "rocket 7"), 0);
    assert_non_null(strstr(output, "directory cannot be asked"));
    slapd_go_on(slapd);
    slapd_kill(slapd);
    logged_in("owner", OWNER_PASSWORD);
    assert_int_not_equal(log_in("ada", "rocket 7"), 0);
    assert_true(slapd_again(slapd));
    logged_in("ada", "rocket 7");
}

/* What 15 minutes bring is brought by the configuration being read anew, too. */
static void changed_groups_change_and_end_sessions(void **state)
{
    (void)state;
    logged_in("ada", "rocket 7");
    logged_in("bob", "builder 8");
    await("session list", "\"ada\"", false);
    assert_true(slapd_put(slapd, "cn=admins," SLAPD_GROUPS, "member", "uid=bob," SLAPD_PEOPLE));
    assert_true(slapd_take(slapd, "cn=admins," SLAPD_GROUPS, "member", "uid=ada," SLAPD_PEOPLE));
    kill(program.pid, SIGHUP);
    await("session list", "\"ada\"", true);
    await("session list", "\"bob\"", false);
    assert_int_equal(lightsout("", "--url https://localhost:%u --fingerprint %s --token-file %s/token-bob user list",
                               program.port, fingerprint, program.folder),
                     0);
    assert_int_not_equal(log_in("ada", "rocket 7"), 0);
    assert_true(slapd_put(slapd, "cn=admins," SLAPD_GROUPS, "member", "uid=ada," SLAPD_PEOPLE));
    assert_true(slapd_take(slapd, "cn=admins," SLAPD_GROUPS, "member", "uid=bob," SLAPD_PEOPLE));
}

static void a_new_keeper_asks_at_once(void **state)
{
    (void)state;
    logged_in("bob", "builder 8");
    assert_true(slapd_put(slapd, "uid=bob," SLAPD_PEOPLE, "nsAccountLock", "TRUE"));
    kill(program_role(&program, "keeper"), SIGKILL);
    await("session list", "\"bob\"", true);
    assert_int_not_equal(log_in("bob", "builder 8"), 0);
    assert_true(slapd_take(slapd, "uid=bob," SLAPD_PEOPLE, "nsAccountLock", NULL));
}

static void a_new_outward_is_asked(void **state)
{
    (void)state;
    program_forget(&program);
    kill(program_role(&program, "outward"), SIGKILL);
    assert_true(program_await(&program, "outward is ready"));
    logged_in("ada", "rocket 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_say_what_users_may),
        cmocka_unit_test(others_stay_outside),
        cmocka_unit_test(a_try_tells_its_steps),
        cmocka_unit_test(local_users_come_in_whatever_the_directory_does),
        cmocka_unit_test(changed_groups_change_and_end_sessions),
        cmocka_unit_test(a_new_keeper_asks_at_once),
        cmocka_unit_test(a_new_outward_is_asked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
