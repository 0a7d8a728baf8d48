/* A real rsyslogd that takes TLS, in a folder and on a port of its own: messages arrive whole and in order, also those
 * said while it was away; a certificate that is not its name's, or nobody's we know, gets nothing. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "auth/outward/syslog.h"
#include "core/clock.h"
#include "free_port/free_port.h"

#define LIMIT_US (60 * 1000000ull)

static char folder[64];
static uint16_t port;
static pid_t server;
static struct loop *loop;
static struct worker_pool *pool;
static struct syslog_out *out;
static struct errand_syslog settings;
static struct errand_syslog_state state;
static unsigned states;

#define WAIT_UNTIL(condition)                                                                                          \
    do {                                                                                                               \
        uint64_t end_ = clock_now_us() + LIMIT_US;                                                                     \
        while (!(condition) && clock_now_us() < end_)                                                                  \
            loop_dispatch(loop, 50);                                                                                   \
        assert_true(condition);                                                                                        \
    } while (0)

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static unsigned n;
    char *path = paths[n++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* ---- certificates ---- */

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    return key;
}

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, const char *name, const char *names, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1,
                               0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate));
    if (issuer)
        extend(certificate, NID_subject_alt_name, names);
    else
        extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(certificate, issuer ? issuer_key : key, EVP_sha256()) > 0);
    return certificate;
}

static void write_pem(const char *path, X509 *certificate, EVP_PKEY *key)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (certificate)
        PEM_write_X509(file, certificate);
    if (key)
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
}

static void make_certificates(const char *names)
{
    EVP_PKEY *ca_key = make_key(), *key = make_key();
    X509 *ca = make_certificate(ca_key, "the authority", NULL, NULL, NULL);
    X509 *certificate = make_certificate(key, "log", names, ca, ca_key);
    write_pem(in_folder("ca.pem"), ca, NULL);
    write_pem(in_folder("log.pem"), certificate, NULL);
    write_pem(in_folder("log.key"), NULL, key);
    X509_free(ca);
    X509_free(certificate);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    FILE *file = fopen(in_folder("ca.pem"), "r");
    size_t n = fread(settings.authorities, 1, sizeof settings.authorities - 1, file);
    settings.authorities[n] = 0;
    fclose(file);
}

/* ---- the server ---- */

static bool listens(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool good = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return good;
}

