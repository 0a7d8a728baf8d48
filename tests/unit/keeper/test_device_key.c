/* The device key: made once, refused when lost or another's; what it sealed opens by it alone and only where it
 * belongs. */
#include "book_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "auth/keeper/store_device.h"

static char why[KEEPER_MAX_REASON];
static struct store store;
static struct device_key key;

static int set_up(void **state)
{
    return folder_set_up(state) < 0 ? -1 : store_open(&store, STORE, why, sizeof why);
}

static int tear_down(void **state)
{
    device_key_finish(&key);
    store_close(&store);
    return book_tear_down(state);
}

static void file_put(const char *name, const void *bytes, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static void test_is_made_once_and_found_again(void **state)
{
    (void)state;
    struct stat st;
    struct device_key again;
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), 0);
    assert_int_equal(stat(DEVICE_KEY_FILE, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, DEVICE_KEY_SIZE);
    assert_int_equal(access(DEVICE_KEY_FILE ".new", F_OK), -1);
    assert_int_equal(store_device_key(&store, &again, why, sizeof why), 0);
    assert_memory_equal(&again, &key, sizeof key);
    device_key_finish(&again);
    assert_memory_not_equal(&again, &key, sizeof key);
}

static void test_a_key_whose_store_was_not_written_yet_is_kept(void **state)
{
    (void)state;
    uint8_t bytes[DEVICE_KEY_SIZE];
    memset(bytes, 7, sizeof bytes);
    file_put(DEVICE_KEY_FILE, bytes, sizeof bytes);
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), 0);
    assert_memory_equal(key.bytes, bytes, sizeof bytes);
}

static void test_a_lost_key_is_never_replaced(void **state)
{
    (void)state;
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), 0);
    assert_int_equal(unlink(DEVICE_KEY_FILE), 0);
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), -ENOENT);
    assert_non_null(strstr(why, "device.key"));
    assert_non_null(strstr(why, "--factory-reset"));
    assert_int_equal(access(DEVICE_KEY_FILE, F_OK), -1);
}

static void test_another_key_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[DEVICE_KEY_SIZE + 1] = {1};
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), 0);
    file_put(DEVICE_KEY_FILE, bytes, DEVICE_KEY_SIZE);
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), -EBADMSG);
    assert_non_null(strstr(why, "not the key"));
    for (size_t size = 0; size <= DEVICE_KEY_SIZE + 1; size += size == DEVICE_KEY_SIZE - 1 ? 2 : 1) {
        file_put(DEVICE_KEY_FILE, bytes, size);
        assert_int_equal(store_device_key(&store, &key, why, sizeof why), -EBADMSG);
    }
    /* what stands in its place is not followed */
    assert_int_equal(unlink(DEVICE_KEY_FILE), 0);
    assert_int_equal(symlink(STORE, DEVICE_KEY_FILE), 0);
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), -ELOOP);
}

static void test_each_purpose_has_a_key_of_its_own(void **state)
{
    (void)state;
    /* RFC 5869 without salt, worked out with another implementation */
    static const uint8_t expected[] = {0x6e, 0x86, 0xa9, 0xbb, 0x2f, 0x6e, 0x0c, 0x3d};
    uint8_t media[32], audit[32], again[32];
    memset(key.bytes, 0x0b, sizeof key.bytes);
    assert_int_equal(device_key_derive(&key, "media", media, sizeof media), 0);
    assert_int_equal(device_key_derive(&key, "audit", audit, sizeof audit), 0);
    assert_int_equal(device_key_derive(&key, "media", again, sizeof again), 0);
    assert_memory_equal(media, again, sizeof media);
    assert_memory_not_equal(media, audit, sizeof media);
    assert_memory_equal(media, expected, sizeof expected);
}

static void test_sealed_bytes_open_only_whole_and_where_they_belong(void **state)
{
    (void)state;
    static const char text[] = "JBSWY3DPEHPK3PXP";
    uint8_t sealed[sizeof text + DEVICE_SEAL_EXTRA], again[sizeof sealed];
    char opened[sizeof text];
    assert_int_equal(store_device_key(&store, &key, why, sizeof why), 0);
    assert_int_equal(device_key_seal(&key, "totp 17", text, sizeof text, sealed), 0);
    assert_int_equal(device_key_seal(&key, "totp 17", text, sizeof text, again), 0);
    assert_memory_not_equal(sealed, again, sizeof sealed);
    assert_null(memmem(sealed, sizeof sealed, text, 8));
    assert_int_equal(device_key_open(&key, "totp 17", sealed, sizeof sealed, opened), 0);
    assert_string_equal(opened, text);
    assert_int_equal(device_key_open(&key, "totp 18", sealed, sizeof sealed, opened), -EBADMSG);
    for (size_t size = 0; size < sizeof sealed; size++)
        assert_int_equal(device_key_open(&key, "totp 17", sealed, size, opened), -EBADMSG);
    for (size_t i = 0; i < sizeof sealed * 8; i++) {
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(device_key_open(&key, "totp 17", sealed, sizeof sealed, opened), -EBADMSG);
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    key.bytes[0] ^= 1;
    assert_int_equal(device_key_open(&key, "totp 17", sealed, sizeof sealed, opened), -EBADMSG);
    key.bytes[0] ^= 1;
    assert_int_equal(device_key_seal(&key, "", "", 0, sealed), 0);
    assert_int_equal(device_key_open(&key, "", sealed, DEVICE_SEAL_EXTRA, opened), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_is_made_once_and_found_again),      TEST(test_a_key_whose_store_was_not_written_yet_is_kept),
        TEST(test_a_lost_key_is_never_replaced),      TEST(test_another_key_is_refused),
        TEST(test_each_purpose_has_a_key_of_its_own), TEST(test_sealed_bytes_open_only_whole_and_where_they_belong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
