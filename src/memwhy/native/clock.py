"""The sampler's clock, read from here: the processor's time stamp counter.

Its instruction is called in the sampler's own image, mapped from its file: nothing is written to executable memory. The
rate is measured against CLOCK_MONOTONIC_RAW, because the kernel's own figure (tsc_khz) is not handed to processes.
"""

import ctypes
import mmap
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from memwhy.model.errors import MemwhyError
from memwhy.native.layout import IMAGE_MAGIC, TRAMPOLINES, VERSION, Image

IMAGE = Path(__file__).parent / "sampler.bin"
PRELOAD = Path(__file__).parent / "sampler-preload.so"

_CALIBRATION_NS = 20_000_000
_TRIES = 5


class Clock:
    """Ticks of the time stamp counter. hz: ticks a second, measured when it was made."""

    def __init__(self) -> None:
        read_image()
        with IMAGE.open("rb") as file:
            self._code = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
        start = _address_of(self._code)
        entry = start + Image.from_buffer_copy(self._code).tsc
        self.now: Callable[[], int] = ctypes.CFUNCTYPE(ctypes.c_uint64)(entry)
        self.hz: int = self._measure()

    def _pair(self) -> tuple[int, int]:
        """(ns, ticks) of one moment: of a few tries the one that took least."""
        tries = []
        for _ in range(_TRIES):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            ticks = self.now()
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            tries.append((after - before, (before + after) // 2, ticks))
        _, ns, ticks = min(tries)
        return ns, ticks

    def _measure(self) -> int:
        ns, ticks = self._pair()
        time.sleep(_CALIBRATION_NS / 1e9)
        ns_later, ticks_later = self._pair()
        return max(1, (ticks_later - ticks) * 1_000_000_000 // (ns_later - ns))


@lru_cache(maxsize=1)
def clock() -> Clock:
    """The clock of this process, measured once."""
    return Clock()


def read_image() -> bytes:
    """The sampler's image as it was built. Raises MemwhyError where this memwhy was installed without it."""
    try:
        image = IMAGE.read_bytes()
    except OSError as error:
        raise MemwhyError(
            f"the sampler is not installed: {IMAGE.name}: {error.strerror}",
            help="install memwhy from a wheel for x86-64 Linux, or build it where a C compiler is at hand",
        ) from error
    fields = Image.from_buffer_copy(image.ljust(ctypes.sizeof(Image), b"\0"))
    if fields.magic != IMAGE_MAGIC or fields.version != VERSION or len(image) > TRAMPOLINES or not fields.tsc:
        raise MemwhyError(
            f"the sampler's image {IMAGE.name} is not of this version of memwhy", help="install memwhy again"
        )
    return image


def _address_of(code: mmap.mmap) -> int:
    """Where a mapping lies, without asking for it to be writable."""

    class Buffer(ctypes.Structure):
        _fields_ = (("start", ctypes.c_void_p), ("rest", ctypes.c_byte * 128))

    view = Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(code), ctypes.byref(view), ctypes.c_int(0))
    try:
        return int(view.start or 0)
    finally:
        ctypes.pythonapi.PyBuffer_Release(ctypes.byref(view))
