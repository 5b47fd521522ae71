"""Which space does a function ask for?

    space = record_space(build)     # build(hp) asks for its parameters; see `hyperparameters`
    build(Replay(space.default()))

The function is run, and what it asks for is written down: at all defaults; with each parameter once
at each of its values (numbers with more than 64 values at both ends), in the company in which it
was first met; with each of that company changed, to see what the new one depends on; and at random
points, until many in a row show nothing new.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError
from raysearch.randomness import generator
from raysearch.space.domain import Domain
from raysearch.space.hyperparameters import HyperParameters, Replay
from raysearch.space.inference import Occurrence, Rule, is_enumerable, refuse_unclear, rules_of
from raysearch.space.questions import Choose, QuestionTree, Recorder, Run, values_of
from raysearch.space.space import Space
from raysearch.space.values import is_same
from raysearch.trial import Value

__all__ = ["HyperParameters", "Replay", "record_space"]

_OWN = Path(__file__).parents[1]
"""The package, whose lines are not the user's."""

_N_REPEATED = 8
"""Runs that are made again in the end, to see whether they are the same."""


def record_space(
    build: Callable[[HyperParameters], object],
    *,
    seed: int = 0,
    n_random: int = 64,
    max_runs: int = 1000,
) -> Space:
    """Return the space of all that a function asks for, with the conditions under which it does.

    What the function returns is not looked at. Where it takes long, as with large networks to
    build, give one that asks for the same and builds nothing.

    A parameter that is not always asked for gets the conditions that explain exactly in which runs
    it was: a parent with some of its values, or up to three parents together, to any depth. One
    without such an explanation (that depends on where in its range a number lies, say) is always
    active, which is harmless: a configuration then holds a value that is not asked for.

    Args:
        build: Asks for its parameters, each time in the same way given the same answers.
        seed: Governs the random points, at least 0.
        n_random: Random points in a row that must show nothing new, at least 0.
        max_runs: How often the function is called at most, at least 2. What could not be met by
            then is met in training: see `Replay.met`.

    Raises:
        ConfigurationError: The function raised; it asked for something else although it had been
            given the same values; or for one name in two ways, and it cannot be told when in which.

    Example:
        >>> def build(hp):
        ...     if hp.Choice("optimizer", ["adam", "sgd"]) == "sgd":
        ...         hp.Float("momentum", 0, 0.99)
        >>> record_space(build)
        Space(optimizer: adam, sgd; momentum: 0.0 to 0.99, when optimizer = sgd)
    """
    raise_faults(
        integer_fault("seed", seed, at_least=0),
        integer_fault("n_random", n_random, at_least=0),
        integer_fault("max_runs", max_runs, at_least=2),
    )
    recording = _Recording(build)
    recording.record(_at({}))
    recording.record(_at({}))  # a count kept between runs shows at once
    recording.explore(max_runs=max_runs - n_random)
    rules = rules_of(recording.runs)
    n_quiet = number = 0
    while n_quiet < n_random and len(recording.runs) < max_runs:
        n_quiet, number = n_quiet + 1, number + 1
        if not _is_explained(recording.run(partial(_at_random, seed, number)), rules):
            recording.explore(max_runs=max_runs)
            rules = rules_of(recording.runs)
            n_quiet = 0
    recording.repeat(min(_N_REPEATED, max_runs - len(recording.runs)))
    refuse_unclear(rules)
    return Space._of([rule.parameter for rule in rules])


def _at(values: Mapping[str, Value]) -> Choose:
    """Choose given values where they are legal, and defaults elsewhere."""

    def choose(name: str, domain: Domain) -> Value:
        is_given = name in values and domain.contains(values[name])
        return values[name] if is_given else domain.default_value()

    return choose


def _at_random(seed: int, number: int) -> Choose:
    """Choose random values, the same ones in the same order for the same number."""
    rng = generator(seed, role="define by run", number=number)
    return lambda name, domain: domain.sample(rng)


