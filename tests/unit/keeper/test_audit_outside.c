/* What goes outside, what survives kill -9, and what a full disk does to the audit log. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "book_fixture.h"

#include "auth/audit/outside.h"

#define OUTSIDE "outside.jsonl"

static void use(bool refuse)
{
    struct audit_settings settings = {.refuse = refuse, .file_fd = open(OUTSIDE, O_WRONLY | O_APPEND | O_CREAT, 0600)};
    assert_true(settings.file_fd >= 0);
    assert_int_equal(book_use_audit(book, &settings), 0);
}

static int outside_set_up(void **state)
{
    int r = book_set_up(state);
    use(false);
    return r;
}

static int outside_tear_down(void **state)
{
    unlink(OUTSIDE);
    return book_tear_down(state);
}

static struct request *power_line(enum keeper_message type, const char *detail)
{
    struct request *request = request_of(type, "", "");
    snprintf(request->audit.who, sizeof request->audit.who, "ann");
    snprintf(request->audit.what, sizeof request->audit.what, "power");
    snprintf(request->audit.detail, sizeof request->audit.detail, "%s", detail);
    return request;
}

static struct reply audit_request(enum keeper_audit_message type, const char *detail)
{
    return ask(power_line((enum keeper_message)type, detail));
}

static void audit_tell(const char *detail)
{
    struct request *request = power_line(KEEPER_AUDIT, detail);
    assert_int_equal(book_begin(book, request, now), BOOK_ANSWER);
    keeper_request_destroy(request);
}

/* The log against its own copy outside; the number of the newest line. */
static uint64_t check(enum audit_verdict expected, uint64_t *ret_outside)
{
    static struct audit_check c;
    struct audit_rows rows;
    struct audit_outside *outside;
    struct audit_keys_held held;
    uint64_t heads;
    char line[AUDIT_JSON_MAX + 2];
    c = (struct audit_check){0};
    assert_int_equal(audit_outside_create(&outside), 0);
    FILE *file = fopen(OUTSIDE, "r");
    while (file && fgets(line, sizeof line, file))
        assert_true(audit_outside_add(outside, line, strlen(line)) >= 0);
    if (file)
        fclose(file);
    audit_outside_ready(outside, ret_outside, &heads);
    assert_int_equal(audit_rows_open(&rows, book->store.db, NULL), 0);
    while (audit_rows_next(&rows) == 1) {
        audit_rows_feed(&rows, &c);
        audit_outside_compare(outside, &c, &rows.object);
    }
    audit_rows_close(&rows);
    audit_outside_end(outside, &c);
    assert_int_equal(audit_keys_held(&book->audit.keys, &held), 0);
    audit_check_end(&c, &held);
    audit_outside_destroy(outside);
    if (c.verdict != expected)
        print_error("%s\n", c.why);
    assert_int_equal(c.verdict, expected);
    return c.newest;
}

static void test_lines_and_heads_go_outside_once(void **state)
{
    (void)state;
    uint64_t outside;
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(audit_request(KEEPER_AUDIT_WRITE, "on\n\xe2\x80\xae\xff").error, 0);
    assert_int_equal(check(AUDIT_FINE, &outside), 50);
    assert_int_equal(outside, 50);
    assert_int_equal(book_stop(book, now), 0);
    book_reopen();
    use(false);
    assert_int_equal(audit_request(KEEPER_AUDIT_WRITE, "off").error, 0);
    check(AUDIT_FINE, &outside);
    assert_int_equal(outside, 51); /* none twice */
}

static void test_settings_change_while_it_runs(void **state)
{
    (void)state;
    uint64_t outside;
    audit_request(KEEPER_AUDIT_WRITE, "one");
    use(true); /* the same file: it goes on there */
    assert_true(book->audit_refuse);
    audit_request(KEEPER_AUDIT_WRITE, "two");
    check(AUDIT_FINE, &outside);
    assert_int_equal(outside, 2);
    assert_int_equal(rename(OUTSIDE, OUTSIDE ".1"), 0);
    use(false); /* a new one has everything at once */
    check(AUDIT_FINE, &outside);
    assert_int_equal(outside, 2);
    const struct audit_settings none = {.file_fd = -1};
    assert_int_equal(book_use_audit(book, &none), 0);
    audit_request(KEEPER_AUDIT_WRITE, "three");
    check(AUDIT_FINE, &outside);
    assert_int_equal(outside, 2);
    unlink(OUTSIDE ".1");
}

