/* Everything that a gateway never would say to the helper: other types, other indexes and sizes, paths where there is
 * no room for any, descriptors of other kinds, floods, early ends. All of it is refused, the helper lives on, and has
 * nothing open that its configuration does not name. */
#include "tests/unit/gateway/helper_attacker.h"

/* --- what never is a question --- */

static void other_types(void **state)
{
    (void)state;
    static const uint16_t high[] = {256, 1000, 0x4000, 0x8000, 0xFFFF};
    uint8_t body[16] = {0};
    for (unsigned type = 0; type < 256 + ARRAY_SIZE(high); type++) {
        struct raw raw = {
            .type = (uint16_t)(type < 256 ? type : high[type - 256]), .serial = 7, .body = body, .size = 2};
        if (raw.type < HELPER_OPEN_CAPTURE || raw.type > HELPER_LAST)
            assert_int_equal(try(&raw), CLOSED);
    }
    assert_alive();
}

static void headers_that_are_none(void **state)
{
    (void)state;
    struct helper_answer answer;
    unsigned fds;
    uint8_t bytes[64];
    srand(4);
    for (unsigned i = 0; i < 200; i++) {
        _cleanup_close_ int channel = connect_helper();
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)rand();
        send_bytes(channel, bytes, (size_t)rand() % sizeof bytes + 1, NULL, 0);
        assert_int_equal(outcome_of(channel, &answer, &fds), CLOSED);
    }
    assert_alive();
}

/* --- questions about what is not its affair --- */

static void other_indexes(void **state)
{
    (void)state;
    static const uint16_t targets[] = {1, 3, 31, 32, 255, 0x7FFF, 0xFFFF};
    for (uint16_t type = HELPER_OPEN_CAPTURE; type <= HELPER_LAST; type++)
        for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
            uint8_t body[2] = {(uint8_t)targets[i], (uint8_t)(targets[i] >> 8)};
            struct raw raw = {.type = type, .serial = 9, .body = body, .size = sizeof body};
            assert_int_not_equal(try(&raw), DONE);
        }
    static const struct helper_up ups[] = {{.personality = PERSONALITIES}, {.personality = 255}, {.media = 4}};
    for (size_t i = 0; i < ARRAY_SIZE(ups); i++) {
        uint8_t room[32];
        struct wire_writer w = wire_writer_init(room, sizeof room);
        helper_write_up(&w, &ups[i]);
        struct raw raw = {.type = HELPER_GADGET_UP, .serial = 9, .body = room, .size = wire_written(&w)};
        assert_int_equal(try(&raw), CLOSED);
    }
    static const struct helper_press presses[] = {
        {.button = 2, .milliseconds = 100}, {.milliseconds = 49}, {.milliseconds = 15001}, {.milliseconds = 65535}};
    for (size_t i = 0; i < ARRAY_SIZE(presses); i++) {
        uint8_t room[32];
        struct wire_writer w = wire_writer_init(room, sizeof room);
        helper_write_press(&w, &presses[i]);
        struct raw raw = {.type = HELPER_PRESS, .serial = 9, .body = room, .size = wire_written(&w)};
        assert_int_equal(try(&raw), CLOSED);
    }
    assert_alive();
}

static void names(void **state)
{
    (void)state;
    _cleanup_close_ int channel = connect_helper();
    static const char *const strange[] = {"", "t", "nobody", "../d", "/dev/null", "D"};
    for (size_t i = 0; i < ARRAY_SIZE(strange); i++)
        assert_int_equal(name_dongle(channel, 5, strange[i]), REFUSED);
    assert_int_equal(name_dongle(channel, 7, "d"), DONE); /* moves there */
    assert_int_equal(name_dongle(channel, 7, "e"), DONE);
    assert_int_equal(name_dongle(channel, CONFIG_MAX_TARGETS, "d"), CLOSED);
    assert_alive();
}

