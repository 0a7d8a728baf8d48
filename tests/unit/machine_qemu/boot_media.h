/* Bootable images made on the spot: a program of one sector that prints another sector as text, and again after each
 * key. So a test sees which medium was booted, and what is read from it later. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 16-bit code for 0x7c00: text mode; at `again` reads one sector of the boot drive to 0x8000 (INT 13h, function 42h,
 * packet at 0x7c50), prints it up to its zero byte ('!' when the read failed), waits for a key. */
static const uint8_t boot_code[] = {
    0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xfb,             /* segments 0, stack */
    0x88, 0x16, 0x4f, 0x7c,                                                             /* keep the drive's number */
    0xb8, 0x03, 0x00, 0xcd, 0x10,                                                       /* mode 3 */
    0xc7, 0x06, 0x52, 0x7c, 0x01, 0x00,                                                 /* again: one sector */
    0xbe, 0x50, 0x7c, 0xb4, 0x42, 0x8a, 0x16, 0x4f, 0x7c, 0xcd, 0x13,                   /* read */
    0xbe, 0x00, 0x80, 0x73, 0x06, 0xc7, 0x06, 0x00, 0x80, 0x21, 0x00,                   /* or "!" */
    0xac, 0x84, 0xc0, 0x74, 0x09, 0xb4, 0x0e, 0xbb, 0x07, 0x00, 0xcd, 0x10, 0xeb, 0xf2, /* print */
    0x31, 0xc0, 0xcd, 0x16, 0xeb, 0xd0,                                                 /* wait, again */
};

static inline void boot_program(uint8_t *sector, uint8_t lba)
{
    static const uint8_t packet[8] = {16, 0, 1, 0, 0x00, 0x80, 0, 0};
    memcpy(sector, boot_code, sizeof boot_code);
    memcpy(sector + 0x50, packet, sizeof packet);
    memset(sector + 0x58, 0, 8);
    sector[0x58] = lba;
}

static inline void boot_write(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

/* A CD after El Torito 1.0, no emulation. */
static inline void boot_make_cd(const char *path, const char *text)
{
    enum { SECTOR = 2048, PRIMARY = 16, RECORD, END, CATALOG, PROGRAM, TEXT, SECTORS };
    static uint8_t cd[SECTORS * SECTOR];
    memset(cd, 0, sizeof cd);
    memcpy(cd + PRIMARY * SECTOR, "\1CD001\1", 7);
    memcpy(cd + RECORD * SECTOR, "\0CD001\1EL TORITO SPECIFICATION", 30);
    cd[RECORD * SECTOR + 0x47] = CATALOG;
    memcpy(cd + END * SECTOR, "\377CD001\1", 7);
    uint8_t *catalog = cd + CATALOG * SECTOR;
    catalog[0] = 1;
    catalog[0x1e] = 0x55;
    catalog[0x1f] = 0xaa;
    catalog[0x1c] = 0xaa; /* the entry's words add up to 0 */
    catalog[0x1d] = 0x55;
    catalog[0x20] = 0x88;
    catalog[0x26] = 4;
    catalog[0x28] = PROGRAM;
    boot_program(cd + PROGRAM * SECTOR, TEXT);
    snprintf((char *)cd + TEXT * SECTOR, SECTOR, "%s\r\n", text);
    boot_write(path, cd, sizeof cd);
}

/* A disk with a boot sector. */
static inline void boot_make_disk(const char *path, const char *text)
{
    static uint8_t disk[1 << 20];
    memset(disk, 0, sizeof disk);
    boot_program(disk, 1);
    disk[510] = 0x55;
    disk[511] = 0xaa;
    snprintf((char *)disk + 512, 512, "%s\r\n", text);
    boot_write(path, disk, sizeof disk);
}
