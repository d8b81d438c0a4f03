/* Where other profilers may hook in: the USDT probes otel_memory:alloc(pointer, bytes, weighted_bytes) and otel_memory:free(pointer) of
 * OpenTelemetry's memory profiling, one for each sampled block. A probe is a nop and a note that says where it stands and where its
 * arguments are (systemtap's sys/sdt.h, version 3 of the note). In the preloaded library only: an image that is written into a
 * process is no file whose notes anybody reads. */
#ifndef MW_PROBES_H
#define MW_PROBES_H

#include <stdint.h>

#ifdef MW_PRELOAD

#define MW_NOTE(name, arguments)                                                                                          \
    "990: nop\n"                                                                                                          \
    ".pushsection .note.stapsdt, \"\", \"note\"\n"                                                                        \
    ".balign 4\n"                                                                                                         \
    ".4byte 992f - 991f, 994f - 993f, 3\n"                                                                                \
    "991: .asciz \"stapsdt\"\n"                                                                                           \
    "992: .balign 4\n"                                                                                                    \
    "993: .8byte 990b, _.stapsdt.base, 0\n"                                                                               \
    ".asciz \"otel_memory\"\n"                                                                                            \
    ".asciz \"" name "\"\n"                                                                                               \
    ".asciz \"" arguments "\"\n"                                                                                          \
    "994: .balign 4\n"                                                                                                    \
    ".popsection\n"                                                                                                       \
    ".ifndef _.stapsdt.base\n"                                                                                            \
    ".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"                                           \
    ".weak _.stapsdt.base\n"                                                                                              \
    ".hidden _.stapsdt.base\n"                                                                                            \
    "_.stapsdt.base: .space 1\n"                                                                                          \
    ".size _.stapsdt.base, 1\n"                                                                                           \
    ".popsection\n"                                                                                                       \
    ".endif\n"

static inline void mw_probe_alloc(uint64_t pointer, uint64_t bytes, uint64_t weighted_bytes)
{
    __asm__ volatile(MW_NOTE("alloc", "8@%0 8@%1 8@%2") : : "nor"(pointer), "nor"(bytes), "nor"(weighted_bytes));
}

static inline void mw_probe_free(uint64_t pointer)
{
    __asm__ volatile(MW_NOTE("free", "8@%0") : : "nor"(pointer));
}

#else

static inline void mw_probe_alloc(uint64_t pointer, uint64_t bytes, uint64_t weighted_bytes)
{
    (void)pointer;
    (void)bytes;
    (void)weighted_bytes;
}

static inline void mw_probe_free(uint64_t pointer)
{
    (void)pointer;
}

#endif

#endif
