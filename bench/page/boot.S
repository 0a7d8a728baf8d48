/* The test pattern kernel on a disk: a boot sector that reads the rest of the program behind itself and goes on in 32-bit
 * mode. So any machine with a BIOS starts it, without arguments for QEMU. */
    .section .boot, "ax"
    .code16
    .globl _start
_start:
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
    movw $0x7c00, %sp
    movw $packet, %si
    movb $0x42, %ah /* extended read; the BIOS left the drive's number in dl */
    int $0x13
    jc stop
    cli
    inb $0x92, %al /* address line 20 */
    orb $2, %al
    andb $0xfe, %al
    outb %al, $0x92
    lgdtl table
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpl $8, $protected
stop:
    hlt
    jmp stop

    .align 4
packet:
    .byte 16, 0
    .word sectors, 0x7e00, 0
    .quad 1
segments:
    .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff /* none, code, data: all of the memory */
table:
    .word . - segments - 1
    .long segments

    .org 510
    .word 0xaa55

    .text
    .code32
protected:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $bss_start, %edi
    movl $bss_end, %ecx
    subl %edi, %ecx
    xorl %eax, %eax
    cld
    rep stosb
    movl $stack_end, %esp
    call tpk_main
rest:
    hlt
    jmp rest

    .bss
    .align 16
    .space 16384
stack_end:

    .section .note.GNU-stack, "", @progbits
