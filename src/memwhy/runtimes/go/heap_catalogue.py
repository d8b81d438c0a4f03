"""Struct types of a program by name, found in its read-only data: for those to which nothing points that has a type.

A descriptor says where its name stands (internal/abi/type.go, Str); that is looked for, and what is found must be a struct whose fields lie one behind
the other and have types themselves. moduledata.typelinks is no list of them: it has no named types, and there is none since Go 1.27.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memwhy.runtimes.go.gotype import STRUCT, GoType

if TYPE_CHECKING:
    from memwhy.runtimes.go.heap_types import Types

_NAME_AT = 40
_MOST_BYTES = 1 << 30
_NAME = re.compile(r"[\x21-\x7e\u00a0-\U0010ffff][\x20-\x7e\u00a0-\U0010ffff]*")


@dataclass(slots=True)
class Catalogue:
    """The struct types of one runtime, each looked for when it is first asked for."""

    types: "Types"
    _names: dict[str, GoType | None] = field(default_factory=dict)

    def named(self, name: str) -> GoType | None:
        """The one struct of a name, None where there is none or there are several. It is looked for by its name, so the others are not read."""
        if name not in self._names:
            found = [one for start, end in self.types.ranges for one in self._of_name(start, end, name)]
            self._names[name] = found[0] if len(found) == 1 else None
        return self._names[name]

    def _of_name(self, start: int, end: int, name: str) -> Iterator[GoType]:
        raw = self.types.hold(start, end)
        text = b"*" + name.encode()  # as *T has the same name but for the star, it is kept once
        for match in re.finditer(re.escape(text), raw):
            before = 2 if len(text) < 0x80 else 3
            where = (match.start() - before).to_bytes(4, "little", signed=True)
            at = raw.find(where)
            while at >= 0:
                address = start + at - _NAME_AT
                found = self.types.at(address) if address % 8 == 0 and address >= start else None
                if found is not None and found.name == name and self._is_sane(found):
                    yield found
                at = raw.find(where, at + 1)

    def _is_sane(self, one: GoType) -> bool:
        if one.kind != STRUCT or not 0 < one.size <= _MOST_BYTES or not one.fields or not _NAME.fullmatch(one.name):
            return False
        behind = 0
        for each in one.fields:
            known = self.types.at(each.type)
            if known is None or each.offset < behind or each.offset + known.size > one.size:
                return False
            behind = each.offset + known.size
        return True
