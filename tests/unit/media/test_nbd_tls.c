/* The server on the network: real clients with pre-shared keys and with certificates get what is theirs; who speaks in
 * the clear, or proves nothing, gets nothing. A tool that is not installed is named and left out. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "media/nbd_server.h"
#include "media/nbd_tls.h"
#include "media/source_memory.h"
#include "nbd_bytes.h"

#define SIZE (3u << 20)
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct fixture {
    struct loop *loop;
    struct nbd_server *server;
    struct nbd_tls_context *tls;
    struct loop_io *io;
    int listener;
    unsigned port;
    char folder[32];
};

static uint8_t content[SIZE];

/* alice and the machine with a certificate have "cd"; bob has a disk. */
static bool admit_identity(void *data, const char *identity, const char *export)
{
    (void)data;
    bool cd = strcmp(identity, "psk:alice") == 0 || strcmp(identity, "cert:backup") == 0;
    return strcmp(export, cd ? "cd" : strcmp(identity, "psk:bob") == 0 ? "disk" : "-") == 0;
}

static void list_identity(void *data, const char *identity, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    static const char *const names[] = {"cd", "disk"};
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (admit_identity(data, identity, names[i]))
            fn(fn_data, names[i]);
}

static const struct nbd_server_host host = {.admit_identity = admit_identity, .list_identity = list_identity};

static void on_accept(void *data, int fd, uint32_t events)
{
    struct fixture *f = data;
    (void)events;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer >= 0 && nbd_server_adopt_tls(f->server, peer, f->tls) < 0)
        close(peer);
}

static int listen_somewhere(struct fixture *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(f->listener, (struct sockaddr *)&address, size) < 0 || listen(f->listener, 16) < 0 ||
        getsockname(f->listener, (struct sockaddr *)&address, &size) < 0)
        return -1;
    f->port = ntohs(address.sin_port);
    return loop_io_add(f->loop, f->listener, EPOLLIN, on_accept, f, &f->io);
}

/* Runs a shell command in the folder while the loop turns; its exit status. */
static int run(struct fixture *f, const char *command)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char port[16];
        snprintf(port, sizeof port, "%u", f->port);
        setenv("PORT", port, 1);
        if (chdir(f->folder) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(126);
    }
    uint64_t limit = clock_now_us() + 120000000;
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        loop_dispatch(f->loop, 5);
        assert_true(clock_now_us() < limit);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static bool missing(struct fixture *f, const char *tool)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null", tool);
    if (run(f, command) == 0)
        return false;
    print_message("%s is not installed: left out\n", tool);
    return true;
}

#define SHOWN " >out 2>&1 || { cat out; exit 1; }"

/* A client's authority, one client of it, one of another authority, and the server's own certificate. */
static const char make_certificates[] =
    "set -e; mkdir client server wrong;"
    "ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.pem"
    " -days 2 -subj /CN=authority; };"
    "leaf() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $2/$3-key.pem -out $2.csr"
    " -subj /CN=$4 && printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' >ext &&"
    " openssl x509 -req -in $2.csr -CA $1.pem -CAkey $1.key -CAcreateserial -days 2 -extfile ext"
    " -out $2/$3-cert.pem; };"
    "{ ca ca; ca other; leaf ca server server localhost; leaf ca client client backup;"
    " leaf other wrong client backup; cp ca.pem client/ca-cert.pem; cp ca.pem wrong/ca-cert.pem; } 2>log"
    " || { cat log; exit 1; }";

static char *load(struct fixture *f, const char *name)
{
    char path[96];
    static char room[2][8192];
    static unsigned turn;
    char *text = room[turn++ % 2];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    _cleanup_fclose_ FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof room[0] - 1, file)] = 0;
    return text;
}

