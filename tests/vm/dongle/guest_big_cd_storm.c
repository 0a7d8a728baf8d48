/* Thousands of random wrappers and commands, some of them no wrappers at all, with resets in between, at both
 * mass-storage functions. Ours has to answer within the standard each time, and every byte it reads has to be the
 * medium's; the kernel's may not hang. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "big_cd_bed.h"
#include "bulk_host.h"
#include "core/wire.h"

#define PRODUCT 0x0111
#define ROOM (64u << 10)
#define KERNELS "/tmp/kernels.iso"
#define BATCH 50

static struct big_cd_bed bed;
static struct bulk_host host;
static bool ours;
static uint8_t room[ROOM], expected[ROOM];
static uint64_t state_of_chance;

static struct {
    unsigned commands, good, failed, phase_errors, bad_wrappers, recoveries, ports, silent, read_bytes;
} count;

static uint32_t chance(uint32_t n)
{
    state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_chance >> 33) % n;
}

static int set_up(void **state)
{
    (void)state;
    bed_up(&bed, PRODUCT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bed_down(&bed);
    unlink(KERNELS);
    return 0;
}

/* Ejects are among the commands. */
static void put_media_in(void)
{
    struct big_cd_statistics statistics;
    big_cd_statistics(bed.cd, &statistics);
    if (!statistics.loaded)
        bed_insert(&bed, 1, BED_SIZE);
    if (gadget_lun_loaded(bed.gadget, 0) == 0)
        assert_int_equal(gadget_lun_insert(bed.gadget, 0, KERNELS, true, true), 0);
}

static void recover(void)
{
    count.recoveries++;
    int r = bulk_host_recover(&host);
    if (r < 0)
        fail_msg("reset recovery: error %d after %u commands", -r, count.commands);
}

/* --- one command --- */

struct wrapper {
    uint8_t bytes[40];
    size_t size;
    uint32_t tag, length;
    bool in, valid;
    const uint8_t *cdb;
};

static void random_cdb(uint8_t cdb[16])
{
    static const uint8_t known[] = {0x00, 0x03, 0x08, 0x12, 0x15, 0x1A, 0x1B, 0x1E, 0x23, 0x25, 0x28,
                                    0x28, 0x2B, 0x2F, 0x35, 0x42, 0x43, 0x44, 0x46, 0x4A, 0x51, 0x52,
                                    0x55, 0x5A, 0x88, 0x9E, 0xA0, 0xA8, 0xAD, 0xBB, 0xBD, 0xBE};
    memset(cdb, 0, 16);
    cdb[0] = chance(10) ? known[chance(sizeof known)] : (uint8_t)chance(256);
    bool sparse = chance(3);
    for (unsigned i = 1; i < 16; i++)
        if (!sparse || !chance(4))
            cdb[i] = (uint8_t)chance(256);
    if (cdb[0] == 0x28 && chance(4)) { /* one that can succeed */
        cdb[2] = 0;
        cdb[3] = (uint8_t)chance(0x30);
        cdb[7] = 0;
        cdb[8] &= 31;
    }
}

static uint32_t random_length(void)
{
    static const uint32_t usual[] = {0, 0, 8, 18, 36, 96, 252, 512, 1024, 2048, 4096, 16384};
    return chance(4) ? usual[chance(sizeof usual / sizeof *usual)] : chance(chance(8) ? 3000 : ROOM);
}

static void make(struct wrapper *w, const uint8_t cdb[16], uint32_t length, bool in)
{
    struct wire_writer writer = wire_writer_init(w->bytes, sizeof w->bytes);
    w->tag = chance(1u << 30);
    w->length = length;
    w->in = in;
    w->valid = true;
    wire_write_bytes(&writer, "USBC", 4);
    wire_write_le32(&writer, w->tag);
    wire_write_le32(&writer, length);
    wire_write_u8(&writer, in ? 0x80 : 0);
    wire_write_u8(&writer, chance(30) ? 0 : (uint8_t)chance(16));
    wire_write_u8(&writer, 16);
    wire_write_bytes(&writer, cdb, 16);
    w->size = wire_written(&writer);
    w->cdb = w->bytes + 15;
}

