"""How is an object of Ray Tune's made from what an experiment file says of it?"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from raysearch.errors import ConfigurationError
from raysearch.imports import load_object

if TYPE_CHECKING:
    import numpy as np

GIVEN = {
    "evaluated_rewards": "what is known is told to it; see points and evidence",
    "metric": "it follows from objective",
    "mode": "it follows from objective",
    "points_to_evaluate": "write points at the top level of the file",
    "random_state": "it follows from seed",
    "random_state_seed": "it follows from seed",
    "seed": "it follows from seed",
    "space": "it follows from the models, the data and space at the top level of the file",
}
"""Argument of a class of Ray Tune's that raysearch gives itself -> what says it instead."""

SEEDS = ("seed", "random_state_seed", "random_state")
"""What searchers of Ray Tune's call their seed."""


def checked_class(class_path: str, *, base: type, section: str) -> type[Any]:
    """Return the class that a path names.

    Args:
        class_path: As "package.module:Class".
        base: The class of Ray Tune's that it must derive from.
        section: Of the experiment file, for messages.

    Raises:
        ConfigurationError: There is none, or it derives from something else.
    """
    found = load_object(class_path)
    if isinstance(found, type) and issubclass(found, base):
        return found
    raise ConfigurationError(
        f"{section}: {class_path} does not derive from {base.__module__}:{base.__name__}, so it "
        f"cannot take part as a {section}. Name a class that does, or a built-in {section}."
    )


def accepts(made: type[Any], argument: str) -> bool:
    """Return whether the constructor of a class has an argument of its own with this name."""
    return argument in inspect.signature(made).parameters


def construct(made: type[Any], args: Mapping[str, Any], *, section: str, **given: Any) -> Any:
    """Return a new object of a class of Ray Tune's.

    Args:
        made: The class.
        args: Arguments of its constructor as the file has them.
        section: Of the experiment file, for messages.
        given: Arguments of its constructor that raysearch gives.

    Raises:
        ConfigurationError: An argument is raysearch's to give, or the constructor raises.
    """
    faults = [
        f"{section}.args.{name} is given by raysearch: {GIVEN[name]}. Leave it out."
        for name in args
        if name in GIVEN
    ]
    if faults:
        raise ConfigurationError(faults)
    try:
        return made(**given, **args)
    except Exception as error:  # a class of anybody's may raise anything
        raise ConfigurationError(
            f"{section}.args: {made.__name__} cannot be made of them, since it raised "
            f"{type(error).__name__}: {error} Correct the arguments, or install what it asks for."
        ) from error


@contextmanager
def drawing_from(rng: np.random.Generator) -> Iterator[None]:
    """Let what draws from the global generators of NumPy and `random` draw by this one.

    They are as they were afterwards. Two threads that do this at once may get each other's draws:
    with `parallel: 1`, where a search is the same every time, there is one.

    Example:
        >>> from raysearch.randomness import generator
        >>> drawn = []
        >>> for _ in range(2):
        ...     with drawing_from(generator(0, role="scheduler", number=3)):
        ...         drawn.append(random.random())
        >>> drawn[0] == drawn[1]
        True
    """
    import numpy as np

    before = np.random.get_state(), random.getstate()  # noqa: NPY002  others draw from it
    seed = int(rng.integers(2**32))
    np.random.seed(seed)  # noqa: NPY002  as above
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before[0])  # noqa: NPY002  as above
        random.setstate(before[1])
