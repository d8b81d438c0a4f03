"""A layer's growth put down to code, the unattributed share included."""

from memwhy.attribution.descriptors import descriptor_groups
from memwhy.attribution.goroutines import goroutine_groups, leaked_groups
from memwhy.attribution.heap import heap_sites
from memwhy.attribution.holding import held_lines
from memwhy.attribution.profiles import blocks_by_size, lost_graphs, native_layer
from memwhy.attribution.sites import kept_sites
from memwhy.attribution.threads import thread_groups
from memwhy.model.case import Case
from memwhy.model.report import Finding, Holder, Verdict

HEAP_CAUSES = ("heap-leak", "gc-headroom", "heap-retained")


def attribute(case: Case, findings: tuple[Finding, ...]) -> tuple[Holder, ...]:
    """Who holds the layer that the first finding blames, and whose native memory grows beside it; empty when no holders were measured."""
    first = findings[0]
    if first.verdict is not Verdict.SUPPORTED:
        native = kept_sites(case, "malloc", native_layer(case)) + kept_sites(case, "mmap", "layer.anonymous_bytes")
        return native + held_lines(case) + leaked_groups(case)
    if first.cause in HEAP_CAUSES:
        return held_lines(case) + heap_sites(case)
    if first.cause == "native-leak":
        blamed = kept_sites(case, "malloc", native_layer(case)) + (lost_graphs(case) or blocks_by_size(case))
        return blamed + kept_sites(case, "mmap", "layer.anonymous_bytes")
    if first.cause == "mmap-leak":  # two leaks are no rarity: the slower one is named as well
        return kept_sites(case, "mmap", "layer.anonymous_bytes") + kept_sites(case, "malloc", native_layer(case))
    if first.cause == "goroutine-leak":
        return goroutine_groups(case) + held_lines(case)
    if first.cause == "thread-leak":
        return thread_groups(case)
    if first.cause == "descriptor-leak":
        return descriptor_groups(case) or goroutine_groups(case)
    return ()
