"""Which scheduling policies are there? The table from short name to class; one policy per file."""

from __future__ import annotations

from raysearch.schedulers.base import Scheduler, Verdict

SCHEDULERS = {
    "asha": "raysearch.schedulers.asha:ASHA",
    "hyperband": "raysearch.schedulers.hyperband:Hyperband",
    "median": "raysearch.schedulers.median:Median",
    "none": "raysearch.schedulers.none:NoScheduler",
    "pb2": "raysearch.schedulers.pb2:PB2",
    "pbt": "raysearch.schedulers.pbt:PBT",
    "successive_halving": "raysearch.schedulers.successive_halving:SuccessiveHalving",
}
"""Name in an experiment file -> class. Loading the class must not load torch or Ray."""

__all__ = ["SCHEDULERS", "Scheduler", "Verdict"]
