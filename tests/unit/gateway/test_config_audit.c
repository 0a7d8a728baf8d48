/* The keys about the audit log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config/config.h"

static struct config_mistakes mistakes;

static struct config *parse(const char *text)
{
    struct config *config = NULL;
    mistakes = (struct config_mistakes){0};
    int r = config_parse(text, strlen(text), true, &mistakes, &config);
    assert_int_equal(r == 0, config != NULL);
    return config;
}

static void expect_server(const char *value, const char *host, uint16_t port)
{
    char text[400];
    snprintf(text, sizeof text, "[gateway]\naudit-syslog = %s\n", value);
    struct config *config = parse(text);
    if (!host) {
        assert_null(config);
        assert_string_equal(mistakes.list[0].key, "audit-syslog");
        return;
    }
    assert_non_null(config);
    assert_string_equal(config->audit.syslog.host, host);
    assert_int_equal(config->audit.syslog.port, port);
    config_destroy(config);
}

static void test_servers(void **state)
{
    (void)state;
    expect_server("log.example.org", "log.example.org", 6514);
    expect_server("log.example.org:10514", "log.example.org", 10514);
    expect_server("192.0.2.1:1", "192.0.2.1", 1);
    expect_server("2001:db8::1", "2001:db8::1", 6514);
    expect_server("[2001:db8::1]", "2001:db8::1", 6514);
    expect_server("[2001:db8::1]:514", "2001:db8::1", 514);
    expect_server("log.example.org:", NULL, 0);
    expect_server("log.example.org:0", NULL, 0);
    expect_server("log.example.org:65536", NULL, 0);
    expect_server("log.example.org:51x", NULL, 0);
    expect_server("[2001:db8::1", NULL, 0);
    expect_server("[]:514", NULL, 0);
    expect_server("[::1]514", NULL, 0);
    expect_server(":514", NULL, 0);
    expect_server("two names", NULL, 0);
}

static void test_the_rest(void **state)
{
    (void)state;
    struct config *config = parse("[gateway]\n");
    assert_non_null(config);
    assert_int_equal(config->audit.keep, CONFIG_AUDIT_KEEP);
    assert_int_equal(config->audit.full, CONFIG_AUDIT_GO_ON);
    assert_string_equal(config->audit.file, "");
    config_destroy(config);
    config = parse("[gateway]\naudit-keep = 1000\naudit-full = refuse\naudit-file = /var/log/a\n");
    assert_non_null(config);
    assert_int_equal(config->audit.keep, 1000);
    assert_int_equal(config->audit.full, CONFIG_AUDIT_REFUSE);
    config_destroy(config);
    assert_null(parse("[gateway]\naudit-keep = 999\n"));
    assert_null(parse("[gateway]\naudit-full = stop\n"));
    assert_null(parse("[gateway]\naudit-file = audit\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_servers), cmocka_unit_test(test_the_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
