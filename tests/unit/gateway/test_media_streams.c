/* Files that peers bring: read as they are, waited for when the peer goes, believed when it returns only as far as they
 * are the same, and at home in the library in the end. */
#include "drives_fixture.h"

static void a_file_is_read_in_any_order(void **state)
{
    struct bench *b = *state;
    static struct media_peer peer;
    static uint8_t room[IMAGE_SIZE];
    peer = (struct media_peer){.seed = 5};
    struct medium_spec spec = file_spec("a disc.iso");
    assert_int_equal(peer_open(b, &peer, &spec), 0);
    WAIT(b, peer.ready);
    struct drive_state now = drive_now(b);
    assert_int_equal(now.phase, DRIVE_INSERTED);
    assert_int_equal(now.origin, MEDIUM_STREAM);
    assert_int_equal(now.kind, DRIVE_CDROM);
    assert_string_equal(now.medium, "a disc.iso");
    assert_memory_equal(now.id, peer.id, sizeof peer.id);
    struct reader reader = reader_open(b);
    for (uint64_t at = 0; at < IMAGE_SIZE; at += 1 << 20) {
        read_begin(&reader, at, room + at, 1 << 20);
        WAIT_SERVING(b, &peer, reader.done);
        assert_int_equal(reader.error, 0);
    }
    assert_true(is_image(room, sizeof room, 0, 5));
    reader_close(&reader);
    eject(b);
    assert_true(peer.ended);
    assert_int_equal(peer.reason, MEDIA_END_EJECTED);
    assert_int_equal(drive_now(b).phase, DRIVE_EMPTY);
    peer_close(&peer);
}

static void reads_wait_for_a_peer_that_returns(void **state)
{
    struct bench *b = *state;
    static struct media_peer first, second;
    static uint8_t room[65536];
    first = (struct media_peer){.seed = 5};
    second = (struct media_peer){.seed = 5};
    struct medium_spec spec = file_spec("a.iso");
    assert_int_equal(peer_open(b, &first, &spec), 0);
    WAIT(b, first.ready);
    peer_close(&first);
    assert_int_equal(drive_now(b).link, DRIVE_LINK_WAITING);
    assert_non_null(strstr(drive_now(b).words, "pick it again"));
    assert_int_equal(drive_now(b).phase, DRIVE_INSERTED);
    struct reader reader = reader_open(b);
    read_begin(&reader, 1 << 20, room, sizeof room);
    run_for(b, 300000);
    assert_false(reader.done);
    memcpy(spec.id, first.id, sizeof spec.id);
    assert_int_equal(peer_open(b, &second, &spec), 0);
    assert_true(second.ready);
    assert_memory_equal(second.id, first.id, sizeof first.id);
    WAIT_SERVING(b, &second, reader.done);
    assert_int_equal(reader.error, 0);
    assert_true(is_image(room, sizeof room, 1 << 20, 5));
    assert_int_equal(drive_now(b).link, DRIVE_LINK_GOOD);
    reader_close(&reader);
    peer_close(&second);
}

static void a_machine_stands_still_and_goes_on(void **state)
{
    struct bench *b = *state;
    static struct media_peer first, second;
    static uint8_t room[65536];
    first = (struct media_peer){.seed = 5};
    second = (struct media_peer){.seed = 5};
    struct medium_spec spec = file_spec("a.iso");
    assert_int_equal(peer_open(b, &first, &spec), 0);
    WAIT(b, first.ready);
    peer_close(&first);
    struct reader reader = reader_open(b);
    /* what QEMU stops at */
    assert_int_equal(read_at(b, &reader, 0, room, sizeof room), -ENOSPC);
    b->machine.paused = true;
    assert_non_null(strstr(drive_now(b).words, "stands still"));
    run_for(b, 1500000);
    assert_int_equal(b->machine.resumed, 0);           /* as long as nobody brings it */
    assert_int_equal(peer_open(b, &second, &spec), 0); /* without its id: by name, size and time */
    WAIT(b, b->machine.resumed == 1);
    read_begin(&reader, 0, room, sizeof room);
    WAIT_SERVING(b, &second, reader.done);
    assert_int_equal(reader.error, 0);
    assert_true(is_image(room, sizeof room, 0, 5));
    reader_close(&reader);
    peer_close(&second);
}

static void only_the_same_file_of_the_same_user_goes_on(void **state)
{
    struct bench *b = *state;
    static struct media_peer first, other;
    first = (struct media_peer){.seed = 5};
    struct medium_spec spec = file_spec("a.iso");
    assert_int_equal(peer_open(b, &first, &spec), 0);
    WAIT(b, first.ready);
    peer_close(&first);

    struct medium_spec wrong = spec;
    memcpy(wrong.id, first.id, sizeof wrong.id);
    wrong.size--;
    other = (struct media_peer){.seed = 5};
    assert_int_equal(peer_open(b, &other, &wrong), 0);
    assert_int_equal(other.reason, MEDIA_END_CHANGED);
    peer_close(&other);

    memcpy(spec.id, first.id, sizeof spec.id);
    text_copy(b->session.user, sizeof b->session.user, "bob");
    other = (struct media_peer){.seed = 5};
    assert_int_equal(peer_open(b, &other, &spec), 0);
    assert_int_equal(other.reason, MEDIA_END_REFUSED);
    assert_non_null(strstr(other.why, "Another user"));
    peer_close(&other);
    text_copy(b->session.user, sizeof b->session.user, "ann");

    spec.id[0] ^= 1;
    other = (struct media_peer){.seed = 5};
    assert_int_equal(peer_open(b, &other, &spec), 0);
    assert_int_equal(other.reason, MEDIA_END_REFUSED);
    assert_false(other.ready);
    peer_close(&other);
}

