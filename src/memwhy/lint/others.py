"""Other linters' names for our kinds: in their comments to be silent, and in what they find."""

KINDS: dict[str, tuple[str, ...]] = {}
