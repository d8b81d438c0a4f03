"""Keeps lists and strings, and prints what Python's own tools say of it: python grower.py HOW."""

import gc
import resource
import sys
import tracemalloc

kept = []


def grow(rounds):
    for i in range(rounds):
        kept.append([f"entry {i} {j}" for j in range(1000)])


def say(how):
    if how == "tracemalloc":
        tracemalloc.start(5)
        before = tracemalloc.take_snapshot()
        grow(40)
        after = tracemalloc.take_snapshot()
        print("[ Top 5 ]")
        for stat in after.statistics("lineno")[:5]:
            print(stat)
        print("[ Top 5 differences ]")
        for stat in after.compare_to(before, "lineno")[:5]:
            print(stat)
        for stat in after.statistics("traceback")[:1]:
            print(f"{stat.count} memory blocks: {stat.size / 1024:.1f} KiB")
            for line in stat.traceback.format():
                print(line)
        current, peak = tracemalloc.get_traced_memory()
        print(f"Current memory usage is {current / 10**6}MB; Peak was {peak / 10**6}MB")
        print(tracemalloc.get_traced_memory())
    elif how == "psutil":
        import psutil

        for _ in range(3):
            grow(40)
            print(psutil.Process().memory_info())
        print(psutil.Process().memory_full_info())
    elif how == "resource":
        grow(40)
        print(resource.getrusage(resource.RUSAGE_SELF))
        print("ru_maxrss:", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        print("objects:", len(gc.get_objects()))
    elif how == "pympler":
        from pympler import muppy, summary

        grow(40)
        summary.print_(summary.summarize(muppy.get_objects()), limit=8)
    elif how == "guppy":
        from guppy import hpy

        grow(40)
        print(hpy().heap())
    elif how == "objgraph":
        import objgraph

        objgraph.show_growth(limit=5)
        grow(40)
        objgraph.show_growth(limit=5)
    elif how == "profile":
        from memory_profiler import profile

        profile(grow)(40)
    else:
        grow(400)


say(sys.argv[1] if len(sys.argv) > 1 else "")
