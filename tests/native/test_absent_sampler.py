"""Where the sampler of `run --native` is not in the process, that is said: its empty tables acquit nobody."""

from pathlib import Path

import pytest
from memwhy_command import run_memwhy
from native_programs import built

from memwhy.native.preloaded import PRELOAD

NOT_THERE = "is static or setuid"
GONE = "it ended, or executed another program"
"""Which of the two is said of a program that comes by exec goes by whether it came before our first look or after it."""


def command_of(kind: str) -> list[str | Path]:
    if kind == "static":
        return [built("household", "-static"), "60", "leak"]
    script = 'sleep 1; exec "$@"' if kind == "replaced later by exec" else 'exec "$@"'
    return ["/bin/sh", "-c", script, "sh", built("household"), "60", "leak"]


@pytest.mark.skipif(not PRELOAD.exists(), reason="the sampler is not built here")
@pytest.mark.parametrize("kind", ["static", "replaced by exec", "replaced later by exec"])
def test_a_command_without_the_sampler_is_not_acquitted_by_it(kind: str) -> None:
    done = run_memwhy("run", "--native", "--for", "9s", "--no-until-sure", "--format", "json", "--", *command_of(kind))
    said = [text for text in done.out.splitlines() if "The sampler was lost: " in text]
    assert done.code == 0, done.err
    assert len(said) == 1
    assert NOT_THERE in said[0] or (kind != "static" and GONE in said[0])
    assert "what malloc gave out since the sampler came" not in done.out
    assert '"sampling": []' in done.out
