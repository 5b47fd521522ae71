"""How does a tuner search, and what can be had of it then?

A tuner says in Keras Tuner's words what `raysearch.Search` does: which space, which searcher, which
scheduler, how many trials. All that runs is the engine's, so a run directory of a tuner is one like
any other: `python -m raysearch results RUN`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, Unpack

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError
from raysearch.results import Results
from raysearch.space import Space
from raysearch.trial import SearchStatus
from raysearch.tuners.absent import missing, refuse_overridden
from raysearch.tuners.arguments import Further, refuse_unknown
from raysearch.tuners.builder import Beforehand, Tunable, namespace_for
from raysearch.tuners.common import Common, refuse_wrong
from raysearch.tuners.hypermodel import HyperModel, as_hypermodel
from raysearch.tuners.hyperparameters import HyperParameters
from raysearch.tuners.method import Method
from raysearch.tuners.objective import as_objectives
from raysearch.tuners.project import Project, refuse_another
from raysearch.tuners.ranking import ranked
from raysearch.tuners.summaries import results_lines, space_lines
from raysearch.tuners.supervision import Supervision
from raysearch.tuners.wording import Wording

if TYPE_CHECKING:
    from raysearch.search import Search


class Tuner:
    """The base of all tuners; use one of those of `raysearch.tuners`.

    Args:
        hypermodel: A function build(hp), or a `HyperModel`.
        objective: A metric that the model logs, or an `Objective`, or a list of them.
        method: How it is searched.
        seed: Governs all that is drawn; None is 0.
        common: See `Common`.

    Raises:
        ConfigurationError: An argument is wrong; `build` raises, returns no model, or asks for one
            name in two ways; or there is another search under the project's name.
    """

    def __init__(
        self,
        hypermodel: HyperModel | Any,
        objective: Any,
        method: Method,
        *,
        seed: int | None,
        **common: Unpack[Common],
    ) -> None:
        refuse_overridden(type(self))
        refuse_wrong(common)
        self.objectives = as_objectives(objective)
        """What is improved; several together."""
        self.objective = self.objectives[0]
        """The only one, or the first of several."""
        supervision = Supervision.of(
            loss=common.get("loss"),
            optimizer=common.get("optimizer"),
            metrics=common.get("metrics"),
        )
        beforehand = Beforehand.of(
            common.get("hyperparameters"),
            tunes_new=common.get("tune_new_entries", True),
            allows_new=common.get("allow_new_entries", True),
        )
        self.hypermodel = Tunable(
            as_hypermodel(hypermodel),
            beforehand=beforehand,
            supervision=supervision,
            namespace=namespace_for(),
        )
        """Builds models: `tuner.hypermodel.build(tuner.get_best_hyperparameters()[0])`."""
        self._wording = Wording(
            tunable=self.hypermodel,
            objectives=self.objectives,
            method=method,
            project=Project.of(
                directory=common.get("directory"),
                project_name=common.get("project_name"),
                overwrite=common.get("overwrite", False),
            ),
            seed=0 if seed is None else seed,
            common=common,
        )
        space = self.hypermodel.space
        if supervision is not None:
            supervision.refuse_unused(is_used=self.hypermodel.is_supervised)
            for each in self.objectives:
                supervision.refuse_unlogged(each.name)
        self._results = self._wording.project.earlier()
        if self._results is not None:
            refuse_another(self._results, space=space, objectives=self.objectives)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say what there is in place of what Keras Tuner has."""
            raise missing(type(self), name)

    # ---- searching

    def search(
        self,
        train: Any = None,
        val: Any = None,
        *,
        progress: bool | TextIO | None = None,
        **further: Unpack[Further],
    ) -> None:
        """Search, or go on with a search that is there already.

        Args:
            train: A DataLoader, a data set of torch, a data module, or (inputs, targets) as arrays
                or tensors. Also inputs alone, as in Keras: search(x, y, validation_data=(x2, y2)).
            val: Validation data, as `train`; the targets, if `train` is inputs alone.
            progress: Whether the search is shown while it runs, or a stream to show it on; by
                default it is.
            further: epochs, callbacks, batch_size, validation_data, validation_split: see
                `Further`.

        Raises:
            ConfigurationError: Something is wrong with the data or the model; nothing was started.
            SearchAborted: The search cannot go on, such as after too many failures.
            KeyboardInterrupt: A signal ended it; all is kept, and the same call goes on, if there
                is a `project_name`.

        Side effects:
            Writes the run directory, and starts and stops Ray.
        """
        search = self.as_search(train, val, **further)
        if self._is_finished and not self.remaining_trials:
            print(
                f"{self.project_dir} holds this search, which is finished: nothing is left to do."
            )
            return
        if self._wording.shortage:
            print(self._wording.shortage)
        if self._wording.project.clear():
            search = self.as_search(train, val, **further)  # in the folder that is free now
        self._results = search.run(progress=progress)
        if self._results.state.status is SearchStatus.INTERRUPTED:
            raise KeyboardInterrupt(f"{self._results.state.reason}; {self._how_to_go_on()}")

    def as_search(self, train: Any = None, val: Any = None, **further: Unpack[Further]) -> Search:
        """Return what `search` would run, as a `raysearch.Search`; nothing is started or written.

        Arguments and errors are those of `search`.
        """
        from raysearch.tuners.data import Given

        refuse_unknown(further)
        callbacks = list(further.get("callbacks", ()))
        self.hypermodel.adopt(callbacks)
        given = Given.of(train, val, **further)
        data = given.data(namespace=self.hypermodel.namespace, metric=self.objective.name)
        fit: dict[str, Any] = {
            "max_epochs": self._max_epochs(further.get("epochs")),
            "callbacks": callbacks,
        }
        if self._results is None:
            return self._wording.search(data, **fit)
        return self._wording.resumed(self._results, data, **fit)

    def _max_epochs(self, epochs: int | None) -> int:
        by_method = self._wording.method.max_epochs
        if by_method is None and epochs is None:
            raise ConfigurationError(
                f"{type(self).__name__}.search needs epochs=..., the epochs of each trial."
            )
        if epochs is not None:
            raise_faults(integer_fault("epochs", epochs, at_least=1))
        if by_method is None:
            return int(epochs or 1)
        if epochs is not None and epochs != by_method:
            print(
                f"epochs={epochs} is not used: {type(self).__name__} trains a trial for up to "
                f"max_epochs={by_method}."
            )
        return by_method

    @property
    def _is_finished(self) -> bool:
        return self._results is not None and (self._results.state.status is SearchStatus.FINISHED)

    def _how_to_go_on(self) -> str:
        if self._wording.project.path is None:
            return f'a tuner with project_name="{self.project_dir.name}" goes on with it'
        return "the same call of search goes on"

    # ---- what was found

    @property
    def space(self) -> Space:
        """All that is searched, with its conditions."""
        return self.hypermodel.space

    @property
    def results(self) -> Results:
        """The search as any other: trials, winner, refit, report.

        Raises:
            ConfigurationError: There is none yet.
        """
        if self._results is None:
            raise ConfigurationError("Nothing was searched yet. Call search(...) first.")
        return self._results

    @property
    def project_dir(self) -> Path:
        """The run directory."""
        return self.results.run_dir.path

    def get_trial_dir(self, trial_id: str) -> Path:
        """Return the folder of a trial's checkpoints and log."""
        return self.results.run_dir.trial(trial_id)

    @property
    def remaining_trials(self) -> int:
        """How many further trials the search has; each execution is one."""
        begun = 0 if self._results is None else len(self._results.state.trials)
        return max(0, self._wording.n_trials - begun)

    def get_best_hyperparameters(self, num_trials: int = 1) -> list[HyperParameters]:
        """Return the hyperparameters of the best trials, best first.

        Trials that never reached a finite value are left out, so that there may be fewer.

        Args:
            num_trials: How many at most, at least 1.
        """
        raise_faults(integer_fault("num_trials", num_trials, at_least=1))
        ranking = ranked(self.results)[:num_trials]
        return [HyperParameters.of(self.space, best.trial.configuration) for best in ranking]

    def get_best_models(self, num_models: int = 1) -> list[Any]:
        """Return the models of the best trials as they were at their best epochs, best first.

        On the CPU and in eval mode. Trials whose checkpoint is not kept are left out, so that there
        may be fewer.

        Args:
            num_models: How many at most, at least 1.
        """
        from raysearch.results.loading import model_at_best

        raise_faults(integer_fault("num_models", num_models, at_least=1))
        found: list[Any] = []
        for best in ranked(self.results):
            if len(found) == num_models:
                break
            model = model_at_best(best.trial, results=self.results, build=self.hypermodel.builder)
            if model is not None:
                found.append(model)
        return found

    def search_space_summary(self, extended: bool = False) -> None:
        """Print the hyperparameters.

        Args:
            extended: Whether also those that are not active by default are shown.
        """
        print("\n".join(space_lines(self.space, extended=extended)))

    def results_summary(self, num_trials: int = 10) -> None:
        """Print the best trials.

        Args:
            num_trials: How many at most, at least 1.
        """
        raise_faults(integer_fault("num_trials", num_trials, at_least=1))
        lines = results_lines(self.results, objectives=self.objectives, num_trials=num_trials)
        print("\n".join(lines))
