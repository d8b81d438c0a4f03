"""Experiments on a target, only when asked for: each foretells first what every hypothesis expects, then is made and measured.

Pure: `predictions` (a collection, a trim, the leak profile), `environment` (a variable, by a pair of runs), `choose` (the one
that separates best). What touches the target: `collection` (requests), `trimming` (malloc_trim in it). `measuring` reads it.
"""

AUTO = "auto"
ENV = "env:"
ON_PROCESSES = ("gc", "trim", "goroutineleak")
"""What can be tried on a running process."""