static void test_an_older_state_put_back_shows_outside(void **state)
{
    (void)state;
    uint64_t outside;
    audit_request(KEEPER_AUDIT_WRITE, "one");
    book_stop(book, now);
    book = book_close(book);
    assert_int_equal(system("cp keeper.db old.db; cp audit.key old.key"), 0);
    book_reopen();
    use(false);
    audit_request(KEEPER_AUDIT_WRITE, "two");
    pass(2 * MINUTE);
    book_save(book, now);
    book = book_close(book);
    assert_int_equal(system("rm -f keeper.db-wal; mv old.db keeper.db; mv old.key audit.key"), 0);
    book_reopen();
    assert_false(book_audit_broken(book)); /* in itself it is whole */
    book->audit_ways.file_fd = -1;
    check(AUDIT_CHANGED, &outside);
}

static void test_a_store_put_back_without_its_keys_shows_at_once(void **state)
{
    (void)state;
    audit_request(KEEPER_AUDIT_WRITE, "one");
    book_stop(book, now);
    book = book_close(book);
    assert_int_equal(system("cp keeper.db old.db"), 0);
    book_reopen();
    audit_request(KEEPER_AUDIT_WRITE, "two");
    book_stop(book, now);
    book = book_close(book);
    assert_int_equal(system("rm -f keeper.db-wal; mv old.db keeper.db"), 0);
    book_reopen();
    assert_true(book_audit_broken(book));
}

static void test_a_new_mac_key_is_given_out_once(void **state)
{
    (void)state;
    struct audit_check c = {0};
    audit_request(KEEPER_AUDIT_WRITE, "one");
    struct request *request = request_of((enum keeper_message)KEEPER_AUDIT_REKEY, "", "");
    snprintf(request->audit.who, sizeof request->audit.who, "ann");
    assert_int_equal(book_begin(book, request, now), BOOK_ANSWER);
    struct wire_reader r = wire_reader_init(request->body, wire_written(&request->answer));
    wire_read_bytes(&r, 10);
    c.mac_from = wire_read_le64(&r);
    memcpy(c.mac_key, wire_read_bytes(&r, AUDIT_MAC), AUDIT_MAC);
    keeper_request_destroy(request);
    assert_int_equal(c.mac_from, 2);
    for (unsigned i = 0; i < 20; i++)
        audit_request(KEEPER_AUDIT_WRITE, "more");
    book_reopen(); /* as after a crash */
    audit_request(KEEPER_AUDIT_WRITE, "and more");
    assert_int_equal(audit_rows_check(book->store.db, &c, NULL), 0);
    audit_check_end(&c, NULL);
    assert_int_equal(c.verdict, AUDIT_FINE);
    assert_int_equal(c.n_macs, 23); /* its own line, 20, the tail's and the last one */
}

static bool file_holds(const char *name, const uint8_t *bytes, size_t size)
{
    int fd = open(name, O_RDONLY);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    void *all = end > 0 ? mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    bool found = all != MAP_FAILED && memmem(all, (size_t)end, bytes, size);
    if (all != MAP_FAILED)
        munmap(all, (size_t)end);
    close(fd);
    return found;
}

static void test_used_keys_are_nowhere(void **state)
{
    (void)state;
    uint8_t used[40][2][32];
    for (unsigned i = 0; i < 40; i++) {
        memcpy(used[i][0], book->audit.keys.mac.key, 32);
        memcpy(used[i][1], book->audit.keys.chain[AUDIT_HEAD].seed, 32);
        audit_request(KEEPER_AUDIT_WRITE, "on");
        pass(2 * MINUTE);
        assert_int_equal(book_save(book, now), 0);
    }
    assert_true(file_holds(AUDIT_KEYS_FILE, book->audit.keys.mac.key, 32));
    for (unsigned i = 0; i < 40; i++)
        for (unsigned k = 0; k < 2; k++) {
            assert_false(file_holds(STORE, used[i][k], 32));
            assert_false(file_holds(STORE "-wal", used[i][k], 32));
            assert_false(file_holds(AUDIT_KEYS_FILE, used[i][k], 32));
            assert_null(memmem(&book->audit, sizeof book->audit, used[i][k], 32));
        }
}

/* ---- a full disk ---- */

