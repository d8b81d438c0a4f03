"""The Go commands that the tests of this folder are run with, which a file of its own needs may choose otherwise."""

from pathlib import Path

import pytest
from attach_programs import go_commands
from inside_go import OLDEST, minor_of


@pytest.fixture(scope="module", params=go_commands() or [""], ids=lambda go: Path(go).as_posix().replace("/", "_"))
def go(request: pytest.FixtureRequest) -> str:
    """Each of GO_COMMANDS (/path/to/go:/other/go), else the go on PATH."""
    if not request.param:
        pytest.skip("needs Go")
    command: str = request.param
    if minor_of(command) < OLDEST:
        pytest.skip("the programs need Go 1.21")
    return command
