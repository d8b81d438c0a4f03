"""`python -m memwhy` and the `memwhy` command."""

import sys

from memwhy.cli import main

if __name__ == "__main__":
    sys.exit(main())
