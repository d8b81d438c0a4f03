"""Attach the sampler to a running process: nothing is loaded by its loader, no register is changed, no thread waits.

First stop: malloc's entry leads to a stub, with which the target maps two ranges in its own next call of malloc. Then the sampler is
written there, and in the second stop the entries of all functions become jumps to its hooks. Killed at any instant, memwhy leaves a target
that runs on, and a successor that finds what there is (`remains`).
"""

import ctypes
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from memwhy.memory.live import Live
from memwhy.model.errors import ParseError, TargetGone
from memwhy.model.mapping import Mapping as MemoryMapping
from memwhy.native import detach, install, layout, permission, remains
from memwhy.native.clock import clock, read_image
from memwhy.native.detach import Detached, Placed
from memwhy.native.errors import CannotAttach, Occupied
from memwhy.native.functions import NAMES, find_functions
from memwhy.native.header import Settings
from memwhy.native.plan import make_plan
from memwhy.native.stops import Different, Stopper
from memwhy.sources.proc import maps


@dataclass(slots=True, kw_only=True)
class Attachment:
    """A target with the sampler in it. A context manager: it detaches.

    region: address of the header. stop_ns: how long the target stood still, each time. functions: name of each that is patched → the
    bytes that stood there. notes: what is not seen. predecessor: what was taken away of an earlier memwhy.
    """

    pid: int
    region: int
    functions: Mapping[str, bytes]
    notes: tuple[str, ...]
    predecessor: Detached | None
    _stopper: Stopper
    _placed: Placed
    _is_attached: bool = field(default=True)

    @property
    def stop_ns(self) -> list[int]:
        return self._stopper.stop_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_attached:
            self.detach()

    def read(self, offset: int, size: int) -> bytes:
        """Bytes from the header on. Raises TargetGone."""
        try:
            return self._stopper.read(self.region + offset, size)
        except OSError as error:
            raise TargetGone(f"pid {self.pid} has the sampler's memory no more: {error.strerror}") from error

    def write(self, offset: int, raw: bytes) -> None:
        """Write to the sampler's tables; offset from the header. Raises TargetGone, ValueError outside of them."""
        if offset < 0 or offset + len(raw) > layout.REGION_BYTES:
            raise ValueError(f"{len(raw)} bytes at {offset:#x} are not within the sampler's {layout.REGION_BYTES:#x}")
        self.read(offset, 1)
        self._stopper.store(self.region + offset, raw)

    def header(self) -> layout.Header:
        """The header as it is now. Raises TargetGone, also when the memory there is no sampler's any more."""
        header = layout.Header.from_buffer_copy(self.read(0, ctypes.sizeof(layout.Header)))
        if header.magic != layout.MAGIC:
            raise TargetGone(f"pid {self.pid} has the sampler's memory no more")
        return header

    def refresh(self) -> None:
        """A sign of life, due every few seconds. Raises TargetGone."""
        self.write(layout.Header.heartbeat_tsc.offset, clock().now().to_bytes(8, "little"))

    def set_state(self, state: layout.State) -> None:
        """Turn the sampler on or off. Raises TargetGone."""
        self.write(layout.Header.state.offset, int(state).to_bytes(4, "little"))

    def detach(self, *, wait_s: float = 10.0) -> Detached:
        """Take everything away. wait_s: for threads to leave the sampler, and then for a call of malloc that unmaps it."""
        if not self._is_attached:
            raise ValueError("it is detached already")
        self._is_attached = False
        try:
            return detach.detach(self._stopper, self._placed, wait_s=wait_s)
        finally:
            os.close(self._stopper.mem)


def attach(
    pid: int,
    *,
    period_bytes: int = 65536,
    functions: Collection[str] = NAMES,
    wait_s: float = 10.0,
    state: layout.State = layout.State.ON,
    image: bytes | None = None,
    root: str = "/proc",
) -> Attachment:
    """Attach to a process. wait_s: for its next call of malloc. state: OFF when its tables are to be filled in before the first sample.

    image: another sampler than the installed one. Raises CannotAttach in its kinds, NotPermitted, TargetGone; then the target is as it was.
    """
    unknown = sorted(set(functions) - set(NAMES))
    if unknown or period_bytes <= 0:
        raise ValueError(f"no such functions: {unknown}" if unknown else "a period is a positive number of bytes")
    image = image if image is not None else read_image()
    permission.check(root, pid)
    settings = Settings(period_bytes=period_bytes)
    stopper = Stopper(pid=pid, mem=permission.open_memory(root, pid), root=root)
    try:
        return _attach(stopper, settings, frozenset(functions), wait_s, state, image)
    except Different as error:
        os.close(stopper.mem)
        who = "another memwhy, or another tool, attached at the same time"
        raise Occupied(f"{error.message}: {who}", help="try again") from error
    except OSError as error:
        os.close(stopper.mem)
        raise CannotAttach(f"the memory of pid {pid} changed while memwhy attached: {error.strerror}") from error
    except BaseException:
        os.close(stopper.mem)
        raise


def check_image(image: bytes) -> layout.Image:
    """How an image begins. Raises ParseError when it is none of ours."""
    size = ctypes.sizeof(layout.Image)
    head = layout.Image.from_buffer_copy(image[:size].ljust(size, b"\0"))
    if (
        head.magic != layout.IMAGE_MAGIC
        or head.version != layout.VERSION
        or not size <= len(image) <= layout.TRAMPOLINES
    ):
        raise ParseError("sampler.bin", None, image[:8], "not a sampler of this version")
    if any(entry >= len(image) for entry in head.entries):
        raise ParseError("sampler.bin", None, "", "a hook lies outside of the image")
    return head


def _attach(
    stopper: Stopper, settings: Settings, functions: frozenset[str], wait_s: float, state: layout.State, image: bytes
) -> Attachment:
    head = check_image(image)
    now_tsc = clock().now()
    with Live.open(stopper.pid, root=stopper.root, mappings=lambda: _mappings(stopper)) as space:
        try:
            found, notes = find_functions(space)
            before = remains.settle(space, stopper, remains.find(space, found.values()), now_tsc, wait_s=wait_s)
            space.refresh()
            plan = make_plan(space, found, functions, notes)
            placed = install.map_region(space, stopper, plan, wait_s)
        except CannotAttach:
            space.check()  # what has just ended reads as if it were empty
            raise
        region = placed.regions[0]
        hooks = {name: region.code + head.entries[f.index] for name, f in found.items() if head.entries[f.index]}
        try:
            install.fill_in(stopper, plan, region, image, install.make_header(plan, settings, state))
            placed = install.patch_entries(space, stopper, plan, placed, hooks)
        except BaseException:
            detach.detach(stopper, placed, wait_s=wait_s)
            raise
    return Attachment(
        pid=stopper.pid,
        region=region.data,
        functions={jump.what: jump.expected or b"" for jump in placed.jumps},
        notes=plan.notes,
        predecessor=before,
        _stopper=stopper,
        _placed=placed,
    )


def _mappings(stopper: Stopper) -> tuple[MemoryMapping, ...]:
    try:
        return maps.parse(maps.read(stopper.root, stopper.pid)).mappings
    except PermissionError as error:
        raise permission.not_permitted(stopper.root, stopper.pid) from error
