"""Native attribution: who holds what malloc and mmap gave, by the stacks that asked for it."""
