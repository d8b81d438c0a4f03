"""Record only: no analysis, no third-party imports, a bounded file that survives kill -9. Explain it later, anywhere."""

import argparse

from memwhy.cli.output import say
from memwhy.cli.sampling import add_native, attach, letting_go, period_of
from memwhy.cli.targets import add_target, tick_of, watcher_of
from memwhy.model.errors import TargetGone
from memwhy.model.units import human_bytes, parse_duration, parse_size
from memwhy.record import Watcher


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    add_target(parser)
    parser.add_argument("-o", metavar="FILE", dest="output", required=True, help="the recording")
    parser.add_argument(
        "--for", metavar="TIME", dest="for_", help="how long (default: until Ctrl-C or the target ends)"
    )
    parser.add_argument(
        "--max-size",
        metavar="SIZE",
        default="1GiB",
        help="bound of the file; oldest detail is thinned first (default: 1GiB)",
    )
    add_native(parser, how="put the sampler into the process, and keep the stacks of native memory that stays")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


def run(options: argparse.Namespace) -> int:
    """Record until the time is over, the target ends, or Ctrl-C."""
    if options.native:
        period_of(options)
    watcher = watcher_of(options)
    code = record(watcher, options, for_s=parse_duration(options.for_) if options.for_ else 0.0)
    say(f"next: memwhy explain {options.output}", options)
    return code


def record(watcher: Watcher, options: argparse.Namespace, *, for_s: float) -> int:
    """Every snapshot of a watcher into options.output; for_s: 0 for no end. Raises TargetGone, RecordingError."""
    import time

    from memwhy.cli.keeping import keep
    from memwhy.cli.progress import Progress
    from memwhy.cli.stopping import stoppable
    from memwhy.record import snapshots

    begun_s, cpu_s, ticks, raw_bytes = time.monotonic(), time.process_time(), 0, 0
    say(f"recording pid {watcher.pid} into {options.output}; Ctrl-C stops", options)
    try:
        with (
            stoppable(),
            keep(watcher, options.output, max_bytes=parse_size(options.max_size)) as recorder,
            Progress(quiet=options.quiet) as progress,
            letting_go(watcher),
        ):
            if getattr(options, "native", False):
                attach(watcher, options)
            try:
                for snapshot in snapshots(watcher, for_s=for_s or None, tick_s=tick_of(options)):
                    recorder.append(snapshot)
                    ticks += 1
                    raw_bytes += sum(len(evidence.raw) for evidence in snapshot.evidence)
                    progress.say(
                        f"{time.monotonic() - begun_s:4.0f} s   {ticks} ticks   {human_bytes(raw_bytes)} of evidence"
                    )
            except KeyboardInterrupt:
                closing = watcher.take_brief() if ticks else None
                if closing is not None:
                    recorder.append(closing)
                    ticks += 1
                raise
    except KeyboardInterrupt:
        if not ticks:
            raise
    finally:
        watcher.close()
    if not ticks:
        raise TargetGone(f"process {watcher.pid} {watcher.ended or 'ended'} before anything was seen")
    share = (time.process_time() - cpu_s) / max(time.monotonic() - begun_s, 1e-9)
    how = f"; the process {watcher.ended}" if watcher.ended else ""
    say(f"{ticks} ticks, {human_bytes(raw_bytes)} of evidence, cost {share * 100:.1f} % of a core{how}", options)
    return 0
