"""What do Int and Float have in common: which arguments are wrong, which values are, how to draw?

Every check returns its faults as messages, so that the constructors raise them together.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias, get_args

from raysearch.errors import did_you_mean
from raysearch.space.domain import draw_near
from raysearch.space.lattice import Lattice
from raysearch.space.scales import Integers, Sampling, Scale
from raysearch.space.values import show, type_name

if TYPE_CHECKING:
    import numpy as np

    from raysearch.space.numeric import Float, Int

    Number: TypeAlias = Int | Float

_SAMPLINGS: tuple[Sampling, ...] = get_args(Sampling)
_LARGEST_COUNT = 2**40  # of steps: their indices are exact in float arithmetic, with some to spare
_SMALLEST_FACTOR = 1 + 1e-9  # of a log step, for the same reason


def argument_faults(domain: Number, *, kinds: tuple[type, ...]) -> list[str]:
    """Return which of a number's arguments have the wrong type, or name no sampling.

    Args:
        domain: The number under construction.
        kinds: The types that bounds and step may have.
    """
    named = {"low": domain.low, "high": domain.high, "step": domain.step}
    if float in kinds and domain.step is None:
        del named["step"]
    faults = [f"{name}: {fault}" for name, v in named.items() if (fault := _fault(v, kinds=kinds))]
    return faults + _sampling_faults(domain.sampling, log=domain.log)


def _fault(value: object, *, kinds: tuple[type, ...]) -> str | None:
    """Return why the value is no finite number of one of the kinds, or None if it is."""
    wanted = "a float" if float in kinds else "an int"
    if type(value) not in kinds:
        return f"{show(value)} is {type_name(value)}, and {wanted} is needed.{_reading_hint(value)}"
    if type(value) is float and not math.isfinite(value):
        return f"{show(value)} is not finite, and a finite float is needed."
    return None


def _reading_hint(value: object) -> str:
    """Return what to write for text that was meant as a number, else an empty string."""
    if type(value) is not str:
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    if "e" in value.lower():
        return f" Write {value.strip()} without quotes."
    return f" Write {show(int(number) if number.is_integer() else number)} without quotes."


def _sampling_faults(sampling: object, *, log: object) -> list[str]:
    if sampling not in _SAMPLINGS:
        return [
            f"sampling is {show(sampling)}. {did_you_mean(str(sampling), _SAMPLINGS)}"
            f"Valid: {', '.join(_SAMPLINGS)}."
        ]
    if type(log) is not bool:
        return [f"log is {show(log)}, {type_name(log)}. Give true or false."]
    if log and sampling == "reverse_log":
        return ["log is true, but sampling is reverse_log. Leave out one of them."]
    return []


def range_faults(low: float, high: float, *, step: float | None, sampling: Sampling) -> list[str]:
    """Return what is wrong with a range whose arguments have the right types.

    Args:
        low: Lower bound, inclusive.
        high: Upper bound, inclusive.
        step: Distance or factor between values; None for all values.
        sampling: "linear", "log" or "reverse_log".
    """
    if low > high:
        return [f"low {show(low)} lies above high {show(high)}, so no value is left. Swap them."]
    if sampling != "linear" and low <= 0:
        return [
            f"low is {show(low)}, and {sampling} sampling needs low above 0. "
            f"Raise low, or use linear sampling."
        ]
    span = f"{show(low)} to {show(high)}"
    if not math.isfinite(high - low if sampling == "linear" else high / low):
        return [f"{span} is too wide to compute with. Narrow it."]
    return [] if step is None else _step_faults(low, high, step=step, sampling=sampling)


def _step_faults(low: float, high: float, *, step: float, sampling: Sampling) -> list[str]:
    span = f"{show(low)} to {show(high)}"
    is_linear = sampling == "linear"
    if step <= (0 if is_linear else 1):
        meaning = "added, so it must be above 0" if is_linear else "a factor, so it must be above 1"
        return [f"step is {show(step)}. With {sampling} sampling it is {meaning}."]
    if low == high:
        return []
    if (low + step if is_linear else low * step) > high:
        return [
            f"step {show(step)} does not fit into {span}, as only one value is left. "
            f"Use a smaller step, or fix the value."
        ]
    gap = step if is_linear else low * (step - 1)
    is_resolved = is_linear or step >= _SMALLEST_FACTOR
    if sampling != "log":
        is_resolved = is_resolved and gap >= 8 * math.ulp(max(abs(low), abs(high)))
    if not is_resolved or Lattice(low, high, step, sampling).count > _LARGEST_COUNT:
        return [f"step {show(step)} is too small for {span}. Use a larger one, or none."]
    return []


def refusal(domain: Number, value: object) -> str:
    """Return why a value that the domain does not contain is not legal, and the nearest legal one.

    Example:
        >>> from raysearch.space import Int
        >>> refusal(Int(8, 64, step=8), 30.5)
        '30.5 is a float, and an int is needed: 8 to 64, step 8. The nearest legal value is 32.'
    """
    kinds = (int,) if type(domain.low) is int else (int, float)
    allowed = domain.describe()
    if type(value) is not int and type(value) is not float:
        return f"{_fault(value, kinds=kinds)} Legal are {allowed}."
    if type(value) not in kinds:
        wrong = f"{show(value)} is a float, and an int is needed: {allowed}."
    elif domain.low <= value <= domain.high:
        wrong = f"{show(value)} is not on a step of {allowed}."
    else:
        wrong = f"{show(value)} lies outside {allowed}."
    if type(value) is float and math.isnan(value):
        return wrong
    nearest = domain.scale.nearest(min(max(value, domain.low), domain.high))
    return f"{wrong} The nearest legal value is {show(nearest)}."


def draw(domain: Number, rng: np.random.Generator) -> float:
    """Return a place on the unit interval, drawn according to the domain's prior."""
    if domain.prior is None:
        return rng.random()
    centre = domain.to_unit(domain.canonical(domain.prior.centre))
    return draw_near(centre, rng, spread=domain.prior.spread)


