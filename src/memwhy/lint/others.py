"""Other linters' names for our kinds: in their comments to be silent, and in what they find.

By their own documentation: golangci-lint's list of linters, staticcheck.dev/docs/checks, `go tool vet help`.
"""

KINDS: dict[str, tuple[str, ...]] = {
    "bodyclose": ("response-body",),
    "sqlclosecheck": ("sql-close",),
    "govet": ("context-cancel",),
    "vet": ("context-cancel",),
    "lostcancel": ("context-cancel",),
    "SA1015": ("ticker-stop",),
    "SA5003": ("defer-in-loop",),
    "SA9001": ("defer-in-loop",),
    "revive": ("defer-in-loop",),
    "gocritic": ("defer-in-loop",),
    "deferInLoop": ("defer-in-loop",),
    "staticcheck": ("ticker-stop", "defer-in-loop"),
}
"""Name of a linter or check → the rules of ours that look for the same."""
