/* What UEFI boots from the test disc: says on the first serial port that it runs, what the disc's last block holds, and
 * each key that arrives at the console. Freestanding; structures are those of the UEFI specification 2.10, cut to what
 * is used here. */
#include <stdbool.h>
#include <stdint.h>

#define EFIAPI __attribute__((ms_abi))
#define BLOCK 2048

struct guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

/* 12.3 */
struct input_key {
    uint16_t scan_code, character;
};
struct text_input {
    void *reset;
    uint64_t(EFIAPI *read_key)(struct text_input *self, struct input_key *key);
};

/* 13.9 */
struct block_media {
    uint32_t id;
    bool removable, present, partition, read_only, caching;
    uint32_t block_size, io_align;
    uint64_t last_block;
};
struct block_io {
    uint64_t revision;
    struct block_media *media;
    void *reset;
    uint64_t(EFIAPI *read)(struct block_io *self, uint32_t media, uint64_t block, uint64_t size, void *room);
};

/* 4.3 and 4.4 */
struct boot_services {
    uint8_t header[24];
    void *before_protocols[16]; /* RaiseTPL to UninstallProtocolInterface */
    uint64_t(EFIAPI *handle_protocol)(void *handle, const struct guid *protocol, void **interface);
    void *reserved, *register_notify;
    uint64_t(EFIAPI *locate_handle)(int type, const struct guid *protocol, void *key, uint64_t *size, void **handles);
};
struct system_table {
    uint8_t header[24];
    uint16_t *vendor;
    uint32_t revision;
    void *input_handle;
    struct text_input *input;
    void *output_handle, *output, *error_handle, *error;
    void *runtime;
    struct boot_services *boot;
};

static const struct guid block_io_guid = {0x964e5b21, 0x6459, 0x11d2, {0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};

static uint8_t read_port(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "d"(port));
    return v;
}

static void say(const char *text)
{
    for (; *text; text++) {
        while (!(read_port(0x3fd) & 0x20))
            ;
        __asm__ volatile("outb %0, %1" : : "a"(*text), "d"((uint16_t)0x3f8));
    }
}

static void say_hex(uint64_t v, unsigned digits)
{
    char text[2] = "";
    while (digits-- > 0) {
        text[0] = "0123456789abcdef"[v >> (4 * digits) & 15];
        say(text);
    }
}

/* The CRC of zip and gzip. */
static uint32_t crc32(const uint8_t *bytes, uint64_t n)
{
    uint32_t crc = ~0U;
    for (uint64_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
    }
    return ~crc;
}

static void say_last_block(struct boot_services *boot)
{
    static void *handles[64];
    static uint8_t room[BLOCK] __attribute__((aligned(4096)));
    uint64_t size = sizeof handles;
    if (boot->locate_handle(2, &block_io_guid, 0, &size, handles) != 0)
        size = 0;
    for (uint64_t i = 0; i < size / sizeof handles[0]; i++) {
        void *interface = 0;
        if (boot->handle_protocol(handles[i], &block_io_guid, &interface) != 0)
            continue;
        struct block_io *disc = interface;
        if (disc->media->partition || !disc->media->present || disc->media->block_size != BLOCK)
            continue;
        say("DISC ");
        say_hex(disc->media->last_block + 1, 8);
        uint64_t status = disc->read(disc, disc->media->id, disc->media->last_block, BLOCK, room);
        say(status == 0 ? " LAST " : " FAILED ");
        say_hex(status == 0 ? crc32(room, BLOCK) : status, status == 0 ? 8 : 16);
        say("\r\n");
    }
}

/* An address that must be relocated: firmware refuses an image that has none. */
static const char *volatile booted = "\r\nBOOTED BY UEFI\r\n";

uint64_t EFIAPI efi_main(void *image, struct system_table *table);
uint64_t EFIAPI efi_main(void *image, struct system_table *table)
{
    (void)image;
    say(booted);
    say_last_block(table->boot);
    for (;;) {
        struct input_key key;
        if (table->input->read_key(table->input, &key) != 0 || key.character == 0)
            continue;
        char text[] = "KEY ?\r\n";
        text[4] = (char)key.character;
        say(text);
    }
}
