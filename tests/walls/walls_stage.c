#include "walls_stage.h"

#include <arpa/inet.h>
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "tests/walls/attack.h"
#include "tests/walls/secret.h"

#define HANG_US 120000000ull
#define PLAIN_USER 61998
#define PASSWORD "planted password of the first user"

enum { USER = 61990, KEEPER_USER, OUTWARD_USER, READER_USER };

static void write_file(const char *path, const char *text, mode_t mode, uid_t owner)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    if (geteuid() == 0)
        assert_int_equal(fchown(fd, owner, owner), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static bool cover(const char *what, const char *text)
{
    char path[] = "/tmp/lightsout-users-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        return false;
    bool good = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, 0644) == 0 &&
                mount(path, what, NULL, MS_BIND, NULL) == 0;
    close(fd);
    unlink(path);
    return good;
}

bool stage_make_users(void)
{
    char passwd[1024], group[512];
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    snprintf(passwd, sizeof passwd,
             "root:x:0:0:root:/root:/bin/sh\nlightsout:x:%d:%d::/:/bin/false\n"
             "lightsout-keeper:x:%d:%d::/:/bin/false\nlightsout-outward:x:%d:%d::/:/bin/false\n"
             "lightsout-reader:x:%d:%d::/:/bin/false\n",
             USER, USER, KEEPER_USER, KEEPER_USER, OUTWARD_USER, OUTWARD_USER, READER_USER, READER_USER);
    snprintf(group, sizeof group,
             "root:x:0:\nlightsout:x:%d:\nlightsout-keeper:x:%d:\nlightsout-outward:x:%d:\nlightsout-reader:x:%d:\n",
             USER, KEEPER_USER, OUTWARD_USER, READER_USER);
    return cover("/etc/passwd", passwd) && cover("/etc/group", group);
}

/* --- neighbours --- */

static int listen_inet(int type, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int listen_unix(int type, const char *path, const char *abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof address;
    if (abstract) {
        memcpy(address.sun_path + 1, abstract, strlen(abstract));
        size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract));
    } else {
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    }
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 16), 0);
    if (path)
        assert_int_equal(chmod(path, 0777), 0);
    return fd;
}

static void open_neighbours(struct stage *self)
{
    struct board *board = self->board;
    char path[120];
    self->tcp = listen_inet(SOCK_STREAM, &board->tcp_port);
    self->udp = listen_inet(SOCK_DGRAM, &board->udp_port);
    snprintf(board->unix_path, sizeof board->unix_path, "%.90s/neighbour", self->program.folder);
    snprintf(board->abstract_name, sizeof board->abstract_name, "neighbour%.40s", self->program.folder);
    snprintf(path, sizeof path, "%s.dgram", board->unix_path);
    self->unix_listener = listen_unix(SOCK_STREAM, board->unix_path, NULL);
    self->unix_datagrams = listen_unix(SOCK_DGRAM, path, NULL);
    self->abstract = listen_unix(SOCK_STREAM, NULL, board->abstract_name);
}

bool stage_neighbour_was_reached(struct stage *self)
{
    struct pollfd p[] = {{self->tcp, POLLIN, 0},
                         {self->udp, POLLIN, 0},
                         {self->unix_listener, POLLIN, 0},
                         {self->unix_datagrams, POLLIN, 0},
                         {self->abstract, POLLIN, 0}};
    return poll(p, 5, 0) > 0;
}

/* A viewer's connection, made again whenever the gateway went away. */
static void keep_viewer(struct stage *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)self->program.port)};
    char byte;
    if (self->viewer >= 0 && recv(self->viewer, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
        return;
    if (self->viewer >= 0)
        close(self->viewer);
    self->viewer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(self->viewer, (struct sockaddr *)&address, sizeof address) < 0) {
        close(self->viewer);
        self->viewer = -1;
    }
}

/* --- what is worth taking --- */

static void plant_key(struct stage *self, const char *path)
{
    uint8_t scalar[32], turned[32];
    BIGNUM *number = NULL;
    FILE *f = fopen(path, "re");
    EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
    assert_non_null(key);
    fclose(f);
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number), 1);
    assert_int_equal(BN_bn2binpad(number, scalar, sizeof scalar), sizeof scalar);
    for (unsigned i = 0; i < sizeof scalar; i++)
        turned[i] = scalar[31 - i];
    secret_plant(self->board, "the TLS key", scalar, sizeof scalar);
    secret_plant(self->board, "the TLS key (by words)", turned, sizeof turned);
    BN_clear_free(number);
    EVP_PKEY_free(key);
}

static void plant(struct stage *self)
{
    static const struct {
        const char *name;
        bool keeper;
    } files[] = {{"keeper/keeper.db-planted", true},
                 {"gateway/planted-overlay", false},
                 {"library/planted.iso", false},
                 {"vm/planted.qcow2", false}};
    char path[256];
    uid_t user = self->own_users ? USER : geteuid() == 0 ? PLAIN_USER : geteuid();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", self->program.state, files[i].name);
        write_file(path, "planted", 0600, files[i].keeper && self->own_users ? KEEPER_USER : user);
    }
    snprintf(path, sizeof path, "%s/conf.d/planted", self->program.state);
    write_file(path, "planted", 0600, geteuid() == 0 ? 0 : user); /* the supervisor's */
    snprintf(path, sizeof path, "%s/owner-secret", self->program.folder);
    write_file(path, "planted", 0600, self->own_users ? 0 : user);
    snprintf(path, sizeof path, "%s/keeper/tls.key", self->program.state);
    plant_key(self, path);
}

/* --- the life of it --- */

