"""Every runtime that memwhy can read from outside. Adding one is adding its folder and a row here."""

from memwhy.runtimes.cpython.adapter import CPythonAdapter
from memwhy.runtimes.go.adapter import GoAdapter
from memwhy.runtimes.interface import Adapter

ADAPTERS: tuple[Adapter, ...] = (GoAdapter(), CPythonAdapter())
