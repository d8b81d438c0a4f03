/* The hooks as they are entered. What is not sampled goes on to the original with a jump: it sees its caller's own return address, stack and
 * registers. The rest calls a body in C with a struct mw_call on the stack, which keeps the caller's rbp for the unwinder. */
#include "shells.h"

#ifdef MW_PRELOAD
    .macro original number
    jmp *mw_real + 8 * \number(%rip)
    .endm
    .macro pass_when_off to
    cmpl $0, mw_awake(%rip)
    je \to
    cmpl $1, mw_data + MW_SHELL_STATE(%rip)
    jne \to
    .endm
#else
    .macro original number
    jmp mw_image + MW_SHELL_TRAMPOLINES + (\number << MW_SHELL_TRAMPOLINE_SHIFT)
    .endm
    .macro pass_when_off to
    cmpl $1, mw_data + MW_SHELL_STATE(%rip)
    jne \to
    .endm
#endif

/* The same, but what gives memory back is still listened to while the sampler drains. */
    .macro pass_when_deaf to
#ifdef MW_PRELOAD
    cmpl $0, mw_awake(%rip)
    je \to
#endif
    movl mw_data + MW_SHELL_STATE(%rip), %eax
    decl %eax
    cmpl $1, %eax
    ja \to
    .endm

/* Count down this thread's bytes by \size (a register); to `to` where the thread is not at its place or the count has run out. */
    .macro count size, to
    movq %fs:0x10, %rax
    movabsq $MW_SHELL_HASH, %r10
    imulq %rax, %r10
    shrq $MW_SHELL_HASH_SHIFT, %r10
    shlq $MW_SHELL_THREAD_SHIFT, %r10
    leaq mw_data + MW_SHELL_THREADS(%rip), %r11
    addq %r11, %r10
    cmpq %rax, (%r10)
    jne \to
    movq MW_SHELL_LEFT(%r10), %rax
    subq \size, %rax
    jbe \to
    movq %rax, MW_SHELL_LEFT(%r10)
    .endm

    .macro body name
    pushq %r9
    .cfi_adjust_cfa_offset 8
    pushq %r8
    .cfi_adjust_cfa_offset 8
    pushq %rcx
    .cfi_adjust_cfa_offset 8
    pushq %rdx
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    movq %rsp, %rdi
    call mw_on_\name
    addq $56, %rsp
    .cfi_adjust_cfa_offset -56
    ret
    .endm

    .macro begin name
    .p2align 4
    .globl mw_hook_\name
    .type mw_hook_\name, @function
#ifdef MW_PRELOAD
    .globl \name
    .type \name, @function
    .set \name, mw_hook_\name
#endif
    .hidden mw_hook_\name
mw_hook_\name:
    .cfi_startproc
    .endm

    .macro finish name
    .cfi_endproc
    .size mw_hook_\name, . - mw_hook_\name
    .endm

    .macro plain name, number, pass=pass_when_off
    begin \name
    \pass 9f
    body \name
9:  original \number
    finish \name
    .endm

#ifdef MW_PRELOAD
    .hidden mw_data, mw_real, mw_awake
#else
    .hidden mw_data, mw_image
#endif
    .text

    begin malloc
    pass_when_off 9f
    count %rdi, 1f
9:  original 0
1:  body malloc
    finish malloc

/* Blocks that were samples once come back at addresses like theirs, so the filter alone lets more and more through. */
    begin free
    testl $MW_FILTER, %edi
    jz 1f
9:  original 1
1:  movabsq $MW_SHELL_HASH, %rax
    imulq %rdi, %rax
    shrq $MW_SHELL_PRESENT_SHIFT, %rax
    leaq mw_data + MW_SHELL_PRESENT(%rip), %r11
    cmpb $0, (%r11, %rax)
    je 9b
    body free
    finish free

    begin calloc
    pass_when_off 9f
    movq %rdi, %rax
    mulq %rsi
    jo 9f
    movq %rax, %rdx
    count %rdx, 1f
9:  original 2
1:  body calloc
    finish calloc

    plain realloc, 3, pass_when_deaf
    plain memalign, 4
    plain aligned_alloc, 5
    plain posix_memalign, 6
    plain valloc, 7
    plain pvalloc, 8
    plain reallocarray, 9, pass_when_deaf
    plain mmap, 10, pass_when_deaf
    plain munmap, 11, pass_when_deaf
    plain mremap, 12, pass_when_deaf

    .globl mw_tsc
    .hidden mw_tsc
    .type mw_tsc, @function
mw_tsc:
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    ret
    .size mw_tsc, . - mw_tsc

#ifdef MW_PRELOAD
    .globl mmap64
    .set mmap64, mw_hook_mmap

/* C23: free, told more than it needs. No other names of the hook itself, for a profiler would show it under the longest. */
    .irp name, free_sized, free_aligned_sized
    .globl \name
    .type \name, @function
\name:
    jmp mw_hook_free
    .size \name, . - \name
    .endr
#else
/* The table at the start of the image: struct mw_image. */
    .section .head, "a", @progbits
    .globl mw_image
mw_image:
    .quad 0x3167616d696d776d
    .long 1
    .long mw_image_bytes
    .irp name, malloc, free, calloc, realloc, memalign, aligned_alloc, posix_memalign, valloc, pvalloc, reallocarray, mmap, munmap, mremap
    .long mw_hook_\name - mw_image
    .endr
    .zero 4 * (24 - 13)
    .long mw_tsc - mw_image
    .long 0
#endif
    .section .note.GNU-stack, "", @progbits
