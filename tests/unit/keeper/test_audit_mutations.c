/* Somebody with the store and any tool he likes: thousands of edits, deletions, swaps, insertions, cuts and forgeries
 * of a real one, each of which the check must find. LIGHTSOUT_MUTATIONS sets how many, LIGHTSOUT_SEED which. */
#include "book_fixture.h"

#include "auth/audit/outside.h"

struct template
{
    unsigned char *bytes;
    sqlite3_int64 size;
    struct audit_keys_held held;
    uint8_t root[AUDIT_KEY], mac_key[AUDIT_MAC];
    uint64_t newest, signed_until, first;
    unsigned heads;
};

static uint64_t seed;

static uint64_t below(uint64_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return n ? (seed >> 33) % n : 0;
}

static void lines(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char detail[64];
        snprintf(detail, sizeof detail, "thing %u", i);
        audit_add(&book->audit, now.wall_s + i, "ann", i % 3 ? "power" : "media-insert", "demo", detail);
        if (book->audit.n == AUDIT_WAITING)
            assert_int_equal(book_save(book, now), 0);
    }
    assert_int_equal(book_save(book, now), 0);
}

static struct template take_template(const uint8_t mac_key[AUDIT_MAC])
{
    struct template t = {0};
    uint64_t section;
    struct audit_check check = {0};
    t.bytes = sqlite3_serialize(book->store.db, "main", &t.size, 0);
    assert_non_null(t.bytes);
    t.bytes[18] = t.bytes[19] = 1; /* no journal beside it */
    assert_int_equal(audit_keys_held(&book->audit.keys, &t.held), 0);
    assert_int_equal(audit_root(&book->store, &section, t.root), 1);
    assert_int_equal(audit_rows_check(book->store.db, &check, NULL), 0);
    memcpy(t.mac_key, mac_key, sizeof t.mac_key);
    t.newest = check.newest;
    t.first = check.first;
    t.signed_until = check.signed_until;
    t.heads = (unsigned)check.n_heads;
    return t;
}

static sqlite3 *open_template(const struct template *t)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    unsigned char *bytes = sqlite3_malloc64((sqlite3_uint64)t->size);
    memcpy(bytes, t->bytes, (size_t)t->size);
    assert_int_equal(sqlite3_deserialize(db, "main", bytes, t->size, t->size,
                                         SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE),
                     SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    return db;
}

static struct audit_check check_db(const struct template *t, sqlite3 *db, bool mac)
{
    struct audit_check check = {.n_keys = 1};
    memcpy(check.keys[0], t->root, sizeof t->root);
    if (mac) {
        check.mac_from = 1;
        memcpy(check.mac_key, t->mac_key, sizeof t->mac_key);
    }
    int r = audit_rows_check(db, &check, NULL);
    if (r < 0) /* SQLite itself found it */
        audit_check_found(&check, 0, "cannot be read");
    audit_check_end(&check, &t->held);
    return check;
}

static int changes(sqlite3 *db, const char *sql)
{
    int before = sqlite3_total_changes(db);
    char *why = NULL;
    sqlite3_exec(db, sql, NULL, NULL, &why);
    sqlite3_free(why); /* what the schema forbids has changed nothing */
    return sqlite3_total_changes(db) - before;
}

/* ---- what somebody might do ---- */

static const char *const line_columns[] = {"number", "time", "who", "what", "target", "detail", "mac", "hash"};
static const char *const head_columns[] = {"level", "section", "counter", "number", "hash",     "time",
                                           "cut",   "next",    "heads",   "below",  "signature"};

/* Another value of whatever kind stands there. */
static void other_value(const char *column, char room[200])
{
    static const char *const ways[][2] = {{"", " + 1"},
                                          {"", " - 1"},
                                          {"", " || 'x'"},
                                          {"CAST(x'00' || ", " AS BLOB)"},
                                          {"NULL || ", ""},
                                          {"'' || 0 * ", ""},
                                          {"32 * ", " + 1"},
                                          {"randomblob(32) || ", ""},
                                          {"zeroblob(64) || ", ""},
                                          {"CAST(", " AS TEXT)"},
                                          {"randomblob(length(", "))"}};
    unsigned way = (unsigned)below(ARRAY_SIZE(ways));
    snprintf(room, 200, "%s%s%s", ways[way][0], column, ways[way][1]);
}

