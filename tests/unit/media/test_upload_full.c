/* A disk that is full, or gets full: said before, or said when it happens, and it goes on once there is room. On a
 * tmpfs of its own, in a mount namespace. */
#include <sched.h>
#include <sys/mount.h>

#include "pack.h"
#include "upload_fixture.h"

#define RESERVE (64u << 20) /* of the library */
#define ROOM (16u << 20)
#define SIZE (12u << 20)

static uint8_t image[SIZE];

static void write_file(const char *path, const char *text)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, text, strlen(text)) < 0)
        perror(path);
}

/* Before there are threads. */
static bool enter_namespace(void)
{
    char map[64];
    const unsigned uid = getuid(), gid = getgid();
    if (unshare(CLONE_NEWNS) < 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
            return false;
        write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", uid);
        write_file("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1", gid);
        write_file("/proc/self/gid_map", map);
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void resize(const struct upload_fixture *f, unsigned long flags, uint64_t size)
{
    char options[64];
    snprintf(options, sizeof options, "size=%llu,mode=0700", (unsigned long long)size);
    assert_int_equal(mount("tmpfs", f->folder, "tmpfs", flags, options), 0);
}

static int set_up_small(void **state)
{
    if (set_up(state) < 0)
        return -1;
    struct upload_fixture *f = *state;
    close_uploads(f);
    resize(f, 0, RESERVE + ROOM);
    open_uploads(f);
    return 0;
}

static int tear_down_small(void **state)
{
    struct upload_fixture *f = *state;
    close_uploads(f);
    assert_int_equal(umount2(f->folder, MNT_DETACH), 0);
    return tear_down(state);
}

/* As if somebody else had been faster: the blocks that were kept for it are gone. */
static void steal_room(const struct upload_fixture *f)
{
    char path[200];
    static const uint8_t block[1 << 16];
    snprintf(path, sizeof path, "%s/.uploads/%s.part", f->folder, f->state.id);
    _cleanup_close_ int part = open(path, O_RDWR | O_CLOEXEC);
    assert_true(part >= 0);
    assert_int_equal(fallocate(part, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)f->state.offset, SIZE), 0);
    snprintf(path, sizeof path, "%s/.filler", f->folder);
    _cleanup_close_ int filler = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    while (write(filler, block, sizeof block) > 0)
        ;
    assert_int_equal(errno, ENOSPC);
}

static void give_room(const struct upload_fixture *f)
{
    char path[200];
    snprintf(path, sizeof path, "%s/.filler", f->folder);
    assert_int_equal(unlink(path), 0);
}

static void test_no_room_is_said_before(void **state)
{
    struct upload_fixture *f = *state;
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = ROOM + 1}), -ENOSPC);
    assert_non_null(strstr(f->why, "There is no room for it: it needs 17 MB, and 16 MB are free."));
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img.xz", .size = ROOM / 2 + 4096}), -ENOSPC);
    assert_non_null(strstr(f->why, "(packed and unpacked)"));
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = SIZE}), 0);
    assert_int_equal(begin(f, &(struct upload_request){.name = "b.img", .size = SIZE}), -ENOSPC); /* it is promised */
    assert_int_equal(uploads_cancel(f->uploads, f->state.id), 0);
}

static void test_full_in_the_middle(void **state)
{
    struct upload_fixture *f = *state;
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img", .size = SIZE}), 0);
    assert_int_equal(send_piece(f, 0, image, SIZE / 4, UPLOAD_CHECK_NONE, NULL), 0);
    steal_room(f);
    assert_int_equal(send_piece(f, SIZE / 4, image + SIZE / 4, SIZE - SIZE / 4, UPLOAD_CHECK_NONE, NULL), -ENOSPC);
    assert_int_equal(f->state.phase, UPLOAD_ARRIVING);
    assert_true(f->state.offset >= SIZE / 4 && f->state.offset < SIZE);
    give_room(f);
    assert_int_equal(
        send_piece(f, f->state.offset, image + f->state.offset, SIZE - f->state.offset, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    expect_image(f, "a.img", image, SIZE);
}

static void test_full_while_unpacking(void **state)
{
    struct upload_fixture *f = *state;
    const size_t size = 4 * (size_t)ROOM;
    uint8_t *large = malloc(size);
    size_t packed_size;
    for (size_t i = 0; i < size; i++)
        large[i] = (uint8_t)(i >> 9 | 1);
    uint8_t *packed = pack(IMAGE_ZSTD, large, size, false, &packed_size);
    assert_int_equal(begin(f, &(struct upload_request){.name = "a.img.zst", .size = packed_size}), 0);
    assert_int_equal(send_piece(f, 0, packed, packed_size, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_ARRIVING);
    assert_non_null(strstr(f->state.why, "there is no room to finish it"));
    assert_int_equal(f->state.offset, packed_size);
    resize(f, MS_REMOUNT, 2 * RESERVE + size);
    assert_int_equal(send_piece(f, packed_size, NULL, 0, UPLOAD_CHECK_NONE, NULL), 0);
    assert_int_equal(wait_over(f), UPLOAD_DONE);
    expect_image(f, "a.img", large, size);
    free(packed);
    free(large);
}

int main(void)
{
    if (!enter_namespace()) {
        fprintf(stderr, "no mount namespace here\n");
        return 77;
    }
    for (size_t i = 0; i < SIZE; i++)
        image[i] = (uint8_t)(i * 2654435761u >> 24);
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_small, tear_down_small)
    const struct CMUnitTest tests[] = {
        T(test_no_room_is_said_before),
        T(test_full_in_the_middle),
        T(test_full_while_unpacking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
