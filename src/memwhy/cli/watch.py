"""Look at a live process from outside, then say what holds its memory.

Reading only: the target is never stopped. Ctrl-C ends the watch and diagnoses what was seen.
With --probe an experiment is made at the end; what it does to the target is said before.
With --native a sampler is put into the target until the end: it is stopped for some milliseconds, and its calls of malloc
lead through the sampler, which tells the C and Go code that allocated what is not freed.
"""

import argparse
from functools import partial

from memwhy.cli.output import add_format
from memwhy.cli.plotting import add_plot, check_plot
from memwhy.cli.sampling import add_native, add_stacks
from memwhy.cli.sourcing import add_source
from memwhy.cli.targets import add_target, watcher_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    add_target(parser)
    add_native(parser, how="put the sampler into the process, and name the code behind native memory that stays")
    add_probe(parser, "gc, trim, goroutineleak, or auto: the one that tells the likeliest causes apart best")
    parser.add_argument(
        "--probe-max",
        metavar="TIME",
        default="250ms",
        help="how long malloc_trim may hold malloc's locks, as expected before it is tried (default: 250ms)",
    )
    add_watch(parser)


def add_probe(parser: argparse.ArgumentParser, which: str) -> None:
    """--probe."""
    parser.add_argument("--probe", metavar="WHAT", help=f"make an experiment once the watch is over: {which}")


def add_watch(parser: argparse.ArgumentParser) -> None:
    """Options of watching, shared with `run`."""
    parser.add_argument("--for", metavar="TIME", dest="for_", help="how long (default: 60s; 0: until Ctrl-C)")
    parser.add_argument("-o", metavar="FILE", dest="output", help="keep the recording in FILE")
    parser.add_argument("--max-size", metavar="SIZE", help="bound of the recording; oldest detail is thinned first")
    sure = parser.add_mutually_exclusive_group()
    sure.add_argument(
        "--until-sure", action="store_true", default=None, help="stop once the verdict is high (default on a terminal)"
    )
    sure.add_argument("--no-until-sure", dest="until_sure", action="store_false", help="watch for the whole time")
    parser.add_argument(
        "--no-holders",
        dest="holders",
        action="store_false",
        default=True,
        help="do not look at who holds Go's heap where that is what grows (a process of our own, at most 2%% of a core)",
    )
    add_stacks(parser)
    add_plot(parser)
    add_source(parser)
    add_format(parser)
    add_plain(parser)


def add_plain(parser: argparse.ArgumentParser) -> None:
    """--plain."""
    parser.add_argument(
        "--plain",
        action="store_true",
        help="no live screen on a terminal, one line of progress (so does MEMWHY_PLAIN=1)",
    )


def run(options: argparse.Namespace) -> int:
    """Watch and answer, or raise."""
    from memwhy.cli.sampling import check_stacks
    from memwhy.cli.session import watch
    from memwhy.cli.sourcing import check_source

    check_stacks(options)
    check_plot(options)
    check_source(options)
    if options.probe is None:
        return watch(watcher_of(options), options)
    from memwhy.cli.probing import check_probe, on_process

    check_probe(options)
    return watch(watcher_of(options), options, then=partial(on_process, options))
