"""A program without Go whose memory is known: five threads that malloc, many small objects, shared memory.

It prints one line of JSON ({"places": [{"address", "what"} …]}) and waits for the end of its input.
"""

import ctypes
import json
import mmap
import sys
import threading

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
places = []
ready = threading.Barrier(6)
done = threading.Event()


def work() -> None:
    blocks = [libc.malloc(60_000) for _ in range(20)]
    for block in blocks:
        ctypes.memset(block, 1, 60_000)
    places.append({"address": blocks[0], "what": "malloc in a thread"})
    ready.wait()
    done.wait()


for _ in range(5):
    threading.Thread(target=work).start()
ready.wait()
keep = [bytes(100) for _ in range(100_000)]
places.append({"address": id(keep[0]), "what": "mmap"})
shared = mmap.mmap(-1, 3 << 20)
shared.write(b"x" * (3 << 20))
places.append({"address": ctypes.addressof(ctypes.c_char.from_buffer(shared)), "what": "shared"})
print(json.dumps({"places": places}), flush=True)
sys.stdin.read()
done.set()
