"""From outside, runtime-neutral: the ledger that closes, the glibc heap, the block graph (lost or held, and by whom)."""
