"""Raw evidence out of a recording: a table of what it holds, or one source's bytes as they were read.
Of a pprof profile: the lines of `go tool pprof -top`, of the default sample type or the one named with --source.
"""

import argparse
import sys
import time

MOST_PROFILE_BYTES = 256 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("recording", metavar="FILE", help="a recording, or a pprof profile")
    parser.add_argument("--source", metavar="NAME", help="print the raw bytes of this source, such as proc/smaps")
    parser.add_argument("--tick", metavar="N", type=int, help="only this tick (default: all; with --source)")


def run(options: argparse.Namespace) -> int:
    """Print, or raise."""
    if _is_profile(options.recording):
        return _dump_profile(options.recording, options.source)
    from memwhy.recording import open_recording

    with open_recording(options.recording) as recording:
        if options.source is None:
            for key, value in recording.meta.items():
                print(f"{key}: {value}")
            print(f"\n{'source':<20} {'reads':>8}  first")
            for source, count, first_ns, _ in recording.sources():
                print(f"{source:<20} {count:>8}  {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(first_ns / 1e9))}")
            return 0
        for snapshot in recording.snapshots():
            if options.tick not in (None, snapshot.tick):
                continue
            for evidence in snapshot.evidence:
                if evidence.source == options.source:
                    sys.stdout.buffer.write(
                        evidence.raw if evidence.error is None else f"({evidence.error})\n".encode()
                    )
        sys.stdout.buffer.flush()
    return 0


def _is_profile(path: str) -> bool:
    """Whether a file begins as a pprof profile does, gzip'ed or plain, and not as a recording."""
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError:
        return False  # the recording's reader says what is wrong
    from memwhy.sources.go.pprof_file import looks_like

    return not head.startswith(b"SQLite format 3") and looks_like(head)


def _dump_profile(path: str, kind: str | None) -> int:
    """The lines that `go tool pprof -top` prints, of the sample type named or the file's default one."""
    from memwhy.model.errors import UsageError
    from memwhy.model.top_table import top_table
    from memwhy.sources.go.pprof_core import rows_of
    from memwhy.sources.go.pprof_sums import sums

    with open(path, "rb") as file:
        summed = sums(file.read(MOST_PROFILE_BYTES + 1))
    kinds = [name for name, _ in summed.types]
    wanted = kind or summed.default_type or kinds[-1]
    if wanted not in kinds:
        raise UsageError(f"{path} has no samples of {wanted}", help=f"--source {'|'.join(kinds)}")
    index = kinds.index(wanted)
    sys.stdout.write(
        top_table(
            rows_of(summed, index),
            total=summed.totals[index],
            kind=wanted,
            unit=summed.types[index][1],
            binary=summed.binary,
            build_id=summed.build_id,
            time_ns=summed.time_ns,
        )
    )
    sys.stdout.flush()
    return 0
