"""How many cores has this machine for a search?"""

from __future__ import annotations

import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux says how much of the machine a container may use."""


def cores() -> int:
    """Return how many cores this process may use: of the machine, its affinity, its container."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
    except (OSError, ValueError):
        return n
    return n if quota == "max" else max(1, min(n, math.ceil(int(quota) / int(period))))
