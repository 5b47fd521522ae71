"""Which scheduling policies are there? The table from short name to class; one policy per file."""

from __future__ import annotations

from raysearch.schedulers.base import Scheduler

SCHEDULERS = {
    "asha": "raysearch.schedulers.asha:ASHA",
    "none": "raysearch.schedulers.none:NoScheduler",
}
"""Name in an experiment file -> class. Loading the class must not load torch or Ray."""

__all__ = ["SCHEDULERS", "Scheduler"]
