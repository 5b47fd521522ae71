"""In which folder is a tuner's search, and is there one already?"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from raysearch import trial
from raysearch.errors import ConfigurationError
from raysearch.experiment.settings import NAME, NAME_RULE
from raysearch.results import Results
from raysearch.run_dir import Lease, RunDir
from raysearch.space import Space
from raysearch.tuners.objective import Objective

DIRECTORY = "runs"

REMEDY = "Give another project_name, or overwrite=True to remove it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The place of a search."""

    storage: Path
    """The parent of run directories."""
    path: Path | None
    """The run directory; None for a new one with every search."""
    overwrite: bool

    @classmethod
    def of(
        cls, *, directory: str | Path | None, project_name: str | None, overwrite: bool
    ) -> Project:
        """Return the place that a tuner is given.

        Raises:
            ConfigurationError: The name is none for a folder.
        """
        storage = Path(DIRECTORY if directory is None else directory)
        if project_name is None:
            return cls(storage=storage, path=None, overwrite=False)
        if not isinstance(project_name, str) or not NAME.fullmatch(project_name):
            raise ConfigurationError(f"project_name is {project_name!r}. {NAME_RULE}")
        return cls(storage=storage, path=storage / project_name, overwrite=overwrite)

    def earlier(self) -> Results | None:
        """Return the search that is there already, and is to be gone on with."""
        if self.path is None or self.overwrite or not RunDir(self.path).has_search():
            return None
        return Results.open(self.path)

    @property
    def free_path(self) -> Path | None:
        """The run directory of a new search; None for one with a new name, while it is taken."""
        return None if self._is_taken else self.path

    def clear(self) -> bool:
        """Remove the search that is there already, where that was asked for; return whether.

        Raises:
            ConfigurationError: Another process is at work on it.
        """
        if self.path is None or not self._is_taken:
            return False
        Lease.refuse_if_held(self.path.absolute())
        shutil.rmtree(self.path)
        return True

    @property
    def _is_taken(self) -> bool:
        return self.path is not None and self.overwrite and RunDir(self.path).has_search()


def refuse_another(earlier: Results, *, space: Space, objectives: tuple[Objective, ...]) -> None:
    """Check that an earlier search was for the same.

    Raises:
        ConfigurationError: It was for another metric, or in another space.
    """
    path = earlier.run_dir.path
    wanted = tuple(each.resolved for each in objectives)
    if earlier.objectives != wanted:
        raise ConfigurationError(
            f"{path} holds a search for {_named(earlier.objectives)}, and this one is for "
            f"{_named(wanted)}. {REMEDY}"
        )
    former = Space.from_json(earlier.state.space)
    if former != space:
        now = {p.label: f"{p.domain.describe()}, {p.needs()}" for p in space}
        then = {p.label: f"{p.domain.describe()}, {p.needs()}" for p in former}
        other = [name for name in {**then, **now} if then.get(name) != now.get(name)]
        raise ConfigurationError(
            f"{path} holds a search with other hyperparameters: {', '.join(other) or 'defaults'} "
            f"are not as they were. {REMEDY}"
        )


def _named(objectives: tuple[trial.Objective, ...]) -> str:
    return ", ".join(f"{each.metric} ({each.direction})" for each in objectives)


def refuse_other_epochs(earlier: Results, *, max_epochs: int) -> None:
    """Check that the trials of an earlier search were trained as long.

    Raises:
        ConfigurationError: They were not.
    """
    former = earlier.state.settings["fidelity"].get("max_epochs")
    if former != max_epochs:
        raise ConfigurationError(
            f"{earlier.run_dir} holds a search with {former} epochs for a trial, and this one "
            f"has {max_epochs}. {REMEDY}"
        )