static void disk_limit(rlim_t size)
{
    struct rlimit limit = {size, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void full(bool refuse)
{
    use(refuse);
    char secret[SECRET_SIZE];
    assert_int_equal(book_new_secret(book, now, secret), 0);
    assert_int_equal(setup(secret, "root", PASSWORD).error, 0);
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    disk_limit(0);
    assert_int_equal(audit_request(KEEPER_AUDIT_WRITE, "waits").error, -ENOSPC);
    assert_int_equal(book_audit_refuses(book), refuse);
    assert_int_equal(login("bob", PASSWORD).error, refuse ? -ENOSPC : 0);
    assert_int_equal(login("root", PASSWORD).error, 0); /* somebody has to make room */
    assert_int_equal(put("carl", PASSWORD, ROLE_OPERATOR, true).error, -ENOSPC);
    for (unsigned i = 0; i < AUDIT_WAITING;
         i++) /* these ask for no answer, and so do not try all that waits each time */
        audit_tell("more");
    assert_true(book->audit.lost > 0);
    assert_int_equal(audit_request(KEEPER_AUDIT_WRITE, "too many").error, -ENOSPC);
    disk_limit(RLIM_INFINITY);
    assert_int_equal(book_save(book, now), 0);
    assert_false(book_audit_refuses(book));
    uint64_t outside;
    uint64_t newest = check(AUDIT_FINE, &outside);
    assert_true(newest > AUDIT_WAITING);
    assert_int_equal(outside, newest);
    assert_int_equal(login("bob", PASSWORD).error, 0);
}

static void test_a_full_disk_and_go_on(void **state)
{
    (void)state;
    full(false);
}

static void test_a_full_disk_and_refuse(void **state)
{
    (void)state;
    full(true);
}

/* ---- kill -9 ---- */

/* Writes lines for ever and says each acknowledged one through the pipe. */
static void work(int pipe_fd, unsigned round)
{
    char why[KEEPER_MAX_REASON] = "";
    if (book_open(&book, STORE, now, why, sizeof why) < 0)
        _exit(1);
    use(false);
    for (unsigned i = 0;; i++) {
        char detail[32];
        snprintf(detail, sizeof detail, "r%u i%u", round, i);
        if (audit_request(KEEPER_AUDIT_WRITE, detail).error)
            _exit(2);
        if (write(pipe_fd, &i, sizeof i) != sizeof i)
            _exit(3);
        if (i % 5 == 0) {
            pass(MINUTE);
            book_save(book, now);
        }
    }
}

static void test_no_acknowledged_line_is_lost_by_kill(void **state)
{
    (void)state;
    const char *n = getenv("LIGHTSOUT_KILLS");
    unsigned kills = n ? (unsigned)strtoul(n, NULL, 10) : 25, total = 0;
    book = book_close(book);
    for (unsigned round = 0; round < kills; round++) {
        int fds[2], status;
        unsigned acknowledged = 0, i;
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        if (child == 0) {
            close(fds[0]);
            work(fds[1], round);
        }
        close(fds[1]);
        unsigned want = (unsigned)rand() % 40; /* then at any moment in what follows */
        while (acknowledged < want && read(fds[0], &i, sizeof i) == sizeof i)
            acknowledged = i + 1;
        usleep((unsigned)rand() % 3000);
        kill(child, SIGKILL);
        while (read(fds[0], &i, sizeof i) == sizeof i)
            acknowledged = i + 1;
        close(fds[0]);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        book_reopen();
        assert_false(book_audit_broken(book));
        use(false);
        assert_int_equal(book_save(book, now), 0);
        uint64_t outside;
        check(AUDIT_FINE, &outside);
        _cleanup_statement_ *statement = NULL;
        char pattern[32];
        snprintf(pattern, sizeof pattern, "r%u i%%", round);
        assert_int_equal(
            store_query(&book->store, &statement, "SELECT count(*) FROM audit WHERE detail LIKE ?", "t", pattern), 0);
        assert_int_equal(store_row(&book->store, statement), 1);
        unsigned found = (unsigned)sqlite3_column_int64(statement, 0);
        assert_true(found >= acknowledged);
        total += acknowledged;
        sqlite3_finalize(take(statement));
        book = book_close(book);
    }
    print_message("%u kills, %u acknowledged lines, none lost\n", kills, total);
    book_reopen();
}

static void test_clocks_do_not_matter(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1800000000, -5, 2115000000, 1, 4102444800};
    for (unsigned i = 0; i < ARRAY_SIZE(times); i++) {
        now.us += 2 * MINUTE;
        now.wall_s = times[i];
        assert_int_equal(audit_request(KEEPER_AUDIT_WRITE, "then").error, 0);
        assert_int_equal(book_save(book, now), 0);
        book_reopen();
        assert_false(book_audit_broken(book));
        use(false);
    }
    uint64_t outside;
    check(AUDIT_FINE, &outside);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, outside_set_up, outside_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_lines_and_heads_go_outside_once),
        TEST(test_settings_change_while_it_runs),
        TEST(test_an_older_state_put_back_shows_outside),
        TEST(test_a_store_put_back_without_its_keys_shows_at_once),
        TEST(test_a_new_mac_key_is_given_out_once),
        TEST(test_used_keys_are_nowhere),
        TEST(test_a_full_disk_and_go_on),
        TEST(test_a_full_disk_and_refuse),
        TEST(test_no_acknowledged_line_is_lost_by_kill),
        TEST(test_clocks_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