static void edit_bit(char *sql, size_t size, const char *table, const char *column, const char *where)
{
    uint64_t at = below(32) + 1;
    snprintf(sql, size,
             "UPDATE %s SET %s = CAST(substr(%s, 1, %d) || x'%02x' || substr(%s, %d) AS BLOB)"
             " WHERE %s AND typeof(%s) = 'blob' AND hex(substr(%s, %d, 1)) <> '%02X'",
             table, column, column, (int)at - 1, (unsigned)(at * 7), column, (int)at + 1, where, column, column,
             (int)at, (unsigned)(at * 7));
}

static void random_line(const struct template *t, char where[64])
{
    snprintf(where, 64, "number = %d", (int)(t->first + below(t->newest - t->first + 1)));
}

static void random_head(const struct template *t, char where[64])
{
    snprintf(where, 64, "id IN (SELECT id FROM audit_heads LIMIT 1 OFFSET %d)", (int)below(t->heads));
}

/* Each writes SQL for a store with these lines; a and b are numbers of some. */
typedef void mutation_fn(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size);

static void edit_line(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    char where[64], value[200];
    const char *column = line_columns[below(ARRAY_SIZE(line_columns))];
    (void)a, (void)b;
    random_line(t, where);
    other_value(column, value);
    snprintf(sql, size, "UPDATE audit SET %s = %s WHERE %s", column, value, where);
}

static void edit_bit_of_line(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    char where[64];
    (void)a, (void)b;
    random_line(t, where);
    edit_bit(sql, size, "audit", below(2) ? "mac" : "hash", where);
}

static void delete_line(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    (void)t, (void)b;
    snprintf(sql, size, "DELETE FROM audit WHERE number = %d", (int)a);
}

static void delete_lines(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    (void)t;
    snprintf(sql, size, "DELETE FROM audit WHERE number BETWEEN %d AND %d", (int)MIN(a, b), (int)MAX(a, b));
}

static void cut_newest(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    (void)t, (void)b;
    snprintf(sql, size, "DELETE FROM audit WHERE number >= %d", (int)a);
}

static void cut_newest_with_heads(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    (void)t, (void)b;
    snprintf(sql, size, "DELETE FROM audit WHERE number > %d; DELETE FROM audit_heads WHERE number > %d", (int)a,
             (int)a);
}

/* And says so. */
static void cut_oldest(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    (void)t, (void)b;
    snprintf(sql, size,
             "UPDATE audit_anchor SET (number, hash) = (SELECT number, hash FROM audit WHERE number = %d);"
             "DELETE FROM audit WHERE number <= %d; DELETE FROM audit_heads WHERE level = 0 AND number <= %d",
             (int)a, (int)a, (int)a);
}

static void swap_rows(const char *table, const char *key, uint64_t a, uint64_t b, char *sql, size_t size)
{
    snprintf(sql, size,
             "UPDATE %s SET %s = -1 WHERE %s = %d; UPDATE %s SET %s = %d WHERE %s = %d;"
             "UPDATE %s SET %s = %d WHERE %s = -1",
             table, key, key, (int)a, table, key, (int)a, key, (int)b, table, key, (int)b, key);
}

static void swap_lines(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    (void)t;
    swap_rows("audit", "number", a, b, sql, size);
}

static void insert_line(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    snprintf(sql, size,
             "INSERT OR REPLACE INTO audit (number, time, who, what, target, detail, mac, hash)"
             " SELECT %d, time, who, what, target, detail, mac, hash FROM audit WHERE number = %d",
             (int)(below(4) ? b : t->newest + 1), (int)a);
}

static void edit_head(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    char where[64], value[200];
    const char *column = head_columns[below(ARRAY_SIZE(head_columns))];
    (void)a, (void)b;
    random_head(t, where);
    other_value(column, value);
    if (below(2))
        edit_bit(sql, size, "audit_heads", column, where);
    else
        snprintf(sql, size, "UPDATE audit_heads SET %s = %s WHERE %s", column, value, where);
}

static void delete_head(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    char where[64];
    (void)a, (void)b;
    random_head(t, where);
    snprintf(sql, size, "DELETE FROM audit_heads WHERE %s", where);
}

static void swap_heads(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    (void)a, (void)b;
    swap_rows("audit_heads", "id", 1 + below(t->heads), 1 + below(t->heads), sql, size);
}

