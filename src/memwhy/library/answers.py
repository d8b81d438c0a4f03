"""Answers with their renderings: the frozen results of the model, which print, save and show themselves."""

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from memwhy.model import comparison, proof, report
from memwhy.model.beside import Beside
from memwhy.model.pictures import Pictures

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Report(report.Report):
    """A diagnosis: all fields of the report, and how it looks in each format.

    >>> report = memwhy.explain("leaking.memwhy")
    >>> report
    <Report native-leak, high (0.95)>
    >>> report.conclusion.cause, report.total.label, report.attribution[0].function
    ('native-leak', 'RSS', 'main.decode')
    >>> json.loads(report.to_json())["verdict"]["cause"]
    'native-leak'

    pictures: the layers over time and the flame graphs, as the page draws them.
    """

    pictures: Pictures = field(default=Pictures(timeline=None), compare=False)

    def __repr__(self) -> str:
        found = self.conclusion
        return f"<Report {found.cause}, {found.confidence} ({found.probability:.2f})>"

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, *, verbose: bool = False) -> str:
        """As `memwhy explain` prints it."""
        from memwhy.render import text

        return text.render(self, verbose=verbose)

    def to_json(self) -> str:
        """Schema memwhy/diagnosis/1: `memwhy.render` has it beside its code, docs/json.md explains it."""
        from memwhy.render import json

        return json.render(self)

    def to_markdown(self) -> str:
        """For an issue or a ticket."""
        from memwhy.render import markdown

        return markdown.render(self)

    def to_html(self) -> str:
        """The page that `memwhy report` writes: one file, without any network."""
        from memwhy.render.html.report import render

        return render(self, self.pictures)

    def to_svg(self) -> str:
        """A picture for a chat or a ticket, as `--plot` writes it; "" where nothing was read at two moments."""
        from memwhy.render import plot

        return "" if self.pictures.sketch is None else plot.of_report(self, self.pictures.sketch)

    def _repr_html_(self) -> str:
        """The verdict, the picture and the table of layers, for notebooks."""
        from memwhy.render import notebook

        return notebook.render(self, self.pictures)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Comparison(comparison.Comparison):
    """What differs between two runs: all fields of the comparison, and how it looks in each format.

    beside: the course of their total over the same axes; None where nothing was read at two moments.
    """

    beside: Beside | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"<Comparison: {self.headline}>"

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, *, verbose: bool = False) -> str:
        """As `memwhy compare` prints it."""
        from memwhy.render.comparison import render

        return render(self, "text", verbose=verbose)

    def to_json(self) -> str:
        """As `memwhy compare --format json` prints it."""
        from memwhy.render.comparison import render

        return render(self, "json")

    def to_markdown(self) -> str:
        """For an issue or a ticket."""
        from memwhy.render.comparison import render

        return render(self, "markdown")

    def to_svg(self) -> str:
        """The picture that `--plot` writes; "" where there is none."""
        from memwhy.render import plot

        return "" if self.beside is None else plot.of_comparison(self, self.beside)

    def _repr_html_(self) -> str:
        """The picture, or else the answer as text, for notebooks."""
        from memwhy.render import notebook

        return notebook.framed(self.to_svg(), self.to_text())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verification(proof.Verification):
    """Whether a fix is shown to work: all fields of the verification, and how it looks in each format.

    beside: the course of their total over the same axes; None where nothing was read at two moments.
    """

    beside: Beside | None = field(default=None, compare=False)

    @property
    def proven(self) -> bool:
        """Whether the fix is shown to work."""
        return self.outcome == "proven"

    def __repr__(self) -> str:
        return f"<Verification {self.outcome}: {self.headline}>"

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self) -> str:
        """As `memwhy verify` prints it."""
        from memwhy.render.proof import render

        return render(self, "text")

    def to_json(self) -> str:
        """As `memwhy verify --format json` prints it."""
        from memwhy.render.proof import render

        return render(self, "json")

    def to_markdown(self) -> str:
        """For an issue or a ticket."""
        from memwhy.render.proof import render

        return render(self, "markdown")

    def to_svg(self) -> str:
        """The picture that `--plot` writes; "" where there is none."""
        from memwhy.render import plot

        return "" if self.beside is None else plot.of_verification(self, self.beside)

    def _repr_html_(self) -> str:
        """The picture, or else the answer as text, for notebooks."""
        from memwhy.render import notebook

        return notebook.framed(self.to_svg(), self.to_text())


def with_views(kind: type[_T], found: Any, **more: object) -> _T:
    """The same frozen result as the class that can show it. found: of the class that `kind` extends."""
    return kind(**{one.name: getattr(found, one.name) for one in fields(found)}, **more)
