"""Which trials of earlier runs say something in the space of a new search?

Those that ended, measured its objective, are of one of its models, and whose configuration lies in
its space. A configuration says nothing of what was fixed by `args`, so these are looked at as well:
what the earlier run fixed and the new one searches has that value; what the new one fixes must have
had it. A parameter of one value, of which the earlier run says nothing, is taken to have had it.

What failed there (but for weights or a metric that were not finite) need not fail here, and is left
out. Other data are not refused, but named: whoever lists a run says that it is worth listening to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from raysearch.engine import evidence
from raysearch.engine.causes import NOT_FINITE
from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.experiment import Experiment
from raysearch.experiment.changes import is_same
from raysearch.experiment.space_changes import Fit, Standing, fit
from raysearch.init_from import INIT_FROM
from raysearch.results.collect import Results
from raysearch.results.resolved import (
    DATA,
    arguments_of,
    fidelity_of,
    identity_of,
    keys_of_data,
    other_folds,
    sections_of,
)
from raysearch.run_dir import RunDir
from raysearch.space import Parameter, Space
from raysearch.space.values import show
from raysearch.trial import Trial, TrialStatus, Value

MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun:
    """What an earlier run has to say."""

    run: str
    """As the experiment names it."""
    n_trials: int
    max_epochs: int
    """Of its trials."""
    usable: tuple[Trial, ...]
    """With configurations of the present space."""
    left_out: Mapping[str, int]
    """Why trials cannot be used, for a person -> how many."""
    note: str = ""
    """What is different there, and does not keep its trials from being used."""

    @property
    def text(self) -> str:
        """How many trials can be used, and why others cannot.

        Example:
            >>> run = EarlierRun(run="runs/a", n_trials=9, max_epochs=3, usable=(),
            ...                  left_out={"had not ended": 2, "failed": 7})
            >>> run.text
            'runs/a: 0 of 9 trials can be used; 2 had not ended, 7 failed'
        """
        why = ", ".join(f"{n} {reason}" for reason, n in self.left_out.items())
        used = f"{self.run}: {len(self.usable)} of {self.n_trials} trials can be used"
        return "; ".join(part for part in (used, why, self.note) if part)

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain values, for `check --json`."""
        used = {"run": self.run, "trials": self.n_trials, "usable": len(self.usable)}
        return {**used, "left_out": dict(self.left_out), "note": self.note or None}


def earlier_runs(experiment: Experiment) -> tuple[EarlierRun, ...]:
    """Return what the runs that an experiment names as evidence have to say.

    Raises:
        ConfigurationError: With every run that is missing or damaged, or of which no trial can be
            used.
    """
    found, faults = [], []
    for number, run in enumerate(experiment.evidence, start=1):
        try:
            found.append(_earlier(run, experiment))
        except (ConfigurationError, RunDirectoryError) as error:
            faults.append(f"evidence, number {number}: {error}")
    if faults:
        raise ConfigurationError(faults)
    return tuple(found)


def to_journal(runs: Sequence[EarlierRun], *, experiment: Experiment) -> dict[str, Any]:
    """Return what the journal keeps of earlier runs: see `engine.evidence`; empty for none."""
    if not runs:
        return {}
    entries = [
        {
            "run": run.run,
            "n_trials": run.n_trials,
            "max_epochs": run.max_epochs,
            "trials": [evidence.entry(t, objective=experiment.objective) for t in run.usable],
        }
        for run in runs
    ]
    return {"version": evidence.VERSION, "runs": entries}


def _earlier(run: str, experiment: Experiment) -> EarlierRun:
    path = Path(run).expanduser()
    if not RunDir(path).has_search():
        what = "is a file" if path.is_file() else "holds no journal" if path.is_dir() else ""
        raise ConfigurationError(
            f"{run} {what or 'does not exist'}, and a run directory is needed. Give the path of an "
            "earlier run, relative to the working directory, or leave it out; `list runs` shows "
            "those here."
        )
    results = Results.read(path)
    if results.damage is not None:
        raise ConfigurationError(f"{results.damage} Or leave the run out of evidence.")
    settings, trials = results.state.settings, list(results.state.trials.values())
    judge = _Judge(experiment, settings=settings)
    usable, left_out = [], Counter[str]()
    for trial in trials:
        try:
            usable.append(judge.usable(trial))
        except _LeftOut as reason:
            left_out[str(reason)] += 1
    earlier = EarlierRun(
        run=run,
        n_trials=len(trials),
        max_epochs=judge.max_epochs,
        usable=tuple(usable),
        left_out=dict(left_out.most_common()),
        note=judge.note,
    )
    if not usable:
        raise ConfigurationError(
            f"{earlier.text}. Nothing would be learnt from it: leave it out, or search a space "
            "that holds its trials."
        )
    return earlier


class _LeftOut(Exception):
    """Why a trial cannot be used, after "3 trials": "had not ended"."""


