"""The sampler's memory, field by field as native/c/layout.h lays it out; a test holds the two against each other.

Sizes and offsets are bytes from the header. Structures are read with `from_buffer_copy`: nothing here is mapped into
the target.
"""

import ctypes
from enum import IntEnum, IntFlag

MAGIC = 0x3179687777656D6D
VERSION = 1
IMAGE_MAGIC = 0x3167616D696D776D

CODE_BYTES = 0x10000
TRAMPOLINES = 0xF000
TRAMPOLINE_BYTES = 64
HEADER_BYTES = 0x2000
THREADS = 4096
LIVE = 65536
WAYS = 8
PRESENT = 131072
REGIONS = 4096
STACKS = 8192
PCS_BYTES = 0x180000
MODULES = 256
ROWS = 524288
PC_CACHE = 4096
MOST_FRAMES = 96
BORN_SHIFT = 24
"""`born` counts the clock's ticks in units of 1 << 24."""


class State(IntEnum):
    """enum mw_state."""

    OFF = 0
    ON = 1
    DRAIN = 2
    SPENT = 3


class Reason(IntEnum):
    """enum mw_reason: why the sampler is off."""

    NONE = 0
    BUDGET = 1
    ORPHANED = 2
    ASKED = 3


class Function(IntEnum):
    """enum mw_function: hooks, entries and trampolines in this order. ERRNO_LOCATION is called and never hooked."""

    MALLOC = 0
    FREE = 1
    CALLOC = 2
    REALLOC = 3
    MEMALIGN = 4
    ALIGNED_ALLOC = 5
    POSIX_MEMALIGN = 6
    VALLOC = 7
    PVALLOC = 8
    REALLOCARRAY = 9
    MMAP = 10
    MUNMAP = 11
    MREMAP = 12
    ERRNO_LOCATION = 16


class StackFlag(IntFlag):
    """enum mw_stack_flag."""

    C_WHOLE = 1
    C_NO_BOUNDS = 2
    C_NO_ROW = 4
    C_CUT = 8
    GO_WHOLE = 16
    GO_BROKEN = 32
    GO_CALLBACK = 64


_u16, _u32, _u64, _i64 = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int64


class Header(ctypes.LittleEndianStructure):
    """struct mw_header."""

    _fields_ = (
        ("magic", _u64),
        ("version", _u32),
        ("state", _u32),
        ("off_reason", _u32),
        ("owner_pid", _u32),
        ("heartbeat_tsc", _u64),
        ("orphan_tsc", _u64),
        ("tsc_hz", _u64),
        ("period_bytes", _u64),
        ("level", _u32),
        ("most_level", _u32),
        ("budget_tsc", _u64),
        ("window_tsc", _u64),
        ("window_started_tsc", _u64),
        ("window_spent_tsc", _u64),
        ("spent_tsc", _u64),
        ("samples", _u64),
        ("sampled_frees", _u64),
        ("evicted_threads", _u64),
        ("lost_samples", _u64),
        ("cut_stacks", _u64),
        ("missed_regions", _u64),
        ("stacks_used", _u64),
        ("pcs_used_bytes", _u64),
        ("modules_epoch", _u32),
        ("modules_used", _u32),
        ("main_stack_lo", _u64),
        ("main_stack_hi", _u64),
        ("g_tls_offset", _i64),
        ("g_tls_found", _u32),
        ("g_m", _u32),
        ("g_sched_sp", _u32),
        ("g_sched_bp", _u32),
        ("g_stack_lo", _u32),
        ("g_stack_hi", _u32),
        ("m_g0", _u32),
        ("m_curg", _u32),
        ("go_text_lo", _u64),
        ("go_text_hi", _u64),
        ("cgocallback_lo", _u64),
        ("cgocallback_hi", _u64),
        ("cgocall_lo", _u64),
        ("cgocall_hi", _u64),
        ("libc_text_lo", _u64),
        ("libc_text_hi", _u64),
        ("loader_text_lo", _u64),
        ("loader_text_hi", _u64),
        ("regions_used", _u64),
        ("regions_next", _u64),
        ("regions_split", _u64),
        ("asmcgocall_frame", _u32),
        ("cgocall_frame", _u32),
        ("cgocallback_frame", _u32),
        ("thread_block", _u32),
        ("goexit_lo", _u64),
        ("goexit_hi", _u64),
        ("owner_start_ticks", _u64),
        ("owner_pid_namespace", _u64),
        ("malloc_text_lo", _u64),
        ("malloc_text_hi", _u64),
        ("reserved", _u64 * 45),
    )


