/* What is put into a drive from the library, written over and kept, and what the next gateway makes of the notes. */
#include <sys/time.h>

#include "drives_fixture.h"
#include "gateway/drives/drive_notes.h"

#define MARK 4096 /* bytes from 8192 on that a target has written */

static struct medium_spec image_spec(const char *name)
{
    return (struct medium_spec){.origin = MEDIUM_LIBRARY, .image = name, .kind = -1, .read_only = true, .who = "ann"};
}

static void an_image_is_read_and_in_use(void **state)
{
    struct bench *b = *state;
    static uint8_t room[1 << 20];
    struct result result;
    write_image(b, "a.iso", 3, IMAGE_SIZE);
    struct medium_spec spec = image_spec("a.iso");
    assert_int_equal(insert(b, &spec, &result), 0);
    assert_int_equal(b->machine.medium.kind, DRIVE_CDROM);
    assert_true(library_in_use(b->gateway.library, "a.iso"));
    struct reader reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 1 << 20, room, sizeof room), 0);
    assert_true(is_image(room, sizeof room, 1 << 20, 3));
    assert_int_equal(drive_now(b).bytes_read, sizeof room);
    reader_close(&reader);
    WAIT(b, drive_now(b).idle_ms != UINT64_MAX);
    WAIT(b, drive_now(b).firmware[0]);
    assert_int_equal(insert(b, &spec, &result), -EBUSY);
    eject(b);
    assert_false(library_in_use(b->gateway.library, "a.iso"));
    spec.image = "b.iso";
    assert_int_equal(insert(b, &spec, &result), -ENOENT);
    assert_int_equal(drive_now(b).phase, DRIVE_EMPTY);
}

static void a_slow_medium_keeps_to_its_rate(void **state)
{
    struct bench *b = *state;
    static uint8_t room[1 << 20];
    struct result result;
    write_image(b, "a.iso", 3, IMAGE_SIZE);
    struct medium_spec spec = image_spec("a.iso");
    spec.rate = 2 << 20;
    assert_int_equal(insert(b, &spec, &result), 0);
    struct reader reader = reader_open(b);
    uint64_t began = clock_now_us();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(read_at(b, &reader, (uint64_t)i << 20, room, sizeof room), 0);
    /* 3 MiB at 2 MiB/s, of which a quarter of a second is given in advance */
    assert_true(clock_now_us() - began > 1000000);
    reader_close(&reader);
}

static void the_next_gateway_offers_what_was_in(void **state)
{
    struct bench *b = *state;
    static uint8_t room[4096];
    char before[64];
    struct result result;
    write_image(b, "a.iso", 3, IMAGE_SIZE);
    struct medium_spec spec = image_spec("a.iso");
    assert_int_equal(insert(b, &spec, &result), 0);
    memcpy(before, b->machine.medium.export, sizeof before);
    bench_restart(b);
    WAIT(b, drive_now(b).size == IMAGE_SIZE);
    assert_string_equal(drive_now(b).medium, "a.iso");
    assert_string_equal(b->machine.medium.export, before); /* it never noticed */
    struct reader reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 0, room, sizeof room), 0);
    reader_close(&reader);

    /* an image that changed meanwhile is not the medium that the target has */
    bench_stop(b);
    write_image(b, "a.iso", 4, IMAGE_SIZE + 512);
    bench_start(b);
    run_for(b, 300000);
    assert_int_equal(drive_now(b).size, 0);
}

static int overlaid(struct bench *b, enum medium_overlay overlay, struct reader *reader)
{
    struct result result;
    struct medium_spec spec = image_spec("stick.img");
    spec.overlay = overlay;
    spec.read_only = false;
    int r = insert(b, &spec, &result);
    if (r == 0)
        *reader = reader_open(b);
    return r;
}

/* A stick whose writes go with it, written over; mark: what is there now. */
static void write_over(struct bench *b, uint8_t mark[MARK])
{
    struct reader reader;
    memset(mark, 0xa5, MARK);
    write_image(b, "stick.img", 3, IMAGE_SIZE);
    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_DISCARD, &reader), 0);
    assert_int_equal(write_at(b, &reader, 8192, mark, MARK), 0);
    reader_close(&reader);
}

/* The machine of one that comes back is a new one: nothing is in it. */
static void leave_and_come_back(struct bench *b, bool forget)
{
    drives_leave(b->target.drives, forget);
    bench_stop(b);
    b->machine = (struct machine_drive){.phase = DRIVE_EMPTY};
    bench_start(b);
    drives_restore(b->target.drives);
}

