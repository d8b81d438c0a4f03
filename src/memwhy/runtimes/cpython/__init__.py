"""CPython from outside: whose arenas the anonymous memory is. Its objects are not read yet."""
