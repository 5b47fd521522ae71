"""How are objectives, and the choice among them, written in an experiment file?

Forms as pydantic models, like those of `sections`; what they name is checked in `several`.
"""

from __future__ import annotations

from pydantic import BaseModel

from raysearch.experiment.sections import short_form
from raysearch.experiment.values import FORM
from raysearch.trial import Direction


def objective_of(value: object) -> object:
    """Return the one objective that is written as a mapping."""
    if isinstance(value, list):
        raise ValueError("Several objectives go under the key objectives. Name one metric here.")
    return short_form(value, key="metric")


def objectives_of(value: object) -> object:
    """Return the objectives that are written, one or several, as a list of mappings."""
    listed = value if isinstance(value, list) else [value]
    return [short_form(item, key="metric") for item in listed if item is not None]


def choose_of(value: object) -> object:
    """Return a plain word as the mapping that it stands for."""
    return short_form(value, key="by")


class ObjectiveSection(BaseModel):
    """What the search improves."""

    model_config = FORM

    metric: str
    """Metric as the model logs it, measured on the validation split: val/accuracy."""
    direction: Direction | None = None
    """Whether more or less of it is better; known for the metrics of `list metrics`."""