static void server_start(void)
{
    FILE *file = fopen(in_folder("rsyslog.conf"), "w");
    fprintf(file,
            "global(workDirectory=\"%s\" maxMessageSize=\"16k\" defaultNetstreamDriver=\"ossl\"\n"
            "  defaultNetstreamDriverCAFile=\"%s/ca.pem\" defaultNetstreamDriverCertFile=\"%s/log.pem\"\n"
            "  defaultNetstreamDriverKeyFile=\"%s/log.key\")\n"
            "template(name=\"raw\" type=\"string\" string=\"%%msgid%% %%structured-data%% %%msg%%\\n\")\n"
            "module(load=\"imtcp\" streamDriver.name=\"ossl\" streamDriver.mode=\"1\" streamDriver.authMode=\"anon\")\n"
            "ruleset(name=\"r\") { action(type=\"omfile\" file=\"%s/log\" template=\"raw\") }\n"
            "input(type=\"imtcp\" port=\"%u\" address=\"127.0.0.1\" ruleset=\"r\")\n",
            folder, folder, folder, folder, folder, port);
    fclose(file);
    server = fork();
    if (server == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(open(in_folder("err"), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
        execlp("rsyslogd", "rsyslogd", "-n", "-f", in_folder("rsyslog.conf"), "-i", in_folder("pid"), (char *)NULL);
        _exit(127);
    }
    WAIT_UNTIL(listens() || waitpid(server, NULL, WNOHANG) == server);
}

static void server_stop(void)
{
    if (server > 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
    server = 0;
}

static unsigned lines_in_log(char *last, size_t size)
{
    FILE *file = fopen(in_folder("log"), "r");
    char line[16384];
    unsigned n = 0;
    while (file && fgets(line, sizeof line, file)) {
        n++;
        if (last)
            snprintf(last, size, "%s", line);
    }
    if (file)
        fclose(file);
    return n;
}

/* ---- the rest ---- */

static void on_state(void *data, const struct errand_syslog_state *now)
{
    (void)data;
    state = *now;
    states++;
}

static void say(unsigned number, size_t size)
{
    static char message[ERRAND_MAX_SYSLOG];
    int n =
        snprintf(message, sizeof message,
                 "<109>1 2026-01-01T00:00:00Z here lightsout - line [line@32473 number=\"%u\" hash=\"00\"] text %u ",
                 number, number);
    while ((size_t)n < size)
        message[n++] = 'x';
    syslog_out_send(out, &settings, message, (size_t)n);
}

static int set_up(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/lightsout-syslog-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    settings = (struct errand_syslog){.host = "127.0.0.1", .name = "127.0.0.1"};
    state = (struct errand_syslog_state){0};
    port = settings.port = (uint16_t)free_port();
    loop_create(&loop);
    worker_pool_create(loop, "look", 1, &pool);
    return syslog_out_create(loop, pool, on_state, NULL, &out);
}

static int tear_down(void **unused)
{
    (void)unused;
    char command[128];
    server_stop();
    out = syslog_out_destroy(out);
    pool = worker_pool_destroy(pool);
    loop = loop_destroy(loop);
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void test_messages_arrive_also_those_said_while_it_was_away(void **unused)
{
    (void)unused;
    char last[16384];
    make_certificates("IP:127.0.0.1");
    server_start();
    for (unsigned i = 1; i <= 100; i++)
        say(i, i % 10 ? 0 : ERRAND_MAX_SYSLOG);
    WAIT_UNTIL(state.given == 100);
    assert_true(state.reached);
    WAIT_UNTIL(lines_in_log(last, sizeof last) == 100);
    assert_true(strlen(last) > 6000);
    server_stop();
    WAIT_UNTIL(!state.reached);
    assert_true(state.why[0]);
    for (unsigned i = 101; i <= 200; i++)
        say(i, 0);
    server_start();
    WAIT_UNTIL(state.reached && state.given == 200);
    WAIT_UNTIL(lines_in_log(last, sizeof last) == 200);
    assert_non_null(strstr(last, "number=\"200\""));
    assert_int_equal(state.lost, 0);
}

static void test_the_wrong_name_gets_nothing(void **unused)
{
    (void)unused;
    make_certificates("IP:127.0.0.2,DNS:log.example.org");
    server_start();
    say(1, 0);
    WAIT_UNTIL(states > 0 && state.why[0]);
    assert_false(state.reached);
    assert_int_equal(state.given, 0);
    assert_int_equal(lines_in_log(NULL, 0), 0);
    print_message("%s\n", state.why);
}

static void test_an_unknown_authority_gets_nothing(void **unused)
{
    (void)unused;
    char authorities[ERRAND_MAX_PEM];
    make_certificates("IP:127.0.0.1");
    memcpy(authorities, settings.authorities, sizeof authorities);
    make_certificates("IP:127.0.0.1"); /* others, which the server uses */
    memcpy(settings.authorities, authorities, sizeof authorities);
    server_start();
    say(1, 0);
    WAIT_UNTIL(states > 0 && state.why[0]);
    assert_false(state.reached);
    assert_int_equal(state.given, 0);
    print_message("%s\n", state.why);
}

static void test_what_finds_no_room_is_counted(void **unused)
{
    (void)unused;
    make_certificates("IP:127.0.0.1"); /* nobody listens */
    for (unsigned i = 0; i < 600; i++)
        say(i, 0);
    WAIT_UNTIL(state.lost == 600 - 512);
    assert_false(state.reached);
}

int main(void)
{
    if (system("command -v rsyslogd >/dev/null && ls /usr/lib/*/rsyslog/lmnsd_ossl.so >/dev/null 2>&1") != 0) {
        puts("rsyslogd with OpenSSL is not installed");
        return 77;
    }
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_messages_arrive_also_those_said_while_it_was_away),
        TEST(test_the_wrong_name_gets_nothing),
        TEST(test_an_unknown_authority_gets_nothing),
        TEST(test_what_finds_no_room_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
