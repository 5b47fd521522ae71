"""What does `python -m raysearch` run?"""

from __future__ import annotations

import sys

try:
    from raysearch.cli.ending import run
except KeyboardInterrupt:  # before anything was begun
    sys.exit(130)

if __name__ == "__main__":
    run()
