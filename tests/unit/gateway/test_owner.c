/* What the owner does at the machine, on real folders: a backup while the store is in use, brought back elsewhere; a
 * factory reset, after which what was sealed is noise. */
#include "tests/unit/keeper/book_fixture.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "auth/keeper/identity.h"
#include "auth/keeper/owner_notes.h"
#include "auth/keeper_account.h"
#include "gateway/owner/owner.h"
#include "media/seal.h"

static char place[64], from[80], to[80], file[80], phrase_file[80], config_file[80];
static struct options options;

static void text_put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static const char *path_of(const char *state, const char *name)
{
    static char room[2][200];
    static unsigned turn;
    snprintf(room[++turn % 2], sizeof room[0], "%s/%s", state, name);
    return room[turn % 2];
}

static void keeper_of(const char *state)
{
    book = book_close(book);
    assert_int_equal(chdir(path_of(state, "keeper")), 0);
    book_reopen();
}

static int set_up(void **state)
{
    (void)state;
    now = (struct instant){.us = 1000 * HOUR, .wall_s = 1800000000};
    text_copy(place, sizeof place, "/tmp/lightsout-owner-XXXXXX");
    if (!mkdtemp(place) || chmod(place, 0755) < 0)
        return -1;
    snprintf(from, sizeof from, "%s/from", place);
    snprintf(to, sizeof to, "%s/to", place);
    snprintf(file, sizeof file, "%s/backup", place);
    snprintf(phrase_file, sizeof phrase_file, "%s/phrase", place);
    snprintf(config_file, sizeof config_file, "%s/lightsout.conf", place);
    text_put(phrase_file, "a passphrase that nobody guesses\n");
    text_put(config_file, "[gateway]\n");
    static const char *const folders[] = {"",        "keeper", "gateway", "gateway/overlays", "gateway/cache",
                                          "library", "run",    "conf.d"};
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        assert_int_equal(mkdir(path_of(from, folders[i]), 0700), 0);
    text_put(path_of(from, "gateway/web1.drives"), "what is in which drive");
    text_put(path_of(from, "conf.d/target-web1.conf"), "[target web1]\nmachine = testcard\n");
    text_put(path_of(from, "gateway/overlays/web1.0.ab"), "what was written");
    text_put(path_of(from, "library/image.iso"), "an image");
    options = (struct options){.config = config_file, .state = from, .passphrase_file = phrase_file, .yes = true};
    char secret[SECRET_SIZE];
    keeper_of(from);
    assert_int_equal(book_new_secret(book, now, secret), 0);
    return setup(secret, "ann", PASSWORD).error;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    book = book_close(book);
    snprintf(command, sizeof command, "rm -rf %s", place);
    return chdir("/") < 0 || system(command) != 0; /* NOLINT(cert-env33-c): a folder of ours */
}

static int restore_to(const char *state)
{
    struct options wish = options;
    wish.state = state;
    wish.restore = file;
    return owner_restore(&wish);
}

static int back_up(void)
{
    struct options wish = options;
    wish.backup = file;
    return owner_backup(&wish);
}

static void media_key(uint8_t ret[KEEPER_MEDIA_KEY_SIZE])
{
    assert_int_equal(book_media_key(book, ret), 0);
}

static bool is_there(const char *state, const char *name)
{
    return access(path_of(state, name), F_OK) == 0;
}

