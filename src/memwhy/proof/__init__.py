"""Proofs about growth: was a limit kept (`gate`), does a fix work (`verify`). Two cases in, one frozen answer out."""

from memwhy.proof.gate import gate
from memwhy.proof.verification import verify

__all__ = ["gate", "verify"]