/* The configuration is the helper's own, however often it is told to read it. */
static void reading_again(void **state)
{
    (void)state;
    unsigned before = assert_alive();
    for (unsigned i = 0; i < 50; i++) {
        struct raw raw = {.type = HELPER_AGAIN, .serial = 9};
        assert_int_equal(try(&raw), DONE);
    }
    assert_int_equal(assert_alive(), before);
}

/* Where an index stands, a path would be too long; and what stands in its place is no device of a capture's kind. */
static void paths(void **state)
{
    (void)state;
    static const char *const names[] = {"/etc/shadow", "../../etc/shadow", "/dev/mem", "/dev/sda", "/proc/self/mem"};
    for (uint16_t type = HELPER_OPEN_CAPTURE; type <= HELPER_LAST; type++)
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            uint8_t body[64] = {0};
            size_t n = strlen(names[i]);
            struct raw bare = {.type = type, .serial = 9, .body = names[i], .size = n};
            assert_int_not_equal(try(&bare), DONE);
            memcpy(body + 2, names[i], n);
            struct raw behind = {.type = type, .serial = 9, .body = body, .size = n + 2};
            assert_int_not_equal(try(&behind), DONE);
        }
    /* target 0 names /dev/null as its capture device: a wrong configuration gives nothing away either */
    uint8_t body[2] = {0};
    struct raw capture = {.type = HELPER_OPEN_CAPTURE, .serial = 9, .body = body, .size = 2};
    assert_int_equal(try(&capture), REFUSED);
    assert_alive();
}

static void bodies_of_chance(void **state)
{
    (void)state;
    uint8_t body[64];
    srand(5);
    for (unsigned i = 0; i < 3000; i++) {
        struct raw raw = {.type = (uint16_t)(HELPER_OPEN_CAPTURE + rand() % (HELPER_LAST - HELPER_OPEN_CAPTURE + 1)),
                          .serial = 3,
                          .body = body,
                          .size = (size_t)rand() % sizeof body};
        /* a button or a gadget that is really there may be asked for */
        if (raw.type == HELPER_PRESS || raw.type == HELPER_GADGET_UP)
            continue;
        for (size_t k = 0; k < raw.size; k++)
            body[k] = (uint8_t)(rand() % 3 ? rand() % 3 : rand());
        try(&raw);
    }
    assert_alive();
}

/* --- descriptors --- */

enum { A_FILE, A_MEMFD, A_PIPE, A_DATAGRAM, A_LISTENER, A_TCP, A_FOLDER, A_SEQPACKET, KINDS };