static void a_known_block_that_differs_is_an_error(void **state)
{
    struct bench *b = *state;
    static struct media_peer first, second;
    static uint8_t room[65536];
    first = (struct media_peer){.seed = 5};
    second = (struct media_peer){.seed = 5, .differs = 70000};
    struct medium_spec spec = file_spec("a.iso");
    assert_int_equal(peer_open(b, &first, &spec), 0);
    WAIT(b, first.ready);
    struct reader reader = reader_open(b);
    read_begin(&reader, 65536, room, sizeof room);
    WAIT_SERVING(b, &first, reader.done);
    assert_int_equal(reader.error, 0);
    reader_close(&reader);
    peer_close(&first);
    bench_restart(b); /* nothing is in a cache in memory any more, but the digests stay */
    memcpy(spec.id, first.id, sizeof spec.id);
    assert_int_equal(peer_open(b, &second, &spec), 0);
    assert_true(second.ready);
    reader = reader_open(b);
    read_begin(&reader, 65536, room, sizeof room);
    WAIT_SERVING(b, &second, reader.done);
    assert_true(reader.error < 0 && reader.error != -ENOSPC);
    assert_true(drive_now(b).reason[0] != '\0');
    reader_close(&reader);
    peer_close(&second);
}

static void another_peer_takes_over(void **state)
{
    struct bench *b = *state;
    static struct media_peer first, second;
    static uint8_t room[4096];
    first = (struct media_peer){.seed = 5};
    second = (struct media_peer){.seed = 5};
    struct medium_spec spec = file_spec("a.iso");
    assert_int_equal(peer_open(b, &first, &spec), 0);
    WAIT(b, first.ready);
    memcpy(spec.id, first.id, sizeof spec.id);
    assert_int_equal(peer_open(b, &second, &spec), 0);
    assert_true(first.ended);
    assert_int_equal(first.reason, MEDIA_END_REPLACED);
    peer_close(&first);
    assert_int_equal(drive_now(b).link, DRIVE_LINK_GOOD);
    struct reader reader = reader_open(b);
    read_begin(&reader, 0, room, sizeof room);
    WAIT_SERVING(b, &second, reader.done);
    assert_true(is_image(room, sizeof room, 0, 5));
    reader_close(&reader);
    peer_close(&second);
}

static void a_busy_drive_and_bad_names_are_refused(void **state)
{
    struct bench *b = *state;
    static struct media_peer first, other;
    first = (struct media_peer){.seed = 5};
    struct medium_spec spec = file_spec("a.iso");
    assert_int_equal(peer_open(b, &first, &spec), 0);
    WAIT(b, first.ready);
    struct medium_spec more = file_spec("b.iso");
    other = (struct media_peer){.seed = 6};
    assert_int_equal(peer_open(b, &other, &more), 0);
    WAIT(b, other.ended);
    assert_int_equal(other.reason, MEDIA_END_REFUSED);
    assert_non_null(strstr(other.why, "eject it first"));
    peer_close(&other);
    static const char *const names[] = {"", ".", "..", "a/b", "a\nb", "\xff"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        more.image = names[i];
        assert_int_equal(peer_open(b, &other, &more), -EINVAL);
    }
    peer_close(&first);
    eject(b);
}

static void a_copied_file_belongs_to_the_library(void **state)
{
    struct bench *b = *state;
    static struct media_peer peer;
    static uint8_t room[1 << 20];
    peer = (struct media_peer){.seed = 5};
    struct medium_spec spec = file_spec("a.iso");
    spec.copy = true;
    assert_int_equal(peer_open(b, &peer, &spec), 0);
    WAIT_SERVING(b, &peer, peer.ended);
    assert_true(peer.ready && peer.complete);
    assert_int_equal(peer.reason, MEDIA_END_COPIED);
    peer_close(&peer);
    struct drive_state now = drive_now(b);
    assert_int_equal(now.origin, MEDIUM_LIBRARY);
    assert_true(now.copied);
    assert_int_equal(now.link, DRIVE_LINK_GOOD);
    bench_restart(b); /* as an image of the library like others */
    WAIT(b, drive_now(b).phase == DRIVE_INSERTED && drive_now(b).size == IMAGE_SIZE);
    struct reader reader = reader_open(b);
    assert_int_equal(read_at(b, &reader, 1 << 20, room, sizeof room), 0);
    assert_true(is_image(room, sizeof room, 1 << 20, 5));
    reader_close(&reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_in_any_order),
        TEST(reads_wait_for_a_peer_that_returns),
        TEST(a_machine_stands_still_and_goes_on),
        TEST(only_the_same_file_of_the_same_user_goes_on),
        TEST(a_known_block_that_differs_is_an_error),
        TEST(another_peer_takes_over),
        TEST(a_busy_drive_and_bad_names_are_refused),
        TEST(a_copied_file_belongs_to_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
