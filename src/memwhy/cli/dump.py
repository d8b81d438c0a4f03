"""Raw evidence out of a recording: a table of what it holds, or one source's bytes as they were read."""

import argparse
import sys
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("recording", metavar="FILE", help="a recording")
    parser.add_argument("--source", metavar="NAME", help="print the raw bytes of this source, such as proc/smaps")
    parser.add_argument("--tick", metavar="N", type=int, help="only this tick (default: all; with --source)")


def run(options: argparse.Namespace) -> int:
    """Print, or raise."""
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
