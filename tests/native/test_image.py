"""The image for attaching: its bytes run wherever they are copied to, with nothing but trampolines and a header to go by."""

import ctypes
import mmap
from collections.abc import Iterator

import pytest

from memwhy.native.clock import IMAGE, clock, read_image
from memwhy.native.header import Settings, fresh_header
from memwhy.native.layout import (
    CODE_BYTES,
    IMAGE_MAGIC,
    REGION_BYTES,
    TRAMPOLINE_BYTES,
    TRAMPOLINES,
    VERSION,
    Function,
    Image,
    State,
)
from memwhy.native.snapshot import Snapshot, read_snapshot

pytestmark = pytest.mark.skipif(not IMAGE.exists(), reason="the sampler is not built here")

SIGNATURES = {
    Function.MALLOC: (ctypes.c_void_p, ctypes.c_size_t),
    Function.FREE: (None, ctypes.c_void_p),
    Function.CALLOC: (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t),
    Function.REALLOC: (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t),
}
EVERYTHING = Settings(period_bytes=1, budget=0.0)


class Mapped:
    """An image with its data behind it, in this process: code at a place of the kernel's choice."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, CODE_BYTES + REGION_BYTES, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        image = read_image()
        self.memory[: len(image)] = image
        libc = ctypes.CDLL(None)
        for function in Function:
            name = "__errno_location" if function is Function.ERRNO_LOCATION else function.name.lower()
            target = ctypes.cast(getattr(libc, name), ctypes.c_void_p).value
            assert target is not None
            at = TRAMPOLINES + function * TRAMPOLINE_BYTES
            jump = b"\x48\xb8" + target.to_bytes(8, "little") + b"\xff\xe0"  # mov $target, %rax; jmp *%rax
            self.memory[at : at + len(jump)] = jump

    def hook(self, function: Function) -> "ctypes._FuncPointer":
        result, *arguments = SIGNATURES[function]
        prototype = ctypes.CFUNCTYPE(result, *arguments, use_errno=True)
        return prototype(self.start + Image.from_buffer_copy(self.memory).entries[function])

    def start_sampling(self, settings: Settings) -> None:
        header = bytes(fresh_header(settings))
        self.memory[CODE_BYTES : CODE_BYTES + len(header)] = header

    def turn(self, state: State) -> None:
        self.memory[CODE_BYTES + 12 : CODE_BYTES + 16] = state.to_bytes(4, "little")

    def snapshot(self) -> Snapshot:
        return read_snapshot(
            lambda offset, size: self.memory[CODE_BYTES + offset : CODE_BYTES + offset + size], clock().now()
        )


@pytest.fixture
def mapped() -> Iterator[Mapped]:
    yield Mapped()


def test_the_image_begins_with_its_table() -> None:
    image = Image.from_buffer_copy(read_image())
    assert (image.magic, image.version) == (IMAGE_MAGIC, VERSION)
    assert image.bytes == len(read_image())
    entries = image.entries[: Function.MREMAP + 1]
    assert all(ctypes.sizeof(Image) <= entry < image.bytes for entry in entries)
    assert len(set(entries)) == len(entries)
    assert list(image.entries[Function.MREMAP + 1 :]) == [0] * 11


def test_a_header_of_zeros_lets_everything_pass(mapped: Mapped) -> None:
    block = mapped.hook(Function.MALLOC)(1000)
    assert block
    block = mapped.hook(Function.REALLOC)(block, 2000)
    mapped.hook(Function.FREE)(block)
    mapped.hook(Function.FREE)(mapped.hook(Function.CALLOC)(3, 1000))
    assert bytes(mapped.memory[CODE_BYTES:]) == bytes(REGION_BYTES)


def test_what_is_allocated_through_the_entries_is_counted_once(mapped: Mapped) -> None:
    mapped.start_sampling(EVERYTHING)
    malloc, free = mapped.hook(Function.MALLOC), mapped.hook(Function.FREE)
    blocks = [malloc(size) for size in (100, 5000, 70_000, 1_000_000)]
    assert mapped.snapshot().outstanding_bytes == 1_075_100
    blocks[1] = mapped.hook(Function.REALLOC)(blocks[1], 300)
    assert mapped.snapshot().outstanding_bytes == 1_070_400
    blocks.append(mapped.hook(Function.CALLOC)(10, 20))
    assert mapped.snapshot().outstanding_bytes == 1_070_600
    for block in blocks:
        free(block)
    found = mapped.snapshot()
    assert (found.outstanding_bytes, found.samples, found.sampled_frees) == (0, 6, 6)


def test_while_it_drains_nothing_new_is_sampled_and_what_was_sampled_is_followed(mapped: Mapped) -> None:
    mapped.start_sampling(EVERYTHING)
    malloc, free, realloc = (mapped.hook(each) for each in (Function.MALLOC, Function.FREE, Function.REALLOC))
    first, second, third = malloc(100), malloc(200), malloc(400)
    mapped.turn(State.DRAIN)
    fourth = malloc(800)
    free(first)
    second = realloc(second, 60_000)
    assert mapped.snapshot().outstanding_bytes == 400
    mapped.turn(State.OFF)
    for block in (second, third, fourth):
        free(block)
    assert mapped.snapshot().samples == 3


def test_a_target_without_memalign_is_sampled_through_posix_memalign(mapped: Mapped) -> None:
    mapped.start_sampling(EVERYTHING)
    at = TRAMPOLINES + Function.MEMALIGN * TRAMPOLINE_BYTES
    mapped.memory[at : at + TRAMPOLINE_BYTES] = bytes(TRAMPOLINE_BYTES)
    block = mapped.hook(Function.MALLOC)(1000)
    assert mapped.snapshot().outstanding_bytes == 1000
    mapped.hook(Function.FREE)(block)


def test_a_target_without_any_aligned_allocation_loses_its_samples_and_says_so(mapped: Mapped) -> None:
    mapped.start_sampling(EVERYTHING)
    for function in (Function.MEMALIGN, Function.POSIX_MEMALIGN):
        at = TRAMPOLINES + function * TRAMPOLINE_BYTES
        mapped.memory[at : at + TRAMPOLINE_BYTES] = bytes(TRAMPOLINE_BYTES)
    malloc, free = mapped.hook(Function.MALLOC), mapped.hook(Function.FREE)
    blocks = [malloc(1000) for _ in range(64)]
    found = mapped.snapshot()
    assert found.lost_samples + found.samples == 64
    assert found.lost_samples > 50
    for block in blocks:
        free(block)
    assert mapped.snapshot().outstanding_bytes == 0


def test_a_period_of_zero_in_a_header_that_was_overwritten_stops_nothing(mapped: Mapped) -> None:
    mapped.start_sampling(Settings(period_bytes=0, budget=0.0))
    mapped.hook(Function.FREE)(mapped.hook(Function.MALLOC)(1000))
    assert mapped.snapshot().samples == 1
