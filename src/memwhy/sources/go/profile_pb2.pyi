"""Types of profile_pb2, written by hand from profile.proto: what is read, nothing else."""

from collections.abc import Sequence
from typing import Literal

class ValueType:
    type: int
    unit: int

class Sample:
    location_id: Sequence[int]
    value: Sequence[int]

class Mapping:
    id: int
    filename: int
    build_id: int

class Line:
    function_id: int

class Location:
    id: int
    mapping_id: int
    address: int
    line: Sequence[Line]

class Function:
    id: int
    name: int

class Profile:
    sample_type: Sequence[ValueType]
    sample: Sequence[Sample]
    mapping: Sequence[Mapping]
    location: Sequence[Location]
    function: Sequence[Function]
    string_table: Sequence[bytes]
    drop_frames: int
    keep_frames: int
    time_nanos: int
    duration_nanos: int
    period_type: ValueType
    period: int
    default_sample_type: int
    @classmethod
    def FromString(cls, s: bytes) -> Profile: ...  # noqa: N802
    def HasField(self, field_name: Literal["period_type"]) -> bool: ...  # noqa: N802
