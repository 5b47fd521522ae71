"""With which configuration does a trial go on that took over the weights of another one?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from raysearch.errors import one_of, unknown_name
from raysearch.space import Bool, Choice, Domain, Space
from raysearch.trial import Configuration, Value

if TYPE_CHECKING:
    import numpy as np


def explored(
    space: Space,
    configuration: Configuration,
    rng: np.random.Generator,
    *,
    mutable: Collection[str],
    scale: float,
    resample: float,
) -> dict[str, Value]:
    """Return a configuration of the space that differs in the mutable parameters alone.

    Each of them is drawn anew with chance `resample`, from its whole range. Otherwise numbers and
    ordered choices move a step, on the scale on which they are sampled and within their bounds, and
    other choices stay what they are. What becomes active by that keeps the value that its key had,
    or is drawn.

    Departure from the paper, which draws anew as at the start: where a prior says where good values
    lie, the first population has tried them, and if the prior was wrong a draw from it throws away
    what the population has gained on the way out.

    Args:
        space: The search space.
        configuration: A configuration of it.
        rng: Governs all draws.
        mutable: Keys of parameters that may change.
        scale: Standard deviation of a number's step on the unit interval, in (0, 1].
        resample: Chance of being drawn anew, in [0, 1].

    Example:
        >>> import numpy as np
        >>> from raysearch.space import Float, Int
        >>> space = Space({"width": Int(8, 64, step=8), "rate": Float(1e-4, 1e-1, log=True)})
        >>> new = explored(
        ...     space,
        ...     {"width": 32, "rate": 1e-2},
        ...     np.random.default_rng(0),
        ...     mutable={"rate"},
        ...     scale=0.1,
        ...     resample=0.0,
        ... )
        >>> new["width"], new["rate"] != 1e-2
        (32, True)
    """

    def changed(key: str, domain: Domain, value: Value) -> Value:
        if key not in mutable or domain.size() == 1:
            return value
        if rng.random() < resample:
            return _anew(domain, rng)
        return domain.mutate(value, rng, scale) if has_neighbours(domain) else value

    return _walked(space, configuration, rng, changed)


def _anew(domain: Domain, rng: np.random.Generator) -> Value:
    """Return a value from all of a domain, on its scale, whatever its prior holds to be likely."""
    return domain.from_unit(rng.random()) if domain.has_places else domain.sample(rng)


def settled(
    space: Space, configuration: Configuration, rng: np.random.Generator
) -> dict[str, Value]:
    """Return a configuration of the space, with the values of another one as far as they fit.

    What is active by these values and has none is drawn.
    """
    return _walked(space, configuration, rng, lambda key, domain, value: value)


def _walked(
    space: Space,
    configuration: Configuration,
    rng: np.random.Generator,
    change: Callable[[str, Domain, Value], Value],
) -> dict[str, Value]:
    """Return what becomes of a configuration if a change is made to each value that fits."""
    found: dict[str, Value] = {}
    for parameter in space:
        key, domain = parameter.key, parameter.domain
        if not parameter.is_active(found):
            continue
        is_known = key in configuration and domain.contains(configuration[key])
        value = change(key, domain, configuration[key]) if is_known else domain.sample(rng)
        found[key] = domain.canonical(value)
    return found


def has_neighbours(domain: Domain) -> bool:
    """Return whether neighbours among a domain's values are alike: numbers, ordered choices."""
    return domain.ordered if isinstance(domain, Choice) else not isinstance(domain, Bool)


def changes_of(
    before: Configuration, after: Configuration
) -> dict[str, tuple[Value | None, Value | None]]:
    """Return the parameters that differ, with both values.

    Example:
        >>> changes_of({"rate": 0.1, "width": 8}, {"rate": 0.2, "width": 8})
        {'rate': (0.1, 0.2)}
    """
    keys = dict.fromkeys([*before, *after])
    both = {key: (before.get(key), after.get(key)) for key in keys}
    return {
        key: values
        for key, values in both.items()
        if values[0] != values[1] or type(values[0]) is not type(values[1])
    }


def mutable_keys(
    space: Space, *, parameters: Collection[str] | None, fixed: Mapping[str, str]
) -> tuple[tuple[str, ...], list[str]]:
    """Return the keys that may change, and what is wrong with those that were asked for.

    Args:
        space: The search space.
        parameters: Keys that were asked for; None for all that can change.
        fixed: Key -> why it cannot.
    """
    faults = []
    for key in parameters or ():
        if key not in space:
            kind = "a parameter of the space"
            faults.append(f"scheduler.parameters: {unknown_name(key, kind=kind, valid=space.keys)}")
        elif key in fixed:
            faults.append(
                f"scheduler.parameters: {key} cannot be changed while a trial trains: "
                f"{fixed[key]}. {_able(space, fixed)}"
            )
    wanted = space.keys if parameters is None else parameters
    varied = {p.key for p in space if p.domain.size() != 1}
    found = tuple(key for key in wanted if key in varied and key not in fixed)
    if not found and not faults:
        why = "; ".join(f"{key}: {why}" for key, why in fixed.items() if key in varied)
        faults.append(
            "scheduler: no parameter of the space can be changed while a trial trains"
            f"{f' ({why})' if why else ', since each has one value'}. Let one of them have a range "
            "in space, such as learning_rate or data.batch_size, or use another scheduler."
        )
    return found, faults


def _able(space: Space, fixed: Mapping[str, str]) -> str:
    able = [key for key in space.keys if key not in fixed]
    return f"Those that can: {one_of(able)}." if able else "None can."
