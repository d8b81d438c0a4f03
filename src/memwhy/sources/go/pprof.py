"""Binary pprof profiles (.pb, .pb.gz) of any sample types, from Go or anything else that writes the format.

The file is walked field by field and decoded in pieces of about 1 MiB (pieces of a protobuf message cut between
fields are messages too), so that memory goes with the number of different stacks, not with the file.
Format: google/pprof proto/profile.proto; what Go writes: runtime/pprof/proto.go.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Literal

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.go import pprof_core
from memwhy.sources.go.pprof_file import NAME, decompress
from memwhy.sources.go.stacks import Frames, drawn_variance, profile_of
from memwhy.sources.go.varint import read_varint

if TYPE_CHECKING:
    from memwhy.sources.go import profile_pb2

LARGE_BYTES = 1 << 20
"""Larger ones are summed up in C (pprof_core), with the largest stacks alone."""

_MOST_FIELDS = 3_000_000
_MOST_FIELD_BYTES = 1 << 20
_BATCH_BYTES = 1 << 20
_MOST_SAMPLE_TYPES = 32
_MOST_STACK_FRAMES = 2048  # Go's own limit is profstackdepth=1024
_MOST_FRAMES = 30_000_000


def parse(raw: bytes) -> Reading:
    """Profiles, one per sample type, with function rows and stacks; facts profile.binary, profile.build_id and, of the profile
    goroutineleak, go.leaked_goroutines.

    Raises ParseError for other bytes, truncated files, and files of more than MOST_BYTES after decompression.
    """
    data = decompress(raw)
    run = pprof_core.core() if len(data) >= LARGE_BYTES else None
    if run is not None:
        return reading_of(pprof_core.sum_up(data, run))
    return content_of(data).reading()


def reading_of(summed: pprof_core.Summed) -> Reading:
    """Profiles, one a sample type, with the rows of all functions and the largest stacks."""
    notes, profiles = [], []
    in_bytes = summed.period_type is not None and summed.period_type[1] == "bytes" and summed.period > 0
    for index, (kind, said) in enumerate(summed.types):
        if said not in ("bytes", "count"):
            notes.append(f"the values of {kind} are {said or 'without a unit'}")
        unit: Literal["bytes", "count"] = "bytes" if said == "bytes" else "count"
        rows = [
            ProfileRow(function=one.function, flat=one.flat, cum=one.cum) for one in pprof_core.rows_of(summed, index)
        ]
        rows.sort(key=lambda row: (-abs(row.flat), -abs(row.cum), row.function))
        signed = any(row.flat < 0 for row in rows)
        profiles.append(
            Profile(
                kind=kind,
                unit=unit,
                total=sum(row.flat for row in rows) if signed else summed.totals[index],
                rows=tuple(rows),
                stacks=tuple(_drawn(_merged(summed, index), _counted(summed, index), summed.period if in_bytes else 0)),
                build_id=summed.build_id,
                binary=summed.binary,
                wall_ns=summed.time_ns or None,
                sampling_period_bytes=summed.period if in_bytes and unit == "bytes" else None,
            )
        )
    if summed.drops_frames:
        notes.append("the profile asks viewers to hide some frames (drop_frames); they are all shown here")
    if summed.cut_stacks:
        notes.append(f"{summed.cut_stacks} stacks were cut to 2048 frames")
    if summed.samples > pprof_core.STACKS:
        notes.append(
            f"of {summed.samples:,} samples the {pprof_core.STACKS:,} largest are kept as stacks; rows are of all"
        )
    return Reading(
        facts=_facts(summed.binary, summed.build_id, profiles),
        profiles=tuple(profiles),
        wall_ns=summed.time_ns or None,
        notes=tuple(notes),
    )


def _facts(binary: str | None, build_id: str | None, profiles: Iterable[Profile]) -> dict[str, str]:
    leaked = next((str(one.total) for one in profiles if one.kind == "goroutineleak"), None)
    facts = {"profile.binary": binary, "profile.build_id": build_id, "go.leaked_goroutines": leaked}
    return {name: text for name, text in facts.items() if text}


def _merged(summed: pprof_core.Summed, index: int) -> list[StackSample]:
    """The kept samples of one type, those of one stack (Go writes one for each block size) together."""
    stacks: dict[tuple[int, ...], int] = {}
    for kind, value, nodes in summed.stacks:
        if kind == index:
            stacks[nodes] = stacks.get(nodes, 0) + value
    samples = [
        StackSample(frames=tuple(summed.names[node] for node in nodes), value=value) for nodes, value in stacks.items()
    ]
    return sorted(samples, key=lambda sample: (-abs(sample.value), sample.frames))


def _counted(summed: pprof_core.Summed, index: int) -> dict[Frames, int]:
    """How many blocks the bytes of a type are, by stack: the type before it, by the format's convention."""
    if not index or summed.types[index][1] != "bytes" or summed.types[index - 1][1] != "count":
        return {}
    return {one.frames: one.value for one in _merged(summed, index - 1)}


