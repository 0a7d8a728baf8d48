/* A store that is cut at every write: it opens, is sound, and what was being changed is as it was or as it was to be;
 * what was answered is there. Cut by kill -9: all writes so far are there. By the power: those since the last sync are
 * there, or not, or in part, in any order. LIGHTSOUT_CUTS: how many draws of the latter for each write (2). */
#include "book_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "auth/keeper/store_migrate.h"
#include "core/log.h"
#include "store_v1.h"
#include "write_log.h"

#define CHANGES 14
#define ROWS 9
#define VALUE_SIZE 1500 /* so that a change touches several pages */

static char why[KEEPER_MAX_REASON];
static struct log_image before[LOG_FILES], image[LOG_FILES];
static unsigned answered[CHANGES + 1]; /* how many writes there had been when that change was answered */
static unsigned long cuts, draws;

static int set_up(void **state)
{
    const char *wish = getenv("LIGHTSOUT_CUTS");
    draws = wish ? strtoul(wish, NULL, 10) : 2;
    for (unsigned i = 0; i < LOG_FILES; i++) {
        before[i].bytes = malloc(LOG_FILE_MAX);
        image[i].bytes = malloc(LOG_FILE_MAX);
        if (!before[i].bytes || !image[i].bytes)
            return -1;
    }
    srandom(6);
    return folder_set_up(state);
}

static int tear_down(void **state)
{
    for (unsigned i = 0; i < LOG_FILES; i++) {
        free(before[i].bytes);
        free(image[i].bytes);
        unlink(write_log.names[i]);
    }
    write_log_clear();
    unlink(STORE ".v1");
    unlink(STORE ".v1.new");
    return book_tear_down(state);
}

/* ---- files ---- */

static void image_load(struct log_image *self, const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, self->bytes, LOG_FILE_MAX);
    assert_true(n >= 0 && n < LOG_FILE_MAX);
    self->there = fd >= 0;
    self->size = (size_t)n;
    if (fd >= 0)
        close(fd);
}

static void image_put(const struct log_image *self, const char *name)
{
    unlink(name);
    if (!self->there)
        return;
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, self->bytes, self->size), (ssize_t)self->size);
    close(fd);
}

/* Names that are not known yet have no file. */
static void record_begin(void)
{
    write_log_clear();
    for (unsigned i = 0; i < LOG_FILES; i++) {
        before[i].there = false;
        before[i].size = 0;
        if (i < write_log.n_names)
            image_load(&before[i], write_log.names[i]);
    }
    write_log.recording = true;
}

static void image_reset(void)
{
    for (unsigned i = 0; i < LOG_FILES; i++) {
        image[i].there = before[i].there;
        image[i].size = before[i].size;
        memcpy(image[i].bytes, before[i].bytes, before[i].size);
    }
}

static bool is_safe(unsigned op, unsigned end)
{
    for (unsigned i = op + 1; i < end; i++)
        if (write_log.ops[i].kind == LOG_SYNC && write_log.ops[i].file == write_log.ops[op].file)
            return true;
    return false;
}

/* As a disk without power has it: what was not synced by luck, its sectors too. */
static void apply_by_luck(const struct log_op *op)
{
    long luck = random() % 4;
    if (luck == 0)
        return;
    if (op->kind != LOG_WRITE || luck == 1) {
        image_apply(&image[op->file], op, op->size);
        return;
    }
    for (size_t at = 0; at < op->size; at += LOG_SECTOR) {
        struct log_op sector = {.kind = LOG_WRITE, .file = op->file, .at = op->at + at, .bytes = op->bytes + at};
        if (random() % 2)
            image_apply(&image[op->file], &sector, MIN(op->size - at, (size_t)LOG_SECTOR));
    }
}

/* The files as a cut before write `end` leaves them. */
static void cut(unsigned end, bool power)
{
    image_reset();
    for (unsigned i = 0; i < end; i++) {
        const struct log_op *op = &write_log.ops[i];
        if (!power || is_safe(i, end))
            image_apply(&image[op->file], op, op->size);
        else
            apply_by_luck(op);
    }
    for (unsigned i = 0; i < write_log.n_names; i++)
        image_put(&image[i], write_log.names[i]);
    cuts++;
}

/* ---- changes of several pages ---- */

