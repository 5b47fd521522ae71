"""What has a function asked for so far, run by run, and is it always the same?

A function that asks for its parameters is a tree: which question comes next depends on the answers
before. The tree of all runs so far knows which runs would teach nothing, and notices when the same
answers are followed by another question than before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from raysearch.errors import ConfigurationError
from raysearch.space.domain import Domain
from raysearch.space.hyperparameters import HyperParameters, asked_twice, made
from raysearch.space.settings import domain_to_settings
from raysearch.space.values import show
from raysearch.trial import Value


class Answer(NamedTuple):
    """What was asked for under a name, and the value that was given."""

    domain: Domain
    value: Value


Run = Mapping[str, Answer]
"""All that one run asked for, in its order."""

Choose = Callable[[str, Domain], Value]
"""Says which value a parameter has."""


class Recorder(HyperParameters):
    """The `hp` that writes down what it is asked for.

    Args:
        choose: Called once for each parameter; returns a value of its domain.
    """

    def __init__(self, choose: Choose) -> None:
        self.run: dict[str, Answer] = {}
        self._choose = choose

    def _value(self, name: str, make: Callable[[], Domain]) -> Any:
        domain = made(name, make)
        before = self.run.get(name)
        if before is None:
            before = self.run[name] = Answer(domain, self._choose(name, domain))
        elif before.domain != domain:
            raise ConfigurationError(asked_twice(name, before=before.domain, now=domain))
        return before.value


@dataclass(slots=True, eq=False)
class _Node:
    """A point in a run: the answers given so far."""

    is_known: bool = False
    """Whether some run got here."""
    question: tuple[str, Domain] | None = None
    """What is asked next; None if nothing more is."""
    after: dict[tuple[type, Value], _Node] = field(default_factory=dict)
    """Where each answer leads to, types kept apart."""


class QuestionTree:
    """All runs so far."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, run: Run) -> None:
        """Add a run.

        Raises:
            ConfigurationError: Another question, or none, followed the same answers before.
        """
        node = self._root
        for name, answer in run.items():
            _pass(node, (name, answer.domain), run)
            node = node.after.setdefault((type(answer.value), answer.value), _Node())
        _pass(node, None, run)

    def find(self, choose: Choose) -> Run | None:
        """Return the run that these choices lead to, or None if nobody has seen its end."""
        run: dict[str, Answer] = {}
        node = self._root
        while node.is_known and node.question is not None:
            name, domain = node.question
            value = choose(name, domain)
            run[name] = Answer(domain, value)
            node = node.after.get((type(value), value), _Node())
        return run if node.is_known else None


def _pass(node: _Node, question: tuple[str, Domain] | None, run: Run) -> None:
    if node.is_known and node.question != question:
        raise ConfigurationError(
            f"With the same values before, it asked for {_phrase(node.question)} in one run, and "
            f"for {_phrase(question)} in another, which had {values_of(run)}. What is asked for "
            "must depend on the values alone: not on chance, time, or a count kept between runs."
        )
    node.is_known, node.question = True, question


def _phrase(question: tuple[str, Domain] | None) -> str:
    if question is None:
        return "nothing more"
    name, domain = question
    return f"{name}, {domain_to_settings(domain)}"


def values_of(run: Run) -> str:
    """Return the values of a run for a sentence, such as "depth = 3, optimizer = sgd"."""
    return ", ".join(f"{name} = {show(a.value)}" for name, a in run.items()) or "no values"