def _drawn(samples: list[StackSample], counts: Map[Frames, int], period: int) -> list[StackSample]:
    """With the variance of each; where no count is told it is that of the smallest blocks, the most there can be."""
    if period <= 0:
        return samples
    return [
        replace(one, variance=drawn_variance(counts.get(one.frames, one.value), one.value, period)) for one in samples
    ]


def content_of(data: bytes) -> "Content":
    """Everything in a profile's plain bytes. Raises ParseError."""
    content = Content()
    for batch in _batches(data):
        content.add(batch)
    return content


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    try:
        return read_varint(raw, at)
    except ValueError as error:
        raise ParseError(NAME, None, "", f"no pprof profile, or truncated: {error} at byte {at}") from error


def _batches(raw: bytes) -> Iterator[bytes]:
    """Pieces of whole top-level fields."""
    at = start = fields = 0
    end = len(raw)
    while at < end:
        begin = at
        tag, at = _varint(raw, at)
        wire = tag & 7
        if wire == 2:
            size, at = _varint(raw, at)
            if size > _MOST_FIELD_BYTES:
                raise ParseError(NAME, None, "", f"no pprof profile: a field of {size} bytes at byte {begin}")
            at += size
        elif wire == 0:
            _, at = _varint(raw, at)
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ParseError(NAME, None, "", f"no pprof profile: unknown wire type {wire} at byte {begin}")
        if at > end:
            raise ParseError(NAME, None, "", f"truncated: the field at byte {begin} is {at - end} bytes short")
        fields += 1
        if fields > _MOST_FIELDS:
            raise ParseError(NAME, None, "", f"more than {_MOST_FIELDS} fields; not read further")
        if at - start >= _BATCH_BYTES:
            yield raw[start:at]
            start = at
    if start < end:
        yield raw[start:end]


