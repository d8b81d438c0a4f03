"""Grows by 8 MiB of touched memory a step and says so in the form that it is asked for: grower.py logfmt|json|table|csv|log"""

import json
import sys
import time

PAGE = 4096


def rss_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * PAGE


def main() -> None:
    form, began, kept = sys.argv[1], time.monotonic(), []
    if form == "table":
        print("step   RSS (KiB)   threads")
    if form == "csv":
        print("step,rss_kb,threads")
    for step in range(6):
        kept.append(b"x" * (8 << 20))
        rss, since = rss_bytes(), time.monotonic() - began
        if form == "logfmt":
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            print(f"time={stamp} level=info msg=memory rss_kb={rss >> 10} threads=1 held={len(kept)}")
        elif form == "json":
            print(json.dumps({"t": round(since, 3), "rss_bytes": rss, "threads": 1}))
        elif form == "table":
            print(f"{step:>4} {rss >> 10:>11} {1:>9}")
        elif form == "csv":
            print(f"{step},{rss >> 10},1")
        else:
            print(f"grower: @{since:.3f}s rss: {rss / (1 << 20):.1f} MiB, cpu: 99.9%")
        time.sleep(0.25)


main()
