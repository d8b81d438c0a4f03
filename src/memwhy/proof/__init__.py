"""Proofs about growth: was a limit kept (`gate`), does a fix work (`verify`). Cases in, one frozen answer out."""

from memwhy.proof.gate import gate, hold
from memwhy.proof.limit import parse_limit
from memwhy.proof.side import Run
from memwhy.proof.verification import verify
from memwhy.proof.work import placed

__all__ = ["Run", "gate", "hold", "parse_limit", "placed", "verify"]
