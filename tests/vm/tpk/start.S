/* Multiboot header, a stack, and on to C. */
    .section .multiboot, "a"
    .align 4
    .long 0x1BADB002, 0, -0x1BADB002

    .text
    .globl _start
_start:
    cli
    movl $stack_end, %esp
    call tpk_main
halt:
    hlt
    jmp halt

    .bss
    .align 16
    .space 16384
stack_end:

    .section .note.GNU-stack, "", @progbits
