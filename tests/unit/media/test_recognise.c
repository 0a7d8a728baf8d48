/* What we make of images that the usual tools made, whole and broken. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/text.h"
#include "media/recognise.h"
#include "media/recognise_internal.h"
#include "tool.h"

struct fixture {
    char folder[64], said[4096];
    int fd;
    uint64_t size; /* what is left of the image */
    unsigned reads;
    struct image_facts facts;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->fd = -1;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.recognise.XXXXXX");
    return mkdtemp(f->folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->fd >= 0)
        close(f->fd);
    tool_run((const char *const[]){"rm", "-rf", f->folder, NULL}, f->said, sizeof f->said);
    free(f);
    return 0;
}

static bool read_image(void *data, uint64_t offset, void *room, size_t size)
{
    struct fixture *f = data;
    f->reads++;
    assert_true(offset <= f->size && size <= f->size - offset);
    return pread(f->fd, room, size, (off_t)offset) == (ssize_t)size;
}

static void look(struct fixture *f)
{
    f->reads = 0;
    recognise(f->size, read_image, f, &f->facts);
    assert_true(f->reads <= RECOGNISE_READS);
}

/* A script in the folder makes "image"; skipped where a tool is missing. */
static void make(struct fixture *f, const char *tools, const char *script)
{
    char list[128], *rest = list, image[100], whole[4096];
    text_copy(list, sizeof list, tools);
    for (char *tool; (tool = strtok_r(rest, " ", &rest));)
        if (!tool_there(tool))
            skip();
    snprintf(whole, sizeof whole, "set -eu; cd \"$1\"; %s", script);
    int r = tool_run((const char *const[]){"sh", "-c", whole, "sh", f->folder, NULL}, f->said, sizeof f->said);
    if (r)
        fail_msg("%d: %s", r, f->said);
    struct stat st;
    snprintf(image, sizeof image, "%s/image", f->folder);
    f->fd = open(image, O_RDWR | O_CLOEXEC);
    assert_true(f->fd >= 0 && fstat(f->fd, &st) == 0);
    f->size = (uint64_t)st.st_size;
    look(f);
}

static void expect_boot(const struct fixture *f, bool bios, bool uefi, bool disk_bios, bool disk_uefi)
{
    assert_int_equal(f->facts.boots_bios, bios);
    assert_int_equal(f->facts.boots_uefi, uefi);
    assert_int_equal(f->facts.disk_boots_bios, disk_bios);
    assert_int_equal(f->facts.disk_boots_uefi, disk_uefi);
}

static void expect_words(const struct fixture *f, bool as_disk, const char *words)
{
    char room[400];
    recognise_words(&f->facts, as_disk, room, sizeof room);
    assert_string_equal(room, words);
}

static bool in_ranges(const struct fixture *f, uint64_t offset)
{
    for (unsigned i = 0; i < f->facts.n_ranges; i++)
        if (offset >= f->facts.ranges[i].offset && offset - f->facts.ranges[i].offset < f->facts.ranges[i].size)
            return true;
    return false;
}

/* Where this text stands in the image. */
static uint64_t find(struct fixture *f, const char *text)
{
    uint8_t *bytes = malloc(f->size);
    assert_int_equal(pread(f->fd, bytes, f->size, 0), f->size);
    uint8_t *at = memmem(bytes, f->size, text, strlen(text));
    uint64_t offset = at ? (uint64_t)(at - bytes) : UINT64_MAX;
    free(bytes);
    assert_true(at != NULL);
    return offset;
}

#define TREE                                                                                                           \
    "mkdir -p t/boot/grub t/data; echo THE_MENU >t/boot/grub/grub.cfg; "                                               \
    "head -c 9000000 /dev/zero >t/data/far; echo NOT_FOR_BOOTING >t/data/z; "
/* A FAT file system with a loader for UEFI */
#define EFI                                                                                                            \
    "mkdir -p e; echo MZ >e/l.efi; truncate -s 2M efi.img; mformat -i efi.img -v ESP ::; "                             \
    "mmd -i efi.img ::/EFI ::/EFI/BOOT; mcopy -i efi.img e/l.efi ::/EFI/BOOT/BOOTX64.EFI; "

static void test_a_rescue_disc_starts_everywhere(void **state)
{
    struct fixture *f = *state;
    make(f, "grub-mkrescue xorriso mformat",
         TREE "[ -d /usr/lib/grub/i386-pc ] && [ -d /usr/lib/grub/x86_64-efi ] || exit 0; "
              "grub-mkrescue --locales= --fonts= --themes= -o image t -volid RESCUE >log 2>&1 || { cat log; exit 1; }");
    assert_int_equal(f->facts.format, IMAGE_ISO);
    assert_true(f->facts.hybrid);
    expect_boot(f, true, true, true, true);
    assert_string_equal(f->facts.label, "RESCUE");
    assert_string_equal(f->facts.why, "");
    assert_true(in_ranges(f, find(f, "THE_MENU")));
    assert_false(in_ranges(f, find(f, "NOT_FOR_BOOTING")));
    expect_words(f, false, "A CD that BIOS and UEFI machines start from.");
    expect_words(f, true, "A disk that BIOS and UEFI machines start from.");
    /* the sum of its partition table no longer fits: firmware leaves it alone */
    uint8_t byte;
    assert_int_equal(pread(f->fd, &byte, 1, 512 + 60), 1);
    byte ^= 1;
    assert_int_equal(pwrite(f->fd, &byte, 1, 512 + 60), 1);
    look(f);
    expect_boot(f, true, true, true, false);
}