static void spoil(struct wrapper *w)
{
    w->valid = false;
    switch (chance(4)) {
    case 0:
        w->bytes[chance(4)] ^= (uint8_t)(1 + chance(255));
        break;
    case 1:
        w->size = chance(31);
        break;
    case 2:
        w->bytes[12] |= (uint8_t)(1 + chance(127));
        break;
    default:
        w->bytes[14] = (uint8_t)(17 + chance(200));
    }
}

struct result {
    int data;   /* bytes, or -EPIPE and the like */
    int status; /* of the wrapper; -1: none came */
    uint32_t residue;
};

static int receive_status(const struct wrapper *w, uint32_t *ret_residue)
{
    uint8_t csw[512];
    int n = bulk_host_receive(&host, csw, sizeof csw);
    if (n == -EPIPE)
        n = bulk_host_receive(&host, csw, sizeof csw); /* 6.3: tried once more */
    if (n != 13 || memcmp(csw, "USBS", 4) != 0)
        return -1;
    struct wire_reader r = wire_reader_init(csw + 4, 9);
    if (wire_read_le32(&r) != w->tag)
        return -1;
    *ret_residue = wire_read_le32(&r);
    return wire_read_u8(&r);
}

static struct result run(const struct wrapper *w)
{
    struct result result = {.status = -1};
    int n = bulk_host_send(&host, w->bytes, w->size);
    if (n == -EPIPE)
        return result;
    if (n != (int)w->size && !ours)
        return result;
    if (n != (int)w->size)
        fail_msg("sending a wrapper: %d after %u commands", n, count.commands);
    if (!w->valid)
        return result;
    if (w->length)
        result.data = w->in ? bulk_host_receive(&host, room, w->length) : bulk_host_send(&host, room, w->length);
    if (result.data == -ETIMEDOUT && !ours)
        return result;
    if (result.data == -ETIMEDOUT)
        fail_msg("data of command %02x did not come (length %u, %s) after %u commands", w->cdb[0], w->length,
                 w->in ? "in" : "out", count.commands);
    result.status = receive_status(w, &result.residue);
    return result;
}

static struct result ask(uint8_t code, uint8_t size, uint32_t length)
{
    uint8_t cdb[16] = {code, 0, 0, 0, size};
    struct wrapper w;
    make(&w, cdb, length, true);
    w.bytes[13] = 0;
    return run(&w);
}

/* --- what has to be true --- */

static void check_sense(const struct wrapper *after)
{
    struct result result = ask(0x03, 18, 18);
    if (result.status != 0 || result.data != 18)
        fail_msg("no sense after command %02x: status %d, %d bytes", after->cdb[0], result.status, result.data);
    assert_int_equal(room[0] & 0x7F, 0x70);
    assert_int_equal(room[7], 10);
    if (after->bytes[13] == 0)
        assert_int_not_equal(room[2] & 0x0F, 0);
}

static void check_read_bytes(const struct wrapper *w, int size)
{
    const uint8_t *c = w->cdb;
    uint64_t lba = (uint64_t)c[2] << 24 | (uint64_t)c[3] << 16 | (uint64_t)c[4] << 8 | c[5];
    if (c[0] == 0x08)
        lba = (uint64_t)(c[1] & 0x1F) << 16 | (uint64_t)c[2] << 8 | c[3];
    else if (c[0] == 0x88)
        lba = lba << 32 | (uint64_t)c[6] << 24 | (uint64_t)c[7] << 16 | (uint64_t)c[8] << 8 | c[9];
    else if (c[0] != 0x28 && c[0] != 0xA8 && c[0] != 0xBE)
        return;
    pattern_fill(expected, lba * 2048, ((size_t)size + 7) / 8 * 8, 1);
    if (memcmp(room, expected, (size_t)size) != 0)
        fail_msg("command %02x read bytes that are not the medium's", c[0]);
    count.read_bytes += (unsigned)size;
}

