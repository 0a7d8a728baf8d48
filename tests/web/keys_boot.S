/* A boot sector that shows the keyboard: the BIOS's modifier flags (0040:0017) as eight blocks in the first line of the
 * screen, the scan code of the newest key in the third; a bit that is set is white, else blue. */
        .code16
        .globl  _start
_start: xorw    %ax, %ax
        cli
        movw    %ax, %ss
        movw    $0x7c00, %sp
        sti
        cld
        movw    $0x0003, %ax            /* text mode, 80 x 25, cleared */
        int     $0x10
        movw    $0xb800, %ax
        movw    %ax, %es
        movw    $0x0040, %ax
        movw    %ax, %ds
        xorw    %bp, %bp                /* the newest key */
again:  movb    $1, %ah
        int     $0x16
        jz      show
        movb    $0, %ah
        int     $0x16
        movw    %ax, %bp
show:   movb    0x17, %al
        xorw    %di, %di
        call    bits
        movw    %bp, %ax
        movb    %ah, %al
        movw    $320, %di
        call    bits
        hlt
        jmp     again

/* %al as eight runs of ten blocks at %es:%di, the highest bit first */
bits:   movw    $8, %cx
next:   movw    $0x01db, %bx
        shlb    $1, %al
        jnc     paint
        movw    $0x0fdb, %bx
paint:  pushw   %ax
        pushw   %cx
        movw    %bx, %ax
        movw    $10, %cx
        rep stosw
        popw    %cx
        popw    %ax
        loop    next
        ret

        .org    510
        .word   0xaa55
