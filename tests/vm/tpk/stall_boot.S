/* A boot sector that tells on port 0xe9 what the BIOS's keyboard does, and can be stalled over the first serial port.
 * Says: R when it runs, k for each key that was read, '@' + the shift keys' flags (1, 2 shift, 4 control, 8 alt) when
 * they changed. Hears: s, it takes no interrupts any more (says S), g, it goes on (says G). */
        .code16
        .globl  _start
_start: xorw    %ax, %ax
        cli
        movw    %ax, %ss
        movw    $0x7c00, %sp
        sti
        movw    $0x0040, %ax
        movw    %ax, %ds
        movb    $0, %bl                 /* flags as last told */
        movb    $'R', %al
        outb    %al, $0xe9
again:  movb    $1, %ah
        int     $0x16
        jz      flags
        movb    $0, %ah
        int     $0x16
        movb    $'k', %al
        outb    %al, $0xe9
flags:  movb    0x17, %al
        andb    $15, %al
        cmpb    %al, %bl
        je      hear
        movb    %al, %bl
        addb    $'@', %al
        outb    %al, $0xe9
hear:   movw    $0x3fd, %dx
        inb     %dx, %al
        testb   $1, %al
        jz      rest
        movw    $0x3f8, %dx
        inb     %dx, %al
        cmpb    $'s', %al
        jne     rest
        cli
        movb    $'S', %al
        outb    %al, $0xe9
stall:  pause
        movw    $0x3fd, %dx
        inb     %dx, %al
        testb   $1, %al
        jz      stall
        movw    $0x3f8, %dx
        inb     %dx, %al
        cmpb    $'g', %al
        jne     stall
        movb    $'G', %al
        outb    %al, $0xe9
        sti
rest:   hlt
        jmp     again

        .org    510
        .word   0xaa55
        .org    1 << 20                 /* with less than a cylinder a BIOS reads nothing of it */