static void a_target_that_comes_back_has_what_was_in(void **state)
{
    struct bench *b = *state;
    static uint8_t room[MARK], mark[MARK];
    struct reader reader;
    write_over(b, mark);

    leave_and_come_back(b, false);
    WAIT(b, b->machine.phase == DRIVE_INSERTED);
    assert_string_equal(drive_now(b).medium, "stick.img");
    reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 8192, room, sizeof room), 0);
    assert_memory_equal(room, mark, sizeof mark);
    reader_close(&reader);

    leave_and_come_back(b, true);
    run_for(b, 300000);
    assert_int_equal(b->machine.phase, DRIVE_EMPTY);
    assert_int_equal(drive_now(b).size, 0);
    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_DISCARD, &reader), 0);
    assert_int_equal(read_at(b, &reader, 8192, room, sizeof room), 0);
    assert_true(is_image(room, sizeof room, 8192, 3));
    reader_close(&reader);
}

static void what_is_written_over_an_image_is_kept_on_demand(void **state)
{
    struct bench *b = *state;
    static uint8_t room[MARK], mark[MARK];
    struct reader reader;
    struct result result = {0};
    memset(mark, 0xa5, sizeof mark);
    write_image(b, "stick.img", 3, IMAGE_SIZE);
    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_KEEP, &reader), 0);
    assert_false(b->machine.medium.read_only);
    assert_int_equal(write_at(b, &reader, 8192, mark, sizeof mark), 0);
    assert_int_equal(drive_now(b).changed, sizeof mark);
    reader_close(&reader);
    bench_restart(b);
    WAIT(b, drive_now(b).size == IMAGE_SIZE);
    reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 8192, room, sizeof room), 0);
    assert_memory_equal(room, mark, sizeof mark);
    reader_close(&reader);
    drives_overlay_discard(b->target.drives, 0, on_result, &result);
    assert_int_equal(result.error, -EBUSY);
    eject(b);

    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_KEEP, &reader), 0);
    assert_int_equal(read_at(b, &reader, 8192, room, sizeof room), 0);
    assert_memory_equal(room, mark, sizeof mark);
    reader_close(&reader);
    eject(b);

    result = (struct result){0};
    drives_overlay_discard(b->target.drives, 0, on_result, &result);
    assert_int_equal(result.error, 0);
    result = (struct result){0};
    drives_overlay_discard(b->target.drives, 0, on_result, &result);
    assert_int_equal(result.error, -ENOENT);
    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_KEEP, &reader), 0);
    assert_int_equal(read_at(b, &reader, 8192, room, sizeof room), 0);
    assert_true(is_image(room, sizeof room, 8192, 3));
    reader_close(&reader);
}

static void what_is_written_otherwise_goes_with_the_medium(void **state)
{
    struct bench *b = *state;
    static uint8_t room[MARK], mark[MARK];
    struct reader reader;
    write_over(b, mark);
    bench_restart(b); /* the machine goes on with what it wrote */
    WAIT(b, drive_now(b).size == IMAGE_SIZE);
    reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 8192, room, sizeof room), 0);
    assert_memory_equal(room, mark, sizeof mark);
    reader_close(&reader);
    eject(b);
    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_DISCARD, &reader), 0);
    assert_int_equal(read_at(b, &reader, 8192, room, sizeof room), 0);
    assert_true(is_image(room, sizeof room, 8192, 3));
    reader_close(&reader);
}

static void a_new_image_is_made_of_what_was_written(void **state)
{
    struct bench *b = *state;
    static uint8_t room[IMAGE_SIZE], mark[MARK];
    struct reader reader;
    struct result result = {0};
    memset(mark, 0xa5, sizeof mark);
    write_image(b, "stick.img", 3, IMAGE_SIZE);
    drives_overlay_export(b->target.drives, 0, "new.img", on_result, &result);
    assert_int_equal(result.error, -ENOENT);
    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_DISCARD, &reader), 0);
    assert_int_equal(write_at(b, &reader, 8192, mark, sizeof mark), 0);
    reader_close(&reader);
    result = (struct result){0};
    drives_overlay_export(b->target.drives, 0, "new.img", on_result, &result);
    WAIT(b, result.done);
    assert_int_equal(result.error, 0);
    eject(b);
    struct medium_spec spec = image_spec("new.img");
    assert_int_equal(insert(b, &spec, &result), 0);
    reader = reader_open(b);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(read_at(b, &reader, (uint64_t)i << 20, room + ((size_t)i << 20), 1 << 20), 0);
    assert_true(is_image(room, 8192, 0, 3));
    assert_memory_equal(room + 8192, mark, sizeof mark);
    assert_true(is_image(room + 12288, IMAGE_SIZE - 12288, 12288, 3));
    reader_close(&reader);
    eject(b);

    /* taken out in the middle */
    assert_int_equal(overlaid(b, MEDIUM_OVERLAY_DISCARD, &reader), 0);
    reader_close(&reader);
    result = (struct result){0};
    drives_overlay_export(b->target.drives, 0, "half.img", on_result, &result);
    eject(b);
    WAIT(b, result.done);
    assert_int_equal(result.error, -ECANCELED);
    spec = image_spec("half.img");
    assert_int_equal(insert(b, &spec, &result), -ENOENT);
}

