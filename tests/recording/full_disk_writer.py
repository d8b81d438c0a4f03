"""A writer that may write no file larger than argv[2] bytes; says how the recording ended. argv: path, limit."""

import itertools
import resource
import sys

from killed_writer import make_snapshot

from memwhy.model.errors import RecordingError
from memwhy.recording import Recorder

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    recorder = Recorder.create(sys.argv[1], meta={"pid": "1"})
    tick = 0
    try:
        for tick in itertools.count():
            recorder.append(make_snapshot(tick))
    except RecordingError as ended:
        print(tick)
        print(ended)
