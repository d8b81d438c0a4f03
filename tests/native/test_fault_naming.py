"""What page faults are named by, where the kernel lets us read nothing of the process."""

import os
from pathlib import Path

import pytest

from memwhy.model.errors import MemwhyError
from memwhy.native.fault_words import naming


def test_a_process_whose_mappings_may_not_be_read_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / str(os.getpid())).mkdir()
    with pytest.raises(MemwhyError), naming(os.getpid(), str(tmp_path)):
        pass