static int make_fd(int kind)
{
    int pair[2] = {-1, -1}, fd = -1;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    switch (kind) {
    case A_FILE:
        return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    case A_MEMFD:
        return memfd_create("attack", MFD_CLOEXEC);
    case A_FOLDER:
        return open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    case A_PIPE:
        assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
        close(pair[1]);
        return pair[0];
    case A_TCP:
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
        return fd;
    case A_LISTENER:
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
        assert_int_equal(listen(fd, 1), 0);
        return fd;
    default:
        assert_int_equal(
            socketpair(AF_UNIX, (kind == A_DATAGRAM ? SOCK_DGRAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0, pair), 0);
        close(pair[1]);
        return pair[0];
    }
}

static size_t insert_body(uint8_t room[64])
{
    struct wire_writer w = wire_writer_init(room, 64);
    struct helper_insert insert = {.size = 1 << 20, .flags = 3, .cdrom = true, .read_only = true};
    helper_write_insert(&w, &insert);
    return wire_written(&w);
}

static void descriptors_of_other_kinds(void **state)
{
    (void)state;
    uint8_t insert[64], drive[4] = {0};
    size_t n = insert_body(insert);
    unsigned before = assert_alive();
    for (int kind = 0; kind < KINDS; kind++) {
        _cleanup_close_ int fd = make_fd(kind);
        assert_true(fd >= 0);
        struct raw in = {.type = HELPER_DRIVE_INSERT, .serial = 2, .body = insert, .size = n, .fds = &fd, .n_fds = 1};
        assert_int_equal(try(&in), REFUSED);
        struct raw again = {
            .type = HELPER_DRIVE_RECONNECT, .serial = 2, .body = drive, .size = 4, .fds = &fd, .n_fds = 1};
        assert_int_equal(try(&again), REFUSED);
    }
    assert_int_equal(assert_alive(), before);
}

static void descriptors_that_nobody_wants(void **state)
{
    (void)state;
    uint8_t body[64] = {0};
    int fds[8];
    unsigned before = assert_alive();
    for (unsigned i = 0; i < 8; i++)
        fds[i] = make_fd(A_FILE);
    size_t n = insert_body(body);
    for (unsigned k = 0; k <= 8; k++) {
        struct raw raw = {.type = HELPER_DRIVE_INSERT, .serial = 2, .body = body, .size = n, .fds = fds, .n_fds = k};
        assert_int_equal(try(&raw), k == 1 ? REFUSED : CLOSED);
    }
    memset(body, 0, sizeof body);
    for (uint16_t type = HELPER_OPEN_CAPTURE; type <= HELPER_LAST; type++) {
        struct raw raw = {.type = type, .serial = 2, .body = body, .size = 2, .fds = fds, .n_fds = 2};
        assert_int_equal(try(&raw), CLOSED);
    }
    for (unsigned i = 0; i < 8; i++)
        close(fds[i]);
    assert_int_equal(assert_alive(), before);
}

/* --- where the kernel has gadgets --- */

static bool has_gadgets(void)
{
    return access("/sys/kernel/config/usb_gadget", F_OK) == 0 && access("/sys/block/nbd0", F_OK) == 0;
}

static enum outcome ask(int channel, const struct raw *raw, unsigned *ret_fds)
{
    struct helper_answer answer;
    assert_true(send_raw(channel, raw));
    return outcome_of(channel, &answer, ret_fds);
}

/* What a gateway may: then only the report devices come. */
static void what_is_allowed(void **state)
{
    (void)state;
    if (!has_gadgets()) {
        print_message("skipped: this kernel has no gadgets\n");
        skip();
    }
    uint8_t up[16], target[2] = {0};
    struct wire_writer w = wire_writer_init(up, sizeof up);
    helper_write_up(&w, &(struct helper_up){.personality = PERSONALITY_KEYBOARD_DRIVE});
    struct raw rise = {.type = HELPER_GADGET_UP, .serial = 2, .body = up, .size = wire_written(&w)};
    unsigned fds = 0, before = assert_alive();
    _cleanup_close_ int channel = connect_helper();
    assert_int_equal(ask(channel, &rise, &fds), DONE);
    assert_int_equal(fds, 1);
    /* mounted before the sandbox was closed, and there again and again */
    struct raw large = {.type = HELPER_FFS_BEGIN, .serial = 6, .body = target, .size = sizeof target};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ask(channel, &large, &fds), DONE);
        assert_int_equal(fds, 1);
    }
    struct raw down = {.type = HELPER_GADGET_DOWN, .serial = 5, .body = target, .size = sizeof target};
    assert_int_equal(ask(channel, &down, &fds), DONE);
    close(take_fd(&channel));
    assert_int_equal(assert_alive(), before);
}

/* A medium whose server never says a word is refused after a short time, and leaves nothing behind. Limits catch hangs:
 * what the kernel does by itself takes more than a minute. */
