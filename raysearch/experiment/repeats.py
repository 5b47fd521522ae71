"""How does the section `repeats` read: false, or a mapping with the number of folds?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field

from raysearch.experiment.remedies import sentence
from raysearch.experiment.values import FORM

MOST_FOLDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How often each trial is trained, on which parts of the data."""

    __pydantic_config__ = FORM

    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS, strict=True)]
    """Folds of the data for training and validation. Each trial is trained on all but one of them
    and validated on that one, for each of them in turn; its value is the mean."""
    risk: Annotated[float, Field(ge=0, le=0.5)] = 0.01
    """Chance at most, over all looks, that a trial is stopped before its last fold that would have
    become the best; 0 to train all folds of each trial."""


def repeats_of(value: object) -> object:
    """Return the mapping that is written, and None for false: each trial is trained once."""
    if value is False or value is None:
        return None
    if not isinstance(value, dict):
        n_folds = value if type(value) is int and value > 1 else 5
        right = [f"a mapping such as {{folds: {n_folds}}}", "false"]
        raise ValueError(sentence(right, value=value))
    return value


def repeats_settings(repeats: Repeats | None) -> bool | dict[str, Any]:
    """Return the section `repeats`: false, or a mapping.

    Example:
        >>> repeats_settings(None), repeats_settings(Repeats(folds=5))
        (False, {'folds': 5, 'risk': 0.01})
    """
    return False if repeats is None else asdict(repeats)