static void change_anchor_or_roots(const struct template *t, uint64_t a, uint64_t b, char *sql, size_t size)
{
    static const char *const ways[] = {"UPDATE audit_anchor SET number = number + 1",
                                       "UPDATE audit_anchor SET hash = randomblob(32)",
                                       "DELETE FROM audit_anchor",
                                       "UPDATE audit_roots SET key = randomblob(32)",
                                       "DELETE FROM audit_roots",
                                       "INSERT INTO audit_roots VALUES (2, randomblob(32))"};
    (void)t, (void)a, (void)b;
    snprintf(sql, size, "%s", ways[below(ARRAY_SIZE(ways))]);
}

static const struct {
    const char *name;
    mutation_fn *write;
} mutations[] = {
    {"edits of a line", edit_line},
    {"bits of a line", edit_bit_of_line},
    {"a line deleted", delete_line},
    {"some deleted", delete_lines},
    {"the newest cut", cut_newest},
    {"and their heads", cut_newest_with_heads},
    {"the oldest cut", cut_oldest},
    {"lines swapped", swap_lines},
    {"a line inserted", insert_line},
    {"edits of a head", edit_head},
    {"a head deleted", delete_head},
    {"heads swapped", swap_heads},
    {"anchor and roots", change_anchor_or_roots},
};

static uint64_t hash_rows(sqlite3 *db, const char *sql, uint64_t hash)
{
    _cleanup_statement_ *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return 0;
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            for (; *text; text++)
                hash = (hash ^ (uint8_t)*text) * 1099511628211u;
            hash = hash * 1099511628211u + 1;
        }
    return hash;
}

/* Of what the tables say: a change that changes nothing does not count. Where a head stands is the order of its id. */
static uint64_t digest(sqlite3 *db)
{
    uint64_t hash = hash_rows(db,
                              "SELECT quote(number), quote(time), quote(who), quote(what), quote(target),"
                              " quote(detail), quote(mac), quote(hash) FROM audit ORDER BY number",
                              1469598103934665603u);
    hash = hash_rows(db,
                     "SELECT quote(level), quote(section), quote(counter), quote(number), quote(hash), quote(time),"
                     " quote(cut), quote(next), quote(heads), quote(below), quote(signature) FROM audit_heads"
                     " ORDER BY id",
                     hash);
    hash = hash_rows(db, "SELECT quote(section), quote(key) FROM audit_roots ORDER BY section", hash);
    return hash_rows(db, "SELECT quote(number), quote(hash) FROM audit_anchor", hash);
}

static void try_mutations(const struct template *t, unsigned n)
{
    unsigned made = 0, kinds[ARRAY_SIZE(mutations)] = {0};
    sqlite3 *whole = open_template(t);
    uint64_t as_it_was = digest(whole);
    sqlite3_close(whole);
    for (unsigned tries = 0; made < n; tries++) {
        assert_true(tries < 20 * n);
        char sql[800];
        unsigned kind = (unsigned)below(ARRAY_SIZE(mutations));
        uint64_t a = t->first + below(t->newest - t->first + 1), b = t->first + below(t->newest - t->first + 1);
        sqlite3 *db = open_template(t);
        mutations[kind].write(t, a, b, sql, sizeof sql);
        if (changes(db, sql) > 0 && digest(db) != as_it_was) {
            struct audit_check check = check_db(t, db, false);
            if (check.verdict == AUDIT_FINE)
                print_error("not found: %s\n", sql);
            assert_int_not_equal(check.verdict, AUDIT_FINE);
            assert_true(check.why[0]);
            made++;
            kinds[kind]++;
        }
        sqlite3_close(db);
    }
    print_message("%u changes, all found:\n", made);
    for (size_t i = 0; i < ARRAY_SIZE(mutations); i++)
        print_message("  %4u %s\n", kinds[i], mutations[i].name);
}

static unsigned how_many(unsigned otherwise)
{
    const char *n = getenv("LIGHTSOUT_MUTATIONS"), *s = getenv("LIGHTSOUT_SEED");
    seed = s ? strtoull(s, NULL, 10) : 1;
    return n ? (unsigned)strtoul(n, NULL, 10) : otherwise;
}

