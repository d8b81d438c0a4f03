"""A process that is started with the sampler in it: LD_PRELOAD, and the tables in a memory file that both sides map.

The file outlives the process: what it held when it ended can still be read. It reaches the process as an inherited
descriptor, which the sampler closes, as it takes itself out of the environment before main runs. Children of the process
are not watched.
"""

import mmap
import os
from collections.abc import Mapping
from typing import Self

from memwhy.model.errors import MemwhyError
from memwhy.native.clock import PRELOAD, clock
from memwhy.native.header import Settings, fresh_header
from memwhy.native.layout import REGION_BYTES, Header, State

DESCRIPTOR = "MEMWHY_SAMPLER_FD"
FILE_NAME = "memwhy-sampler"
_HEARTBEAT = slice(Header.heartbeat_tsc.offset, Header.heartbeat_tsc.offset + 8)
_STATE = slice(Header.state.offset, Header.state.offset + 4)


class Preloaded:
    """The tables of one process to be. A context manager.

    Start the process with `environment()` and `pass_fds=(it.descriptor,)`; `beat()` at least every orphan_s seconds.
    """

    def __init__(self, settings: Settings | None = None, *, state: State = State.ON) -> None:
        """Raises MemwhyError where the library is not installed or the kernel has no room."""
        if not PRELOAD.exists():
            raise MemwhyError(
                f"the sampler is not installed: there is no {PRELOAD.name}",
                help="install memwhy from a wheel for x86-64 Linux, or build it where a C compiler is at hand",
            )
        header = fresh_header(settings or Settings(), state=state)
        try:
            self.descriptor: int = os.memfd_create(FILE_NAME)
            os.ftruncate(self.descriptor, REGION_BYTES)
            self._tables = mmap.mmap(self.descriptor, REGION_BYTES)
        except OSError as error:
            raise MemwhyError(f"no room for the sampler's tables: {error.strerror}") from error
        self._tables[: len(bytes(header))] = bytes(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment to start the process with; other preloaded libraries stay, behind this one."""
        others = base.get("LD_PRELOAD", "")
        return {
            **base,
            "LD_PRELOAD": f"{PRELOAD}:{others}" if others else str(PRELOAD),
            DESCRIPTOR: str(self.descriptor),
        }

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the tables, counted from the header."""
        return self._tables[offset : offset + size]

    def write(self, offset: int, raw: bytes) -> None:
        """Bytes for the sampler: unwind rows, stack bounds."""
        self._tables[offset : offset + len(raw)] = raw

    def beat(self) -> None:
        """Say that somebody still reads."""
        self._tables[_HEARTBEAT] = clock().now().to_bytes(8, "little")

    def turn(self, state: State) -> None:
        """Switch the sampler on, off or to draining."""
        self._tables[_STATE] = state.to_bytes(4, "little")

    def close(self) -> None:
        """Give the descriptor back; a process that runs keeps its own mapping."""
        self._tables.close()
        os.close(self.descriptor)