static void use_tls(struct fixture *f, bool certificates)
{
    struct nbd_psks psks;
    const char *why = NULL;
    char words[200];
    static const char keys[] = "# ours\nalice:" KEY "\nbob:ffeeddccbbaa99887766554433221100\n";
    assert_int_equal(nbd_psks_parse(keys, sizeof keys - 1, &psks, &why), 0);
    struct nbd_tls_config config = {.psks = &psks};
    EVP_PKEY *key = NULL;
    if (certificates) {
        assert_int_equal(run(f, make_certificates), 0);
        config.certificate = load(f, "server/server-cert.pem");
        char path[96];
        snprintf(path, sizeof path, "%s/server/server-key.pem", f->folder);
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        config.key = key;
        config.client_authority = load(f, "ca.pem");
    }
    assert_int_equal(nbd_tls_context_create(&config, &f->tls, words, sizeof words), 0);
    EVP_PKEY_free(key);
    assert_int_equal(run(f, "mkdir keys; echo alice:" KEY " >keys/keys.psk; echo mallory:" KEY " >mallory.psk;"
                            " echo alice:ff" KEY " >guess.psk; echo bob:ffeeddccbbaa99887766554433221100 >bob.psk;"
                            " chmod 600 *.psk keys/*"),
                     0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct source *cd, *disk;
    *state = f;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 13);
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.XXXXXX");
    if (!mkdtemp(f->folder) || loop_create(&f->loop) < 0 || nbd_server_create(f->loop, &host, f, &f->server) < 0)
        return -1;
    if (source_memory_create(content, SIZE, true, &cd) < 0 || source_memory_create(NULL, SIZE, false, &disk) < 0 ||
        nbd_server_add(f->server, "cd", cd) < 0 || nbd_server_add(f->server, "disk", disk) < 0 ||
        nbd_server_describe(f->server, "cd", "Installer, version 1") < 0 || listen_somewhere(f) < 0)
        return -1;
    char path[64];
    snprintf(path, sizeof path, "%s/cd.iso", f->folder);
    _cleanup_fclose_ FILE *file = fopen(path, "we");
    return file && fwrite(content, SIZE, 1, file) == 1 ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[96];
    nbd_server_destroy(f->server);
    nbd_tls_context_destroy(f->tls);
    loop_io_remove(f->io);
    close(f->listener);
    loop_destroy(f->loop);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int r = system(command);
    free(f);
    return r;
}

static void test_libnbd_with_a_key(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "nbdinfo") || missing(f, "nbdcopy"))
        return;
    use_tls(f, false);
    assert_int_equal(run(f, "nbdinfo \"nbds://alice@127.0.0.1:$PORT/cd?tls-psk-file=$PWD/keys/keys.psk\"" SHOWN), 0);
    assert_int_equal(run(f, "grep -q 'with TLS, using structured' out && grep -q 'export-size: 3145728' out &&"
                            " grep -q 'Installer, version 1' out || { cat out; exit 1; }"),
                     0);
    assert_int_equal(run(f, "nbdinfo --list \"nbds://alice@127.0.0.1:$PORT/?tls-psk-file=$PWD/keys/keys.psk\"" SHOWN),
                     0);
    assert_int_equal(run(f, "grep -q 'export=\"cd\"' out && ! grep -q 'export=\"disk\"' out"), 0);
    assert_int_equal(run(f, "nbdcopy \"nbds://alice@127.0.0.1:$PORT/cd?tls-psk-file=$PWD/keys/keys.psk\" copy"
                            " && cmp copy cd.iso"),
                     0);
    assert_int_equal(run(f, "nbdcopy --flush cd.iso \"nbds://bob@127.0.0.1:$PORT/disk?tls-psk-file=$PWD/bob.psk\" &&"
                            " nbdcopy \"nbds://bob@127.0.0.1:$PORT/disk?tls-psk-file=$PWD/bob.psk\" back &&"
                            " cmp back cd.iso"),
                     0);
}

static void test_others_get_nothing(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "nbdinfo"))
        return;
    use_tls(f, false);
    static const char *const clients[] = {
        "nbdinfo \"nbd://127.0.0.1:$PORT/cd\"",
        "nbdinfo --list \"nbd://127.0.0.1:$PORT/\"",
        "nbdinfo \"nbds://mallory@127.0.0.1:$PORT/cd?tls-psk-file=$PWD/mallory.psk\"",
        "nbdinfo \"nbds://alice@127.0.0.1:$PORT/cd?tls-psk-file=$PWD/guess.psk\"",
        "nbdinfo \"nbds://bob@127.0.0.1:$PORT/cd?tls-psk-file=$PWD/bob.psk\"",
        "nbdinfo \"nbds://127.0.0.1:$PORT/cd\"", /* no key and no certificate */
    };
    for (unsigned i = 0; i < ARRAY_SIZE(clients); i++) {
        char command[256];
        snprintf(command, sizeof command, "%s >out 2>&1", clients[i]);
        assert_int_not_equal(run(f, command), 0);
        assert_int_equal(run(f, "! grep -q -E '3145728|Installer|export=' out"), 0);
    }
}

static void test_qemu_img_with_a_key(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "qemu-img"))
        return;
    use_tls(f, false);
    assert_int_equal(run(f, "qemu-img compare --object tls-creds-psk,id=t,endpoint=client,dir=keys,username=alice"
                            " --image-opts driver=nbd,host=127.0.0.1,port=$PORT,export=cd,tls-creds=t"
                            " driver=raw,file.filename=cd.iso" SHOWN),
                     0);
    assert_int_not_equal(run(f, "qemu-img info nbd://127.0.0.1:$PORT/cd >out 2>&1"), 0);
}