@dataclass(slots=True)
class Content:
    """What has been seen of one profile; a field may come after the fields that refer to it."""

    types: list[tuple[int, int]] = field(default_factory=list)
    samples: dict[tuple[int, ...], list[int]] = field(default_factory=dict)
    locations: dict[int, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    functions: dict[int, int] = field(default_factory=dict)
    mappings: dict[int, tuple[int, int]] = field(default_factory=dict)
    strings: list[bytes] = field(default_factory=list)
    period_type: tuple[int, int] | None = None
    period: int = 0
    time_ns: int = 0
    default_type: int = 0
    drops_frames: bool = False
    cut_stacks: int = 0

    def add(self, raw: bytes) -> None:
        """Take in one piece of the file."""
        from google.protobuf.message import DecodeError

        from memwhy.sources.go import profile_pb2

        try:
            message = profile_pb2.Profile.FromString(raw)
        except DecodeError as error:
            raise ParseError(NAME, None, "", f"no pprof profile ({error})") from error
        self.types += [(kind.type, kind.unit) for kind in message.sample_type]
        if len(self.types) > _MOST_SAMPLE_TYPES:
            raise ParseError(NAME, None, "", f"more than {_MOST_SAMPLE_TYPES} sample types")
        self._add_samples(message)
        for mapping in message.mapping:
            self.mappings[mapping.id] = (mapping.filename, mapping.build_id)
        for location in message.location:
            lines = tuple([line.function_id for line in location.line])
            self.locations[location.id] = (location.mapping_id, lines)
        for function in message.function:
            self.functions[function.id] = function.name
        self.strings += message.string_table
        if message.HasField("period_type"):
            self.period_type = (message.period_type.type, message.period_type.unit)
        self.period = message.period or self.period
        self.time_ns = message.time_nanos or self.time_ns
        self.default_type = message.default_sample_type or self.default_type
        self.drops_frames |= bool(message.drop_frames)

    def _add_samples(self, message: "profile_pb2.Profile") -> None:
        samples = self.samples
        for sample in message.sample:
            stack = tuple(sample.location_id)
            values = samples.get(stack)
            if values is None:
                samples[stack] = list(sample.value)
            elif len(values) == len(sample.value):
                samples[stack] = [a + b for a, b in zip(values, sample.value, strict=True)]
            else:
                raise ParseError(NAME, None, "", "samples with different numbers of values")

    def text(self, index: int) -> str:
        """The string at an index of the string table."""
        if not 0 <= index < len(self.strings):
            raise ParseError(NAME, None, "", f"refers to string {index} of {len(self.strings)}")
        return self.strings[index].decode("utf-8", "replace")

    def reading(self) -> Reading:
        """All of it, with every reference checked."""
        if not self.types or not self.strings or self.strings[0] != b"":
            raise ParseError(NAME, None, "", "no pprof profile: no sample types, or no string table")
        stacks = self._stacks()
        binary, build_id = self.main_mapping()
        period_bytes = None
        if self.period_type is not None and self.text(self.period_type[1]) == "bytes" and self.period > 0:
            period_bytes = self.period
        notes: list[str] = []
        profiles: list[Profile] = []
        for i, (type_index, unit_index) in enumerate(self.types):
            kind, said = self.text(type_index), self.text(unit_index)
            unit: Literal["bytes", "count"] = "bytes" if said == "bytes" else "count"
            if said not in ("bytes", "count"):
                notes.append(f"the values of {kind} are {said or 'without a unit'}")
            profiles.append(
                profile_of(
                    kind,
                    unit,
                    {frames: values[i] for frames, values in stacks.items()},
                    build_id=build_id,
                    binary=binary,
                    wall_ns=self.time_ns or None,
                    sampling_period_bytes=period_bytes if unit == "bytes" else None,
                    variances=self._variances(stacks, i, period_bytes) if unit == "bytes" and period_bytes else None,
                )
            )
        if self.drops_frames:
            notes.append("the profile asks viewers to hide some frames (drop_frames); they are all shown here")
        if self.cut_stacks:
            notes.append(f"{self.cut_stacks} stacks were cut to {_MOST_STACK_FRAMES} frames")
        facts = _facts(binary, build_id, profiles)
        return Reading(facts=facts, profiles=tuple(profiles), wall_ns=self.time_ns or None, notes=tuple(notes))

    def _variances(self, stacks: Map[Frames, list[int]], index: int, period: int) -> dict[Frames, float]:
        """Of the bytes of each stack, by the count in the type before it, if it is one."""
        counted = index > 0 and self.text(self.types[index - 1][1]) == "count"
        return {
            frames: drawn_variance(values[index - 1] if counted else values[index], values[index], period)
            for frames, values in stacks.items()
        }

    def _stacks(self) -> dict[Frames, list[int]]:
        frames_of: dict[int, Frames] = {}
        stacks: dict[Frames, list[int]] = {}
        total = 0
        for ids, values in self.samples.items():
            if len(values) != len(self.types):
                raise ParseError(NAME, None, "", f"a sample of {len(values)} values for {len(self.types)} sample types")
            for location_id in ids:
                if location_id not in frames_of:
                    frames_of[location_id] = self.frames(location_id)
            stack = tuple(chain.from_iterable([frames_of[location_id] for location_id in ids[:_MOST_STACK_FRAMES]]))
            if len(stack) > _MOST_STACK_FRAMES or len(ids) > _MOST_STACK_FRAMES:
                self.cut_stacks += 1
                stack = stack[:_MOST_STACK_FRAMES]
            total += len(stack)
            if total > _MOST_FRAMES:
                raise ParseError(NAME, None, "", f"the stacks hold more than {_MOST_FRAMES} frames; not read further")
            known = stacks.get(stack)
            stacks[stack] = values if known is None else [a + b for a, b in zip(known, values, strict=True)]
        return stacks

    def frames(self, location_id: int) -> Frames:
        """Functions at one address, innermost inlined one first; without a name the mapped file's, else <unknown>."""
        if location_id not in self.locations:
            raise ParseError(NAME, None, "", f"a sample refers to location {location_id}, which is not there")
        mapping_id, function_ids = self.locations[location_id]
        mapping = self.mappings.get(mapping_id)
        file = self.text(mapping[0]).rpartition("/")[2] if mapping else ""
        nameless = f"[{file}]" if file else "<unknown>"
        for missing in (function for function in function_ids if function not in self.functions):
            raise ParseError(NAME, None, "", f"a location refers to function {missing}, which is not there")
        names = (self.text(self.functions[function]) for function in function_ids[:_MOST_STACK_FRAMES])
        return tuple(name or nameless for name in names) or (nameless,)

    def main_mapping(self) -> tuple[str | None, str | None]:
        """(file, build id) of the first mapping, which is the program's by the format's convention."""
        if not self.mappings:
            return None, None
        filename, build_id = next(iter(self.mappings.values()))
        return self.text(filename) or None, self.text(build_id) or None