static void test_a_backup_comes_back_on_another_machine(void **state)
{
    (void)state;
    uint8_t before[KEEPER_MEDIA_KEY_SIZE], after[KEEPER_MEDIA_KEY_SIZE];
    struct stat st;
    assert_int_equal(put("bob", "a different phrase", ROLE_OPERATOR, true).error, 0);
    struct reply ann = login("ann", PASSWORD);
    assert_int_equal(ann.error, 0);
    assert_int_equal(book_save(book, now), 0);
    media_key(before);
    text_put("keeper.db.v1", "an older store");
    text_put("tls.key", "a key");           /* of the identity: as it is */
    assert_int_equal(back_up(), EXIT_FINE); /* while we have the store open */
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(back_up(), EXIT_FAILED);                             /* it is not written over */
    assert_int_equal(put("eve", PASSWORD, ROLE_OPERATOR, true).error, 0); /* later */
    assert_int_equal(restore_to(to), EXIT_FINE);
    assert_int_equal(restore_to(to), EXIT_STATE); /* there is a store now */
    assert_int_equal(stat(path_of(to, "keeper/keeper.db"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    keeper_of(to);
    media_key(after);
    assert_memory_equal(before, after, sizeof before);
    assert_false(book_needs_setup(book));
    assert_false(book_audit_broken(book));
    assert_int_equal(session(ann.token).error, -EACCES);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    assert_int_equal(login("bob", "a different phrase").error, 0);
    assert_int_equal(login("eve", PASSWORD).error, -EACCES);
    assert_true(is_there(to, "keeper/tls.key"));
    assert_false(is_there(to, "keeper/keeper.db.v1"));
    assert_false(is_there(to, "keeper.restoring"));
    assert_true(is_there(to, "gateway/web1.drives"));
    assert_true(is_there(to, "conf.d/target-web1.conf"));
    assert_int_equal(stat(path_of(to, "conf.d/target-web1.conf"), &st), 0);
    assert_int_equal(st.st_uid, geteuid()); /* the supervisor's alone */
    assert_false(is_there(to, "gateway/overlays/web1.0.ab"));
    assert_false(is_there(to, "library/image.iso"));
    assert_true(is_there(to, "restored-configuration/lightsout.conf"));
}

static void test_what_is_no_good_changes_nothing(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(back_up(), EXIT_FINE);
    keeper_of(from);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(truncate(file, st.st_size - 3), 0);
    options.replace = true;
    assert_int_equal(restore_to(from), EXIT_FAILED);
    text_put(phrase_file, "another passphrase, of another time\n");
    assert_int_equal(restore_to(from), EXIT_FAILED);
    text_put(phrase_file, "short\n");
    assert_int_equal(restore_to(from), EXIT_USAGE);
    assert_int_equal(back_up(), EXIT_USAGE);
    options.passphrase_file = "/nowhere";
    assert_int_equal(restore_to(from), EXIT_USAGE);
    assert_false(is_there(from, "keeper.restoring"));
    keeper_of(from);
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

static void test_it_takes_the_place_of_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(back_up(), EXIT_FINE);
    assert_int_equal(put("eve", PASSWORD, ROLE_OPERATOR, true).error, 0);
    book = book_close(book);
    options.replace = true;
    int lock = open(path_of(from, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(restore_to(from), EXIT_RUNNING);
    close(lock);
    assert_int_equal(restore_to(from), EXIT_FINE);
    keeper_of(from);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    assert_int_equal(login("eve", PASSWORD).error, -EACCES);
}

static void test_after_a_factory_reset_what_was_sealed_is_noise(void **state)
{
    (void)state;
    char why[300], command[300];
    uint8_t before[KEEPER_MEDIA_KEY_SIZE], after[KEEPER_MEDIA_KEY_SIZE];
    media_key(before);
    assert_int_equal(book_save(book, now), 0);
    book = book_close(book);
    snprintf(command, sizeof command, "cp %s/keeper/keeper.db %s/stolen.db", from, place);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    int lock = open(path_of(from, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(owner_factory_reset(&options), EXIT_RUNNING);
    assert_true(is_there(from, "keeper/device.key"));
    close(lock);
    assert_int_equal(owner_factory_reset(&options), EXIT_FINE);
    static const char *const gone[] = {"keeper/keeper.db",           "keeper/device.key", "gateway/web1.drives",
                                       "gateway/overlays/web1.0.ab", "gateway/cache",     "conf.d/target-web1.conf"};
    for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
        assert_false(is_there(from, gone[i]));
    assert_true(is_there(from, "library/image.iso"));
    /* the first start is one as new, with another key */
    keeper_of(from);
    assert_true(book_needs_setup(book));
    media_key(after);
    assert_memory_not_equal(before, after, sizeof before);
    book = book_close(book);
    /* the old store beside the new key */
    snprintf(command, sizeof command, "cp %s/stolen.db %s/keeper/keeper.db && rm -f %s/keeper/keeper.db-wal", place,
             from, from);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    assert_int_equal(book_open(&book, STORE, now, why, sizeof why), -EBADMSG);
    assert_non_null(strstr(why, "not the key"));
    options.images = true;
    assert_int_equal(owner_factory_reset(&options), EXIT_FINE);
    assert_false(is_there(from, "library/image.iso"));
}

static void test_a_way_in(void **state)
{
    (void)state;
    book = book_close(book);
    assert_int_equal(owner_recover(&options), EXIT_FINE);
    assert_true(is_there(from, "keeper/" RECOVER_FILE));
    keeper_of(from);
    assert_true(book_recovers(book));
    assert_false(is_there(from, "keeper/" RECOVER_FILE));
}

/* As lightsout.service has it: neither root nor the folder's owner, with or without CAP_DAC_OVERRIDE; into a file that
 * only has a descriptor. The exit code. */
static int back_up_as_a_unit(bool may_read)
{
    const uint32_t rights = may_read ? 1u << CAP_DAC_OVERRIDE : 0;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{.effective = rights, .permitted = rights}};
    char path[64];
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), status = -1;
    assert_true(fd >= 0);
    pid_t child = fork();
    if (child == 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        options.backup = path;
        bool good = fchmod(fd, 0666) == 0 && fchmodat(AT_FDCWD, phrase_file, 0644, 0) == 0 &&
                    fchmodat(AT_FDCWD, config_file, 0644, 0) == 0 && prctl(PR_SET_KEEPCAPS, 1) == 0 &&
                    setresuid(54321, 54321, 54321) == 0 && syscall(SYS_capset, &header, data) == 0 &&
                    prctl(PR_SET_DUMPABLE, 1) == 0;
        _exit(good ? owner_backup(&options) : 99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    close(fd);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_a_unit_that_may_read_it_backs_it_up(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(from, 0711), 0);
    assert_int_equal(back_up_as_a_unit(false), EXIT_STATE);
    assert_int_equal(back_up_as_a_unit(true), EXIT_FINE);
    assert_int_equal(restore_to(to), EXIT_FINE);
    assert_true(is_there(to, "gateway/web1.drives"));
    assert_true(is_there(to, "keeper/device.key"));
}

static void test_folders_that_are_not_there(void **state)
{
    (void)state;
    options.state = to;
    assert_int_equal(owner_recover(&options), EXIT_STATE);
    assert_int_equal(owner_factory_reset(&options), EXIT_STATE);
    assert_int_equal(back_up(), EXIT_STATE);
    assert_false(is_there(to, ""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    (void)book_tear_down; /* ours takes more away */
    const struct CMUnitTest tests[] = {
        TEST(test_a_backup_comes_back_on_another_machine),
        TEST(test_what_is_no_good_changes_nothing),
        TEST(test_it_takes_the_place_of_what_is_there),
        TEST(test_after_a_factory_reset_what_was_sealed_is_noise),
        TEST(test_a_way_in),
        TEST(test_a_unit_that_may_read_it_backs_it_up),
        TEST(test_folders_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
