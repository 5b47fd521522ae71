"""What does a whole search space offer?

A `Space` is an immutable set of parameters with their conditions. All that can be wrong with one is
found when it is constructed. See the package's docstring for an example.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from raysearch.errors import unknown_name
from raysearch.space import counting, encoding, operators, validation
from raysearch.space.building import flattened, renamed, replaced, settled
from raysearch.space.conditions import Parameter, occurrences_of
from raysearch.space.domain import Domain, raise_faults
from raysearch.space.storage import parameters_from_json, parameters_to_json
from raysearch.trial import Configuration, Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


class Space:
    """Parameters by key: domains, or plain values that are fixed.

    A `Choice` of sub-spaces is flattened: its own key holds the name chosen, and the parameters of
    each sub-space are active under that name. Keys are not prefixed (see `prefixed`), so that two
    sub-spaces may use the same key, also with different domains.

    Raises:
        ConfigurationError: With all that is wrong: unknown parents, values that a parent cannot
            have, conditions that cannot hold or depend on themselves, the same key active twice.

    Example:
        >>> from raysearch.space import Choice, Float, Int, Space
        >>> cnn = Space({"kernel": Choice([3, 5]), "width": Int(8, 64, step=8)})
        >>> mlp = Space({"width": Int(32, 512, log=True)})
        >>> space = Space({"model": Choice({"cnn": cnn, "mlp": mlp}), "dropout": Float(0.0, 0.5)})
        >>> space.default()
        {'model': 'cnn', 'kernel': 3, 'width': 32, 'dropout': 0.25}
        >>> space.validate({"model": "mlp", "kernel": 3, "width": 600, "dropout": 0.25})
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: width[model=mlp]: 600 lies outside 32 to 512, log. The
        nearest legal value is 512.
        kernel is 3, but it is inactive: it needs model = cnn. Leave it out.
    """

    __slots__ = ("_by_key", "_parameters")

    _parameters: tuple[Parameter, ...]
    _by_key: dict[str, tuple[Parameter, ...]]

    def __init__(self, domains: Mapping[str, Domain | Value]) -> None:
        self._adopt(flattened(domains))

    def _adopt(self, parameters: Sequence[Parameter]) -> None:
        self._parameters = settled(parameters)
        self._by_key = occurrences_of(self._parameters)

    @classmethod
    def _of(cls, parameters: Sequence[Parameter]) -> Space:
        space = cls.__new__(cls)
        space._adopt(parameters)
        return space

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, parents before children, else in the order given."""
        return self._parameters

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, each once, in the order of the parameters."""
        return tuple(self._by_key)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> tuple[Parameter, ...]:
        if key not in self._by_key:
            kind = "a parameter of this space"
            raise KeyError(unknown_name(str(key), kind=kind, valid=self._by_key))
        return self._by_key[key]

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self._parameters == other._parameters

    def __hash__(self) -> int:
        return hash(self._parameters)

    def __repr__(self) -> str:
        lines = (
            f"{p.label}: {p.domain.describe()}{f', when {p.needs()}' if p.when else ''}"
            for p in self._parameters
        )
        return f"Space({'; '.join(lines)})"

    def active(self, configuration: Configuration) -> tuple[Parameter, ...]:
        """Return the active parameters, in their order; an illegal value activates none."""
        legal, _ = self._checked(configuration)
        return tuple(parameter for parameter in self._parameters if parameter.is_active(legal))

    def default(self) -> dict[str, Value]:
        """Return the configuration with every active parameter at its default."""
        return operators.completed(self._parameters, {})

    def complete(self, partial: Mapping[str, Value]) -> dict[str, Value]:
        """Return the default configuration with the given values in place.

        Values that are given activate the parameters that depend on them, which then have their
        defaults unless they are given too.

        Args:
            partial: Values of some parameters, in any order.

        Raises:
            ConfigurationError: With every given key that is unknown, inactive or illegal, as by
                `validate`.

        Example:
            >>> from raysearch.space import Choice, Float, Int, Space
            >>> momentum = Float(0, 0.8, when={"optimizer": "sgd"})
            >>> space = Space({"optimizer": Choice(["adam", "sgd"]), "momentum": momentum})
            >>> space.complete({}), space.complete({"optimizer": "sgd"})
            ({'optimizer': 'adam'}, {'optimizer': 'sgd', 'momentum': 0.4})
        """
        given: object = partial
        if not isinstance(given, Mapping):
            return self.canonical(partial)  # which says what is right
        return self.canonical({**given, **operators.completed(self._parameters, given)})

    def sample(self, rng: np.random.Generator) -> dict[str, Value]:
        """Return a random configuration."""
        return operators.sample(self._parameters, rng)

    def grid(self, *, points: int | None = None) -> Iterator[dict[str, Value]]:
        """Return every configuration once, the first parameter varying slowest.

        Args:
            points: Every number is reduced to at most this many values, ends included, evenly in
                its sampling. None takes all values. At least 1.

        Raises:
            ConfigurationError: The grid is infinite, or `points` is not positive.
        """
        return counting.grid(self._parameters, points=points)

    def grid_size(self, *, points: int | None = None) -> int | None:
        """Return how many configurations `grid` yields, without enumerating; None if infinite."""
        return counting.grid_size(self._parameters, points=points)

    def canonical(self, configuration: Configuration) -> dict[str, Value]:
        """Return the configuration in the order of the space, ints turned to floats where due.

        Raises:
            ConfigurationError: It does not lie in the space, as by `validate`.
        """
        legal, faults = self._checked(configuration)
        raise_faults(faults)
        return legal

    def validate(self, configuration: Configuration) -> None:
        """Check that the configuration lies in the space.

        Raises:
            ConfigurationError: It does not; with every key that is unknown, missing, inactive,
                illegal or of another type.
        """
        raise_faults(self._checked(configuration)[1])

    def contains(self, configuration: Configuration) -> bool:
        """Return whether the configuration lies in the space."""
        return not self._checked(configuration)[1]

    def _checked(self, configuration: Configuration) -> tuple[dict[str, Value], list[str]]:
        return validation.checked(self._parameters, configuration, occurrences=self._by_key)

    def mutate(
        self,
        configuration: Configuration,
        rng: np.random.Generator,
        *,
        n_mutations: int = 1,
        scale: float = 0.1,
    ) -> dict[str, Value]:
        """Return a configuration with some parameters changed, and what depends on them adapted.

        Numbers move by a truncated normal step on the unit interval, ordered choices to
        a neighbour, other choices to any other value. Parameters that become active keep the value
        that their key had, where it is legal, and are drawn otherwise.

        Args:
            configuration: A configuration of the space.
            rng: Governs all draws.
            n_mutations: Parameters to change, or all if there are fewer. At least 1.
            scale: Standard deviation of a number's step, in (0, 1].

        Raises:
            ConfigurationError: The configuration does not lie in the space, or an argument is out
                of range.
        """
        legal = self.canonical(configuration)
        return operators.mutate(self._parameters, legal, rng, n_mutations=n_mutations, scale=scale)

    def crossover(
        self, one: Configuration, other: Configuration, rng: np.random.Generator
    ) -> dict[str, Value]:
        """Return a child of two configurations, each parameter from either (see `operators`).

        Raises:
            ConfigurationError: A parent does not lie in the space.
        """
        parents = self.canonical(one), self.canonical(other)
        return operators.crossover(self._parameters, *parents, rng)

    def encode(self, configuration: Configuration) -> NDArray[np.float64]:
        """Return the configuration as a vector, one slot per parameter, in their order.

        Numbers are placed by their sampling, values of choices at (i + 0.5) / n. `decode` gives
        back what was drawn; a float written by hand comes back to ten digits.

        Raises:
            ConfigurationError: The configuration does not lie in the space.

        Shapes:
            returns: (D,) float64, in [0, 1], or NaN where inactive; D parameters
        """
        return encoding.encode(self._parameters, self.canonical(configuration))

    def decode(self, vector: ArrayLike) -> dict[str, Value]:
        """Return the configuration of a vector; slots of inactive parameters are not looked at.

        Raises:
            ConfigurationError: The vector has another length, or an active slot is not in [0, 1].

        Shapes:
            vector: (D,), in [0, 1]; D parameters
        """
        return encoding.decode(self._parameters, vector)

    def prefixed(self, prefix: str) -> Space:
        """Return the space with a prefix, such as "cnn.", before every key, in conditions too."""
        return self._of(renamed(self._parameters, prefix=prefix))

    def replaced(self, domains: Mapping[str, Domain | Value]) -> Space:
        """Return the space with other domains for some keys, each wherever its key occurs.

        A replaced parameter stays in its branch, and keeps its own conditions unless the new domain
        has a `when` ({} for none). Parameters that can no longer be active are left out.

        Raises:
            ConfigurationError: A key does not exist, or the new space is wrong.
        """
        return self._of(replaced(self._parameters, domains))

    def without(self, keys: Collection[str]) -> Space:
        """Return the space without the parameters of these keys.

        Raises:
            ConfigurationError: A parameter that stays depends on one of them.
        """
        return self._of([p for p in self._parameters if p.key not in keys])

    def merged(self, other: Space) -> Space:
        """Return the space with the parameters of both.

        Raises:
            ConfigurationError: A key of both can be active twice.
        """
        return self._of([*self._parameters, *other._parameters])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values that `from_json` reads back as an equal space."""
        return parameters_to_json(self._parameters)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Space:
        """Return the space that `to_json` wrote.

        Raises:
            ConfigurationError: The values are of another version, or make no space.
        """
        return cls._of(parameters_from_json(values))
