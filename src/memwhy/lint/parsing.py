"""tree-sitter's parser for Go, with a limit on how long one text may take.

The grammar recovers from errors, so that a broken file still gives the declarations around the break.
Importing this module is what costs (some 15 ms); `memwhy.lint.declarations` does it when the first declaration is parsed.
"""

import time

import tree_sitter
import tree_sitter_go

LANGUAGE = tree_sitter.Language(tree_sitter_go.language())

_PIECE_BYTES = 1 << 16
_PARSER = tree_sitter.Parser(LANGUAGE)


def parse(code: bytes) -> tree_sitter.Tree | None:
    """The tree of Go source, or None when it takes ten times what sound Go takes: 0.5 CPU seconds and 2 for each MB.

    What is no Go can take much longer than that, because the grammar tries to recover from every error.
    """
    until = time.process_time() + 0.5 + 2e-6 * len(code)

    def piece(offset: int, _: object) -> bytes:
        return code[offset : offset + _PIECE_BYTES]

    def late(_offset: int, _has_error: bool) -> bool:
        return time.process_time() > until

    try:
        return _PARSER.parse(piece, progress_callback=late)
    except ValueError:
        _PARSER.reset()  # it would go on with this text
        return None
