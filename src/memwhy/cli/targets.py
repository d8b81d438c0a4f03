"""What a command line calls a target, turned into a watcher."""

import argparse
from collections.abc import Sequence

from memwhy.model.errors import TargetGone, UsageError
from memwhy.model.units import parse_duration
from memwhy.record import Watcher, find_listener, find_target

ROOT = "/proc"


def add_target(parser: argparse.ArgumentParser) -> None:
    """TARGET and how to look at it."""
    parser.add_argument("target", metavar="TARGET", help="pid, process name, or http://host:port of its pprof endpoint")
    add_watching(parser)


def add_watching(parser: argparse.ArgumentParser) -> None:
    """Options of everything that watches."""
    parser.add_argument("--pprof", metavar="URL", help="its pprof endpoint, when it cannot be found by itself")
    parser.add_argument(
        "--no-probe", action="store_true", help="send nothing to the target's ports: look from outside only"
    )
    parser.add_argument(
        "--no-inside",
        action="store_true",
        help="do not read the target's own memory (figures only; it is never stopped)",
    )
    parser.add_argument("--tick", metavar="TIME", default="1s", help="time between looks (default: 1s)")


def watcher_of(options: argparse.Namespace, *, once: Sequence[str] = ()) -> Watcher:
    """A watcher on the target; once: further sources to read. Raises TargetGone, NotPermitted, UsageError."""
    url = options.pprof
    if options.target.startswith(("http://", "https://")):
        url = url or options.target
        pid = _pid_of(options.target)
    else:
        pid = find_target(ROOT, options.target)
    return Watcher(pid, root=ROOT, pprof_url=url, probe=not options.no_probe, inside=not options.no_inside, once=once)


def tick_of(options: argparse.Namespace) -> float:
    """Seconds between looks."""
    tick_s = parse_duration(options.tick)
    if not 0.1 <= tick_s <= 3600:
        raise UsageError(f"--tick {options.tick} is not between 100ms and 1h")
    return tick_s


def _pid_of(url: str) -> int:
    """The local process that listens at this address."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise UsageError(f"{url} is not a URL: {error}", help="write http://host:port") from error
    pid = find_listener(ROOT, port) if parts.hostname in ("localhost", "127.0.0.1", "::1", "0.0.0.0") else None
    if pid is None:
        raise TargetGone(
            f"no process of this host that memwhy may see listens at {url}",
            help="watch its pid and name the address: memwhy watch PID --pprof URL",
        )
    return pid
