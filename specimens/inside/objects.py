"""A Python process that is big: a dict, lists of lists, strings and bytes. objects.py MIB; ends with its standard input."""

import os
import sys

size_bytes = (int(sys.argv[1]) if len(sys.argv) > 1 else 200) << 20
kept: dict[str, list[object]] = {}
held_bytes = 0
while held_bytes < size_bytes:
    number = len(kept)
    row = [float(number), f"Customer number {number} of the shop", bytes(700), list(range(20))]
    kept[f"customer {number}"] = row
    held_bytes += sum(map(sys.getsizeof, row)) + sys.getsizeof(row) + 80
print(f"READY pid={os.getpid()}", flush=True)
for _ in sys.stdin:
    print(f'{{"rows": {len(kept)}}}', flush=True)
