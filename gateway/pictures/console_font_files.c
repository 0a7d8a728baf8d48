#include "gateway/pictures/console_font_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

#include "core/fd_read.h"
#include "core/log.h"
#include "gateway/pictures/firmware_image.h"
#include "video/font_pf2.h"
#include "video/font_psf.h"
#include "video/font_uefi.h"
#include "video/font_vga.h"

#define VGA_ROM "/usr/share/seabios/vgabios-stdvga.bin"
#define LINUX_FONTS "/usr/share/consolefonts"
#define UEFI_FIRMWARE "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define GRUB_FONT "/usr/share/grub/unicode.pf2"
#define MOST_FILE (8u << 20)
#define MOST_UNPACKED (1u << 20)
#define SUFFIX ".psf.gz"

/* Of fonts that know the same characters of a screen the first one is named: those people choose come first. */
static const char *const first[] = {"Lat15-", "Uni2-", "Lat2-", "Uni1-", "Lat7-", "Lat38-", "Uni3-", "FullCyrSlav-"};

static void *read_file(const char *path, size_t *ret_size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > (off_t)MOST_FILE)
        return NULL;
    const size_t size = (size_t)st.st_size;
    uint8_t *bytes = malloc(size);
    if (bytes && fd_read_up_to(fd, bytes, size) == (ssize_t)size) {
        *ret_size = size;
        return bytes;
    }
    free(bytes);
    return NULL;
}

/* 0, or -errno. */
static int unpack(const uint8_t *bytes, size_t size, uint8_t *room, size_t *ret_size)
{
    z_stream z = {.next_in = (uint8_t *)bytes, .avail_in = (uInt)size, .next_out = room, .avail_out = MOST_UNPACKED};
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return -ENOMEM;
    int r = inflate(&z, Z_FINISH);
    *ret_size = MOST_UNPACKED - z.avail_out;
    inflateEnd(&z);
    return r == Z_STREAM_END ? 0 : -EINVAL;
}

static int rank(const char *name)
{
    for (int i = 0; i < (int)ARRAY_SIZE(first); i++)
        if (strncmp(name, first[i], strlen(first[i])) == 0)
            return i;
    return (int)ARRAY_SIZE(first);
}

static int by_rank(const struct dirent **a, const struct dirent **b)
{
    int r = rank((*a)->d_name) - rank((*b)->d_name);
    return r ? r : strcmp((*a)->d_name, (*b)->d_name);
}

static int is_font(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name), m = strlen(SUFFIX);
    return n > m && strcmp(entry->d_name + n - m, SUFFIX) == 0;
}

static int add_linux_font(struct console_fonts *fonts, const char *folder, const char *file, uint8_t *room)
{
    char path[512], name[CONSOLE_FONT_NAME];
    size_t size, unpacked;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - strlen(SUFFIX)), file);
    _cleanup_free_ uint8_t *bytes = read_file(path, &size);
    int r = bytes ? unpack(bytes, size, room, &unpacked) : -EIO;
    r = r ? r : font_psf_add(fonts, name, room, unpacked);
    if (r < 0 && r != -ENODATA)
        log_info("gateway", "console font %s cannot be used: %s", path, strerror(-r));
    return r == -ENOMEM ? r : 0;
}

static int add_linux_fonts(struct console_fonts *fonts, const char *root)
{
    char folder[256];
    struct dirent **entries = NULL;
    snprintf(folder, sizeof folder, "%s" LINUX_FONTS, root);
    int n = scandir(folder, &entries, is_font, by_rank), r = 0;
    _cleanup_free_ uint8_t *room = malloc(MOST_UNPACKED);
    if (!room)
        r = -ENOMEM;
    for (int i = 0; i < n; i++) {
        r = r ? r : add_linux_font(fonts, folder, entries[i]->d_name, room);
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int add_grub_font(struct console_fonts *fonts, const void *bytes, size_t size)
{
    return font_pf2_add(fonts, "Unifont", bytes, size);
}

static int add_uefi_font(struct console_fonts *fonts, const void *bytes, size_t size)
{
    _cleanup_free_ void *image = NULL;
    int r = firmware_image_unpack(bytes, size, &image, &size);
    return r < 0 ? r : font_uefi_add(fonts, image, size);
}

static int add_file(struct console_fonts *fonts, const char *root, const char *file,
                    int (*add)(struct console_fonts *fonts, const void *bytes, size_t size))
{
    char path[256];
    size_t size;
    snprintf(path, sizeof path, "%s%s", root, file);
    _cleanup_free_ uint8_t *bytes = read_file(path, &size);
    if (!bytes)
        return 0;
    int r = add(fonts, bytes, size);
    if (r < 0)
        log_info("gateway", "console font %s cannot be used: %s", path, strerror(-r));
    return r == -ENOMEM ? r : 0;
}

int console_font_files_load_below(const char *root, struct console_fonts **ret)
{
    attr_cleanup(console_fonts_destroyp) struct console_fonts *fonts = NULL;
    int r = console_fonts_create(&fonts);
    r = r ? r : add_file(fonts, root, VGA_ROM, font_vga_add);
    r = r ? r : add_file(fonts, root, UEFI_FIRMWARE, add_uefi_font);
    r = r ? r : add_linux_fonts(fonts, root);
    r = r ? r : add_file(fonts, root, GRUB_FONT, add_grub_font);
    if (r == 0)
        *ret = take(fonts);
    return r;
}

int console_font_files_load(struct console_fonts **ret)
{
    return console_font_files_load_below("", ret);
}