static void test_a_boot_image_for_bios(void **state)
{
    struct fixture *f = *state;
    make(f, "xorriso",
         TREE "head -c 2048 /dev/zero >t/boot/loader; xorriso -as mkisofs -quiet -V BIOS -b boot/loader "
              "-no-emul-boot -boot-load-size 4 -o image t");
    expect_boot(f, true, false, false, false);
    expect_words(f, false, "A CD that BIOS machines start from; UEFI machines do not.");
    expect_words(f, true, "A disk that machines do not start from; as a CD they do.");
}

static void test_a_boot_image_for_uefi(void **state)
{
    struct fixture *f = *state;
    make(f, "xorriso mformat",
         TREE EFI "cp efi.img t/boot; xorriso -as mkisofs -quiet -V EFI -e boot/efi.img -no-emul-boot -o image t");
    expect_boot(f, false, true, false, false);
    expect_words(f, false, "A CD that UEFI machines start from; BIOS machines do not.");
    expect_words(f, true, "A disk that only some UEFI machines start from; as a CD more do.");
    assert_true(in_ranges(f, find(f, "BOOTX64 EFI")));
}

static void test_an_image_in_a_partition_behind_the_volume(void **state)
{
    struct fixture *f = *state;
    make(f, "xorriso mformat",
         TREE EFI "xorriso -as mkisofs -quiet -V APP -append_partition 2 0xef efi.img "
                  "-e --interval:appended_partition_2:all:: -no-emul-boot -o image t");
    assert_true(f->facts.hybrid);
    expect_boot(f, false, true, false, true);
}

static void test_a_floppy_in_a_cd(void **state)
{
    struct fixture *f = *state;
    make(f, "genisoimage mformat",
         TREE "truncate -s 1440K t/boot/floppy; mformat -i t/boot/floppy -f 1440 ::; "
              "genisoimage -quiet -V FLOPPY -b boot/floppy -c boot/c -o image t");
    expect_boot(f, true, false, false, false);
}

static void test_labels_of_joliet_and_udf(void **state)
{
    struct fixture *f = *state;
    make(f, "xorriso", TREE "xorriso -as mkisofs -quiet -J -V 'Größe 1' -o image t");
    assert_string_equal(f->facts.label, "Größe 1");
    assert_false(f->facts.udf);
    expect_boot(f, false, false, false, false);
    expect_words(f, false, "A CD that machines do not start from.");
}

static void test_both_file_systems_on_one_disc(void **state)
{
    struct fixture *f = *state;
    make(f, "genisoimage", TREE "genisoimage -quiet -udf -J -R -V 'A Longer Name For It' -o image t");
    assert_true(f->facts.udf);
    assert_string_equal(f->facts.label, "A Longer Name For It");
    assert_string_equal(f->facts.why, "");
}

static void test_only_udf(void **state)
{
    struct fixture *f = *state;
    make(f, "mkudffs", "truncate -s 40M image; mkudffs --utf8 -l 'Windöws' -b 2048 image >log");
    assert_int_equal(f->facts.format, IMAGE_ISO);
    assert_true(f->facts.udf);
    assert_string_equal(f->facts.label, "Windöws");
    f->size = 20 << 20;
    look(f);
    assert_string_equal(f->facts.why, "shorter than its file system says: it was not copied to its end");
}

static void test_a_disc_that_was_not_copied_to_its_end(void **state)
{
    struct fixture *f = *state;
    make(f, "xorriso mformat",
         TREE EFI "cp efi.img t/z; xorriso -as mkisofs -quiet -V CUT -e z -no-emul-boot -o image t");
    assert_string_equal(f->facts.why, "");
    for (uint64_t size = f->size - 2048 * 200; size > 2048 * 20; size = size * 3 / 4) {
        f->size = size;
        look(f);
        assert_string_equal(f->facts.why, "shorter than its file system says: it was not copied to its end");
    }
    expect_boot(f, false, false, false, false); /* the boot image was behind the cut */
}

static void test_a_catalogue_that_does_not_add_up(void **state)
{
    struct fixture *f = *state;
    make(f, "xorriso",
         TREE "head -c 2048 /dev/zero >t/boot/l; xorriso -as mkisofs -quiet -b boot/l -c boot/cat "
              "-no-emul-boot -boot-load-size 4 -o image t");
    uint32_t sector;
    assert_int_equal(pread(f->fd, &sector, 4, 17 * 2048 + 0x47), 4);
    assert_int_equal(pwrite(f->fd, "x", 1, (off_t)sector * 2048 + 4), 1);
    look(f);
    expect_boot(f, false, false, false, false);
    assert_non_null(strstr(f->facts.why, "boot catalogue"));
}

