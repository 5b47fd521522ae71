"""Under which conditions does a function ask for a parameter, judging by its runs?

A condition is found where it explains exactly in which runs the parameter was asked for: one parent
with the values under which it was, or else two or three parents together. Parents are asked for
before their children in every run, and have few values, so that each of them was tried. Sets of
runs are bits of an integer: thousands of explanations are tried in a millisecond.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import and_
from typing import NamedTuple

from raysearch.errors import ConfigurationError
from raysearch.space.choice import Choice
from raysearch.space.conditions import Parameter
from raysearch.space.domain import Domain
from raysearch.space.questions import Run
from raysearch.space.settings import domain_to_settings
from raysearch.space.values import distinct
from raysearch.space.when import Conditions
from raysearch.trial import Value

MAX_VALUES = 64
"""Numbers with more values than these are tried at their ends only, and are nobody's parent."""

MAX_PARENTS = 3
"""Parents of one condition at most, those that they depend on themselves not counted."""

Occurrence = tuple[str, Domain]
"""A name with what is asked for under it; one name may have several."""


class Rule(NamedTuple):
    """A parameter with the conditions that the runs show."""

    parameter: Parameter
    is_exact: bool
    """Whether the conditions say when it is asked for; else it has none, and is always active."""


def is_enumerable(domain: Domain) -> bool:
    """Return whether all values of a domain are tried."""
    size = domain.size()
    return size is not None and (size <= MAX_VALUES or isinstance(domain, Choice))


def rules_of(runs: Sequence[Run]) -> list[Rule]:
    """Return each occurrence of each name, in the order in which they were met, as a parameter.

    One that is asked for under conditions that cannot be told is always active. That is harmless: a
    configuration then has a value that is not asked for.

    Args:
        runs: Of one function. At least one.
    """
    evidence = _Evidence(runs)
    return [evidence.rule(occurrence) for occurrence in evidence.met]


def refuse_unclear(rules: Sequence[Rule]) -> None:
    """Check that it can be told when which occurrence of a name is meant.

    Raises:
        ConfigurationError: A name has several, and one of them is not explained.
    """
    occurrences: dict[str, list[Rule]] = {}
    for rule in rules:
        occurrences.setdefault(rule.parameter.key, []).append(rule)
    faults = [
        f"{name} is asked for as {' or as '.join(_first_settings(listed))}, and which of them when "
        f"does not follow from parameters with up to {MAX_VALUES} values. Use a name for each."
        for name, listed in occurrences.items()
        if len(listed) > 1 and not all(rule.is_exact for rule in listed)
    ]
    if faults:
        raise ConfigurationError(faults)


def _first_settings(rules: Sequence[Rule]) -> list[str]:
    shown = [str(domain_to_settings(rule.parameter.domain)) for rule in rules[:3]]
    return shown if len(rules) <= 3 else [*shown[:2], "..."]


class _Evidence:
    """In which runs what happened, as bits: run i is bit i."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.met: dict[Occurrence, int] = {}
        """The runs in which each occurrence was asked for."""
        self._before: dict[Occurrence, list[str]] = {}
        self._having: dict[str, dict[tuple[type, Value], int]] = {}
        self._domains: dict[str, list[Domain]] = {}
        self._all = (1 << len(runs)) - 1
        for number, run in enumerate(runs):
            self._add(run, bit=1 << number)

    def _add(self, run: Run, *, bit: int) -> None:
        names: list[str] = []
        for name, (domain, value) in run.items():
            occurrence = name, domain
            if occurrence not in self.met:
                self._domains.setdefault(name, []).append(domain)
                self._before[occurrence] = list(names)
            elif len(self._before[occurrence]) != len(names) or self._before[occurrence] != names:
                earlier = set(names)
                self._before[occurrence] = [n for n in self._before[occurrence] if n in earlier]
            self.met[occurrence] = self.met.get(occurrence, 0) | bit
            having = self._having.setdefault(name, {})
            having[type(value), value] = having.get((type(value), value), 0) | bit
            names.append(name)

    def rule(self, occurrence: Occurrence) -> Rule:
        """Return the parameter of an occurrence, with the conditions that explain it."""
        name, domain = occurrence
        met = self.met[occurrence]
        if met == self._all:
            return Rule(Parameter(key=name, domain=domain), is_exact=True)
        for parents in self._explanations(occurrence):
            own: Conditions = tuple((parent, self._values(parent, met)) for parent in parents)
            return Rule(Parameter(key=name, domain=domain, own=own), is_exact=True)
        return Rule(Parameter(key=name, domain=domain), is_exact=False)

    def _explanations(self, occurrence: Occurrence) -> Iterator[tuple[str, ...]]:
        """Yield the parents that explain an occurrence, few before many, early before late."""
        met = self.met[occurrence]
        allowing = {
            parent: allowed
            for parent in self._before[occurrence]
            if all(map(is_enumerable, self._domains[parent]))
            if (allowed := self._allowing(parent, met)) != self._all
        }
        for n_parents in range(1, MAX_PARENTS + 1):
            for parents in itertools.combinations(allowing, n_parents):
                if reduce(and_, (allowing[parent] for parent in parents)) == met:
                    yield parents

    def _allowing(self, parent: str, met: int) -> int:
        """Return the runs in which the parent had a value that it also had in some of `met`."""
        return sum(runs for runs in self._having[parent].values() if runs & met)

    def _values(self, parent: str, met: int) -> tuple[Value, ...]:
        """Return the values of a parent in the runs of `met`, in the order of its domains."""
        having = self._having[parent]
        values = distinct(v for domain in self._domains[parent] for v in domain.grid())
        return tuple(v for v in values if having.get((type(v), v), 0) & met)