class Image(ctypes.LittleEndianStructure):
    """struct mw_image: how sampler.bin begins. entries: by Function, from the image's start; tsc: the clock's."""

    _fields_ = (
        ("magic", _u64),
        ("version", _u32),
        ("bytes", _u32),
        ("entries", _u32 * 24),
        ("tsc", _u32),
        ("reserved", _u32),
    )


class Thread(ctypes.LittleEndianStructure):
    """struct mw_thread."""

    _fields_ = (
        ("thread_pointer", _u64),
        ("left_bytes", _i64),
        ("random", _u64),
        ("seen_sp", _u64),
        ("stack_lo", _u64),
        ("stack_hi", _u64),
        ("busy", _u32),
        ("level", _u32),
        ("stack_check", _u64),
    )


class Block(ctypes.LittleEndianStructure):
    """struct mw_block."""

    _fields_ = (
        ("bytes", _u64),
        ("weight_bytes", _u64),
        ("stack", _u32),
        ("tag", _u32),
        ("level", _u32),
        ("born", _u32),
    )


class Region(ctypes.LittleEndianStructure):
    """struct mw_region."""

    _fields_ = (
        ("address", _u64),
        ("bytes", _u64),
        ("stack", _u32),
        ("born", _u32),
        ("prot", _u32),
        ("flags", _u32),
    )


class Stack(ctypes.LittleEndianStructure):
    """struct mw_stack."""

    _fields_ = (
        ("hash", _u64),
        ("first_pc", _u32),
        ("c_frames", _u16),
        ("go_frames", _u16),
        ("flags", _u32),
        ("kind", _u32),
        ("allocated_bytes", _u64),
        ("allocated_count", _u64),
        ("freed_bytes", _u64),
        ("freed_count", _u64),
    )


class Module(ctypes.LittleEndianStructure):
    """struct mw_module."""

    _fields_ = (("lo", _u64), ("hi", _u64), ("first_row", _u32), ("rows", _u32), ("reserved", _u64))


class Row(ctypes.LittleEndianStructure):
    """struct mw_row."""

    _fields_ = (
        ("pc_offset", _u32),
        ("cfa_words", ctypes.c_int16),
        ("rbp_words", ctypes.c_int8),
        ("kind", ctypes.c_uint8),
    )


class PcCached(ctypes.LittleEndianStructure):
    """struct mw_pc_cached."""

    _fields_ = (("packed", _u64),)


AT_THREADS = HEADER_BYTES
AT_PRESENT = AT_THREADS + THREADS * ctypes.sizeof(Thread)
AT_LIVE_ADDRESSES = AT_PRESENT + PRESENT
AT_LIVE_BLOCKS = AT_LIVE_ADDRESSES + LIVE * 8
AT_REGIONS = AT_LIVE_BLOCKS + LIVE * ctypes.sizeof(Block)
AT_STACKS = AT_REGIONS + REGIONS * ctypes.sizeof(Region)
AT_PCS = AT_STACKS + STACKS * ctypes.sizeof(Stack)
AT_MODULES = AT_PCS + PCS_BYTES
AT_PC_CACHE = AT_MODULES + MODULES * ctypes.sizeof(Module)
AT_ROWS = AT_PC_CACHE + PC_CACHE * ctypes.sizeof(PcCached)
REGION_BYTES = (AT_ROWS + ROWS * ctypes.sizeof(Row) + 0xFFF) & ~0xFFF
