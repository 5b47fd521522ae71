"""Are the variables right that say how much of this machine prepared data and checkpoints may take?

They are read where something is prepared or kept, minutes into a search, on any node. What is wrong
with those of this process is said before anything is started.
"""

from __future__ import annotations

from raysearch.data.room import memory_share
from raysearch.errors import ConfigurationError
from raysearch.run_dir.remote.evicting import limit_bytes


def refuse_wrong_variables() -> None:
    """Refuse variables of the environment that say no amount.

    Raises:
        ConfigurationError: With all that are wrong.
    """
    faults: list[str] = []
    for read in (memory_share, limit_bytes):
        try:
            read()
        except ConfigurationError as error:
            faults += error.faults
    if faults:
        raise ConfigurationError([*faults, "Nothing was started."])
