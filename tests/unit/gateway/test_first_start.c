/* The two files of a first start without a screen; and a real lightsoutd that uses them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/keeper/password.h"
#include "core/clock.h"
#include "gateway/owner/first_start.h"
#include "program.h"

static struct program p;
static char path[128], why[1600];
static struct first_user user;

static int setup(void **state)
{
    (void)state;
    program_init(&p);
    snprintf(path, sizeof path, "%s/file", p.folder);
    why[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_finish(&p);
    return 0;
}

static void put(const char *text, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int parse(const char *text)
{
    why[0] = '\0';
    return first_user_parse(text, strlen(text), &user, why, sizeof why);
}

static void test_one_line(void **state)
{
    (void)state;
    assert_int_equal(parse("# for the first start\n\n  ann:$y$j9T$salt$sum \r\n"), 0);
    assert_string_equal(user.name, "ann");
    assert_string_equal(user.hash, "$y$j9T$salt$sum");
    assert_int_equal(parse("ann:x"), 0); /* no line end */
    static const char *const wrong[] = {"",      "\n# ann:x\n", "ann",       "ann:",          ":x",
                                        "a n:x", "ann:\rx",     "ann:\xffx", "ann:x\nbob:y\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(parse(wrong[i]), -EINVAL);
    assert_null(strstr(why, "bob"));
    assert_int_equal(first_user_parse("ann:x\0y", 7, &user, why, sizeof why), -EINVAL);
}

static void test_only_a_file_of_root_alone_is_read(void **state)
{
    (void)state;
    assert_int_equal(first_user_read(path, &user, why, sizeof why), 1);
    put("ann:x\n", 0600);
    assert_int_equal(first_user_read(path, &user, why, sizeof why), 0);
    put("ann:x\n", 0640);
    assert_int_equal(first_user_read(path, &user, why, sizeof why), -EACCES);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, "chmod 600"));
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(first_user_read(path, &user, why, sizeof why), -ELOOP);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(first_user_read(path, &user, why, sizeof why), -EINVAL);
    if (geteuid() != 0)
        return;
    put("ann:x\n", 0600);
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(first_user_read(path, &user, why, sizeof why), -EACCES);
    assert_non_null(strstr(why, "chown root"));
}

static void read_all(char *room, size_t size)
{
    FILE *in = fopen(path, "r");
    room[0] = '\0';
    if (!in)
        return;
    room[fread(room, 1, size - 1, in)] = '\0';
    fclose(in);
}

static void test_the_secret_stands_in_a_file_of_its_own(void **state)
{
    static const struct announce_marks marks = {.fingerprint = "AA:BB", .audit_key = "c0ffee"};
    struct config *config = NULL;
    struct stat st;
    char text[4096];
    (void)state;
    assert_int_equal(config_default(&config), 0);
    snprintf(config->secret_file, sizeof config->secret_file, "%s", path);
    first_start_tell(config, &marks, "11111-22222");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    read_all(text, sizeof text);
    assert_non_null(strstr(text, "11111-22222"));
    assert_non_null(strstr(text, "AA:BB"));
    assert_non_null(strstr(text, "audit key    c0ffee"));
    assert_non_null(strstr(text, "https://localhost:8443/"));
    assert_non_null(strstr(text, "https://127.0.0.1:8443/"));
    first_start_tell(config, &marks, "33333-44444"); /* a new one */
    read_all(text, sizeof text);
    assert_null(strstr(text, "11111-22222"));
    assert_non_null(strstr(text, "33333-44444"));
    first_start_tell(config, &marks, "");
    assert_int_equal(stat(path, &st), -1);

    put("somebody's own\n", 0644);
    first_start_tell(config, &marks, "11111-22222");
    first_start_tell(config, &marks, "");
    read_all(text, sizeof text);
    assert_string_equal(text, "somebody's own\n");
    config_destroy(config);
}

static void configure(const char *key)
{
    char more[256];
    snprintf(more, sizeof more, "%s = %s\n", key, path);
    program_configure(&p, more);
}

static bool exists(void)
{
    return access(path, F_OK) == 0;
}

static void test_a_start_writes_the_secret(void **state)
{
    char text[4096];
    (void)state;
    configure("secret-file");
    program_start(&p, NULL);
    assert_true(program_await(&p, "one-time secret"));
    read_all(text, sizeof text);
    const char *shown = strstr(p.text, "set-up       ");
    assert_non_null(shown);
    char secret[30];
    snprintf(secret, sizeof secret, "%.29s", shown + strlen("set-up       "));
    assert_non_null(strstr(text, secret));
}

static void test_a_first_user_is_set_up_and_the_file_goes(void **state)
{
    char line[PASSWORD_HASH_SIZE + 16], hash[PASSWORD_HASH_SIZE];
    (void)state;
    assert_int_equal(password_hash_make("correct horse battery", hash), 0);
    snprintf(line, sizeof line, "ann:%s\n", hash);
    put(line, 0600);
    configure("first-user-file");
    program_start(&p, NULL);
    assert_true(program_await(&p, "fingerprint"));
    assert_null(strstr(p.text, "one-time secret"));
    assert_null(strstr(p.text, hash));
    assert_false(exists());
    char answer[2048];
    program_get(&p, "/api/v1/version", answer, sizeof answer, NULL);
    assert_non_null(strstr(answer, "\"needs_setup\":false"));
}

static void test_a_first_user_that_others_may_read_is_refused(void **state)
{
    (void)state;
    put("ann:$y$j9T$x$y\n", 0644);
    configure("first-user-file");
    program_start(&p, NULL);
    assert_true(program_await(&p, "one-time secret"));
    assert_non_null(strstr(p.text, "chmod 600"));
    assert_true(exists());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_line),
        TEST(test_only_a_file_of_root_alone_is_read),
        TEST(test_the_secret_stands_in_a_file_of_its_own),
        TEST(test_a_start_writes_the_secret),
        TEST(test_a_first_user_is_set_up_and_the_file_goes),
        TEST(test_a_first_user_that_others_may_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
