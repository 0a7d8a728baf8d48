/* A process that uploads is killed at any moment, again and again, and goes on each time; what stands in the library in
 * the end is what was sent, and at no time was anything else listed. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "pack.h"
#include "upload_fixture.h"

#define SIZE (6u << 20)
#define PIECE (512u << 10)
#define ROUNDS 400

static uint8_t image[SIZE], *packed;
static size_t packed_size;

static void check_done(struct upload_fixture *f, bool is_packed)
{
    if (wait_over(f) != UPLOAD_DONE)
        fail_msg("it ended otherwise: %s", f->state.why);
    char sum[65];
    sum_text(image, SIZE, sum);
    assert_string_equal(f->state.name, is_packed ? "b.img" : "a.img");
    assert_string_equal(f->state.sha256, sum);
}

/* In the child: goes on with the upload where it is, piece by piece, until it is done. */
static void go_on(struct upload_fixture *f, bool is_packed)
{
    const uint8_t *bytes = is_packed ? packed : image;
    const size_t size = is_packed ? packed_size : SIZE;
    const char *name = is_packed ? "b.img.gz" : "a.img", *shown = is_packed ? "b.img" : "a.img";
    struct upload_state all[8];
    unsigned n = uploads_list(f->uploads, all, 8);
    f->state.id[0] = 0;
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(all[i].name, shown))
            f->state = all[i];
    if (!f->state.id[0])
        assert_int_equal(begin(f, &(struct upload_request){.name = name, .size = size}), 0);
    while (f->state.offset < size)
        assert_int_equal(send_piece(f, f->state.offset, bytes + f->state.offset,
                                    MIN((size_t)PIECE, size - f->state.offset), UPLOAD_CHECK_NONE, NULL),
                         0);
    check_done(f, is_packed);
}

static void child(struct upload_fixture *f)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_uploads(f);
    go_on(f, false);
    go_on(f, true);
    close_uploads(f);
    _exit(0);
}

/* Each time a little longer on average, so that it ends however slow the machine is. */
static unsigned delay_us(unsigned round)
{
    static uint32_t x = 5;
    x = x * 1664525 + 1013904223;
    return (x >> 8) % (5000 * (round + 6));
}

static bool run_once(struct upload_fixture *f, unsigned round)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(f);
    const uint64_t end = clock_now_us() + delay_us(round);
    while (clock_now_us() < end) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            goto ended;
        usleep(500);
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
ended:
    if (WIFEXITED(status) && WEXITSTATUS(status))
        fail_msg("round %u: the child ended with %d", round, WEXITSTATUS(status));
    return WIFEXITED(status);
}

/* Names without a dot in front are whole images, whenever one looks. */
static void check_library(const struct upload_fixture *f)
{
    char path[400];
    struct stat st;
    static const char *const names[] = {"a.img", "b.img"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        if (stat(path, &st) == 0)
            expect_image(f, names[i], image, SIZE);
    }
    assert_true(files_in(f, "") <= 4); /* both, .uploads and .facts */
}

static void test_killed_and_killed_again(void **state)
{
    struct upload_fixture *f = *state;
    unsigned round = 0;
    close_uploads(f); /* no thread of ours when a child is made */
    while (round < ROUNDS && !run_once(f, round)) {
        round++;
        check_library(f);
    }
    assert_true(round < ROUNDS);
    print_message("killed %u times\n", round);
    open_uploads(f);
    assert_int_equal(list_library(f), 2);
    expect_image(f, "a.img", image, SIZE);
    expect_image(f, "b.img", image, SIZE);
    assert_int_equal(files_in(f, ".uploads"), 2); /* that both are done */
    for (int i = 0; i < 2; i++) {
        struct upload_state all[8];
        assert_int_equal(uploads_list(f->uploads, all, 8), 2);
        f->state = all[i];
        check_done(f, !strcmp(f->state.name, "b.img"));
    }
}

int main(void)
{
    uint32_t x = 3;
    for (size_t i = 0; i < SIZE; i++) {
        x = x * 1664525 + 1013904223;
        image[i] = i & 0x10000 ? 0 : (uint8_t)(x >> 24); /* with holes */
    }
    packed = pack(IMAGE_GZIP, image, SIZE, false, &packed_size);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_and_killed_again, set_up, tear_down)};
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    free(packed);
    return r;
}
