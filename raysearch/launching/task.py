"""What is a cluster to do, when a manifest starts it for one search?"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One search on a cluster that is started for it."""

    experiment: Path
    overrides: tuple[str, ...]
    name: str
    """Of the experiment."""
    run: str
    """The run directory: a URL, or a path that all nodes have."""

    def command(self, experiment: str, *, address: str = "auto") -> str:
        """Return the command that begins the search, or goes on with it where it has begun.

        Args:
            experiment: Where the file lies on the cluster.
            address: Of the cluster; taken as it is, so that it may be a variable of the shell.
        """
        run = shlex.quote(self.run)
        search = shlex.join([experiment, *self.overrides])
        return (
            f"if python -m raysearch results {run} > /dev/null 2>&1; "
            f"then python -m raysearch resume {run} --address {address}; "
            f"else python -m raysearch run {search} --run-dir {run} --address {address}; fi"
        )
