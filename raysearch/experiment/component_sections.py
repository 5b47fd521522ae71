"""Which keys may the sections `searcher` and `scheduler` of an experiment file have?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from raysearch.experiment.sections import empty_if_none, named_in_one_way, short_form


def component_of(value: object) -> object:
    """Return a searcher or scheduler as a mapping, by name or by class."""
    return named_in_one_way(short_form(value, key="name"), ways=("name", "class"))


COMPONENT_FORM = ConfigDict(extra="allow", use_attribute_docstrings=True)


class SearcherSection(BaseModel):
    """What suggests configurations; further keys are the settings of the searcher named."""

    model_config = COMPONENT_FORM

    name: str = "auto"
    """Name of a built-in searcher."""
    class_: str | None = Field(default=None, alias="class")
    """In place of a name: a searcher of Ray Tune's, or of one's own, as package.module:Class."""
    args: Annotated[dict[str, Any], BeforeValidator(empty_if_none)] = Field(
        default={}, examples=[{"n_initial_points": 10}]
    )
    """Arguments of that class; of a built-in searcher the settings stand beside its name."""


class SchedulerSection(BaseModel):
    """What stops trials early; further keys are the settings of the scheduler named."""

    model_config = COMPONENT_FORM

    name: str = "asha"
    """Name of a built-in scheduler."""
    class_: str | None = Field(default=None, alias="class")
    """In place of a name: a scheduler of Ray Tune's, or of one's own, as package.module:Class."""
    args: Annotated[dict[str, Any], BeforeValidator(empty_if_none)] = Field(
        default={}, examples=[{"grace_period": 2}]
    )
    """Arguments of that class; of a built-in scheduler the settings stand beside its name."""
