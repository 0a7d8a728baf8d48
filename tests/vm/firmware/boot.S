/* What a BIOS boots from the test disc, or from the test disk: says on the first serial port that it runs, and each key that it reads, so that
 * the way from the dongle's disc and keyboard to the machine is seen to its end. */
        .code16
        .globl  _start
_start: ljmp    $0, $begin              /* some BIOSes come with another segment */
begin:  xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movw    $booted, %si
say:    lodsb
        testb   %al, %al
        jz      key
        call    send
        jmp     say
key:    xorb    %ah, %ah
        int     $0x16
        testb   %al, %al                /* a key without a character */
        jz      key
        movw    $pressed, %si
        movb    %al, key_is
        jmp     say

send:   movb    %al, %ah
        movw    $0x3fd, %dx
full:   inb     %dx, %al
        testb   $0x20, %al
        jz      full
        movb    %ah, %al
        movw    $0x3f8, %dx
        outb    %al, %dx
        ret

booted: .asciz  "\r\nBOOTED BY BIOS\r\n"
pressed:.ascii  "KEY "
key_is: .asciz  "?\r\n"
        .org    510
        .word   0xaa55                  /* for a disk; a disc's catalogue says it itself */
        .org    2048
