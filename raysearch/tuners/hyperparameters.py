"""How does `build(hp)` ask for its hyperparameters, in Keras Tuner's words?

    def build(hp):
        layers = [hp.Int(f"units_{i}", 32, 512, step=32) for i in range(hp.Int("num_layers", 1, 3))]
        with hp.conditional_scope("optimizer", ["sgd"]):
            momentum = hp.Float("momentum", 0.0, 0.99)      # None unless optimizer is sgd

What is asked for in an `if` or a loop needs no scope: when it is asked for is found out by
`raysearch.space.define_by_run`, which also does the rest; here are the words alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from raysearch.errors import ConfigurationError, unknown_name
from raysearch.space import Domain, Space
from raysearch.space.hyperparameters import asked_twice, made
from raysearch.space.inference import MAX_VALUES, is_enumerable
from raysearch.space.values import type_name
from raysearch.trial import Configuration, Value
from raysearch.tuners.asking import Asking
from raysearch.tuners.entries import HyperParameter, Parent

Answer = Callable[[str, Domain], Value]
"""Says which value an active hyperparameter has."""


class HyperParameters(Asking):
    """Hyperparameters with their values.

    Asking for one returns its value: that of the trial which is built for, or one that was set in
    `values`, or else its default. Inside a scope that is not active it returns None.

    Raises:
        ConfigurationError: A name stands for two ranges at once, a range is none, or a condition
            cannot hold; as soon as it is asked for.

    Example:
        >>> hp = HyperParameters()
        >>> hp.Int("units", 32, 512, step=32), hp.Choice("optimizer", ["adam", "sgd"])
        (32, 'adam')
        >>> with hp.conditional_scope("optimizer", ["sgd"]):
        ...     print(hp.Float("momentum", 0.0, 0.99))
        None
        >>> hp.values, "momentum" in hp
        ({'units': 32, 'optimizer': 'adam'}, False)
    """

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        """Name -> value, of those that are active. May be changed before a model is built."""
        self.active_scopes: list[tuple[Parent, ...]] = []
        """Conditions of the scopes entered so far that were active."""
        self.inactive_scopes: list[tuple[Parent, ...]] = []
        """Conditions of those that were not."""
        self._entries: dict[str, list[HyperParameter]] = {}
        self._asked_for: dict[str, list[Domain]] = {}  # before `_change`
        self._names: tuple[str, ...] = ()
        self._conditions: tuple[Parent, ...] = ()
        self._answer: Answer | None = None
        self._change: Callable[[str, Domain], Domain] = lambda name, domain: domain

    # ---- scopes

    @contextmanager
    def name_scope(self, name: str) -> Iterator[None]:
        """Put "NAME/" before all names that are asked for inside."""
        before, self._names = self._names, (*self._names, name)
        try:
            yield
        finally:
            self._names = before

    @contextmanager
    def conditional_scope(self, parent_name: str, parent_values: Any) -> Iterator[None]:
        """Ask for what exists only under a condition: it is None where that does not hold.

        What stands inside is executed in any case. Where that does no good, use `if`.

        Args:
            parent_name: A hyperparameter that was asked for before.
            parent_values: Values of it, or one value.

        Raises:
            ConfigurationError: There is no such hyperparameter, or it cannot have such a value.
        """
        before, self._conditions = self._conditions, self._under(parent_name, parent_values)
        scopes = self.active_scopes if self._holds(self._conditions) else self.inactive_scopes
        if self._conditions not in scopes:
            scopes.append(self._conditions)
        try:
            yield
        finally:
            self._conditions = before

    # ---- looking

    @property
    def space(self) -> list[HyperParameter]:
        """All that is known, active or not, in the order in which it was met."""
        return [entry for entries in self._entries.values() for entry in entries]

    def get(self, name: str) -> Any:
        """Return the value of an active hyperparameter.

        Raises:
            KeyError: There is none of this name.
            ConfigurationError: It is not active; a `ValueError`.
        """
        if name in self.values:
            return self.values[name]
        if name in self._entries:
            raise ConfigurationError(
                f"{name} is currently inactive: it needs {_needs(self._entries[name])}."
            )
        known = unknown_name(name, kind="a hyperparameter here", valid=self._entries)
        raise KeyError(f"{name} does not exist. {known}")

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def is_active(self, hyperparameter: str | HyperParameter) -> bool:
        """Return whether a hyperparameter, or some one of this name, is active."""
        if isinstance(hyperparameter, HyperParameter):
            return self._holds(hyperparameter.conditions)
        return any(self._holds(entry.conditions) for entry in self._entries.get(hyperparameter, ()))

    def __repr__(self) -> str:
        return f"HyperParameters({self.values})"

    # ---- state

    @classmethod
    def of(cls, space: Space, configuration: Configuration) -> HyperParameters:
        """Return the hyperparameters of a space with the values of one configuration."""
        made_of = cls()
        for parameter in space:
            made_of._add(HyperParameter.of(parameter))
        made_of.values = dict(configuration)
        return made_of

    def copy(self) -> HyperParameters:
        """Return the same hyperparameters and values, to be changed independently."""
        return self.from_config(self.get_config())

    def merge(self, hps: HyperParameters, overwrite: bool = True) -> None:
        """Take over those of others.

        Args:
            hps: The others.
            overwrite: Whether they take precedence where a name is known already.
        """
        for name in hps._entries:
            if overwrite or name not in self._entries:
                self._entries[name] = list(hps._entries[name])
                self.values |= {key: value for key, value in hps.values.items() if key == name}
        self.ensure_active_values()

    def ensure_active_values(self) -> None:
        """Give each active hyperparameter that has no value its default."""
        for entry in self.space:
            if self._holds(entry.conditions):
                self.values.setdefault(entry.name, entry.default)

    def get_config(self) -> dict[str, Any]:
        """Return all of it as plain values, in Keras Tuner's words."""
        entries = [{"class_name": e.kind, "config": e.get_config()} for e in self.space]
        return {"space": entries, "values": dict(self.values)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> HyperParameters:
        """Return what `get_config` described."""
        made_of = cls()
        for entry in copy.deepcopy(config["space"]):
            made_of._add(HyperParameter.from_config(entry["class_name"], entry["config"]))
        made_of.values = dict(config["values"])
        return made_of

    @classmethod
    def answered(
        cls, answer: Answer, *, change: Callable[[str, Domain], Domain] | None = None
    ) -> HyperParameters:
        """Return what a function is given whose hyperparameters have somebody else's values.

        Args:
            answer: Called whenever an active hyperparameter is asked for.
            change: Returns the domain to use for one that is asked for.
        """
        asked = cls()
        asked._answer = answer
        if change is not None:
            asked._change = change
        return asked

    def at_defaults(self, *, but: Collection[str]) -> HyperParameters:
        """Return others that ask these for some names alone, and are at their defaults elsewhere.

        Args:
            but: The names that these are asked for.
        """
        asked = type(self)()

        def answer(name: str, domain: Domain) -> Value:
            if name not in but:
                return domain.default_value()
            if self._answer is not None:
                return self._answer(name, domain)
            return self.values.get(name, domain.default_value())

        asked._answer = answer
        asked._change = lambda name, domain: self._change(name, domain) if name in but else domain
        return asked

    # ---- below

    def _ask(self, name: str, make: Callable[[], Domain], *, parent: tuple[str | None, Any]) -> Any:
        if parent[0] is not None:
            with self.conditional_scope(parent[0], parent[1]):
                return self._ask(name, make, parent=(None, None))
        full = self._full(name)
        if any(full == parent.name for parent in self._conditions):
            raise ConfigurationError(
                f"{full} is asked for under a condition on {full} itself. Give it another name."
            )
        asked_for = made(full, make)
        self._asked_for.setdefault(full, []).append(asked_for)
        domain = self._change(full, asked_for)
        is_active = self._holds(self._conditions)
        if not self._is_known(full, domain):
            self._add(HyperParameter(full, domain, self._conditions))
        if not is_active:
            return None
        if self._answer is not None:
            self.values[full] = self._answer(full, domain)
        elif full not in self.values:
            self.values[full] = domain.default_value()
        return self.values[full]

    def _is_known(self, name: str, domain: Domain) -> bool:
        """Return whether it was met before.

        Raises:
            ConfigurationError: It was met under conditions that hold as well, with another range.
        """
        for entry in self._entries.get(name, ()):
            is_same = entry.conditions == self._conditions
            if entry.domain == domain and (is_same or self._holds(entry.conditions)):
                return True
            if is_same:
                raise ConfigurationError(asked_twice(name, before=entry.domain, now=domain))
        return False

    def _add(self, entry: HyperParameter) -> None:
        self._entries.setdefault(entry.name, []).append(entry)

    def _full(self, name: str) -> str:
        if type(name) is not str or not name:
            raise ConfigurationError(
                f"{name!r} is {type_name(name)}, and a name is needed first: "
                'hp.Int("units", 32, 512).'
            )
        return "/".join((*self._names, name))

    def _under(self, parent_name: str, parent_values: Any) -> tuple[Parent, ...]:
        """Return the conditions here with one more."""
        name = self._full(parent_name)
        name = name if name in self._entries else parent_name  # one of outside this scope of names
        if name not in self._entries:
            known = unknown_name(name, kind="a hyperparameter so far", valid=self._entries)
            raise ConfigurationError(f"A condition on {name}: {known} Ask for it first.")
        parent = Parent(name, parent_values)
        domains = [entry.domain for entry in self._entries[name]]
        domains += self._asked_for.get(name, ())
        for value in parent.values:
            if not any(domain.contains(value) for domain in domains):
                raise ConfigurationError(f"A condition on {name}: {domains[0].explain(value)}")
        if not all(map(is_enumerable, domains)):
            raise ConfigurationError(
                f"A condition on {name}, of {domains[0].describe()}: only what has at most "
                f"{MAX_VALUES} values can be in a condition. Give it a step, or use Choice."
            )
        return (*self._conditions, parent)

    def _holds(self, conditions: tuple[Parent, ...]) -> bool:
        return all(parent.is_active(self.values) for parent in conditions)


def _needs(entries: Sequence[HyperParameter]) -> str:
    each = [
        " and ".join(f"{p.name} = {' or '.join(map(str, p.values))}" for p in entry.conditions)
        for entry in entries
    ]
    return ", or ".join(each)
