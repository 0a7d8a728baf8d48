/* The reader: the product's own process behind its walls, asked as a gateway asks, over channels as the supervisor
 * makes them. Where tesseract is not installed it says so, and the rest is left out. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "gateway/pictures/console_font_files.h"
#include "gateway/pictures/grey_picture.h"
#include "gateway/reader/reader_client.h"
#include "gateway/reader/reader_languages.h"
#include "gateway/reader/reader_wire.h"
#include "gateway/role.h"
#include "program.h"
#include "video/text_read.h"

#define HANG_US 100000000ull
#define WIDTH 480
#define HEIGHT 96
#define WORDS "Install the operating system"

struct bed {
    struct loop *loop;
    struct ipc *supervisor;
    struct reader_client *client;
    pid_t pid;
    bool ready, ends, answered;
    unsigned wanted;
    int error;
    char text[READER_MOST_TEXT + 1];
};

static void on_message(void *data, struct ipc_message *message)
{
    struct bed *bed = data;
    bed->ready |= message->type == READER_READY;
    bed->ends |= message->type == READER_ENDS;
}

static void on_closed(void *data, int error)
{
    struct bed *bed = data;
    (void)error;
    bed->supervisor = ipc_destroy(bed->supervisor);
}

static void start_reader(struct bed *bed)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    char path[512];
    int pair[2];
    program_path(path, sizeof path);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    bed->pid = fork();
    if (bed->pid == 0) {
        dup2(pair[1], READER_FD_SUPERVISOR);
        execl(path, "lightsoutd", "--role=reader", "--sandbox=best", NULL);
        _exit(127);
    }
    close(pair[1]);
    assert_int_equal(ipc_create(bed->loop, pair[0], &listener, bed, &bed->supervisor), 0);
}

static int on_wanted(void *data)
{
    struct bed *bed = data;
    int pair[2];
    bed->wanted++;
    if (!bed->supervisor)
        start_reader(bed);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(ipc_send(bed->supervisor, READER_PEER, 0, NULL, 0, &pair[1], 1), 0);
    close(pair[1]);
    assert_int_equal(reader_client_connect(bed->client, pair[0]), 0);
    return 0;
}

static void on_read(void *data, int error, const char *text)
{
    struct bed *bed = data;
    bed->answered = true;
    bed->error = error;
    snprintf(bed->text, sizeof bed->text, "%s", text);
}

static struct bed make_bed(void)
{
    return (struct bed){.pid = 0};
}

static void begin(struct bed *bed)
{
    static const struct reader_client_owner owner = {.want = on_wanted};
    assert_int_equal(loop_create(&bed->loop), 0);
    assert_int_equal(reader_client_create(bed->loop, &owner, bed, &bed->client), 0);
}

static void end(struct bed *bed)
{
    int status;
    bed->client = reader_client_destroy(bed->client);
    bed->supervisor = ipc_destroy(bed->supervisor);
    bed->loop = loop_destroy(bed->loop);
    if (bed->pid > 0) {
        assert_int_equal(waitpid(bed->pid, &status, 0), bed->pid); /* it ends with the supervisor's channel */
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static void await_answer(struct bed *bed)
{
    uint64_t begun = clock_now_us();
    while (!bed->answered) {
        loop_dispatch(bed->loop, 100);
        if (clock_now_us() - begun > HANG_US)
            fail_msg("no answer");
    }
}

