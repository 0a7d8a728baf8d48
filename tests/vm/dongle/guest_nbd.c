/* The whole way of a block: host, gadget, /dev/nbdN, our server; with a server that stalls, dies and comes back. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "block_server.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "host_side.h"

#define PRODUCT 0x0106
#define DISC_SIZE (300u * 2048) /* the smallest that the kernel takes */
#define LARGE_SIZE (12u << 20)
#define SWAPS 100

static uint8_t disc_a[DISC_SIZE], disc_b[DISC_SIZE], large[LARGE_SIZE], got[LARGE_SIZE + 4096];

struct fixture {
    struct block_server *server;
    struct gadget *gadget;
    struct nbd_device_config config; /* of the device that was connected last */
    char why[256], cd[HOST_PATH];
};

static void fill(uint8_t *bytes, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gadget_config config = host_gadget_config(PRODUCT);
    *state = f;
    fill(disc_a, sizeof disc_a, 1);
    fill(disc_b, sizeof disc_b, 2);
    f->server = block_server_start();
    block_server_delay(f->server, 0);
    block_server_offer(f->server, "a", disc_a, sizeof disc_a, true);
    block_server_offer(f->server, "b", disc_b, sizeof disc_b, true);
    return gadget_create(&config, &f->gadget, f->why, sizeof f->why) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    gadget_destroy(f->gadget);
    bool clean = host_wait_no_device(PRODUCT) && host_wait_no_disc("sr");
    nbd_device_remove_left_over();
    block_server_stop(f->server);
    free(f);
    return clean ? 0 : -1;
}

static void show_drives(struct fixture *f)
{
    if (gadget_up(f->gadget, PERSONALITY_DRIVE, NULL, f->why, sizeof f->why) < 0)
        fail_msg("%s", f->why);
    assert_true(host_wait_disc("sr", f->cd));
}

/* As the helper does it: the number of a fresh device. */
static unsigned connect_device(struct fixture *f, const char *name, uint64_t size, unsigned block, unsigned dead_s)
{
    unsigned index = 9999;
    f->config = (struct nbd_device_config){
        .size = size, .block_size = block, .timeout_s = NBD_DEVICE_TIMEOUT_S, .dead_s = dead_s};
    _cleanup_close_ int fd = block_server_connect(f->server, name, &f->config.flags);
    assert_int_equal(nbd_device_connect(&f->config, &fd, 1, &index), 0);
    assert_true(nbd_device_connected(index));
    return index;
}

static int reconnect_device(struct fixture *f, unsigned index, const char *name)
{
    uint16_t flags;
    _cleanup_close_ int fd = block_server_connect(f->server, name, &flags);
    return nbd_device_reconnect(index, &f->config, &fd, 1);
}

static void insert(struct fixture *f, unsigned index)
{
    char path[32];
    nbd_device_path(index, path, sizeof path);
    assert_int_equal(gadget_lun_insert(f->gadget, 0, path, true, true), 0);
}

struct reading {
    const char *disc;
    size_t size;
};

static bool reads(void *data)
{
    struct reading *reading = data;
    return host_read_disc(reading->disc, got, sizeof got, &reading->size) == 0;
}

static void expect_disc(struct fixture *f, const uint8_t *bytes, size_t size)
{
    struct reading reading = {.disc = f->cd};
    assert_true(host_wait(reads, &reading));
    assert_int_equal(reading.size, size);
    assert_memory_equal(got, bytes, size);
}

/* --- the device alone --- */

static void test_a_device_of_ours(void **state)
{
    struct fixture *f = *state;
    char path[32];
    unsigned first = connect_device(f, "a", DISC_SIZE, 2048, 20), second = connect_device(f, "b", DISC_SIZE, 2048, 20);
    assert_int_not_equal(first, second);
    assert_int_equal(nbd_device_set_read_ahead(first, 512), 0);
    nbd_device_path(first, path, sizeof path);
    size_t size = 0;
    assert_int_equal(host_read_disc(path, got, sizeof got, &size), 0);
    assert_int_equal(size, DISC_SIZE);
    assert_memory_equal(got, disc_a, DISC_SIZE);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd < 0 || write(fd, "x", 1) < 0); /* read-only */
    assert_int_equal(nbd_device_disconnect(first), 0);
    assert_int_equal(nbd_device_remove_left_over(), fd < 0 ? 1 : 2);
    assert_false(nbd_device_connected(second));
    assert_int_not_equal(reconnect_device(f, second, "b"), 0);
    assert_int_not_equal(nbd_device_disconnect(4711), 0);
}