static void test_sticks(void **state)
{
    struct fixture *f = *state;
    make(f, "mformat", EFI "mv efi.img image");
    assert_int_equal(f->facts.format, IMAGE_DISK);
    expect_boot(f, false, true, false, false);
    assert_string_equal(f->facts.label, "ESP");
    expect_words(f, false, "A disk image in a CD drive that machines do not start from; as a disk they do.");
    f->size /= 2;
    look(f);
    assert_non_null(strstr(f->facts.why, "shorter"));
}

/* Type, first sector and length of a partition; `active` as it is written. */
static void partition(struct fixture *f, unsigned i, uint8_t active, uint8_t type, uint32_t start, uint32_t size)
{
    uint8_t entry[16] = {active, 0, 2, 0, type};
    for (int k = 0; k < 4; k++) {
        entry[8 + k] = (uint8_t)(start >> 8 * k);
        entry[12 + k] = (uint8_t)(size >> 8 * k);
    }
    assert_int_equal(pwrite(f->fd, entry, 16, 446 + (off_t)i * 16), 16);
    assert_int_equal(pwrite(f->fd, "\x55\xaa", 2, 510), 2);
}

static void test_disks_with_a_partition_table(void **state)
{
    struct fixture *f = *state;
    make(f, "mformat", EFI "truncate -s 1M image; cat efi.img >>image");
    assert_int_equal(f->facts.format, IMAGE_UNKNOWN);
    partition(f, 0, 0, 0x0c, 2048, 4096);
    look(f);
    assert_int_equal(f->facts.format, IMAGE_DISK);
    expect_boot(f, false, true, false, false);
    assert_true(in_ranges(f, (1 << 20) + 100));
    /* overlapping: firmware leaves it alone */
    partition(f, 1, 0, 0x83, 3000, 100);
    look(f);
    expect_boot(f, false, false, false, false);
    /* code, and an active partition with code */
    partition(f, 1, 0x80, 0x83, 1000, 100);
    assert_int_equal(pwrite(f->fd, "\xfa\x33\xc0", 3, 0), 3);
    look(f);
    expect_boot(f, false, true, false, false);
    assert_int_equal(pwrite(f->fd, "\xeb\xfe", 2, 1000 * 512), 2);
    assert_int_equal(pwrite(f->fd, "\x55\xaa", 2, 1000 * 512 + 510), 2);
    look(f);
    expect_boot(f, true, true, false, false);
    partition(f, 2, 0, 0x83, 100, 1 << 20);
    look(f);
    assert_non_null(strstr(f->facts.why, "partition table"));
}

static void test_packed_images(void **state)
{
    struct fixture *f = *state;
    make(f, "gzip", "echo hello | gzip >image");
    assert_int_equal(f->facts.format, IMAGE_GZIP);
    expect_words(f, true, "A packed image (gzip), of no use to a machine until it is unpacked.");
    static const uint8_t xz[] = {0xfd, '7', 'z', 'X', 'Z', 0, 0, 4}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4};
    assert_int_equal(pwrite(f->fd, xz, 8, 0), 8);
    look(f);
    assert_int_equal(f->facts.format, IMAGE_XZ);
    assert_int_equal(pwrite(f->fd, zstd, 8, 0), 8);
    look(f);
    assert_int_equal(f->facts.format, IMAGE_ZSTD);
}

static void test_an_image_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    f->size = 1 << 30;
    look(f);
    assert_int_equal(f->facts.format, IMAGE_UNKNOWN);
    f->size = 3;
    look(f);
    assert_int_equal(f->facts.format, IMAGE_UNKNOWN);
    expect_words(f, true, "A disk without anything that is known here; machines do not start from it.");
}

static void test_names_of_formats(void **state)
{
    (void)state;
    enum image_format format;
    for (int i = IMAGE_UNKNOWN; i <= IMAGE_FOLDER; i++) {
        assert_true(image_format_parse(image_format_name((enum image_format)i), &format));
        assert_int_equal(format, i);
    }
    assert_false(image_format_parse("floppy", &format));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_rescue_disc_starts_everywhere),
        T(test_a_boot_image_for_bios),
        T(test_a_boot_image_for_uefi),
        T(test_an_image_in_a_partition_behind_the_volume),
        T(test_a_floppy_in_a_cd),
        T(test_labels_of_joliet_and_udf),
        T(test_both_file_systems_on_one_disc),
        T(test_only_udf),
        T(test_a_disc_that_was_not_copied_to_its_end),
        T(test_a_catalogue_that_does_not_add_up),
        T(test_sticks),
        T(test_disks_with_a_partition_table),
        T(test_packed_images),
        T(test_an_image_that_cannot_be_read),
        T(test_names_of_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
