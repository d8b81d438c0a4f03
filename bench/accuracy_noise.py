"""Uses one core in bursts, as other work on a machine does: seeded, so that two runs have the same noise beside them.

    accuracy_noise.py SEED SECONDS

Ends after so many seconds, or when its standard input does.
"""

import hashlib
import select
import sys
import time
from random import Random

BUSY_S, IDLE_S = (0.05, 2.0), (0.05, 3.0)


def main() -> None:
    """Burn and rest in turn."""
    random = Random(int(sys.argv[1]))
    end_s = time.monotonic() + float(sys.argv[2])
    block = bytes(1 << 16)
    while time.monotonic() < end_s:
        until_s = time.monotonic() + random.uniform(*BUSY_S)
        while time.monotonic() < until_s:
            hashlib.sha256(block).digest()
        if select.select([sys.stdin], [], [], random.uniform(*IDLE_S))[0]:
            return


if __name__ == "__main__":
    main()
