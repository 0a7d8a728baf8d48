/* Test pattern kernel: shows what it is told on the first serial port, in any mode, on a bare virtual machine. For
 * tests of everything between a guest's video memory and a viewer. Loaded by QEMU's -kernel (multiboot); no C library.
 *
 * Commands (numbers in hex, ended by any other character):
 *   m W H   a mode of W x H pixels, filled dark blue      answers M
 *   f C     fills the screen with colour C (RRGGBB)        F
 *   p C     16x16 pixels in the last corner                p before, P after
 *   s N     N flat screens of changing colour              . each, S at the end
 *   n N     N screens of noise                             . each, N
 *   c N     N screens with a counter at both ends, drawn   C at the end
 *           unseen and shown at once (page flip), 4 ms apart
 *   b C     16 rows at both ends, one after the other      B
 *   k N     sends N scan codes of the keyboard as they     two hex digits each, K
 *           come (set 1, as the controller gives them)
 *   l N     sets the keyboard's LEDs (scroll 1, num 2, caps 4) L
 *   o       powers the machine off by ACPI (q35)
 * Answers go to the debug port 0xE9, or to another one that was chosen when it was built. It says R when it is ready,
 * and ? to what it does not know. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#define COUNTER_ROWS 16

/* Pages that the counter goes through: one is drawn anew only long after it was shown, when whoever was copying it has
 * finished. 16 pages of 1280x720 fit into 64 MiB. */
#define PAGES 16

static u32 *screen; /* video memory */
static u32 width, height;
static u32 visible_row; /* first row shown: 0, or a multiple of height after a page flip */