static void make_board(struct stage *self, unsigned weak)
{
    snprintf(self->board_path, sizeof self->board_path, "%s/board", self->program.folder);
    int fd = open(self->board_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_true(fd >= 0 && fchmod(fd, 0666) == 0 && ftruncate(fd, sizeof *self->board) == 0);
    self->board = mmap(NULL, sizeof *self->board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(self->board != MAP_FAILED);
    close(fd);
    self->board->weak = weak;
    snprintf(self->board->state, sizeof self->board->state, "%s", self->program.state);
    snprintf(self->board->folder, sizeof self->board->folder, "%s", self->program.folder);
    self->board->own_user = self->own_users;
    self->board->keeper_uid = KEEPER_USER;
    assert_int_equal(setenv(BOARD_ENV, self->board_path, 1), 0);
}

static void configure(struct stage *self, bool dongle)
{
    char salt[CRYPT_GENSALT_OUTPUT_SIZE], path[160], text[1024];
    struct crypt_data room = {0};
    assert_non_null(crypt_gensalt_rn("$y$", 1, NULL, 0, salt, sizeof salt));
    const char *hash = crypt_r(PASSWORD, salt, &room);
    assert_non_null(hash);
    secret_plant(self->board, "a password's hash", hash, strlen(hash));
    snprintf(path, sizeof path, "%s/first-user", self->program.folder);
    snprintf(text, sizeof text, "anna:%s\n", hash);
    write_file(path, text, 0600, self->program.user);
    explicit_bzero(&room, sizeof room);
    snprintf(text, sizeof text, "first-user-file = %s\n\n[target card]\nmachine = testcard\n%s", path,
             dongle ? "\n[target stick]\nmachine = dongle\nudc = nowhere\nbig-cd = no\ncapture = /dev/null\n" : "");
    program_configure(&self->program, text);
}

static void await_attackers(struct stage *self, uint32_t *word, unsigned roles)
{
    uint64_t begun = clock_now_us();
    while ((__atomic_load_n(word, __ATOMIC_SEQ_CST) & roles) != roles) {
        program_listen(&self->program, 5); /* the pipe must not fill up */
        keep_viewer(self);
        if (clock_now_us() - begun > HANG_US)
            fail_msg("attackers %x of %x came that far\n%s", *word, roles, self->program.text);
    }
}

static unsigned parts_of(bool dongle)
{
    return BY_PARTS | (dongle ? BY_HELPER : 0);
}

static void begin(struct stage *self, bool product, bool own_users, bool dongle, unsigned weak)
{
    memset(self, 0, sizeof *self);
    self->own_users = own_users;
    self->viewer = -1;
    program_init(&self->program);
    self->program.file = product ? PRODUCT : ATTACKED;
    if (!own_users && geteuid() == 0) {
        self->program.user = PLAIN_USER;
        assert_int_equal(chown(self->program.folder, PLAIN_USER, PLAIN_USER), 0);
    }
    make_board(self, weak);
    configure(self, dongle);
    open_neighbours(self);
    program_start(&self->program, NULL);
    assert_true(program_await(&self->program, "page   "));
    self->board->supervisor = (uint32_t)self->program.pid;
    self->board->gateway = (uint32_t)program_role(&self->program, "gateway");
    self->board->keeper = (uint32_t)program_role(&self->program, "keeper");
    self->board->outward = (uint32_t)program_role(&self->program, "outward");
    if (product)
        return;
    plant(self);
    await_attackers(self, &self->board->ready, parts_of(dongle));
}

void stage_begin(struct stage *self, bool own_users, bool dongle, unsigned weak)
{
    begin(self, false, own_users, dongle, weak);
}

void stage_begin_product(struct stage *self, bool own_users, bool dongle, unsigned weak)
{
    begin(self, true, own_users, dongle, weak);
}

void stage_attack(struct stage *self, unsigned roles)
{
    __atomic_fetch_or(&self->board->go, roles, __ATOMIC_SEQ_CST);
    await_attackers(self, &self->board->done, roles);
}

bool stage_gets_through(struct stage *self, unsigned role, const char *name)
{
    for (uint32_t i = 0; attack_get(i); i++)
        if (strcmp(attack_get(i)->name, name) == 0) {
            self->board->only = i + 1;
            stage_attack(self, 1u << role);
            return self->board->results[role][i].outcome == BOARD_SUCCEEDED;
        }
    fail_msg("there is no attempt '%s'", name);
    return false;
}

static bool limits_core(pid_t pid)
{
    char path[64], line[256];
    unsigned long long soft = 1, hard = 1;
    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "Max core file size %llu %llu", &soft, &hard);
    if (f)
        fclose(f);
    return soft == 0 && hard == 0;
}

const char *stage_missing_wall(pid_t pid, unsigned long long capabilities)
{
    char path[64], line[256];
    unsigned long long effective = ~0ull, permitted = ~0ull;
    int no_new = 0, seccomp = 0;
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "CapEff: %llx", &effective);
        sscanf(line, "CapPrm: %llx", &permitted);
        sscanf(line, "NoNewPrivs: %d", &no_new);
        sscanf(line, "Seccomp: %d", &seccomp);
    }
    if (f)
        fclose(f);
    if (seccomp != 2)
        return "seccomp";
    if (no_new != 1)
        return "no_new_privs";
    if ((effective | permitted) & ~capabilities)
        return "capabilities";
    if (!limits_core(pid))
        return "no core files";
    /* files in /proc of a process that is not dumpable are root's */
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    return stat(path, &st) < 0 || st.st_uid != 0 ? "not dumpable" : "";
}

void stage_end(struct stage *self)
{
    const int fds[] = {self->tcp, self->udp, self->unix_listener, self->unix_datagrams, self->abstract, self->viewer};
    program_finish(&self->program);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    munmap(self->board, sizeof *self->board);
    unlink("/tmp/lightsout-attack");
    unlink("/dev/shm/lightsout-attack");
}
