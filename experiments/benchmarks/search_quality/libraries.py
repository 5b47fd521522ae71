"""How good are the libraries by themselves, with nothing of raysearch between?

Each is asked and told through the searchers' contract, and keeps its own state. Ordered choices are
integers to it, the others categories. It may suggest a configuration again.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.space import Choice, Space
from raysearch.trial import Objective, Suggestion, Trial, Value

LIBRARIES: Mapping[str, str] = {
    "hyperopt_anneal": "search_quality.libraries:HyperOptAnneal",
    "hyperopt_tpe": "search_quality.libraries:HyperOptTPE",
    "optuna_gp": "search_quality.libraries:OptunaGP",
    "optuna_tpe": "search_quality.libraries:OptunaTPE",
}
"""Name -> import path of the class."""

_NEEDED = {"hyperopt": ("hyperopt",), "optuna": ("optuna",), "optuna_gp": ("optuna", "torch")}


def is_installed(name: str) -> bool:
    """Return whether what a library needs is there."""
    needed = _NEEDED.get(name) or _NEEDED[name.partition("_")[0]]
    return all(importlib.util.find_spec(module) is not None for module in needed)


def _choices(space: Space) -> dict[str, Choice]:
    """Return the parameters of a table's space, which are all choices without conditions."""
    return {p.key: p.domain for p in space.parameters if isinstance(p.domain, Choice)}


class _HyperOpt:
    """hyperopt's documents of trials, as `fmin` keeps them for workers elsewhere."""

    def __init__(self, space: Space, *, objective: Objective, seed: int, algorithm: Any) -> None:
        from hyperopt import hp
        from hyperopt.base import Domain, Trials

        self._choices = _choices(space)
        expressions = {
            key: hp.uniformint(key, 0, len(choice.values) - 1)
            if choice.ordered
            else hp.randint(key, len(choice.values))
            for key, choice in self._choices.items()
        }
        self._domain = Domain(None, expressions)
        self._trials = Trials()
        self._documents: dict[int, dict[str, Any]] = {}
        self._algorithm, self._objective, self._seed = algorithm, objective, seed

    def prepare(self) -> None:
        """Do nothing: all is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion:
        """Return what hyperopt suggests."""
        del pending
        [document] = self._algorithm(
            [number], self._domain, self._trials, seed=self._seed * 100_000 + number
        )
        self._trials.insert_trial_docs([document])
        self._trials.refresh()
        self._documents[number] = self._trials._dynamic_trials[-1]
        indices = {key: int(values[0]) for key, values in document["misc"]["vals"].items()}
        return Suggestion(
            configuration={key: c.values[indices[key]] for key, c in self._choices.items()},
            origin={"kind": "hyperopt"},
        )

    def observe(self, trial: Trial) -> None:
        """Tell hyperopt what came of a trial."""
        document = self._documents.pop(trial.number, None)
        if document is None:
            document = self._told(trial)
        loss = self._objective.loss(trial.value(self._objective))
        document.update(state=2, result={"status": "ok", "loss": loss})  # JOB_STATE_DONE
        self._trials.refresh()

    def _told(self, trial: Trial) -> dict[str, Any]:
        """Return the document of a trial that hyperopt did not suggest."""
        n = trial.number
        places = {k: [c.values.index(trial.configuration[k])] for k, c in self._choices.items()}
        misc = {"tid": n, "cmd": None, "idxs": {k: [n] for k in places}, "vals": places}
        [document] = self._trials.new_trial_docs([n], [None], [{"status": "new"}], [misc])
        self._trials.insert_trial_docs([document])
        self._trials.refresh()
        return self._trials._dynamic_trials[-1]  # type: ignore[no-any-return]


class HyperOptTPE(_HyperOpt):
    """hyperopt's TPE with its defaults."""

    def __init__(self, space: Space, *, objective: Objective, seed: int = 0) -> None:
        from hyperopt import tpe

        super().__init__(space, objective=objective, seed=seed, algorithm=tpe.suggest)


class HyperOptAnneal(_HyperOpt):
    """hyperopt's annealing with its defaults."""

    def __init__(self, space: Space, *, objective: Objective, seed: int = 0) -> None:
        from hyperopt import anneal

        super().__init__(space, objective=objective, seed=seed, algorithm=anneal.suggest)


class _Optuna:
    """A study of Optuna's that is asked and told."""

    def __init__(self, space: Space, *, objective: Objective, sampler: Any) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._choices = _choices(space)
        self._objective = objective
        self._study = optuna.create_study(sampler=sampler, direction="minimize")
        self._asked: dict[int, Any] = {}  # by the trial's number

    def prepare(self) -> None:
        """Do nothing: all is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion:
        """Return what Optuna suggests."""
        del pending
        asked = self._study.ask()
        self._asked[number] = asked
        return Suggestion(
            configuration={key: _value(asked, key, c) for key, c in self._choices.items()},
            origin={"kind": "optuna"},
        )

    def observe(self, trial: Trial) -> None:
        """Tell Optuna what came of a trial."""
        import optuna

        loss = self._objective.loss(trial.value(self._objective))
        if trial.number in self._asked:
            self._study.tell(self._asked.pop(trial.number), loss)
            return
        distributions = {key: _distribution(c) for key, c in self._choices.items()}
        places = {k: _place(c, trial.configuration[k]) for k, c in self._choices.items()}
        self._study.add_trial(
            optuna.trial.create_trial(params=places, distributions=distributions, value=loss)
        )


def _value(asked: Any, key: str, choice: Choice) -> Value:
    if choice.ordered:
        return choice.values[asked.suggest_int(key, 0, len(choice.values) - 1)]
    return asked.suggest_categorical(key, choice.values)  # type: ignore[no-any-return]


def _place(choice: Choice, value: Value) -> Value:
    return choice.values.index(value) if choice.ordered else value


def _distribution(choice: Choice) -> Any:
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if choice.ordered:
        return IntDistribution(0, len(choice.values) - 1)
    return CategoricalDistribution(choice.values)


class OptunaTPE(_Optuna):
    """Optuna's multivariate TPE, with its defaults else."""

    def __init__(self, space: Space, *, objective: Objective, seed: int = 0) -> None:
        import optuna

        sampler = optuna.samplers.TPESampler(multivariate=True, seed=seed)
        super().__init__(space, objective=objective, sampler=sampler)


class OptunaGP(_Optuna):
    """Optuna's Gaussian process with its defaults."""

    def __init__(self, space: Space, *, objective: Objective, seed: int = 0) -> None:
        import optuna

        sampler = optuna.samplers.GPSampler(seed=seed)
        super().__init__(space, objective=objective, sampler=sampler)
