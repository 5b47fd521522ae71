"""How is a tuner's search said in the engine's words?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.counting import counted
from raysearch.errors import ConfigurationError
from raysearch.results import Results
from raysearch.searchers.repeats import without_repeats
from raysearch.tuners.builder import Tunable
from raysearch.tuners.common import Common
from raysearch.tuners.method import Method
from raysearch.tuners.objective import Objective
from raysearch.tuners.project import Project, refuse_other_epochs

if TYPE_CHECKING:
    from raysearch.search import Search

REPEATED = "raysearch.searchers.repeated:Repeated"
"""The searcher that suggests each configuration several times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """All that a tuner knows of its search before it has data."""

    tunable: Tunable
    objectives: tuple[Objective, ...]
    method: Method
    project: Project
    seed: int
    common: Common

    @property
    def executions(self) -> int:
        """How often each configuration is trained."""
        return self.common.get("executions_per_trial", 1)

    @property
    def n_trials(self) -> int:
        """How many trials the search has: each execution is one, and no configuration comes again.

        Not more than there are configurations, however many were asked for.
        """
        wanted, there_are = self._n_wanted, self.tunable.space.grid_size()
        return (wanted if there_are is None else min(wanted, there_are)) * self.executions

    @property
    def shortage(self) -> str:
        """Why there are fewer trials than asked for, for a person; empty if there are not."""
        n_configurations, executions = self.n_trials // self.executions, self.executions
        if n_configurations == self._n_wanted:
            return ""
        times = "once" if executions == 1 else f"{executions} times"
        return (
            f"The space has {counted(n_configurations, 'configuration')}, each of which is tried "
            f"{times}: {counted(self.n_trials, 'trial')}, not {self._n_wanted * executions}."
        )

    @property
    def _n_wanted(self) -> int:
        return self.method.n_trials(self.tunable.space)

    def search(self, data: Any, *, max_epochs: int, callbacks: list[Any]) -> Search:
        """Return a new search.

        Args:
            data: What `Search` takes as data.
            max_epochs: Epochs of a trial that is never stopped.
            callbacks: Lightning's, for each trial.
        """
        from raysearch.search import Search

        common = self.common
        return Search(
            **self._objects(data, callbacks),
            **self._aims,
            fidelity={"max_epochs": max_epochs},
            searcher=self._searcher,
            constraints=self._constraints,
            scheduler=common.get("scheduler") or self.method.scheduler,
            budget=self._budget,
            resources=common.get("resources"),
            parallel=common.get("parallel"),
            failures=self._failures,
            refit=False,
            seed=self.seed,
            name=self._name,
            run_dir=self.project.free_path,
            storage=self.project.storage,
            address=common.get("address"),
        )

    def resumed(
        self, earlier: Results, data: Any, *, max_epochs: int, callbacks: list[Any]
    ) -> Search:
        """Return the search that goes on with an earlier one; else as `search`.

        Raises:
            ConfigurationError: Its trials were trained for another number of epochs.
        """
        from raysearch.search import Search

        refuse_other_epochs(earlier, max_epochs=max_epochs)
        objects = self._objects(data, callbacks)
        path, address = earlier.run_dir.path, self.common.get("address")
        return Search.resume(path, **objects, budget=self._budget, address=address)

    def _objects(self, data: Any, callbacks: list[Any]) -> dict[str, Any]:
        trainer = dict(self.common.get("trainer") or {})
        if callbacks:
            trainer["callbacks"] = callbacks
        return {"model": {"builder": self.tunable.builder}, "data": data, "trainer": trainer}

    @property
    def _aims(self) -> dict[str, Any]:
        if len(self.objectives) == 1:
            return {"objective": self.objectives[0].resolved}
        if self.executions > 1:
            raise ConfigurationError(
                f"executions_per_trial is {self.executions}, which has one mean for one objective. "
                f"Leave it out, or name one of the {len(self.objectives)} objectives."
            )
        return {"objectives": [each.resolved for each in self.objectives]}

    @property
    def _constraints(self) -> dict[str, str] | None:
        size = self.common.get("max_model_size")
        return None if size is None else {"params": f"<= {size}"}

    @property
    def _budget(self) -> dict[str, Any]:
        return {"trials": self.n_trials, "minutes": self.common.get("minutes")}

    @property
    def _searcher(self) -> Mapping[str, Any]:
        if self.executions == 1:
            return without_repeats(self.method.searcher)
        args = {"times": self.executions, "searcher": dict(self.method.searcher)}
        return {"class": REPEATED, "args": args}

    @property
    def _failures(self) -> dict[str, Any]:
        retries = self.common.get("max_retries_per_trial", 0)
        in_a_row = self.common.get("max_consecutive_failed_trials", 3)
        given = {"attempts": retries + 1, "retry_exceptions": True} if retries else {}
        return {**given, "abort_after": in_a_row, "abort_in_a_row": in_a_row}

    @property
    def _name(self) -> str:
        if self.project.path is not None:
            return self.project.path.name
        letters = "".join(c if c.isalnum() else "-" for c in self.tunable.name)
        return letters.strip("-") or "search"
