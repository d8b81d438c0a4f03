"""One snapshot's bytes into disjoint layers; refuses a wrong sum; the remainder is a named row."""

from memwhy.account.accounting import account, coarse

__all__ = ["account", "coarse"]