static void check_ours(const struct wrapper *w, const struct result *r)
{
    if (r->status < 0 || r->status > 2 || r->data < 0 || r->residue > w->length)
        fail_msg("command %u, %02x, length %u %s: data %d, status %d, residue %u", count.commands, w->cdb[0], w->length,
                 w->in ? "in" : "out", r->data, r->status, r->residue);
    if (w->in && w->length && r->residue != w->length - (uint32_t)r->data)
        fail_msg("command %02x, length %u: %d bytes came, residue %u", w->cdb[0], w->length, r->data, r->residue);
    if (w->in && r->data > 0)
        check_read_bytes(w, r->data);
    if (r->status == 1)
        check_sense(w);
}

static void tally(int status)
{
    count.good += status == 0;
    count.failed += status == 1;
    count.phase_errors += status == 2;
}

static void one_command(void)
{
    uint8_t cdb[16];
    struct wrapper w;
    random_cdb(cdb);
    make(&w, cdb, random_length(), chance(8));
    bool bad = !chance(25);
    if (bad)
        spoil(&w);
    count.commands++;
    count.bad_wrappers += bad;
    if (!chance(40) && w.valid) { /* the host changes its mind */
        assert_int_equal(bulk_host_send(&host, w.bytes, w.size), w.size);
        if (chance(2) && w.length && w.in)
            (void)bulk_host_receive(&host, room, 1 + chance(w.length) / 512 * 512);
        recover();
        int stale = bulk_host_drain(&host);
        assert_true(!ours || stale <= 64);
        return;
    }
    struct result result = run(&w);
    tally(result.status);
    if (!w.valid && ours)
        assert_int_equal(bulk_host_receive(&host, room, 512), -EPIPE);
    if (w.valid && ours)
        check_ours(&w, &result);
    if (w.valid && result.status < 0) { /* only the kernel's: what it does to commands against all sense */
        count.silent++;
        assert_int_equal(bulk_host_reset_port(&host), 0);
    } else if (result.status < 0 || result.status > 1) {
        recover();
        if (!ours)
            (void)bulk_host_drain(&host);
    }
}

static void check_alive(void)
{
    for (unsigned i = 0; i < 3; i++)
        if (ask(0x00, 0, 0).status != 0)
            (void)ask(0x03, 18, 18);
    struct result result = ask(0x12, 36, 36);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.data, 36);
    assert_memory_equal(room + 8, "LIGHTSOU", 8);
    result = ask(0x00, 0, 0);
    assert_int_equal(result.status, 0);
}

static void storm(bool at_ours)
{
    const char *words = getenv("SCSI_COMMANDS");
    unsigned n = words ? (unsigned)strtoul(words, NULL, 10) : 1000;
    memset(&count, 0, sizeof count);
    ours = at_ours;
    state_of_chance = 42;
    int fd = open(KERNELS, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, 64 << 20), 0);
    close(fd);
    assert_true(bulk_host_open(&host, HOST_VENDOR, PRODUCT, at_ours));
    host.patience_ms = at_ours ? 20000 : 2000;
    while (count.commands < n) {
        put_media_in();
        if (!chance(8)) {
            count.ports++;
            assert_int_equal(bulk_host_reset_port(&host), 0);
        }
        for (unsigned i = 0; i < BATCH; i++)
            one_command();
        put_media_in();
        check_alive();
    }
    print_message("%s: %u commands: %u good, %u failed, %u phase errors, %u bad wrappers, %u recoveries, %u port "
                  "resets, %u without an answer, %u KiB compared\n",
                  at_ours ? "ours" : "the kernel's", count.commands, count.good, count.failed, count.phase_errors,
                  count.bad_wrappers, count.recoveries, count.ports, count.silent, count.read_bytes / 1024);
    bulk_host_close(&host);
}

static void test_ours_answers_within_the_standard(void **state)
{
    (void)state;
    storm(true);
}

static void test_the_kernels_does_not_hang(void **state)
{
    (void)state;
    storm(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ours_answers_within_the_standard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_kernels_does_not_hang, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