static void test_client_certificates(void **state)
{
    struct fixture *f = *state;
    if (missing(f, "nbdinfo") || missing(f, "openssl") || missing(f, "qemu-img"))
        return;
    use_tls(f, true);
    assert_int_equal(run(f, "nbdcopy \"nbds://localhost:$PORT/cd?tls-certificates=$PWD/client\" copy >out 2>&1 ||"
                            " { cat out; exit 1; }; cmp copy cd.iso"),
                     0);
    assert_int_equal(run(f, "qemu-img compare --object tls-creds-x509,id=t,endpoint=client,dir=client"
                            " --image-opts driver=nbd,host=localhost,port=$PORT,export=cd,tls-creds=t"
                            " driver=raw,file.filename=cd.iso" SHOWN),
                     0);
    assert_int_not_equal(run(f, "nbdinfo \"nbds://localhost:$PORT/disk?tls-certificates=$PWD/client\" >out 2>&1"), 0);
    assert_int_not_equal(run(f, "nbdinfo \"nbds://localhost:$PORT/cd?tls-certificates=$PWD/wrong\" >out 2>&1"), 0);
    assert_int_not_equal(run(f, "rm client/client-*; nbdinfo \"nbds://localhost:$PORT/cd?tls-certificates=$PWD/client\""
                                " >out 2>&1"),
                         0);
    /* keys go on working beside them */
    assert_int_equal(run(f, "nbdinfo --size \"nbds://alice@127.0.0.1:$PORT/cd?tls-psk-file=$PWD/keys/keys.psk\"" SHOWN),
                     0);
}

static int connect_plain(struct fixture *f)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)f->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static bool ends(struct fixture *f, int fd)
{
    uint64_t limit = clock_now_us() + 120000000;
    char rest[4096];
    for (;;) {
        ssize_t n = recv(fd, rest, sizeof rest, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return true;
        if (clock_now_us() > limit)
            return false;
        loop_dispatch(f->loop, 5);
    }
}

/* Garbage for a handshake, commands that hope to be let in unseen, and silence. */
static void test_broken_handshakes(void **state)
{
    struct fixture *f = *state;
    use_tls(f, false);
    for (unsigned i = 0; i < 3; i++) {
        int fd = connect_plain(f);
        struct bytes in = {.size = 0};
        put_client_flags(&in, 3);
        put_option(&in, 5, 0);
        if (i == 0)
            put_info(&in, 7, "cd"); /* in the clear, behind STARTTLS */
        else if (i == 1)
            put_text(&in, "\x16\x03\x01\xff\xff and then nothing of the kind");
        assert_int_equal(send(fd, in.data, in.size, MSG_NOSIGNAL), in.size);
        if (i == 2)
            shutdown(fd, SHUT_WR);
        assert_true(ends(f, fd));
        close(fd);
    }
    int quiet[4];
    for (unsigned i = 0; i < ARRAY_SIZE(quiet); i++)
        quiet[i] = connect_plain(f);
    if (!missing(f, "nbdinfo"))
        assert_int_equal(
            run(f, "nbdinfo --size \"nbds://alice@127.0.0.1:$PORT/cd?tls-psk-file=$PWD/keys/keys.psk\"" SHOWN), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(quiet); i++)
        close(quiet[i]);
}

static void test_files_of_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line, n;
    } rows[] = {
        {"", 0, 0},
        {"# none\n\n", 0, 0},
        {"alice:" KEY, 0, 1},
        {"alice:" KEY "\r\nb o b:" KEY "\n", 0, 2},
        {"alice:" KEY "\nalice:" KEY "\n", 2, 0},
        {"\n\nalice" KEY "\n", 3, 0},
        {":" KEY "\n", 1, 0},
        {"alice:0011\n", 1, 0},
        {"alice:" KEY "0\n", 1, 0},
        {"alice:" KEY "zz\n", 1, 0},
        {"al\x01ice:" KEY "\n", 1, 0},
        {"alice:" KEY KEY "00\n", 1, 0},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct nbd_psks psks;
        const char *why = NULL;
        unsigned line = nbd_psks_parse(rows[i].text, strlen(rows[i].text), &psks, &why);
        assert_int_equal(line, rows[i].line);
        assert_true(!line == !why);
        if (!line)
            assert_int_equal(psks.n, rows[i].n);
    }
}

static void test_contexts_need_something(void **state)
{
    (void)state;
    struct nbd_tls_context *context;
    char why[200] = "";
    struct nbd_tls_config config = {.psks = NULL};
    assert_int_equal(nbd_tls_context_create(&config, &context, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, "neither"));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    config = (struct nbd_tls_config){.certificate = "no PEM", .key = key, .client_authority = "nor this"};
    assert_int_equal(nbd_tls_context_create(&config, &context, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, "certificate"));
    EVP_PKEY_free(key);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_libnbd_with_a_key),
        T(test_others_get_nothing),
        T(test_qemu_img_with_a_key),
        T(test_client_certificates),
        T(test_broken_handshakes),
        cmocka_unit_test(test_files_of_keys),
        cmocka_unit_test(test_contexts_need_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
