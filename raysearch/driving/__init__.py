"""How is one session of a search wired together: run directory, engine, Ray, and the handing over?

A session lasts from the start of Ray to its end. Everything it decides is in the journal, so that
the next session, be it days later, goes on where this one ended.
"""

from __future__ import annotations

from raysearch.driving.beginning import set_damage_aside, versions
from raysearch.driving.drive import Drive, plan_of
from raysearch.driving.handing_over import hand_over, is_all_done, tell_apart
from raysearch.driving.running import session

__all__ = [
    "Drive",
    "hand_over",
    "is_all_done",
    "plan_of",
    "session",
    "set_damage_aside",
    "tell_apart",
    "versions",
]