static struct template small_template(void)
{
    uint8_t mac_key[AUDIT_MAC];
    memcpy(mac_key, book->audit.keys.mac.key, sizeof mac_key);
    assert_int_equal(book->audit.keys.mac.number, 1);
    for (unsigned i = 0; i < 12; i++) { /* a head over each dozen but the last */
        lines(12);
        pass(2 * MINUTE);
        assert_int_equal(book_save(book, now), 0);
    }
    lines(5);
    struct template t = take_template(mac_key);
    assert_int_equal(t.newest, 149);
    assert_in_range(t.signed_until, 132, 144);
    assert_true(t.heads >= 11);
    return t;
}

static void test_each_change_is_found(void **state)
{
    (void)state;
    unsigned n = how_many(1000);
    struct template t = small_template();
    sqlite3 *db = open_template(&t);
    struct audit_check check = check_db(&t, db, true);
    if (check.verdict != AUDIT_FINE)
        print_error("%s\n", check.why);
    assert_int_equal(check.verdict, AUDIT_FINE);
    assert_int_equal(check.n_macs, t.newest);
    sqlite3_close(db);
    try_mutations(&t, n);
    sqlite3_free(t.bytes);
}

static void test_each_change_is_found_where_lines_were_removed(void **state)
{
    (void)state;
    unsigned n = how_many(1000) / 10;
    book->audit.keep = AUDIT_KEEP_MIN;
    for (unsigned i = 0; i < 40; i++) {
        lines(200);
        pass(2 * MINUTE);
    }
    struct template t = take_template(book->audit.keys.mac.key);
    assert_true(t.first > 1);
    sqlite3 *db = open_template(&t);
    assert_int_equal(check_db(&t, db, false).verdict, AUDIT_FINE);
    sqlite3_close(db);
    try_mutations(&t, n);
    sqlite3_free(t.bytes);
}

/* ---- who can compute hashes ---- */

/* Changes a line and makes all that come behind it follow. */
static void forge(sqlite3 *db, uint64_t number)
{
    struct audit_rows rows;
    struct audit_link at = {0};
    sqlite3_stmt *update;
    assert_int_equal(audit_rows_open(&rows, db, NULL), 0);
    assert_int_equal(
        sqlite3_prepare_v2(db, "UPDATE audit SET who = ?1, hash = ?2, mac = ?4 WHERE number = ?3", -1, &update, NULL),
        SQLITE_OK);
    while (audit_rows_next(&rows) == 1) {
        struct audit_line line = rows.object.line;
        if (rows.object.item != AUDIT_ITEM_LINE)
            continue;
        if (line.number == number)
            snprintf(line.text.who, sizeof line.text.who, "mallory");
        const uint8_t any[AUDIT_MAC] = {1};
        assert_int_equal(audit_line_seal(&line, &at, any), 0);
        if (line.number < number) {
            at = audit_line_link(&rows.object.line);
            continue;
        }
        sqlite3_bind_text(update, 1, line.text.who, -1, SQLITE_TRANSIENT);
        sqlite3_bind_blob(update, 2, line.hash, sizeof line.hash, SQLITE_TRANSIENT);
        sqlite3_bind_int64(update, 3, (int64_t)line.number);
        sqlite3_bind_blob(update, 4, line.mac, sizeof line.mac, SQLITE_TRANSIENT);
        sqlite3_step(update);
        sqlite3_reset(update);
        at = audit_line_link(&line);
    }
    sqlite3_finalize(update);
    audit_rows_close(&rows);
}

static void test_a_forged_chain_is_found_by_heads_macs_and_outside(void **state)
{
    (void)state;
    how_many(0);
    struct template t = small_template();
    for (uint64_t number = 1; number <= t.newest; number += 7) {
        sqlite3 *db = open_template(&t);
        forge(db, number);
        struct audit_check check = check_db(&t, db, false);
        /* what is not signed yet can only be told by the MACs */
        assert_int_equal(check.verdict, number <= t.signed_until ? AUDIT_CHANGED : AUDIT_FINE);
        assert_true(check.verdict == AUDIT_FINE || check.line <= number);
        check = check_db(&t, db, true);
        assert_int_equal(check.verdict, AUDIT_CHANGED);
        assert_int_equal(check.line, number); /* and exactly */
        sqlite3_close(db);
    }
    sqlite3_free(t.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(book_set_up, test_each_change_is_found),
        TEST_WITH(book_set_up, test_each_change_is_found_where_lines_were_removed),
        TEST_WITH(book_set_up, test_a_forged_chain_is_found_by_heads_macs_and_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
