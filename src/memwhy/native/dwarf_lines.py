"""From addresses to lines of source: the line number program of one compile unit, run once.

Source: DWARF 5, section 6.2; versions 2 to 5. Paths are joined as the standard says: file below its directory, that below the directory
of the compilation.
"""

from array import array
from bisect import bisect_right

from memwhy.native.dwarf_data import LINE_STRP, STRP, Value, form_value, number, sleb, text
from memwhy.sources.go.varint import read_varint

_MOST_ROWS = 1_000_000
_PATH, _DIRECTORY = 1, 2


class LineTable:
    """The rows of one unit, by address. Addresses are the file's own."""

    def __init__(self, sections: dict[str, bytes], offset: int, compiled_in: str) -> None:
        """offset: in .debug_line. Raises ValueError, IndexError or KeyError where it makes no sense."""
        self._sections = sections
        self._raw = sections.get("line", b"")
        self._starts = array("Q")
        self._places: list[tuple[int, int] | None] = []
        """(file, line) from each start on; None where code ends."""
        self._run(offset, compiled_in)
        order = sorted(range(len(self._starts)), key=lambda i: (self._starts[i], self._places[i] is not None))
        self._starts = array("Q", (self._starts[i] for i in order))
        self._places = [self._places[i] for i in order]

    def find(self, address: int) -> tuple[str, int]:
        """(file, line) of an instruction; ("", 0) where the table does not say."""
        row = bisect_right(self._starts, address) - 1
        place = self._places[row] if row >= 0 else None
        return ("", 0) if place is None else (self.file(place[0]), place[1])

    def file(self, index: int) -> str:
        """A file by its number in this unit, "" where there is none of it."""
        return self._files[index] if 0 <= index < len(self._files) else ""

    def _run(self, at: int, compiled_in: str) -> None:
        raw = self._raw
        end = at + 4 + number(raw, at, 4)
        version = number(raw, at + 4, 2)
        if end > len(raw) or not 2 <= version <= 5:
            raise ValueError("line table")
        at += 8 if version == 5 else 6
        start = at + 4 + number(raw, at, 4)
        at += 4
        self._step = raw[at]
        at += 3 if version >= 4 else 2  # minimum instruction length, most operations of a bundle, is_stmt
        self._line_base, self._line_range, self._opcode_base = number(raw, at, 1), raw[at + 1], raw[at + 2]
        self._line_base -= 256 if self._line_base > 127 else 0
        if not self._line_range or not self._opcode_base:
            raise ValueError("line table")
        self._lengths = raw[at + 3 : at + 2 + self._opcode_base]
        at += 2 + self._opcode_base
        if version == 5:
            self._read_names(at, compiled_in)
        else:
            self._read_old_names(at, compiled_in)
        self._program(start, end)

    def _read_old_names(self, at: int, compiled_in: str) -> None:
        folders = [compiled_in]
        while self._raw[at]:
            name, at = text(self._raw, at)
            folders.append(_joined(compiled_in, name.decode("utf-8", "replace")))
        at += 1
        self._files = [""]
        while self._raw[at]:
            name, at = text(self._raw, at)
            folder, at = read_varint(self._raw, at)
            for _ in range(2):
                _, at = read_varint(self._raw, at)
            self._files.append(_joined(folders[folder], name.decode("utf-8", "replace")))

    def _read_names(self, at: int, compiled_in: str) -> None:
        folders, at = self._entries(at)
        names, at = self._entries(at)
        paths = [_joined(compiled_in, self._string(folder.get(_PATH))) for folder in folders]
        self._files = []
        for name in names:
            folder = name.get(_DIRECTORY, (0, 0))[1]
            inside = paths[folder] if isinstance(folder, int) and folder < len(paths) else compiled_in
            self._files.append(_joined(inside, self._string(name.get(_PATH))))

    def _entries(self, at: int) -> tuple[list[dict[int, tuple[int, Value]]], int]:
        raw = self._raw
        kinds = []
        count, at = raw[at], at + 1
        for _ in range(count):
            kind, at = read_varint(raw, at)
            form, at = read_varint(raw, at)
            kinds.append((kind, form))
        count, at = read_varint(raw, at)
        if count > len(raw):
            raise ValueError("line table")
        rows: list[dict[int, tuple[int, Value]]] = []
        for _ in range(count if kinds else 0):
            row: dict[int, tuple[int, Value]] = {}
            for kind, form in kinds:
                value, at, said = form_value(raw, at, form)
                row[kind] = said, value
            rows.append(row)
        return rows, at

    def _string(self, found: tuple[int, Value] | None) -> str:
        if found is None:
            return ""
        form, value = found
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        table = self._sections.get({STRP: "str", LINE_STRP: "line_str"}.get(form, ""), b"")
        return text(table, value)[0].decode("utf-8", "replace")

    def _program(self, at: int, end: int) -> None:
        raw, address, file, line = self._raw, 0, 1, 1
        while at < end:
            op, at = raw[at], at + 1
            if op >= self._opcode_base:
                op -= self._opcode_base
                address += op // self._line_range * self._step
                line += self._line_base + op % self._line_range
                self._add(address, (file, line))
            elif op == 0:
                length, at = read_varint(raw, at)
                kind = raw[at] if length else 0
                if kind == 1:
                    self._add(address, None)
                    address, file, line = 0, 1, 1
                elif kind == 2:
                    address = number(raw, at + 1, 8)
                at += length
            elif op == 1:
                self._add(address, (file, line))
            elif op == 2:
                by, at = read_varint(raw, at)
                address += by * self._step
            elif op == 3:
                more, at = sleb(raw, at)
                line += more
            elif op == 4:
                file, at = read_varint(raw, at)
            elif op == 8:
                address += (255 - self._opcode_base) // self._line_range * self._step
            elif op == 9:
                address, at = address + number(raw, at, 2), at + 2
            else:
                for _ in range(self._lengths[op - 1]):
                    _, at = read_varint(raw, at)

    def _add(self, address: int, place: tuple[int, int] | None) -> None:
        if len(self._places) >= _MOST_ROWS:
            raise ValueError("line table")
        self._starts.append(address & 0xFFFFFFFFFFFFFFFF)
        self._places.append(place)


def _joined(folder: str, name: str) -> str:
    return name if name.startswith("/") or not folder else f"{folder}/{name}"
