"""Files that others open: stacks as pprof, folded stacks or speedscope, series as OpenMetrics or CSV. A file's name says which."""
