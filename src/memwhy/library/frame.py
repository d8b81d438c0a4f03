"""A frame: columns of equal length by name, as every library of tables takes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from memwhy.exports.ticks import Value
from memwhy.model.errors import MemwhyError

if TYPE_CHECKING:
    import pandas

ROWS_SHOWN = 10


class PandasMissing(MemwhyError, ImportError):
    """A DataFrame was asked for, and pandas is not installed."""

    default_help = (
        "pip install 'memwhy[pandas]'; without it, frame.columns is a dict that polars.DataFrame and pyarrow.table take"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Columns of equal length by name. index: the column that tells the rows apart; None where a value was not read.

    `columns` is a dict of lists: `polars.DataFrame(frame.columns)` and `pyarrow.table(frame.columns)` take it as it is.

    >>> layers = memwhy.open("leaking.memwhy").layers
    >>> len(layers), layers["layer.native_heap_bytes"][0]
    (31, 8192)
    """

    columns: Mapping[str, Sequence[Value]]
    index: str

    def __len__(self) -> int:
        return len(self.columns[self.index])

    def __getitem__(self, name: str) -> Sequence[Value]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __repr__(self) -> str:
        return f"<Frame of {len(self)} rows: {', '.join(self.columns)}>"

    def rows(self) -> Iterator[dict[str, Value]]:
        """Each row as a dict."""
        names = tuple(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(names, values, strict=True))

    def to_dataframe(self) -> "pandas.DataFrame":
        """A pandas.DataFrame with `index` as its index; bytes and counts as Int64, so that a gap does not round them.

        Raises PandasMissing, which is a MemwhyError and an ImportError.
        """
        try:
            import pandas  # a dear import, and an extra
        except ImportError:
            raise PandasMissing("a DataFrame wants pandas, which is not installed") from None
        columns = {name: pandas.Series(values, dtype=_dtype(values)) for name, values in self.columns.items()}
        return pandas.DataFrame(columns).set_index(self.index)

    def _repr_html_(self) -> str:
        """The first rows as a table, for notebooks."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>"
            + "".join(f"<td>{'' if value is None else escape(str(value))}</td>" for value in row.values())
            + "</tr>"
            for row, _ in zip(self.rows(), range(ROWS_SHOWN), strict=False)
        )
        more = f"<p>{len(self)} rows</p>" if len(self) > ROWS_SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _dtype(values: Sequence[Value]) -> str | None:
    """Int64 of pandas has gaps and is exact; for everything else pandas knows itself."""
    return "Int64" if all(isinstance(value, int | None) for value in values) else None