class _Judge:
    """Looks at the trials of one earlier run with the eyes of a new experiment."""

    def __init__(self, experiment: Experiment, *, settings: Mapping[str, Any]) -> None:
        self._experiment = experiment
        self._former = sections_of(settings)
        self._present = sections_of(experiment.settings)
        self._data = [arguments_of(each.get("data")) for each in (settings, experiment.settings)]
        former, present = (fidelity_of(each) for each in (settings, experiment.settings))
        self.max_epochs = former.epochs
        self._is_other_round = former.every_steps != present.every_steps
        is_other = not is_same(settings.get("data"), experiment.settings.get("data"))
        self._notes = ["its data are not quite those of this search"] if is_other else []
        self._notes += other_folds(settings, experiment.settings)

    @property
    def note(self) -> str:
        """What was different there, and what was taken for granted of the trials so far."""
        return "; ".join(self._notes)

    def usable(self, trial: Trial) -> Trial:
        """Return the trial with its configuration in the present space.

        Raises:
            _LeftOut: It cannot be used.
        """
        metric = self._experiment.objective.metric
        if not (trial.status.is_ended or trial.status is TrialStatus.PAUSED):
            raise _LeftOut("had not ended")
        if trial.status is TrialStatus.REJECTED:
            raise _LeftOut("ruled out by a constraint")
        if trial.status is TrialStatus.FAILED and trial.cause != NOT_FINITE:
            raise _LeftOut("failed")
        if not any(metric in measured.values for measured in trial.measurements):
            raise _LeftOut(f"did not measure {metric}")
        if self._is_other_round:
            raise _LeftOut("trained in rounds of other steps (fidelity.every_steps)")
        is_paused = trial.status is TrialStatus.PAUSED  # to a searcher as good as stopped
        status = TrialStatus.STOPPED if is_paused else trial.status
        return replace(trial, status=status, configuration=self._translated(trial))

    def _translated(self, trial: Trial) -> dict[str, Value]:
        space = self._experiment.space
        recorded, known, fixed = self._in_present_words(trial.configuration)
        configuration = recorded
        for _ in range(len(space) + 1):  # what is filled in may activate others
            how = fit(space, configuration)
            filled = dict(_filled(space, how, configuration, known=known))
            same = [
                k for k in how.superfluous if k in fixed and is_same(fixed[k], configuration[k])
            ]
            if not filled and not same:
                break
            configuration = {k: v for k, v in configuration.items() if k not in same} | filled
        if how.standing is not Standing.INSIDE:
            raise _LeftOut(_why_not(how, configuration, fixed=fixed))
        for key in configuration.keys() - recorded.keys() - known.keys():
            self._note(f"{key} is taken to have been {show(configuration[key])}")
        return space.canonical(configuration)

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    def _in_present_words(
        self, configuration: Mapping[str, Value]
    ) -> tuple[dict[str, Value], dict[str, Any], dict[str, Any]]:
        """Return a configuration in the keys of the present space, and the arguments of both runs.

        With several models, the keys of each begin with its name.
        """
        name = str(configuration.get(MODEL)) if len(self._former) > 1 else next(iter(self._former))
        former, values = self._former.get(name, {}), dict(configuration)
        if len(self._former) > 1:
            del values[MODEL]
            values = {key.removeprefix(f"{name}."): value for key, value in values.items()}
        same = [n for n, s in self._present.items() if identity_of(s) == identity_of(former)]
        if not same:
            raise _LeftOut(f"of {name}, which is not among the models")
        if former.get(INIT_FROM) != self._present[same[0]].get(INIT_FROM):
            raise _LeftOut("begun from other weights (model, init_from)")
        prefix = f"{same[0]}." if len(self._present) > 1 else ""

        def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
            return {k if k.startswith(DATA) else prefix + k: v for k, v in values.items()}

        known = renamed(arguments_of(former)) | keys_of_data(self._data[0])
        fixed = renamed(arguments_of(self._present[same[0]])) | keys_of_data(self._data[1])
        head: dict[str, Value] = {MODEL: same[0]} if prefix else {}
        return {**head, **renamed(values)}, known, fixed


def _filled(
    space: Space, how: Fit, configuration: Mapping[str, Value], *, known: Mapping[str, Any]
) -> Iterator[tuple[str, Value]]:
    """Yield what a configuration does not record, and is known nevertheless."""
    for key in how.missing:
        domain = _active(space, key, configuration).domain
        if key in known:
            if domain.contains(known[key]):
                yield key, known[key]
        elif domain.size() == 1:
            yield key, domain.default_value()


def _active(space: Space, key: str, configuration: Mapping[str, Value]) -> Parameter:
    return next(p for p in space if p.key == key and p.is_active(configuration))


def _why_not(how: Fit, configuration: Mapping[str, Value], *, fixed: Mapping[str, Any]) -> str:
    if how.misplaced:
        parameter = how.misplaced[0]
        return f"outside the space ({parameter.key} is {parameter.domain.describe()})"
    if how.missing:
        return f"without a value of {how.missing[0]}"
    key = how.superfluous[0]
    if key in fixed:
        return f"with another {key} than {show(fixed[key])}"
    return f"with a value of {key}, which is not searched here ({show(configuration[key])})"
