"""Which methods does `build(hp)` ask with, and what do their arguments mean?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from raysearch.space import Bool, Domain, Fixed
from raysearch.trial import Value
from raysearch.tuners.domains import choice_domain, float_domain, int_domain


class Asking(ABC):
    """The five methods of `HyperParameters`, in Keras Tuner's words.

    Each returns the value of the hyperparameter, or None where it is not active.
    """

    def Choice(  # noqa: N802 - the names are Keras Tuner's
        self,
        name: str,
        values: Sequence[Value],
        ordered: bool | None = None,
        default: Value = None,
        parent_name: str | None = None,
        parent_values: Any = None,
    ) -> Any:
        """Return one of several plain values, each of which keeps its type.

        Args:
            name: Unique, unless it is asked for under other conditions.
            values: At least one.
            ordered: Whether neighbours are alike; by default numbers are, and others must not be.
            default: One of the values; the first by default.
            parent_name: Another hyperparameter: this one is None unless that one has one of
            parent_values: these values, or this value.
        """
        parent = parent_name, parent_values
        make = lambda: choice_domain(values, ordered=ordered, default=default)  # noqa: E731
        return self._ask(name, make, parent=parent)

    def Int(  # noqa: N802
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str | None = "linear",
        default: int | None = None,
        parent_name: str | None = None,
        parent_values: Any = None,
        *,
        log: bool = False,
    ) -> Any:
        """Return an integer between two bounds, both included.

        Args:
            name: As in `Choice`.
            min_value: The smallest value; more than 0 if the sampling is "log".
            max_value: The largest value, if a step meets it.
            step: Added from value to value; or multiplied, and then at least 2, if the sampling is
                logarithmic. None for every integer.
            sampling: "linear", "log" or "reverse_log" (dense near `max_value`).
            default: `min_value` by default.
            parent_name: As in `Choice`.
            parent_values: As in `Choice`.
            log: Short for the sampling "log".
        """
        parent = parent_name, parent_values
        rest: dict[str, Any] = {"step": step, "sampling": sampling, "log": log, "default": default}
        return self._ask(name, lambda: int_domain(min_value, max_value, **rest), parent=parent)

    def Float(  # noqa: N802
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str | None = "linear",
        default: float | None = None,
        parent_name: str | None = None,
        parent_values: Any = None,
        *,
        log: bool = False,
    ) -> Any:
        """Return a real number between two bounds, both included; arguments as in `Int`."""
        parent = parent_name, parent_values
        rest: dict[str, Any] = {"step": step, "sampling": sampling, "log": log, "default": default}
        return self._ask(name, lambda: float_domain(min_value, max_value, **rest), parent=parent)

    def Boolean(  # noqa: N802
        self,
        name: str,
        default: bool = False,
        parent_name: str | None = None,
        parent_values: Any = None,
    ) -> Any:
        """Return False or True; arguments as in `Choice`."""
        return self._ask(name, lambda: Bool(default=default), parent=(parent_name, parent_values))

    def Fixed(  # noqa: N802
        self, name: str, value: Value, parent_name: str | None = None, parent_values: Any = None
    ) -> Any:
        """Return the value, which is then part of every configuration; else as in `Choice`."""
        return self._ask(name, lambda: Fixed(value), parent=(parent_name, parent_values))

    @abstractmethod
    def _ask(self, name: str, make: Callable[[], Domain], *, parent: tuple[str | None, Any]) -> Any:
        """Return the value of a hyperparameter.

        Args:
            name: As it was given.
            make: Makes the domain, or raises.
            parent: Name of a parent, and the values that it must have; None for no condition.
        """
