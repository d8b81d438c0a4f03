"""Runtimes that can be read from outside, one folder each behind `memwhy.runtimes.interface`."""