static inline void out8(u16 port, u8 value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void out16(u16 port, u16 value)
{
    __asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

static inline void out32(u16 port, u32 value)
{
    __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

static inline u8 in8(u16 port)
{
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline u32 in32(u16 port)
{
    u32 value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

#ifndef TPK_ANSWERS
#define TPK_ANSWERS 0xe9
#endif

static void say(u8 c)
{
    out8(TPK_ANSWERS, c);
}

/* ---- display: PCI, then the Bochs DISPI registers ---- */

static u32 pci_read(u32 device, u32 offset)
{
    out32(0xcf8, 0x80000000u | device << 11 | offset);
    return in32(0xcfc);
}

static void pci_write(u32 device, u32 offset, u32 value)
{
    out32(0xcf8, 0x80000000u | device << 11 | offset);
    out32(0xcfc, value);
}

/* The video memory of the first display adapter on bus 0, mapped where the firmware did or, failing that, at a place
 * that is free on QEMU's machines. */
static u32 *find_screen(void)
{
    for (u32 device = 0; device < 32; device++) {
        if ((pci_read(device, 0x08) >> 24) != 3)
            continue;
        u32 base = pci_read(device, 0x10) & ~15u;
        if (!base) {
            base = 0xfd000000u;
            pci_write(device, 0x10, base);
        }
        pci_write(device, 0x04, pci_read(device, 0x04) | 7);
        return (u32 *)base;
    }
    return 0;
}

enum { DISPI_XRES = 1, DISPI_YRES, DISPI_BPP, DISPI_ENABLE, DISPI_VIRT_HEIGHT = 7, DISPI_Y_OFFSET = 9 };

static void dispi(u16 index, u32 value)
{
    out16(0x1ce, index);
    out16(0x1cf, (u16)value);
}

static void set_mode(u32 w, u32 h)
{
    dispi(DISPI_ENABLE, 0);
    dispi(DISPI_XRES, w);
    dispi(DISPI_YRES, h);
    dispi(DISPI_BPP, 32);
    dispi(DISPI_ENABLE, 0x41); /* enabled, linear frame buffer */
    /* the attribute controller blanks the screen until its palette bit is set */
    in8(0x3da);
    out8(0x3c0, 0x20);
    width = w;
    height = h;
    visible_row = 0;
}

/* ---- drawing ---- */

static void fill_run(u32 *at, u32 n, u32 colour)
{
    __asm__ volatile("rep stosl" : "+D"(at), "+c"(n) : "a"(colour) : "memory");
}

static void fill(u32 x, u32 y, u32 w, u32 h, u32 colour)
{
    for (u32 row = y; row < y + h; row++)
        fill_run(screen + (visible_row + row) * width + x, w, colour);
}

static void flat_screens(u32 n)
{
    for (u32 i = 0; i < n; i++) {
        fill(0, 0, width, height, i * 0x01030509u);
        say('.');
    }
}

static void noise_screens(u32 n)
{
    u32 seed = 1;
    for (u32 i = 0; i < n; i++) {
        u32 *at = screen + visible_row * width;
        for (u32 k = 0; k < width * height; k++) {
            seed = seed * 1664525u + 1013904223u;
            at[k] = seed >> 8;
        }
        say('.');
    }
}

/* Waits 4 ms by the timer's third channel. */
static void pause(void)
{
    u32 count = 4 * 1193;
    out8(0x61, (u8)((in8(0x61) & ~2u) | 1)); /* gate open, speaker off */
    out8(0x43, 0xb0);                        /* channel 2, low and high byte, mode 0 */
    out8(0x42, (u8)count);
    out8(0x42, (u8)(count >> 8));
    while (!(in8(0x61) & 0x20))
        ;
}

/* Every pixel of the counter's rows is the counter's value. */
static void counter_screens(u32 n)
{
    for (u32 i = 1; i <= n; i++) {
        visible_row = i % PAGES * height;
        fill(0, 0, width, COUNTER_ROWS, i);
        fill(0, COUNTER_ROWS, width, height - 2 * COUNTER_ROWS, 0x203040);
        fill(0, height - COUNTER_ROWS, width, COUNTER_ROWS, i);
        dispi(DISPI_Y_OFFSET, visible_row);
        pause();
    }
}

/* ---- keyboard ---- */

static void say_scan_codes(u32 n)
{
    static const char digits[] = "0123456789abcdef";
    while (n) {
        u8 status = in8(0x64);
        if (!(status & 1))
            continue;
        u8 code = in8(0x60);
        if (status & 0x20)
            continue; /* the mouse's */
        say((u8)digits[code >> 4]);
        say((u8)digits[code & 15]);
        n--;
    }
}

static void tell_keyboard(u8 byte)
{
    while (in8(0x64) & 2)
        ;
    out8(0x60, byte);
    while (!(in8(0x64) & 1)) /* it acknowledges */
        ;
    in8(0x60);
}

static void set_leds(u32 leds)
{
    tell_keyboard(0xed);
    tell_keyboard((u8)(leds & 7));
}

/* ---- commands ---- */

static u8 read_byte(void)
{
    while (!(in8(0x3fd) & 1))
        ;
    return in8(0x3f8);
}

static u32 read_number(void)
{
    u32 value = 0;
    u8 c;
    do
        c = read_byte();
    while (c == ' ');
    for (;; c = read_byte()) {
        if (c >= '0' && c <= '9')
            value = value * 16 + c - '0';
        else if (c >= 'a' && c <= 'f')
            value = value * 16 + 10 + c - 'a';
        else
            return value;
    }
}

static void command(u8 c)
{
    u32 a, b;
    switch (c) {
    case 'm':
        a = read_number();
        b = read_number();
        set_mode(a, b);
        fill(0, 0, width, height, 0x004080);
        say('M');
        return;
    case 'f':
        fill(0, 0, width, height, read_number());
        say('F');
        return;
    case 'p':
        a = read_number();
        say('p');
        fill(width - 16, height - 16, 16, 16, a);
        say('P');
        return;
    case 's':
        flat_screens(read_number());
        say('S');
        return;
    case 'n':
        noise_screens(read_number());
        say('N');
        return;
    case 'c':
        counter_screens(read_number());
        say('C');
        return;
    case 'b':
        a = read_number();
        fill(0, 0, width, COUNTER_ROWS, a);
        fill(0, height - COUNTER_ROWS, width, COUNTER_ROWS, a);
        say('B');
        return;
    case 'k':
        say_scan_codes(read_number());
        say('K');
        return;
    case 'l':
        set_leds(read_number());
        say('L');
        return;
    case 'o':
        out16(0x604, 0x2000); /* PM1a control: sleep state 5, sleep enable */
        return;
    case '\n':
    case '\r':
    case ' ':
        return;
    default:
        say('?');
    }
}

void tpk_main(void);

void tpk_main(void)
{
    screen = find_screen();
    set_mode(1024, 768);
    fill(0, 0, width, height, 0x203040);
    say('R');
    for (;;)
        command(read_byte());
}