static void a_silent_server(void **state)
{
    (void)state;
    if (!has_gadgets()) {
        print_message("skipped: this kernel has no gadgets\n");
        skip();
    }
    uint8_t room[64], drive[4] = {0, 0, 0, 1};
    unsigned fds = 0, before = assert_alive();
    _cleanup_close_ int channel = connect_helper();
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    size_t n = insert_body(room);
    struct raw in = {.type = HELPER_DRIVE_INSERT, .serial = 3, .body = room, .size = n, .fds = &pair[1], .n_fds = 1};
    uint64_t start = clock_now_us();
    assert_int_equal(ask(channel, &in, &fds), REFUSED);
    double seconds = (double)(clock_now_us() - start) / 1e6;
    print_message("refused after %.1f s\n", seconds);
    assert_int_equal(fds, 0);
    assert_true(seconds < 40);
    struct raw out = {.type = HELPER_DRIVE_EJECT, .serial = 4, .body = drive, .size = sizeof drive};
    assert_int_equal(ask(channel, &out, &fds), DONE);
    close(pair[0]);
    close(pair[1]);
    close(take_fd(&channel));
    assert_int_equal(assert_alive(), before);
}

/* --- rude ones --- */

static void floods(void **state)
{
    (void)state;
    uint8_t body[2] = {0};
    struct raw raw = {.type = HELPER_DESCRIBE, .serial = 2, .body = body, .size = sizeof body};
    unsigned before = assert_alive(), sent = 0;
    _cleanup_close_ int channel = connect_helper();
    for (unsigned i = 0; i < 20000; i++) {
        struct pollfd p = {.fd = channel, .events = POLLOUT};
        if (poll(&p, 1, 200) != 1 || (p.revents & POLLHUP))
            break; /* it reads no more, or has had enough */
        sent += send_raw(channel, &raw);
    }
    assert_true(sent > 0);
    close(take_fd(&channel));
    assert_int_equal(assert_alive(), before);
}

static void early_ends(void **state)
{
    (void)state;
    uint8_t body[64];
    size_t n = insert_body(body);
    unsigned before = assert_alive();
    for (unsigned i = 0; i < 200; i++) {
        _cleanup_close_ int channel = connect_helper();
        _cleanup_close_ int fd = make_fd((int)(i % KINDS));
        struct raw raw = {.type = HELPER_DRIVE_INSERT, .serial = 2, .body = body, .size = n, .fds = &fd, .n_fds = 1};
        if (i % 3)
            send_raw(channel, &raw);
    }
    assert_int_equal(assert_alive(), before);
}

/* --- what it has --- */

static bool is_expected(const char *link)
{
    static const char *const prefixes[] = {"socket:",   "anon_inode:",  "pipe:",     "/dev/null",     "/dev/tty",
                                           "/dev/pts/", "/dev/console", "/dev/hidg", "/sys/devices/", "/dev/gpiochip"};
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncmp(link, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void nothing_else_is_open(void **state)
{
    (void)state;
    char path[64], link[256], own[256];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)helper);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, link, sizeof link - 1);
        if (n < 0)
            continue;
        link[n] = '\0';
        /* what the test's own output goes to is the helper's as well */
        snprintf(path, sizeof path, "/proc/self/fd/%.20s", e->d_name);
        ssize_t m = atoi(e->d_name) <= 2 ? readlink(path, own, sizeof own - 1) : -1;
        bool inherited = m == n && memcmp(own, link, (size_t)n) == 0;
        if (!inherited && !is_expected(link))
            fail_msg("the helper has %s open", link);
    }
    closedir(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_types),
        cmocka_unit_test(headers_that_are_none),
        cmocka_unit_test(other_indexes),
        cmocka_unit_test(names),
        cmocka_unit_test(reading_again),
        cmocka_unit_test(paths),
        cmocka_unit_test(bodies_of_chance),
        cmocka_unit_test(descriptors_of_other_kinds),
        cmocka_unit_test(descriptors_that_nobody_wants),
        cmocka_unit_test(what_is_allowed),
        cmocka_unit_test(a_silent_server),
        cmocka_unit_test(floods),
        cmocka_unit_test(early_ends),
        cmocka_unit_test(nothing_else_is_open),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