static void change(struct store *store, unsigned number)
{
    char value[VALUE_SIZE], name[16];
    memset(value, 'a' + (int)(number % 26), sizeof value);
    memcpy(value, &number, sizeof number);
    assert_int_equal(store_begin(store), 0);
    for (unsigned i = 0; i < ROWS; i++) {
        snprintf(name, sizeof name, "row %u", i);
        assert_int_equal(store_meta_put(store, name, value, sizeof value), 0);
    }
    assert_int_equal(store_commit(store), 0);
}

/* The change that all rows are of. */
static unsigned state_of(struct store *store)
{
    char name[16], value[VALUE_SIZE + 1];
    unsigned first = 0, number;
    size_t size;
    for (unsigned i = 0; i < ROWS; i++) {
        snprintf(name, sizeof name, "row %u", i);
        assert_int_equal(store_meta_get(store, name, value, sizeof value, &size), 1);
        assert_int_equal(size, VALUE_SIZE);
        memcpy(&number, value, sizeof number);
        assert_int_equal(value[VALUE_SIZE - 1], 'a' + (int)(number % 26));
        if (i == 0)
            first = number;
        assert_int_equal(number, first);
    }
    return first;
}

static void check_cut(unsigned end, bool power)
{
    struct store store;
    unsigned least = 0;
    while (least < CHANGES && answered[least + 1] <= end)
        least++;
    cut(end, power);
    int r = store_open(&store, STORE, why, sizeof why);
    if (r < 0)
        print_error("cut before write %u of %u: %s\n", end, write_log.n, why);
    assert_int_equal(r, 0);
    assert_true(store_is_sound(&store));
    unsigned found = state_of(&store);
    assert_true(found == least || found == least + 1);
    store_close(&store);
}

static void test_changes(void **state)
{
    (void)state;
    struct store store;
    assert_int_equal(store_open(&store, STORE, why, sizeof why), 0);
    change(&store, 0);
    record_begin();
    for (unsigned i = 1; i <= CHANGES; i++) {
        change(&store, i);
        answered[i] = write_log.n;
    }
    unsigned last = write_log.n;
    store_close(&store); /* which brings all of it into the one file: more writes */
    write_log.recording = false;
    assert_true(last > CHANGES * 3);
    assert_true(write_log.n > last + 3);
    for (unsigned end = 0; end <= write_log.n; end++) {
        check_cut(end, false);
        for (unsigned long i = 0; i < draws; i++)
            check_cut(end, true);
    }
    print_message("%u writes, %lu cuts\n", write_log.n, cuts);
}

/* ---- from the last release's version to this one ---- */

static int64_t number_of(struct store *store, const char *sql)
{
    _cleanup_statement_ *statement = NULL;
    assert_int_equal(store_query(store, &statement, sql, ""), 0);
    assert_int_equal(store_row(store, statement), 1);
    return sqlite3_column_int64(statement, 0);
}

static void check_migration(unsigned end, bool power)
{
    struct store store;
    unlink(STORE ".v1");
    cut(end, power);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(STORE, &db), SQLITE_OK);
    struct store as_it_is = {db};
    assert_int_equal(store_exec(&as_it_is, "PRAGMA locking_mode=EXCLUSIVE"), 0);
    assert_true(store_is_sound(&as_it_is));
    int64_t version = number_of(&as_it_is, "PRAGMA user_version");
    assert_true(version == 1 || version == 2);
    /* a new column is there with its version, and not before */
    assert_int_equal(number_of(&as_it_is, "SELECT count(*) FROM pragma_table_info('users') WHERE name = 'totp'"),
                     version == 2);
    sqlite3_close(db);
    int r = store_open(&store, STORE, why, sizeof why);
    if (r < 0)
        print_error("cut before write %u of %u: %s\n", end, write_log.n, why);
    assert_int_equal(r, 0);
    assert_int_equal(number_of(&store, "PRAGMA user_version"), 2);
    assert_int_equal(number_of(&store, "SELECT count(*) FROM users"), 3);
    assert_int_equal(number_of(&store, "SELECT count(*) FROM audit"), 7);
    store_close(&store);
}

static void test_a_migration(void **state)
{
    (void)state;
    struct store store;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(STORE, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, store_v1, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    record_begin();
    assert_int_equal(store_open(&store, STORE, why, sizeof why), 0);
    store_close(&store);
    write_log.recording = false;
    assert_true(write_log.n > 20);
    for (unsigned end = 0; end <= write_log.n; end++) {
        check_migration(end, false);
        for (unsigned long i = 0; i < draws; i++)
            check_migration(end, true);
    }
    print_message("%u writes, %lu cuts\n", write_log.n, cuts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_changes),
        TEST(test_a_migration),
    };
    write_log_begin();
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
