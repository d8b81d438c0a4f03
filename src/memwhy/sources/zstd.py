"""zstd, where this Python can unpack it: the standard library's from 3.14 on (PEP 784), its backport before.

A frame says how much of what came before it may refer to (RFC 8878, Window_Size). At most 128 MiB are granted, which `zstd -19`
and every level below need; `--ultra -22` and `--long=27` do as well, `--long=31` does not.
"""

import importlib
from types import ModuleType
from typing import Any

NAME = "zstd"
_MODULES = ("compression.zstd", "backports.zstd")
_WINDOW_LOG = 27
MISSING = "unpack it first (zstd -d), or let memwhy do it: pip install 'memwhy[zstd]'"


def find_zstd() -> ModuleType | None:
    """The module that unpacks zstd; None where neither is there."""
    for name in _MODULES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


class Unzstd:
    """A decompressor of one frame, with the manners of bz2's and lzma's. decompress raises OSError for what is broken."""

    def __init__(self) -> None:
        module = find_zstd()
        if module is None:
            raise OSError(MISSING)
        self._broken: type[Exception] = module.ZstdError
        options = {module.DecompressionParameter.window_log_max: _WINDOW_LOG}
        self._inner: Any = module.ZstdDecompressor(options=options)

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return bool(self._inner.needs_input)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        try:
            return bytes(self._inner.decompress(data, max_length))
        except self._broken as error:
            raise OSError(str(error)) from error