def mutated(scale: Scale, value: float, rng: np.random.Generator, *, spread: float) -> float:
    """Return a different number of the scale, a truncated normal step away.

    A step that is too small to leave the value goes to the next one in its direction.
    """
    if scale.count == 1:
        return value
    start = scale.to_unit(value)
    place = draw_near(start, rng, spread=spread)
    moved = scale.from_unit(place)
    return moved if moved != value else scale.beside(value, up=place > start)


def describe(domain: Number) -> str:
    """Return a short text such as "8 to 64, step 8" or "1e-4 to 0.1, log"."""
    first, last = domain.scale.first, domain.scale.last
    parts = [f"{show(first)} to {show(last)}" if first != last else show(first)]
    parts += [] if domain.sampling == "linear" else [domain.sampling]
    parts += [f"step {show(domain.step)}"] if _has_gaps(domain) and first != last else []
    return ", ".join(parts)


def covers(domain: Number, other: Number) -> bool:
    """Return whether every number of `other` is legal in `domain`."""
    theirs = other.scale
    if not (domain.contains(theirs.first) and domain.contains(theirs.last)):
        return False
    if not _has_gaps(domain) or theirs.count == 1:
        return True
    if domain.sampling == "linear" and _is_arithmetic(theirs):
        return domain.contains(theirs.beside(theirs.first, up=True))
    mine = domain.scale.count or 0
    return (
        theirs.count is not None
        and theirs.count <= mine
        and all(domain.contains(number) for number in other.grid())
    )


def _has_gaps(domain: Number) -> bool:
    return isinstance(domain.scale, Lattice) and domain.step != 1


def _is_arithmetic(scale: Scale) -> bool:
    is_linear = isinstance(scale, Lattice) and scale.sampling == "linear"
    return is_linear or isinstance(scale, Integers)