static void test_odd_sizes(void **state)
{
    struct fixture *f = *state;
    char path[32];
    size_t size;
    unsigned index;
    block_server_offer(f->server, "odd", disc_a, DISC_SIZE - 100, true);
    index = connect_device(f, "odd", DISC_SIZE - 100, 2048, 20);
    nbd_device_path(index, path, sizeof path);
    assert_int_equal(host_read_disc(path, got, sizeof got, &size), 0);
    assert_int_equal(size, DISC_SIZE);
    memset(disc_a + DISC_SIZE - 100, 0, 100);
    assert_memory_equal(got, disc_a, DISC_SIZE);
    assert_int_equal(nbd_device_disconnect(index), 0);

    block_server_offer(f->server, "disk", disc_a, 1000, false);
    struct nbd_device_config config = {.size = 1000, .block_size = 512, .timeout_s = 27, .dead_s = 20};
    _cleanup_close_ int fd = block_server_connect(f->server, "disk", &config.flags);
    assert_int_equal(nbd_device_connect(&config, &fd, 1, &index), -EINVAL);
}

static void test_a_connection_that_lives_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    unsigned index = connect_device(f, "a", DISC_SIZE, 2048, 20);
    assert_int_equal(reconnect_device(f, index, "a"), -EBUSY); /* the kernel itself says 0 */
    block_server_break(f->server, "a");
    assert_int_equal(reconnect_device(f, index, "a"), 0);
    assert_int_equal(nbd_device_disconnect(index), 0);
}

/* --- behind the drive --- */

/* Both ways of changing: in place of the old medium, which takes another device, and after an eject, which takes the
 * same one again. */
static void test_a_hundred_swaps_of_equal_size(void **state)
{
    struct fixture *f = *state;
    unsigned old = 0, same = 0;
    uint64_t start = clock_now_us();
    show_drives(f);
    for (unsigned i = 0; i < SWAPS; i++) {
        bool eject_first = i / 2 % 2;
        if (i && eject_first) {
            assert_int_equal(gadget_lun_eject(f->gadget, 0, false), 0);
            assert_int_equal(nbd_device_disconnect(old), 0);
        }
        unsigned index = connect_device(f, i % 2 ? "b" : "a", DISC_SIZE, 2048, 20);
        insert(f, index);
        if (i && !eject_first)
            assert_int_equal(nbd_device_disconnect(old), 0);
        same += i && index == old;
        expect_disc(f, i % 2 ? disc_b : disc_a, DISC_SIZE);
        old = index;
    }
    print_message("%d swaps in %.1f s, %u on the same device\n", SWAPS, (double)(clock_now_us() - start) / 1e6, same);
    assert_true(same >= SWAPS / 4);
}

struct slow_read {
    const char *disc;
    uint8_t bytes[65536];
    off_t offset;
    size_t size; /* 0: all of bytes */
    ssize_t n;
    int error;
    uint64_t us;
};

static void *read_slowly(void *data)
{
    struct slow_read *r = data;
    uint64_t start = clock_now_us();
    _cleanup_close_ int fd = open(r->disc, O_RDONLY | O_CLOEXEC);
    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    r->n = pread(fd, r->bytes, r->size ? r->size : sizeof r->bytes, r->offset);
    r->error = r->n < 0 ? errno : 0;
    r->us = clock_now_us() - start;
    return NULL;
}

static void test_a_server_that_stalls_and_is_replaced(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    show_drives(f);
    unsigned index = connect_device(f, "a", DISC_SIZE, 2048, 20);
    insert(f, index);
    struct slow_read r = {.disc = f->cd, .offset = 0};
    assert_true(host_wait(reads, &(struct reading){.disc = f->cd}));
    /* the page cache on our side would answer for the server */
    insert(f, index);
    char path[32];
    nbd_device_path(index, path, sizeof path);
    _cleanup_close_ int flush = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(ioctl(flush, BLKFLSBUF, 0), 0);
    read_slowly(&r); /* and tells the host of the change */
    assert_int_equal(ioctl(flush, BLKFLSBUF, 0), 0);

    uint64_t start = clock_now_us();
    block_server_stall(f->server, 6000);
    r.offset = 262144;
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
    block_server_break(f->server, "a"); /* waits for the stall to end */
    assert_int_equal(reconnect_device(f, index, "a"), 0);
    pthread_join(thread, NULL);
    print_message("the read took %.1f s\n", (double)r.us / 1e6);
    assert_int_equal(r.error, 0);
    assert_int_equal(r.n, sizeof r.bytes);
    assert_memory_equal(r.bytes, disc_a + r.offset, sizeof r.bytes);
    assert_true(clock_now_us() - start > 4000000);
    expect_disc(f, disc_a, DISC_SIZE);
}

/* --- slow and lost servers, as the gateway and the helper deal with them --- */

