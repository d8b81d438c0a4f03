"""glibc's malloc from outside, without symbols: every arena, chunk, free list and mapped block, counted to the byte."""

from memwhy.inspect.glibc.census import grown
from memwhy.inspect.glibc.heap import MallocBlocks, MallocHeap, NoMalloc, read_blocks, read_malloc

__all__ = ["MallocBlocks", "MallocHeap", "NoMalloc", "grown", "read_blocks", "read_malloc"]
