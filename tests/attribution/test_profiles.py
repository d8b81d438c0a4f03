"""Growth put down to code: differences of profiles of one build, the runtime's own frames passed over."""

from dataclasses import replace

import pytest
from build_case import case

from memwhy.attribution import attribute
from memwhy.attribution.frames import module_of, own_frame
from memwhy.attribution.goroutines import goroutine_groups
from memwhy.attribution.heap import heap_sites
from memwhy.attribution.profiles import first_and_last
from memwhy.model.case import Case, SeenProfile
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Where
from memwhy.model.report import Finding, Verdict

WORK = ("runtime.mallocgc", "main.compute", "main.main")
SERVE = ("io.ReadAll", "net/http.(*Transport).dial", "main.fetch")


def seen(
    kind: str, x: float, stacks: dict[tuple[str, ...], int], *, build: str = "b1", subject: str = ""
) -> SeenProfile:
    made = Profile(
        kind=kind,
        unit="bytes",
        total=sum(stacks.values()),
        stacks=tuple(StackSample(frames=frames, value=value) for frames, value in stacks.items()),
        build_id=build,
    )
    return SeenProfile(profile=made, subject=subject, where=Where(file="x"), x=x)


def of(*profiles: SeenProfile) -> Case:
    return case(profiles=profiles)


def test_without_profiles_nobody_is_named() -> None:
    assert (heap_sites(of()), goroutine_groups(of()), first_and_last((), "inuse_space")) == ((), (), None)


@pytest.mark.parametrize(
    ("cause", "method"),
    [("heap-leak", "pprof"), ("gc-headroom", "pprof"), ("heap-retained", "pprof"), ("goroutine-leak", "goroutines"),
     ("descriptor-leak", "goroutines"), ("thread-leak", None), ("native-leak", None), ("steady", None)],
)  # fmt: skip
def test_only_the_layer_that_the_verdict_blames_is_attributed(cause: str, method: str | None) -> None:
    both = of(seen("inuse_space", 0, {WORK: 1}), seen("goroutine", 0, {WORK: 1}))
    verdict = Finding(cause=cause, verdict=Verdict.SUPPORTED, probability=0.8)
    assert {holder.method for holder in attribute(both, (verdict,))} == ({method} if method else set())
    assert attribute(both, (replace(verdict, verdict=Verdict.CANNOT_SAY),)) == ()


@pytest.mark.parametrize(
    ("function", "module"),
    [("net/http.(*Transport).dial", "net/http"), ("main.main", "main"), ("github.com/a/b.c/d.F", "github.com/a/b.c/d"),
     ("memcpy", None), ("", None)],
)  # fmt: skip
def test_a_functions_package(function: str, module: str | None) -> None:
    assert module_of(function) == module


def test_a_stack_of_the_runtime_alone_is_its_leafs() -> None:
    assert own_frame(("runtime.mallocgc", "runtime.main")) == "runtime.mallocgc"
    assert own_frame(()) == "?"
