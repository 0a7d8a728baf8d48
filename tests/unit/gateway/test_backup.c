/* The file of a backup: whole and with its passphrase, or refused. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "gateway/owner/backup_files.h"

#define PHRASE "a passphrase that nobody guesses"

static uint8_t big[200000];
static unsigned seen;

static int on_file(void *data, enum backup_folder folder, const char *name, const void *bytes, size_t size)
{
    (void)data;
    if (strcmp(name, "keeper.db") == 0) {
        assert_int_equal(folder, BACKUP_KEEPER);
        assert_int_equal(size, sizeof big);
        assert_memory_equal(bytes, big, size);
    } else {
        assert_string_equal(name, "web1.drives");
        assert_int_equal(folder, BACKUP_GATEWAY);
        assert_int_equal(size, 0);
    }
    seen++;
    return 0;
}

static int make(void)
{
    struct backup_seal *seal;
    int fd = memfd_create("backup", MFD_CLOEXEC);
    srandom(3);
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)random();
    assert_int_equal(backup_seal_create(fd, PHRASE, &seal), 0);
    assert_int_equal(backup_put(seal, BACKUP_KEEPER, "keeper.db", big, sizeof big), 0);
    assert_int_equal(backup_put(seal, BACKUP_GATEWAY, "web1.drives", "", 0), 0);
    assert_int_equal(backup_put(seal, BACKUP_GATEWAY, "../x", "", 0), -EINVAL);
    assert_int_equal(backup_put_end(seal), 0);
    backup_seal_destroy(seal);
    return fd;
}

static int try_read(int fd, const char *passphrase)
{
    struct backup_seal *seal;
    seen = 0;
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    int r = backup_seal_open(fd, passphrase, &seal);
    if (r < 0)
        return r;
    r = backup_each(seal, on_file, NULL);
    backup_seal_destroy(seal);
    return r;
}

static void test_whole(void **state)
{
    (void)state;
    int fd = make();
    assert_int_equal(try_read(fd, PHRASE), 0);
    assert_int_equal(seen, 2);
    assert_int_equal(try_read(fd, "a passphrase that nobody knows"), -EACCES);
    static uint8_t bytes[sizeof big + 1000];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    assert_null(memmem(bytes, (size_t)n, big, 16));
    assert_null(memmem(bytes, (size_t)n, "keeper.db", 9));
    close(fd);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    static uint8_t whole[sizeof big + 1000];
    int fd = make();
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pread(fd, whole, sizeof whole, 0), st.st_size);
    /* within a tag, between chunks, within one, within the head */
    const off_t sizes[] = {st.st_size - 1, 64 + 2 * 65556, 1000, 63};
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        assert_int_equal(ftruncate(fd, sizes[i]), 0);
        assert_int_equal(try_read(fd, PHRASE), sizes[i] < 64 ? -EINVAL : -EBADMSG);
        assert_int_equal(pwrite(fd, whole, (size_t)st.st_size, 0), st.st_size);
    }
    assert_int_equal(ftruncate(fd, st.st_size + 1), 0); /* something behind it */
    assert_int_equal(try_read(fd, PHRASE), -EBADMSG);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(try_read(fd, PHRASE), -EINVAL);
    close(fd);
}

static void test_changed_anywhere(void **state)
{
    (void)state;
    int fd = make();
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    /* word, version, r, p, salt, check, rest of the head, size of a chunk, its bytes, its tag, the last chunk */
    const off_t places[] = {0, 16, 20, 24, 28, 63, 66, 65604, st.st_size / 2};
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        uint8_t byte;
        assert_int_equal(pread(fd, &byte, 1, places[i]), 1);
        byte ^= 0x40;
        assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
        assert_true(try_read(fd, PHRASE) < 0);
        byte ^= 0x40;
        assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
    }
    assert_int_equal(try_read(fd, PHRASE), 0);
    /* two chunks in each other's place */
    static uint8_t one[65536 + 20], two[65536 + 20];
    assert_int_equal(pread(fd, one, sizeof one, 64), sizeof one);
    assert_int_equal(pread(fd, two, sizeof two, 64 + sizeof one), sizeof two);
    assert_int_equal(pwrite(fd, two, sizeof two, 64), sizeof two);
    assert_int_equal(pwrite(fd, one, sizeof one, 64 + sizeof one), sizeof one);
    assert_int_equal(try_read(fd, PHRASE), -EBADMSG);
    assert_int_equal(seen, 0);
    close(fd);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"keeper.db", "keeper.db-wal", "device.key", "web-1.drives", "a"};
    static const char *const bad[] = {"",        ".",  "..",   "../a", "a/b", "/a",
                                      ".hidden", "-x", "a\nb", "a b",  "_a",  "\xc3\xa4"};
    for (unsigned i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(backup_name_is_good(good[i], strlen(good[i])));
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(backup_name_is_good(bad[i], strlen(bad[i])));
    assert_false(backup_name_is_good("ab\0cd", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_changed_anywhere),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
