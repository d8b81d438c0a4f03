"""The recording: one SQLite file with the raw evidence of every tick, crash-safe, compressed, bounded if wished.

Standard library only: it is written on the sick machine.
"""

from memwhy.recording.copying import copy_recording
from memwhy.recording.dump import Entry, find_evidence, list_evidence
from memwhy.recording.recorder import Recorder
from memwhy.recording.recording import Recording, SourceSpan, open_recording
from memwhy.recording.schema import SCHEMA, is_recording

__all__ = [
    "SCHEMA",
    "Entry",
    "Recorder",
    "Recording",
    "SourceSpan",
    "copy_recording",
    "find_evidence",
    "is_recording",
    "list_evidence",
    "open_recording",
]
