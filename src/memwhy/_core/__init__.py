"""The cellar: the few C loops that measurements call for. Bytes in, flat integers out, no policy.

`_smaps` is the twin of `memwhy.sources.proc.mapping_rows.rows_pure`. Where it is not built, or MEMWHY_PURE=1
is set, the pure twin runs instead. Measured on 10,118 mappings (7.5 MB of smaps), parse in all:
see bench_smaps.py beside this file.
"""
