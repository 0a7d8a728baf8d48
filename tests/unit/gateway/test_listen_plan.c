/* Which sockets `listen` comes to: addresses, interfaces, all, and what covers what; and how they follow. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "free_port/free_port.h"
#include "gateway/config/config_keys.h"
#include "gateway/supervisor/listen.h"

static struct interfaces here;

static void have(const char *name, unsigned index, const char *address)
{
    struct interface_address *at = &here.list[here.n++];
    *at = (struct interface_address){.index = index};
    snprintf(at->name, sizeof at->name, "%s", name);
    if (!address)
        return;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&at->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at->address;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        at->size = sizeof *v4;
    } else {
        assert_int_equal(inet_pton(AF_INET6, address, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) ? index : 0;
        at->size = sizeof *v6;
    }
}

static int two_interfaces(void **state)
{
    (void)state;
    memset(&here, 0, sizeof here);
    have("lo", 1, NULL);
    have("lo", 1, "127.0.0.1");
    have("eth0", 2, NULL);
    have("eth0", 2, "192.0.2.7");
    have("eth0", 2, "2001:db8::7");
    have("eth0", 2, "fe80::7");
    have("eth1", 3, NULL);
    return 0;
}

/* The plan's addresses, with ! behind those that are required. */
static const char *plan_of(const char *listen, struct listen_plan *plan)
{
    static char text[2000];
    char why[200] = "";
    struct config_listens wanted = {.n = 0};
    if (!config_value_listen(NULL, listen, &wanted, why, sizeof why))
        fail_msg("%s: %s", listen, why);
    listen_plan_make(&wanted, &here, plan);
    *text = '\0';
    for (unsigned i = 0; i < plan->n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", i ? " " : "", plan->list[i].text,
                 plan->list[i].required ? "!" : "");
    return text;
}

static void plans_what_is_listed_and_no_more(void **state)
{
    static const char *const cases[][2] = {
        {"192.0.2.7:443 [2001:db8::7]:443", "192.0.2.7:443! [2001:db8::7]:443!"},
        {"*:443", "0.0.0.0:443! [::]:443"},
        {"eth0:443", "192.0.2.7:443 [2001:db8::7]:443 [fe80::7%eth0]:443"},
        {"eth1:443 127.0.0.1:443", "127.0.0.1:443!"},
        {"[fe80::7%eth0]:443", "[fe80::7%eth0]:443"},
        {"eth0:443 192.0.2.7:443", "192.0.2.7:443! [2001:db8::7]:443 [fe80::7%eth0]:443"},
        {"eth0:443 0.0.0.0:443", "0.0.0.0:443! [2001:db8::7]:443 [fe80::7%eth0]:443"},
        {"192.0.2.7:443 *:443 eth0:443", "0.0.0.0:443! [::]:443"},
        {"192.0.2.7:443 192.0.2.7:443", "192.0.2.7:443!"},
    };
    struct listen_plan plan;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_string_equal(plan_of(cases[i][0], &plan), cases[i][1]);
        assert_false(plan.missing[0]);
        assert_false(plan.cut);
    }
}

static void names_an_interface_that_is_not_there(void **state)
{
    struct listen_plan plan;
    (void)state;
    assert_string_equal(plan_of("wlan0:443 127.0.0.1:443", &plan), "127.0.0.1:443!");
    assert_string_equal(plan.missing, "wlan0");
    assert_string_equal(plan_of("[fe80::7%wlan1]:443", &plan), "");
    assert_string_equal(plan.missing, "wlan1");
}

static void is_bounded(void **state)
{
    struct listen_plan plan;
    char address[40];
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        snprintf(address, sizeof address, "2001:db8:1::%x", i);
        have("eth1", 3, address);
    }
    plan_of("eth1:443", &plan);
    assert_int_equal(plan.n, LISTEN_PLAN_MAX);
    assert_true(plan.cut);
}

/* ---- real sockets on the loopback ---- */

static unsigned opened, closed;
static int lent[32]; /* what a gateway keeps open until it hears that it was taken back */
static unsigned n_lent;

static void on_opened(void *data, const struct listener *listener)
{
    (void)data;
    assert_true(n_lent < ARRAY_SIZE(lent));
    lent[n_lent] = dup(listener->fd);
    assert_true(lent[n_lent++] >= 0);
    opened++;
}

static void on_closed(void *data, uint32_t id)
{
    (void)data;
    assert_true(id > 0);
    closed++;
}

static struct config *configuration(const char *listen)
{
    char text[300];
    struct config_mistakes mistakes = {0};
    struct config *config;
    int n = snprintf(text, sizeof text, "[gateway]\nlisten = %s\n", listen);
    assert_int_equal(config_parse(text, (size_t)n, true, &mistakes, &config), 0);
    return config;
}

static bool answers(const char *address, unsigned port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &in.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = connect(fd, (struct sockaddr *)&in, sizeof in) == 0;
    close(fd);
    return good;
}

static void change(struct listeners *self, const char *format, ...) attr_printf(2, 3);

static void change(struct listeners *self, const char *format, ...)
{
    static const struct listeners_owner owner = {.opened = on_opened, .closed = on_closed};
    char listen[200];
    va_list ap;
    va_start(ap, format);
    vsnprintf(listen, sizeof listen, format, ap);
    va_end(ap);
    struct config *config = configuration(listen);
    opened = closed = 0;
    listeners_follow(self, config, &owner, NULL);
    config_destroy(config);
}

static void follows_and_keeps_what_stays(void **state)
{
    struct listeners self = {.control = -1};
    unsigned port = free_port(), other = free_port();
    (void)state;
    change(&self, "127.0.0.1:%u 127.0.0.2:%u", port, port);
    assert_int_equal(opened, 2);
    assert_true(answers("127.0.0.1", port) && answers("127.0.0.2", port));
    int fd = self.list[0].fd;
    change(&self, "127.0.0.1:%u 127.0.0.3:%u", port, port);
    assert_int_equal(opened, 1);
    assert_int_equal(closed, 1);
    assert_int_equal(self.list[0].fd, fd);
    assert_false(answers("127.0.0.2", port));
    /* one of all addresses in place of single ones, and back, on the same port */
    change(&self, "0.0.0.0:%u", port);
    assert_true(answers("127.0.0.9", port));
    assert_int_equal(self.n, 1);
    change(&self, "127.0.0.1:%u", port);
    assert_true(answers("127.0.0.1", port));
    assert_false(answers("127.0.0.9", port));
    assert_int_equal(self.n, 1);
    /* another port */
    change(&self, "127.0.0.1:%u", other);
    assert_true(answers("127.0.0.1", other));
    assert_false(answers("127.0.0.1", port));
    /* nothing of it can be had: what is there stays */
    change(&self, "198.51.100.77:%u", port);
    assert_int_equal(closed, 0);
    assert_true(answers("127.0.0.1", other));
    listeners_close(&self);
    while (n_lent)
        close(lent[--n_lent]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plans_what_is_listed_and_no_more, two_interfaces),
        cmocka_unit_test_setup(names_an_interface_that_is_not_there, two_interfaces),
        cmocka_unit_test_setup(is_bounded, two_interfaces),
        cmocka_unit_test(follows_and_keeps_what_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