def _is_explained(run: Run, rules: Sequence[Rule]) -> bool:
    """Return whether the rules know all that a run asked for, and when."""
    values = {name: answer.value for name, answer in run.items()}
    asked = _asked(run)
    occurrences = [(rule.parameter.key, rule.parameter.domain) for rule in rules]
    return asked <= set(occurrences) and all(
        rule.parameter.is_active(values) == (occurrence in asked)
        for rule, occurrence in zip(rules, occurrences, strict=True)
        if rule.is_exact
    )


def _asked(run: Run) -> set[Occurrence]:
    return {(name, answer.domain) for name, answer in run.items()}


class _Change(NamedTuple):
    """One parameter of a run that could have another value."""

    run: Run
    name: str
    others: Sequence[Value]


class _Recording:
    """The runs of a function, and which further ones would be worth it.

    Args:
        build: The function.
    """

    def __init__(self, build: Callable[[HyperParameters], object]) -> None:
        self.runs: list[Run] = []
        self._build = build
        self._name = getattr(build, "__qualname__", type(build).__qualname__)
        self._tree = QuestionTree()
        self._met: set[Occurrence] = set()
        self._new: deque[_Change] = deque()
        """Parameters that were just met: to be tried at all their values."""
        self._old: deque[_Change] = deque()
        """Those in whose company something was met: does it depend on them?"""

    def run(self, make_choose: Callable[[], Choose]) -> Run:
        """Return a run with these choices; the function is called only if that shows something."""
        return self._tree.find(make_choose()) or self.record(make_choose())

    def record(self, choose: Choose) -> Run:
        """Call the function."""
        recorder = Recorder(choose)
        try:
            self._build(recorder)
            self._tree.add(recorder.run)
        except Exception as error:
            raise ConfigurationError(self._failure(error, recorder.run)) from error
        self.runs.append(recorder.run)
        self._plan(recorder.run)
        return recorder.run

    def repeat(self, n: int) -> None:
        """Call the function again with the values of n of its runs, evenly spaced, or of all."""
        runs = self.runs[:: max(1, -(-len(self.runs) // max(1, n)))][:n]
        for run in runs:
            self.record(_at({name: answer.value for name, answer in run.items()}))

    def _failure(self, error: Exception, run: Run) -> list[str]:
        if isinstance(error, ConfigurationError):
            return [f"{self._name}(hp){_place(error)}: {fault}" for fault in error.faults]
        said = next(iter(str(error).splitlines()), "").rstrip(". ")
        raised = f"{type(error).__qualname__}: {said}" if said else type(error).__qualname__
        return [
            f"{self._name}(hp){_place(error)} raised {raised}. It had "
            f"been given {values_of(run)}. It is called with values from all of its ranges to find "
            "out what it asks for, so it must work with all of them: narrow the ranges, or ask "
            "inside an if."
        ]

    def _plan(self, run: Run) -> None:
        """Plan the runs that follow from what a run has met for the first time."""
        fresh = [name for name, answer in run.items() if (name, answer.domain) not in self._met]
        self._met |= {(name, run[name].domain) for name in fresh}
        for name, (domain, value) in run.items():
            if not fresh:
                return
            tried = domain.grid() if is_enumerable(domain) else domain.grid(2)
            change = _Change(run, name, [other for other in tried if not is_same(other, value)])
            if name == fresh[0]:
                self._new.append(change)
                del fresh[0]
            elif is_enumerable(domain) and change.others:
                self._old.append(change)

    def explore(self, *, max_runs: int) -> None:
        """Carry out what is planned, and what follows from it, up to a number of runs in all."""
        while (self._new or self._old) and len(self.runs) < max_runs:
            is_new = bool(self._new)
            run, name, others = (self._new or self._old).popleft()
            values = {asked: answer.value for asked, answer in run.items()}
            for other in others:
                changed = self.run(partial(_at, {**values, name: other}))
                if not is_new and _asked(changed) == _asked(run):
                    break  # one other value that makes no difference is enough
                if len(self.runs) >= max_runs:
                    return


def _place(error: Exception) -> str:
    """Return the innermost line of the user's file that led to an error."""
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if not Path(f.filename).is_relative_to(_OWN)
    ]
    if not frames:
        return ""
    frame = [frame for frame in frames if frame.filename == frames[0].filename][-1]
    return f" ({frame.filename}, line {frame.lineno})"
