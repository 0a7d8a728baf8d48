/* The directory's keys: what is understood, what is refused and how it says so, and the files that belong to them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/outward/directory_setup.h"

static struct config_mistakes mistakes;

static struct config *parse(const char *lines)
{
    char text[8192];
    struct config *config = NULL;
    mistakes.n = mistakes.further = 0;
    snprintf(text, sizeof text, "[gateway]\n%s", lines);
    return config_parse(text, strlen(text), true, &mistakes, &config) == 0 ? config : NULL;
}

#define ENOUGH "directory-url = ldaps://a\ndirectory-base = dc=x\n"
#define ONE "directory-group = cn=a,dc=x -> Operator\n"

static void is_refused(const char *lines, const char *key, const char *part)
{
    struct config *config = parse(lines);
    if (config)
        fail_msg("taken: %s", lines);
    for (unsigned i = 0; i < mistakes.n; i++)
        if (strcmp(mistakes.list[i].key, key) == 0 && strstr(mistakes.list[i].text, part))
            return;
    fail_msg("%s: wanted %s: %s; got %s: %s", lines, key, part, mistakes.list[0].key, mistakes.list[0].text);
}

static void all_keys_are_understood(void **state)
{
    (void)state;
    struct config *config = parse("directory-url = ldaps://dc1.example.org, ldap://[2001:db8::1]:1389\n"
                                  "directory-base = ou=people,dc=x\ndirectory-user-filter = (uid=%u)\n"
                                  "directory-group-base = ou=groups,dc=x\ndirectory-group-filter = (member=%d)\n"
                                  "directory-bind-dn = cn=r,dc=x\ndirectory-bind-password-file = /p\n"
                                  "directory-ca = /ca\ndirectory-timeout = 7\n"
                                  "directory-group = CN=A \\3E B,DC=x -> Administrator\n"
                                  "directory-group = cn=b,dc=x -> web1:view,input *:view gateway:library\n");
    if (!config)
        fail_msg("%s: %s", mistakes.list[0].key, mistakes.list[0].text);
    const struct directory_settings *s = &config->directory.settings;
    assert_int_equal(s->directory.n_urls, 2);
    assert_string_equal(s->directory.urls[1], "ldap://[2001:db8::1]:1389");
    assert_int_equal(s->directory.groups.n, 2);
    assert_string_equal(s->directory.groups.list[0], "CN=A \\3E B,DC=x");
    assert_int_equal(s->worth[0].role, ROLE_ADMINISTRATOR);
    assert_int_equal(s->worth[1].role, ROLE_CUSTOM);
    assert_true(grants_allow(&s->worth[1].grants, RIGHT_INPUT, "web1"));
    assert_false(grants_allow(&s->worth[1].grants, RIGHT_INPUT, "web2"));
    assert_true(grants_allow(&s->worth[1].grants, RIGHT_LIBRARY, NULL));
    assert_int_equal(config->directory.timeout_s, 7);
    config_destroy(config);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    is_refused("directory-base = dc=x\n", "directory-url", "is missing");
    is_refused(ENOUGH, "directory-group", "is missing");
    is_refused("directory-url = ldaps://a\n" ONE, "directory-base", "is missing");
    is_refused("directory-url = http://a\n", "directory-url", "neither ldaps");
    is_refused("directory-url = ldaps://a ldaps://b ldaps://c ldaps://d ldaps://e\n", "directory-url", "more than 4");
    is_refused(ENOUGH ONE "directory-bind-dn = cn=r\n", "directory-bind-password-file", "is missing");
    is_refused(ENOUGH ONE "directory-bind-password-file = /p\n", "directory-bind-dn", "is missing");
    is_refused(ENOUGH ONE "directory-bind-dn = nobody\n", "directory-bind-dn", "is no DN");
    is_refused(ENOUGH ONE "directory-user-filter = uid=%u\n", "directory-user-filter", "( )");
    is_refused(ENOUGH ONE "directory-user-filter = (uid=ada)\n", "directory-user-filter", "no %u");
    is_refused(ENOUGH ONE "directory-user-filter = (uid=%u%x)\n", "directory-user-filter", "percent");
    is_refused(ENOUGH ONE "directory-group-filter = (member=%d)\n", "directory-group-base", "is missing");
    is_refused(ENOUGH ONE "directory-user-dn = uid=ada\n", "directory-user-dn", "no %u");
    is_refused(ENOUGH ONE ONE, "directory-group", "another line");
    is_refused(ENOUGH "directory-group = cn=a,dc=x = Operator\n", "directory-group", "no ->");
    is_refused(ENOUGH "directory-group = cn=a,dc=x -> Root\n", "directory-group", "neither a role");
    is_refused(ENOUGH "directory-group = cn=a,dc=x -> Custom\n", "directory-group", "neither a role");
    is_refused(ENOUGH "directory-group = cn=a,dc=x -> web1:library\n", "directory-group", "does not have");
    is_refused(ENOUGH "directory-group = cn=a,dc=x -> gateway:view\n", "directory-group", "does not have");
    is_refused(ENOUGH "directory-group = cn=a,dc=x -> web1:\n", "directory-group", "neither a role");
    is_refused(ENOUGH ONE "directory-timeout = 21\n", "directory-timeout", "out of range");
}

/* ---- files ---- */

static char folder[] = "/tmp/lightsout-directory-XXXXXX", path[64];
static struct directory_settings settings;
static char why[1400];

static void write_file(const char *text, mode_t mode)
{
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    assert_int_equal(chmod(path, mode), 0);
}

static int read_with(bool password)
{
    char lines[1024];
    snprintf(lines, sizeof lines, ENOUGH ONE "%s%s = %s\n", password ? "directory-bind-dn = cn=r\n" : "",
             password ? "directory-bind-password-file" : "directory-ca", path);
    struct config *config = parse(lines);
    assert_non_null(config);
    int r = directory_setup_read(&config->directory, &settings, why, sizeof why);
    config_destroy(config);
    return r;
}

static void the_password_is_nobody_elses(void **state)
{
    (void)state;
    write_file("of-the-reader\n", 0600);
    assert_int_equal(read_with(true), 0);
    assert_string_equal(settings.directory.bind_password, "of-the-reader");
    assert_string_equal(settings.directory.user_filter, "(uid=%u)");
    assert_int_equal(settings.directory.patience_ms, 4000);
    static const mode_t modes[] = {0640, 0604, 0620, 0602};
    for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
        write_file("of-the-reader\n", modes[i]);
        assert_int_equal(read_with(true), -EPERM);
        assert_non_null(strstr(why, "chmod 600"));
    }
    write_file("\n", 0600);
    assert_int_equal(read_with(true), -EINVAL);
    unlink(path);
    assert_int_equal(read_with(true), -ENOENT);
}

static void authorities_are_pem_and_short(void **state)
{
    (void)state;
    static char text[ERRAND_MAX_PEM + 100] = "-----BEGIN CERTIFICATE-----\n";
    write_file(text, 0644);
    assert_int_equal(read_with(false), 0);
    write_file("no certificate", 0644);
    assert_int_equal(read_with(false), -EINVAL);
    memset(text + strlen(text), 'x', sizeof text - strlen(text) - 1);
    write_file(text, 0644);
    assert_int_equal(read_with(false), -EFBIG);
    unlink(path);
}

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_understood),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(the_password_is_nobody_elses),
        cmocka_unit_test(authorities_are_pem_and_short),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
