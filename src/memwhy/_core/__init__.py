"""The cellar: the few C loops that measurements call for. Bytes in, flat integers out, no policy.

`_smaps` is the twin of `memwhy.sources.proc.mapping_rows.rows_pure`; where it is not built, or MEMWHY_PURE=1
is set, the pure twin runs instead. Measured on a real smaps of 10,118 mappings (7.5 MB), CPU time, best of
five, Python 3.11: rows 0.103 s pure, 0.010 s in C; parse as a whole 0.142 s and 0.050 s, most of the rest
being the making of the Mapping objects.
"""