static void a_folder_is_a_disk(void **state)
{
    struct bench *b = *state;
    static uint8_t room[512];
    char path[160];
    struct result result;
    snprintf(path, sizeof path, "%s/library/cidata", b->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_image(b, "cidata/user-data", 3, 100);
    struct medium_spec spec = image_spec("cidata");
    assert_int_equal(insert(b, &spec, &result), 0);
    assert_int_equal(b->machine.medium.kind, DRIVE_DISK);
    assert_true(b->machine.medium.read_only);
    struct reader reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 0, room, sizeof room), 0);
    assert_int_equal(room[510], 0x55);
    assert_int_equal(room[511], 0xaa);
    reader_close(&reader);
    bench_restart(b);
    WAIT(b, drive_now(b).size > 0);
    assert_string_equal(drive_now(b).medium, "cidata");
    bench_stop(b);
    write_image(b, "cidata/network-config", 3, 100);
    struct timeval times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimes(path, times), 0);
    bench_start(b);
    run_for(b, 300000);
    assert_int_equal(drive_now(b).size, 0); /* another disk than the target has */
}

static void a_medium_of_another_machine_is_waited_for(void **state)
{
    struct bench *b = *state;
    static uint8_t room[512];
    static struct drive_notes notes;
    char path[160];
    struct result result;
    struct medium_spec spec = {.origin = MEDIUM_URL, .url = "http://192.0.2.1/a.iso", .kind = -1, .who = "ann"};
    assert_int_equal(insert(b, &spec, &result), -ENOENT); /* there is nobody to fetch it */
    assert_int_equal(drive_now(b).phase, DRIVE_EMPTY);

    memset(&notes, 0, sizeof notes);
    notes.drives[0] = (struct drive_note){
        .origin = MEDIUM_URL, .kind = DRIVE_CDROM, .read_only = true, .size = IMAGE_SIZE, .image = "a.iso"};
    text_copy(notes.drives[0].url, sizeof notes.drives[0].url, spec.url);
    text_copy(notes.drives[0].export, sizeof notes.drives[0].export, "drive0-1");
    bench_stop(b);
    snprintf(path, sizeof path, "%s/gateway/web1.drives", b->folder);
    assert_int_equal(drive_notes_save(path, &notes), 0);
    bench_start(b);
    drives_restore(b->target.drives);
    assert_int_equal(drive_now(b).phase, DRIVE_INSERTED);
    assert_string_equal(b->machine.medium.export, "drive0-1");
    assert_int_equal(drive_now(b).link, DRIVE_LINK_WAITING);
    assert_string_equal(drive_now(b).url, spec.url);
    struct reader reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 0, room, sizeof room), -ENOSPC);
    reader_close(&reader);
}

static void a_secret_address_is_not_noted(void **state)
{
    struct bench *b = *state;
    char path[160], text[4096] = "";
    struct result result;
    write_image(b, "a.iso", 3, IMAGE_SIZE);
    struct medium_spec spec = image_spec("a.iso");
    spec.url = "http://192.0.2.1/a.iso?key=hidden"; /* as far as the note is concerned */
    assert_int_equal(insert(b, &spec, &result), 0);
    snprintf(path, sizeof path, "%s/gateway/web1.drives", b->folder);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, "url http://192.0.2.1/a.iso\n"));
    assert_null(strstr(text, "hidden"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_image_is_read_and_in_use),
        TEST(a_slow_medium_keeps_to_its_rate),
        TEST(the_next_gateway_offers_what_was_in),
        TEST(a_target_that_comes_back_has_what_was_in),
        TEST(what_is_written_over_an_image_is_kept_on_demand),
        TEST(what_is_written_otherwise_goes_with_the_medium),
        TEST(a_new_image_is_made_of_what_was_written),
        TEST(a_folder_is_a_disk),
        TEST(a_medium_of_another_machine_is_waited_for),
        TEST(a_secret_address_is_not_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
