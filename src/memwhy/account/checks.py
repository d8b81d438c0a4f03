"""Two witnesses of one fact held against each other, in words."""

from memwhy.account.golang import CHUNK_BYTES, HeapFound
from memwhy.account.gometa import MetadataFound
from memwhy.model.account import Check
from memwhy.model.units import KIB, MIB, human_bytes


def check_total(held: int, total: int, left: str, right: str) -> Check:
    """The layers' sum against the kernel's own total.

    status counts in per-CPU batches and the two are not read at one instant: 2 MiB or 1 % is agreement.
    """
    apart = total - held
    agree = abs(apart) <= max(2 * MIB, total // 100)
    text = f"{left} is {human_bytes(held)}, {right} is {human_bytes(total)}: " + (
        f"{human_bytes(abs(apart))} apart"
        if agree
        else f"{human_bytes(abs(apart))} apart, more than the time between two reads should make"
    )
    return Check(
        name="sum of layers", left=left, left_bytes=held, right=right, right_bytes=total, agree=agree, text=text
    )


def check_go_heap(heap: HeapFound) -> Check:
    """The arenas' writable address space against HeapSys + StackInuse."""
    found = heap.writable_bytes
    if heap.low_bytes is None:
        expected = 0
        text = (
            f"mappings shaped like Go's arenas are {human_bytes(found)} of address space; Go's own count is not known"
        )
        if not found:
            text = "no mapping is shaped like a Go arena, and Go's own count is not known"
    else:
        expected = heap.low_bytes + CHUNK_BYTES
        text = f"Go's arenas are {human_bytes(found)} of writable address space, HeapSys + StackInuse is {human_bytes(expected)}"
        if not heap.agrees:
            text += (
                ": no set of mappings fits; the layer goes by shape alone, or MemStats is of another moment or process"
            )
    return Check(
        name="Go heap, virtual",
        left="writable address space of the arenas",
        left_bytes=found,
        right="HeapSys + StackInuse",
        right_bytes=expected,
        agree=heap.agrees,
        text=text,
    )


def check_go_metadata(metadata: MetadataFound) -> Check:
    """The metadata mappings found against Sys - HeapSys - StackInuse; what is missing lies in other anonymous.

    Mappings that Go shares with others are not found, so less says nothing: agree is None then.
    """
    found, counted = metadata.writable_bytes, metadata.counted_bytes or 0
    missing = counted - found
    text = f"Go counts {human_bytes(counted)} outside its arenas, mappings of {human_bytes(found)} were found"
    agree = abs(missing) <= max(128 * KIB, counted // 16) or None
    if agree is None:
        text += f": up to {human_bytes(missing)} of it lies in mappings shared with others, counted as other anonymous"
    return Check(
        name="Go metadata, virtual",
        left="mappings of Go outside the arenas",
        left_bytes=found,
        right="Sys - HeapSys - StackInuse",
        right_bytes=counted,
        agree=agree,
        text=text,
    )


def check_go_resident(resident: int, sys_bytes: int, released_bytes: int) -> Check:
    """Resident pages of Go's layers against Sys - HeapReleased: Go cannot hold more than it took from the OS.

    More may come of huge pages, which bring released pages back (golang/go#64332), or of time between the readings;
    more than Sys cannot.
    """
    held = sys_bytes - released_bytes
    slack = CHUNK_BYTES + sys_bytes // 16
    text = f"Go's layers hold {human_bytes(resident)} resident, Sys - HeapReleased is {human_bytes(held)}"
    if resident > sys_bytes + slack:
        text += ": more than Go has ever taken, so the claim is wrong or MemStats is of another moment"
    elif resident > held + slack:
        text += ": released pages are resident again (huge pages), or the heap grew between the two readings"
    return Check(
        name="Go, resident",
        left="Go's layers, resident",
        left_bytes=resident,
        right="Sys - HeapReleased",
        right_bytes=held,
        agree=resident <= held + slack,
        text=text,
    )