struct gateway {
    struct fixture *f;
    unsigned index, reconnected;
    const char *name;
    _Atomic bool stop;
};

/* Whenever the kernel gave the connection up, it gets another. */
static void *reconnect_always(void *data)
{
    struct gateway *gateway = data;
    while (!gateway->stop) {
        if (block_server_stats(gateway->f->server, gateway->name).connections == 0)
            gateway->reconnected += reconnect_device(gateway->f, gateway->index, gateway->name) == 0;
        usleep(10000);
    }
    return NULL;
}

/* A medium that is in and known to the host, and nothing of it in the page cache on our side. */
static unsigned insert_cold(struct fixture *f, struct slow_read *r)
{
    char path[32];
    show_drives(f);
    unsigned index = connect_device(f, "a", DISC_SIZE, 2048, NBD_DEVICE_DEAD_S);
    insert(f, index);
    *r = (struct slow_read){.disc = f->cd, .size = 2048};
    assert_true(host_wait(reads, &(struct reading){.disc = f->cd}));
    nbd_device_path(index, path, sizeof path);
    _cleanup_close_ int flush = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(ioctl(flush, BLKFLSBUF, 0), 0);
    r->offset = 262144;
    return index;
}

static void expect_slow_read(const struct slow_read *r)
{
    assert_int_equal(r->error, 0);
    assert_int_equal(r->n, r->size);
    assert_memory_equal(r->bytes, disc_a + r->offset, r->size);
}

static void test_a_server_that_is_killed_in_the_middle_of_a_read(void **state)
{
    struct fixture *f = *state;
    struct slow_read r;
    pthread_t thread;
    unsigned index = insert_cold(f, &r);
    uint64_t before = block_server_stats(f->server, "a").requests;
    block_server_delay(f->server, 60000);
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
    usleep(500000);
    assert_int_equal(block_server_stats(f->server, "a").requests, before); /* it waits */
    block_server_delay(f->server, 0);
    block_server_break(f->server, "a");
    assert_int_equal(reconnect_device(f, index, "a"), 0);
    pthread_join(thread, NULL);
    print_message("killed: the read took %.1f s (wanted 5)\n", (double)r.us / 1e6);
    expect_slow_read(&r);
    expect_disc(f, disc_a, DISC_SIZE);
}

static void test_a_source_that_takes_ten_seconds(void **state)
{
    struct fixture *f = *state;
    struct slow_read r;
    pthread_t thread;
    struct gateway gateway = {.f = f, .name = "a", .index = insert_cold(f, &r)};
    block_server_delay(f->server, 10000);
    assert_int_equal(pthread_create(&thread, NULL, reconnect_always, &gateway), 0);
    read_slowly(&r);
    block_server_delay(f->server, 0);
    print_message("10 s a block: the read took %.1f s, %u connections more\n", (double)r.us / 1e6, gateway.reconnected);
    expect_slow_read(&r);
    assert_true(r.us > 9000000);
    assert_true(gateway.reconnected >= 1);
    expect_disc(f, disc_a, DISC_SIZE);
    gateway.stop = true;
    pthread_join(thread, NULL);
}

static void test_a_source_that_takes_a_minute(void **state)
{
    struct fixture *f = *state;
    struct slow_read r;
    pthread_t thread;
    struct gateway gateway = {.f = f, .name = "a", .index = insert_cold(f, &r)};
    block_server_delay(f->server, 60000);
    assert_int_equal(pthread_create(&thread, NULL, reconnect_always, &gateway), 0);
    uint64_t start = clock_now_us();
    read_slowly(&r);
    print_message("60 s a block: an error after %.1f s, %u connections more\n", (double)r.us / 1e6,
                  gateway.reconnected);
    assert_int_equal(r.error, EIO);
    block_server_delay(f->server, 0);
    struct slow_read other = {.disc = f->cd, .size = 2048, .offset = 524288};
    read_slowly(&other); /* other blocks are not concerned */
    expect_slow_read(&other);
    do {
        usleep(1000000);
        read_slowly(&r);
    } while (r.error && clock_now_us() - start < 120000000);
    print_message("right again after %.1f s\n", (double)(clock_now_us() - start) / 1e6);
    expect_slow_read(&r);
    expect_disc(f, disc_a, DISC_SIZE);
    gateway.stop = true;
    pthread_join(thread, NULL);
}

