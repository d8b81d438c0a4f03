"""axe-core's findings on a page: what keeps people with a screen reader, a keyboard or weak eyes from it.

`make browser` brings axe-core by npm into .toolchain/; nothing of it is part of memwhy.
"""

import json
from pathlib import Path

import pytest
from browser import Page

AXE = Path(__file__).resolve().parent.parent / ".toolchain" / "axe-core" / "package" / "axe.min.js"
SERIOUS = ("serious", "critical")


def violations(page: Page) -> list[str]:
    """Every serious or critical finding as `rule: place: what`, with all that was folded unfolded. Skipped, and said, without axe-core."""
    if not AXE.exists():
        pytest.skip("no axe-core: `make browser` brings it")
    page.evaluate(f"(0, eval)({json.dumps(AXE.read_text())}) && undefined")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = page.evaluate("axe.run().then(said => said.violations)")
    return [
        f"{one['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary'].splitlines()[-1].strip()}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