/* Words in a font of 16x32, as no console has it: every second column is another grey, so fonts cannot read them. */
static int draw_words(uint32_t *pixels)
{
    attr_cleanup(console_fonts_destroyp) struct console_fonts *fonts = NULL;
    assert_int_equal(console_font_files_load(&fonts), 0);
    int size = console_fonts_find_size(fonts, 16, 32), font = -1;
    for (size_t i = 0; i < console_fonts_count(fonts); i++)
        if (strcmp(console_fonts_name(fonts, (int)i), "Lat15-Terminus32x16") == 0)
            font = (int)i;
    if (size < 0 || font < 0)
        return -1;
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = 0xf4f4f4;
    for (int c = 0; WORDS[c]; c++)
        for (int glyph = 0; glyph < console_fonts_size(fonts, size)->n_glyphs; glyph++)
            if (console_fonts_code(fonts, size, glyph, font) == (uint32_t)WORDS[c])
                for (int y = 0; y < 32; y++)
                    for (int x = 0; x < 16; x++)
                        if (console_fonts_bits(fonts, size, glyph)->row[y] >> (15 - x) & 1)
                            pixels[(30 + y) * WIDTH + 12 + c * 16 + x] = x % 2 ? 0x202020 : 0x101010;
    return 0;
}

static int make_picture(struct reader_ask *ret)
{
    static uint32_t pixels[WIDTH * HEIGHT];
    struct frame frame = {.width = WIDTH, .height = HEIGHT, .fourcc = FOURCC_BGRX};
    struct rect all = {0, 0, 0, 0};
    int fd = -1;
    draw_words(pixels);
    frame.planes[0] = (struct frame_plane){(const uint8_t *)pixels, WIDTH * 4};
    assert_int_equal(grey_picture_create(&frame, &all, READER_MOST_PIXELS, &fd), 0);
    *ret = (struct reader_ask){.width = (uint16_t)all.w, .height = (uint16_t)all.h, .language = "eng"};
    return fd;
}

static bool is_installed(void)
{
    return access("/usr/bin/tesseract", X_OK) == 0 && access("/usr/share/consolefonts", R_OK) == 0;
}

static void ask(struct bed *bed, const struct reader_ask *ask, int fd)
{
    bed->answered = false;
    reader_client_ask(bed->client, ask, fd, on_read, bed);
    await_answer(bed);
}

/* What the kernel says of its walls while it serves. */
static void look_at_walls(pid_t pid)
{
    char path[64], line[256];
    int no_new = 0, seccomp = 0;
    unsigned long long effective = ~0ull;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "NoNewPrivs: %d", &no_new);
        sscanf(line, "Seccomp: %d", &seccomp);
        sscanf(line, "CapEff: %llx", &effective);
    }
    assert_int_equal(no_new, 1);
    assert_int_equal(seccomp, 2);
}

static void test_words_are_recognised(void **state)
{
    (void)state;
    struct bed bed = make_bed();
    struct reader_ask what;
    _cleanup_close_ int fd = make_picture(&what);
    begin(&bed);
    ask(&bed, &what, fd);
    for (unsigned tries = 1; bed.error == -ETIMEDOUT && tries < 5; tries++) { /* sanitized, on a busy machine */
        end(&bed);
        bed = make_bed();
        begin(&bed);
        ask(&bed, &what, fd);
    }
    assert_int_equal(bed.wanted, 1);
    look_at_walls(bed.pid);
    if (!is_installed()) {
        print_message("tesseract-ocr is not installed: %s\n", bed.text);
        assert_int_equal(bed.error, -ENOPKG);
        assert_non_null(strstr(bed.text, "tesseract-ocr"));
        end(&bed);
        return;
    }
    assert_int_equal(bed.error, 0);
    assert_non_null(strstr(bed.text, WORDS));
    /* the same process reads the next one; a language that it has not learnt is named */
    snprintf(what.language, sizeof what.language, "tlh");
    ask(&bed, &what, fd);
    assert_int_equal(bed.error, -ENOPKG);
    assert_int_equal(bed.wanted, 1);
    end(&bed);
}

