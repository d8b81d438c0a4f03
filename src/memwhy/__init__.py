"""memwhy: what holds the memory that the runtime does not know about, and who put it there."""

__version__ = "0.1.0"
