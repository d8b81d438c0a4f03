"""Figures without a format: tables typed by hand, home-made series, sentences. Asked last; see model/said.py for facts."""

from types import ModuleType

from memwhy.sources.words import (
    claims,
    controls,
    courses,
    figures,
    holders,
    inline,
    keyed,
    opening,
    printed,
    remarks,
    scraped,
    series,
    tables,
)

READERS: tuple[ModuleType, ...] = (
    scraped,
    tables,
    controls,
    printed,
    series,
    courses,
    inline,
    figures,
    claims,
    holders,
    remarks,
    keyed,
    opening,
)
"""In order of priority: lines that one reader has taken are blank to the next."""
