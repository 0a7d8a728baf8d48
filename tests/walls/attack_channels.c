/* The channels that a gateway is given: to the supervisor and to the keeper; and the reader's to the supervisor. By
 * hand, because the program's own ends of them would not say this. In the gateway it runs on the thread that serves
 * them, so nobody else reads there meanwhile. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/keeper_wire.h"
#include "core/attrs.h"
#include "core/clock.h"
#include "gateway/control/control.h"
#include "gateway/control/control_config.h"
#include "gateway/reader/reader_wire.h"
#include "gateway/role.h"
#include "tests/walls/attack.h"
#include "tests/walls/secret.h"

#define QUIET_MS 60
#define ANSWER_MS 20000 /* hangs only */

struct letter {
    uint16_t type;
    uint32_t serial;
    const void *body;
    size_t size;
    unsigned n_fds; /* of our standard output, again and again */
};

static uint8_t answer[IPC_HEADER_SIZE + IPC_MAX_BODY];

static bool send_bytes(int channel, const void *bytes, size_t size, unsigned n_fds)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(8 * sizeof(int))];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)bytes, size};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n_fds) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        for (unsigned i = 0; i < n_fds; i++)
            memcpy(CMSG_DATA(c) + i * sizeof(int), &(int){1}, sizeof(int));
    }
    return sendmsg(channel, &m, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool post(int channel, const struct letter *letter)
{
    static uint8_t room[IPC_HEADER_SIZE + 65536];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le32(&w, IPC_MAGIC);
    wire_write_le16(&w, IPC_VERSION);
    wire_write_le16(&w, letter->type);
    wire_write_le32(&w, letter->serial);
    wire_write_le16(&w, (uint16_t)letter->size);
    wire_write_le16(&w, (uint16_t)letter->n_fds);
    wire_write_bytes(&w, letter->body, letter->size);
    return send_bytes(channel, room, wire_written(&w), letter->n_fds);
}

/* Size of the next message; 0: the channel is closed; -1: nothing came. *ret_fds: descriptors with it. */
static ssize_t receive(int channel, int timeout_ms, unsigned *ret_fds)
{
    char control[256];
    struct iovec iov = {answer, sizeof answer};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct pollfd p = {.fd = channel, .events = POLLIN};
    *ret_fds = 0;
    if (poll(&p, 1, timeout_ms) != 1)
        return -1;
    ssize_t n = recvmsg(channel, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    for (struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL; c; c = CMSG_NXTHDR(&m, c))
        *ret_fds += (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    return n < 0 ? (errno == EAGAIN ? -1 : 0) : n;
}

/* --- the supervisor --- */

/* New channels to the others come by themselves when one of us is new. */
static bool is_a_channel(void)
{
    return answer[6] == CONTROL_KEEPER || answer[6] == CONTROL_HELPER || answer[6] == CONTROL_OUTWARD ||
           answer[6] == CONTROL_READER || answer[6] == CONTROL_SETTINGS; /* sealed, and what the page shows */
}

/* What it says until it is quiet. GOT_IT: it gave a descriptor. */
static int listen_to_supervisor(void)
{
    unsigned fds;
    for (ssize_t n; (n = receive(GATEWAY_FD_SUPERVISOR, QUIET_MS, &fds)) >= 0;) {
        if (n == 0)
            return ECONNRESET;
        if (fds && !is_a_channel()) {
            attack_note("it sent %u descriptors", fds);
            return GOT_IT;
        }
    }
    return EPROTO;
}

static bool is_the_gateways(uint16_t type)
{
    return type >= CONTROL_READY && type <= CONTROL_WAKE;
}

static int other_orders(const struct board *board, enum board_role me)
{
    static const char *const bodies[] = {"", "\0\0", "\377\377", "/bin/sh", "\007\0/bin/sh", "../../etc/shadow"};
    static const size_t sizes[] = {0, 2, 2, 7, 9, 16};
    (void)board, (void)me;
    for (unsigned type = 0; type < 300; type++)
        for (size_t i = 0; i < ARRAY_SIZE(bodies) && !is_the_gateways((uint16_t)type); i++)
            if (!post(GATEWAY_FD_SUPERVISOR,
                      &(struct letter){.type = (uint16_t)type, .body = bodies[i], .size = sizes[i]}))
                return errno;
    return listen_to_supervisor();
}

/* Those that it does take, with what does not belong there. A target that is none must not be woken. */
static int other_targets(const struct board *board, enum board_role me)
{
    static const uint16_t indexes[] = {1, 2, 31, 32, 255, 0x7FFF, 0xFFFF};
    (void)board, (void)me;
    for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
        uint8_t body[18] = {(uint8_t)indexes[i], (uint8_t)(indexes[i] >> 8)};
        memcpy(body + 2, "/dev/sda", 8);
        post(GATEWAY_FD_SUPERVISOR, &(struct letter){.type = CONTROL_WAKE, .serial = 1, .body = body, .size = 2});
        post(GATEWAY_FD_SUPERVISOR, &(struct letter){.type = CONTROL_WAKE, .serial = 1, .body = body, .size = 10});
        post(GATEWAY_FD_SUPERVISOR, &(struct letter){.type = CONTROL_READY, .serial = 1, .body = body, .size = 10});
        post(GATEWAY_FD_SUPERVISOR,
             &(struct letter){.type = CONTROL_SET_CLOCK, .serial = 1, .body = body, .size = 1 + i % 3});
    }
    unsigned fds;
    for (ssize_t n; (n = receive(GATEWAY_FD_SUPERVISOR, QUIET_MS, &fds)) > 0;)
        if ((fds && !is_a_channel()) ||
            (n >= IPC_HEADER_SIZE + 6 && answer[6] == CONTROL_WOKEN && !memcmp(answer + 18, "\0\0\0\0", 4))) {
            attack_note("it did what it was asked");
            return GOT_IT;
        }
    return EPROTO;
}

static int descriptors_for_supervisor(const struct board *board, enum board_role me)
{
    uint8_t body[2] = {0};
    (void)board, (void)me;
    for (unsigned type = 0; type < 80; type++)
        if (!is_the_gateways((uint16_t)type))
            post(GATEWAY_FD_SUPERVISOR,
                 &(struct letter){.type = (uint16_t)type, .body = body, .size = sizeof body, .n_fds = 4});
    return listen_to_supervisor();
}

/* What is good, and what is not, in one (control_config.h). */
static void write_wish(struct wire_writer *w, const char *target, const char *key, const char *text)
{
    static const uint8_t any[SETTINGS_TAG];
    const char *const changes[][2] = {{*target ? "machine" : "directory-timeout", *target ? "qemu" : "7"}, {key, text}};
    wire_write_u8(w, *target ? SETTINGS_MAKE : SETTINGS_CHANGE);
    wire_write_u8(w, 1); /* whatever counts now */
    wire_write_bytes(w, any, sizeof any);
    wire_write_u8(w, 0);
    ipc_write_string(w, "eve");
    ipc_write_string(w, target);
    wire_write_le16(w, 2);
    for (size_t i = 0; i < 2; i++) {
        ipc_write_string(w, target);
        ipc_write_string(w, changes[i][0]);
        wire_write_u8(w, 1);
        ipc_write_string(w, changes[i][1]);
    }
}

/* Settings that only the owner's file may have, and values that would become more than they are. The supervisor must
 * refuse each one; what is good beside it must not be set either. */
static int settings_of_the_owner(const struct board *board, enum board_role me)
{
    static const struct {
        const char *target, *key, *text;
    } wishes[] = {
        {"", "user", "root"},
        {"", "state", "/etc"},
        {"", "sandbox", "best"},
        {"", "outward-allow", "127.0.0.1"},
        {"", "client-ca", "/etc/shadow"},
        {"", "audit-keep", "1000"},
        {"", "directory-timeout", "5\nuser = root"},
        {"", "directory-timeout", "5\n[gateway]\nsandbox = best"},
        {"", "public-names", "a\r\nuser=root"},
        {"", "directory-group", "cn=a,dc=b -> Administrator\n\nuser = root"},
        {"", "no-such-key", "1"},
        {"made-up", "extra-arguments", "-monitor stdio"},
        {"made-up", "disk", "/etc/shadow"},
        {"made-up", "disk", "../../keeper/keeper.db"},
        {"made-up", "disk", "process"},
        {"made-up", "nic", "tap:eth0"},
        {"made-up", "capture", "/dev/mem"},
        {"made-up", "edid", "file:/etc/shadow"},
        {"made-up", "recording", "/etc/shadow"},
        {"../keeper", "machine", "testcard"},
        {"a]\nuser = root\n[target b", "machine", "testcard"},
    };
    static char endless[9000];
    (void)board, (void)me;
    memset(endless, 'a', sizeof endless - 1);
    for (size_t i = 0; i <= ARRAY_SIZE(wishes); i++) {
        bool last = i == ARRAY_SIZE(wishes);
        const char *target = last ? "" : wishes[i].target, *key = last ? "public-names" : wishes[i].key;
        const char *text = last ? endless : wishes[i].text;
        static uint8_t room[IPC_MAX_BODY];
        struct wire_writer w = wire_writer_init(room, sizeof room);
        write_wish(&w, target, key, text);
        if (!post(GATEWAY_FD_SUPERVISOR,
                  &(struct letter){CONTROL_SETTINGS_ASK, (uint32_t)i + 1, room, wire_written(&w), 0}))
            return errno;
        unsigned fds;
        for (ssize_t n; (n = receive(GATEWAY_FD_SUPERVISOR, ANSWER_MS, &fds)) > 0;)
            if (answer[6] == CONTROL_SETTINGS_ANSWER)
                break;
        if (answer[6] == CONTROL_SETTINGS_ANSWER && !memcmp(answer + IPC_HEADER_SIZE, "\0\0\0\0", 4)) {
            attack_note("%.40s = %.40s was set", key, text);
            return GOT_IT;
        }
    }
    return EINVAL;
}

/* What is no message at all: the supervisor ends us. */
static int noise_for_supervisor(const struct board *board, enum board_role me)
{
    static uint8_t noise[40000];
    (void)board, (void)me;
    attack_begin_anew();
    memset(noise, 0xA5, sizeof noise);
    send_bytes(GATEWAY_FD_SUPERVISOR, noise, sizeof noise, 0);
    return listen_to_supervisor();
}

/* --- the supervisor, for a reader: a channel to the gateway is all that it gives --- */

static int orders_of_the_reader(const struct board *board, enum board_role me)
{
    static const uint8_t body[24] = "/bin/sh";
    unsigned fds;
    (void)board, (void)me;
    for (unsigned type = 0; type < 300; type++)
        for (unsigned with = 0; with < 3 && type != READER_READY && type != READER_ENDS; with++)
            if (!post(READER_FD_SUPERVISOR, &(struct letter){.type = (uint16_t)type,
                                                             .serial = type,
                                                             .body = body,
                                                             .size = with ? sizeof body : 0,
                                                             .n_fds = with == 2 ? 1 : 0}) &&
                errno != ETOOMANYREFS)
                return errno;
    while (receive(READER_FD_SUPERVISOR, QUIET_MS, &fds) > 0)
        if (answer[6] != READER_PEER) {
            attack_note("it answered with message %u and %u descriptors", answer[6], fds);
            return GOT_IT;
        }
    return EPROTO;
}

static int noise_of_the_reader(const struct board *board, enum board_role me)
{
    static uint8_t noise[40000];
    unsigned fds;
    (void)board, (void)me;
    memset(noise, 0xA5, sizeof noise);
    send_bytes(READER_FD_SUPERVISOR, noise, sizeof noise, 0);
    return receive(READER_FD_SUPERVISOR, ANSWER_MS, &fds) <= 0 ? ECONNRESET : GOT_IT; /* it ends us */
}

/* --- the keeper --- */

/* Posts something malformed. The keeper must close the channel; an answer with content is a success. */
static int malformed(const struct letter *letter)
{
    unsigned fds;
    attack_begin_anew();
    if (!post(GATEWAY_FD_KEEPER, letter))
        return errno;
    for (;;) {
        ssize_t n = receive(GATEWAY_FD_KEEPER, ANSWER_MS, &fds);
        if (n == 0)
            return ECONNRESET;
        if (n < 0) {
            attack_note("it neither answered nor closed the channel");
            return GOT_IT;
        }
        if (fds == 0 && answer[6] != (uint8_t)KEEPER_ANSWER)
            continue;
        if (fds == 0 && n >= IPC_HEADER_SIZE + 4 && memcmp(answer + IPC_HEADER_SIZE, "\0\0\0\0", 4) != 0)
            return EBADMSG; /* refused in words */
        attack_note("it did what it was asked");
        return GOT_IT;
    }
}

#define MALFORMED(function, ...)                                                                                       \
    static int function(const struct board *board, enum board_role me)                                                 \
    {                                                                                                                  \
        (void)board, (void)me;                                                                                         \
        return malformed(&(struct letter){__VA_ARGS__});                                                               \
    }
MALFORMED(unknown_question, .type = 0x3F, .serial = 1, .body = "", .size = 0)
MALFORMED(the_supervisors, .type = 0x41, .serial = 1, .body = "\1\0", .size = 2)
MALFORMED(its_own_answer, .type = KEEPER_SESSION_ENDED, .serial = 1, .body = "\1\0\0\0\0\0\0\0", .size = 8)
MALFORMED(no_body, .type = KEEPER_LOGIN, .serial = 1, .body = "", .size = 0)
MALFORMED(length_beyond, .type = KEEPER_SESSION, .serial = 1, .body = "\377\377abc", .size = 5)
MALFORMED(more_behind, .type = KEEPER_USERS, .serial = 1, .body = "\0\0more", .size = 6)
MALFORMED(a_nul_inside, .type = KEEPER_USER_DELETE, .serial = 1, .body = "\4\0an\0a", .size = 6)
MALFORMED(descriptors, .type = KEEPER_USERS, .serial = 1, .body = "\0\0", .size = 2, .n_fds = 2)
MALFORMED(no_serial, .type = KEEPER_USERS, .serial = 0, .body = "\0\0", .size = 2)
MALFORMED(too_long, .type = KEEPER_SIGN, .serial = 1, .body = answer, .size = IPC_MAX_BODY - 1)

static int noise_for_keeper(const struct board *board, enum board_role me)
{
    static uint8_t noise[30000];
    unsigned fds;
    (void)board, (void)me;
    attack_begin_anew();
    if (!send_bytes(GATEWAY_FD_KEEPER, noise, sizeof noise, 0))
        return errno;
    for (ssize_t n; (n = receive(GATEWAY_FD_KEEPER, ANSWER_MS, &fds)) != 0;)
        if (n < 0)
            return GOT_IT;
    return ECONNRESET;
}

/* One question; its answer's size, or -1. Each byte of what comes is looked at. */
static ssize_t ask(const struct board *board, const struct letter *letter, bool *found)
{
    unsigned fds;
    if (!post(GATEWAY_FD_KEEPER, letter))
        return -1;
    for (;;) {
        ssize_t n = receive(GATEWAY_FD_KEEPER, ANSWER_MS, &fds);
        if (n <= 0)
            return -1;
        const char *name = secret_in(board, answer, (size_t)n);
        if (name || fds) {
            attack_note("message %u is answered with %s", letter->type, name ? name : "a descriptor");
            *found = true;
        }
        if (answer[6] == (uint8_t)KEEPER_ANSWER)
            return n;
    }
}

/* All that it is there to answer: no answer holds anything of what it keeps. */
static int everything_it_answers(const struct board *board, enum board_role me)
{
    uint8_t body[128] = {0};
    uint32_t serial = 1000;
    bool found = false;
    (void)me;
    ask(board, &(struct letter){KEEPER_USERS, ++serial, "\0\0", 2, 0}, &found);
    for (unsigned offset = 0; offset < 700; offset += 64) {
        memcpy(body, &offset, 4);
        if (ask(board, &(struct letter){KEEPER_CERTIFICATE, ++serial, body, 4, 0}, &found) < 0)
            break;
    }
    for (unsigned size = 0; size <= KEEPER_MAX_DIGEST; size++)
        ask(board, &(struct letter){KEEPER_SIGN, ++serial, body, size, 0}, &found);
    return found ? GOT_IT : ENODATA;
}

/* A session by its number, by a guess, by nothing. */
static int sessions_by_guess(const struct board *board, enum board_role me)
{
    uint8_t body[80] = {AUTH_TOKEN_HEX, 0};
    uint32_t serial = 2000;
    bool found = false;
    (void)me;
    for (unsigned i = 0; i < 100; i++) {
        memset(body + 2, "0123456789abcdef"[i % 16], AUTH_TOKEN_HEX);
        ssize_t n = ask(board, &(struct letter){KEEPER_SESSION, ++serial, body, 2 + AUTH_TOKEN_HEX + 2, 0}, &found);
        if (n < 0)
            return ECONNRESET;
        if (n >= IPC_HEADER_SIZE + 4 && !memcmp(answer + IPC_HEADER_SIZE, "\0\0\0\0", 4)) {
            attack_note("a guess was a session");
            return GOT_IT;
        }
    }
    return found ? GOT_IT : ENOENT;
}

static const struct attempt attempts[] = {
    {"orders that the supervisor does not take", BY_GATEWAY, other_orders},
    {"targets and paths that the supervisor does not know", BY_GATEWAY, other_targets},
    {"descriptors for the supervisor", BY_GATEWAY, descriptors_for_supervisor},
    {"settings that are the owner's alone", BY_GATEWAY, settings_of_the_owner},
    {"noise for the supervisor", BY_GATEWAY, noise_for_supervisor},
    {"orders of the reader's for the supervisor", BY_READER, orders_of_the_reader},
    {"noise of the reader's for the supervisor", BY_READER, noise_of_the_reader},
    {"everything that the keeper answers, for secrets", BY_GATEWAY, everything_it_answers},
    {"sessions by a guess", BY_GATEWAY, sessions_by_guess},
    {"a question that the keeper does not know", BY_GATEWAY, unknown_question},
    {"the supervisor's order to the keeper", BY_GATEWAY, the_supervisors},
    {"the keeper's own message back to it", BY_GATEWAY, its_own_answer},
    {"a login without a body", BY_GATEWAY, no_body},
    {"a length beyond the message", BY_GATEWAY, length_beyond},
    {"bytes behind the message", BY_GATEWAY, more_behind},
    {"a name with a NUL", BY_GATEWAY, a_nul_inside},
    {"descriptors for the keeper", BY_GATEWAY, descriptors},
    {"a question without a serial", BY_GATEWAY, no_serial},
    {"a digest that is too long", BY_GATEWAY, too_long},
    {"noise for the keeper", BY_GATEWAY, noise_for_keeper},
};
const struct attempt_list attack_channels = {attempts, ARRAY_SIZE(attempts)};
