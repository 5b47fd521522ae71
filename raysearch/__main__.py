"""What does `python -m raysearch` run?"""

from __future__ import annotations

import sys

from raysearch.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