/* A picture that is shorter than it says, of another kind, or none: an answer, and the reader lives. */
static void test_bad_pictures_are_refused(void **state)
{
    (void)state;
    struct bed bed = make_bed();
    struct reader_ask what;
    _cleanup_close_ int fd = make_picture(&what), pipe_end = -1;
    int ends[2];
    begin(&bed);
    what.height++;
    ask(&bed, &what, fd);
    assert_int_equal(bed.error, -EINVAL);
    what.height--;
    assert_int_equal(pipe(ends), 0);
    pipe_end = ends[0];
    close(ends[1]);
    ask(&bed, &what, pipe_end);
    assert_int_equal(bed.error, -EINVAL);
    snprintf(what.language, sizeof what.language, "../x");
    ask(&bed, &what, fd);
    assert_int_equal(bed.error, -EINVAL);
    assert_int_equal(kill(bed.pid, 0), 0);
    end(&bed);
}

static void test_a_reader_that_ends_is_wanted_again(void **state)
{
    (void)state;
    struct bed bed = make_bed();
    struct reader_ask what;
    int status;
    _cleanup_close_ int fd = make_picture(&what);
    begin(&bed);
    ask(&bed, &what, fd);
    assert_int_equal(kill(bed.pid, SIGKILL), 0);
    assert_int_equal(waitpid(bed.pid, &status, 0), bed.pid);
    while (bed.supervisor)
        loop_dispatch(bed.loop, 100);
    ask(&bed, &what, fd);
    assert_int_equal(bed.wanted, 2);
    assert_int_equal(bed.error, is_installed() ? 0 : -ENOPKG);
    end(&bed);
}

static void test_messages(void **state)
{
    (void)state;
    uint8_t room[IPC_MAX_BODY];
    static char large[READER_MOST_TEXT + 100];
    static struct reader_answer answer;
    struct reader_ask what = {.width = 640, .height = 480, .language = "chi_sim"}, back;
    struct wire_writer w = wire_writer_init(room, sizeof room);
    reader_write_ask(&w, &what);
    assert_true(reader_read_ask(room, wire_written(&w), &back));
    assert_string_equal(back.language, "chi_sim");
    for (size_t i = 0; i < wire_written(&w); i++)
        assert_false(reader_read_ask(room, i, &back));
    what.width = what.height = 65535;
    w = wire_writer_init(room, sizeof room);
    reader_write_ask(&w, &what);
    assert_false(reader_read_ask(room, wire_written(&w), &back));
    for (size_t i = 0; i + 2 < sizeof large; i += 2)
        memcpy(large + i, "\xc3\xa4", 2);
    w = wire_writer_init(room, sizeof room);
    reader_write_answer(&w, 0, large);
    assert_false(w.full);
    assert_true(reader_read_answer(room, wire_written(&w), &answer));
    assert_int_equal(strlen(answer.text), READER_MOST_TEXT);
    assert_false(reader_language_is_name("../../x"));
    assert_false(reader_language_is_name("en"));
    assert_true(reader_language_is_name("eng"));
}

static void put_file(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fclose(f);
}

static void test_languages_are_found(void **state)
{
    static const char *const files[] = {
        "eng.traineddata",   "osd.traineddata", "chi_sim.traineddata", "deu.traineddata",
        "Latin.traineddata", "eng.user-words",  "pdf.ttf.traineddata", "equ.traineddata",
        ".traineddata",      "configs",         "eng.traineddata.old", "too_long_name.traineddata"};
    char folder[] = "/tmp/lightsout-languages-XXXXXX", found[8][READER_LANGUAGE], path[128];
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        put_file(folder, files[i]);
    assert_int_equal(reader_languages(folder, found, ARRAY_SIZE(found)), 3);
    assert_string_equal(found[0], "chi_sim");
    assert_string_equal(found[1], "deu");
    assert_string_equal(found[2], "eng");
    assert_int_equal(reader_languages(folder, found, 2), 2);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(reader_languages(folder, found, ARRAY_SIZE(found)), 0);
    assert_int_equal(reader_languages(NULL, found, ARRAY_SIZE(found)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_languages_are_found),
        cmocka_unit_test(test_words_are_recognised),
        cmocka_unit_test(test_bad_pictures_are_refused),
        cmocka_unit_test(test_a_reader_that_ends_is_wanted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