/* Nobody comes back: the host gets an error, and the drive takes another medium. */
static void test_a_server_that_is_gone_for_good(void **state)
{
    struct fixture *f = *state;
    show_drives(f);
    unsigned index = connect_device(f, "a", DISC_SIZE, 2048, 2);
    insert(f, index);
    expect_disc(f, disc_a, DISC_SIZE);
    char path[32];
    nbd_device_path(index, path, sizeof path);
    int flush = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(ioctl(flush, BLKFLSBUF, 0), 0);
    close(flush);
    block_server_withdraw(f->server, "a");
    struct slow_read r = {.disc = f->cd, .offset = 262144};
    read_slowly(&r);
    assert_int_equal(r.n, -1);
    assert_int_equal(r.error, EIO);
    int held = open(f->cd, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    assert_int_equal(gadget_lun_eject(f->gadget, 0, true), 0);
    close(held);
    assert_int_equal(nbd_device_disconnect(index), 0);
    insert(f, connect_device(f, "b", DISC_SIZE, 2048, 20));
    expect_disc(f, disc_b, DISC_SIZE);
}

static bool writes(void *data)
{
    _cleanup_close_ int fd = open(data, O_RDWR | O_CLOEXEC | O_SYNC);
    return fd >= 0 && pwrite(fd, disc_b, 65536, 131072) == 65536;
}

static void test_what_a_host_writes_is_at_the_server(void **state)
{
    struct fixture *f = *state;
    char path[32], disk[HOST_PATH];
    show_drives(f);
    assert_true(host_wait_disc("sd", disk));
    block_server_offer(f->server, "disk", disc_a, DISC_SIZE, false);
    unsigned index = connect_device(f, "disk", DISC_SIZE, 512, 20);
    nbd_device_path(index, path, sizeof path);
    assert_int_equal(gadget_lun_insert(f->gadget, 1, path, false, false), 0);
    assert_true(host_wait(writes, disk));
    assert_int_equal(gadget_lun_eject(f->gadget, 1, false), 0); /* waits until it is written */
    assert_int_equal(block_server_stats(f->server, "disk").bytes_written, 65536);
    assert_int_equal(nbd_device_disconnect(index), 0);
    /* through another device, with nothing in between */
    index = connect_device(f, "disk", DISC_SIZE, 512, 20);
    nbd_device_path(index, path, sizeof path);
    size_t size;
    assert_int_equal(host_read_disc(path, got, sizeof got, &size), 0);
    memcpy(disc_a + 131072, disc_b, 65536);
    assert_memory_equal(got, disc_a, DISC_SIZE);
}

/* --- speed --- */

static bool opens(void *data)
{
    _cleanup_close_ int fd = open(data, O_RDONLY | O_CLOEXEC);
    return fd >= 0;
}

static double first_reading(struct fixture *f, const char *path)
{
    assert_int_equal(gadget_lun_insert(f->gadget, 0, path, true, true), 0);
    assert_true(host_wait(opens, f->cd));
    struct reading reading = {.disc = f->cd};
    uint64_t start = clock_now_us();
    assert_true(host_wait(reads, &reading));
    double seconds = (double)(clock_now_us() - start) / 1e6;
    assert_int_equal(reading.size, LARGE_SIZE);
    assert_memory_equal(got, large, LARGE_SIZE);
    return LARGE_SIZE / seconds / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Side by side, because the machine is shared: what counts is each pair's ratio. */
static void test_speed_beside_a_plain_file(void **state)
{
    struct fixture *f = *state;
    enum { PAIRS = 5 };
    double ratios[PAIRS];
    char path[32];
    fill(large, sizeof large, 3);
    int fd = open("/tmp/large.iso", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, large, sizeof large), sizeof large);
    close(fd);
    block_server_offer(f->server, "large", large, sizeof large, true);
    show_drives(f);
    for (unsigned i = 0; i < PAIRS; i++) {
        double file = first_reading(f, "/tmp/large.iso");
        nbd_device_path(connect_device(f, "large", LARGE_SIZE, 2048, 20), path, sizeof path);
        double device = first_reading(f, path);
        ratios[i] = device / file;
        print_message("first reading: plain file %.1f MB/s, nbd %.1f MB/s\n", file, device);
    }
    unlink("/tmp/large.iso");
    qsort(ratios, PAIRS, sizeof *ratios, compare);
    print_message("ratio %.2f (%.2f to %.2f; wanted 0.7)\n", ratios[PAIRS / 2], ratios[0], ratios[PAIRS - 1]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_device_of_ours),
        T(test_odd_sizes),
        T(test_a_connection_that_lives_is_not_replaced),
        T(test_a_hundred_swaps_of_equal_size),
        T(test_a_server_that_stalls_and_is_replaced),
        T(test_a_server_that_is_killed_in_the_middle_of_a_read),
        T(test_a_source_that_takes_ten_seconds),
        T(test_a_source_that_takes_a_minute),
        T(test_a_server_that_is_gone_for_good),
        T(test_what_a_host_writes_is_at_the_server),
        T(test_speed_beside_a_plain_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
